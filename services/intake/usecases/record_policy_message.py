"""RecordPolicyMessage 传递党和政府声音 (S11): what is handed out on visits, where and from when to when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import Field

from services.intake.domain.encounters import PolicyMessage
from services.intake.domain.texts import Line
from services.intake.domain.transfers import Outcome
from services.intake.store.places import Atlas
from services.intake.usecases.in_force import InForce, keep_in_force
from services.intake.usecases.recording import ROLES, Recording
from shared.identity.viewer import Viewer


class RecordPolicyMessage(InForce):
    code: str = Field(min_length=1, max_length=64, pattern=r"^M-[A-Za-z0-9-]+$")
    title: Line = Field(max_length=60)
    title_en: Line = Field(max_length=120)
    text: str = Field(max_length=10_000)


@dataclass(frozen=True)
class RecordingMessages:
    recording: Recording
    atlas: Atlas
    today: Callable[[], str]


async def record_policy_message(parts: RecordingMessages, viewer: Viewer, command: RecordPolicyMessage, origin: str) -> Outcome:
    viewer.require(*ROLES)
    return await keep_in_force(parts.recording, await parts.atlas.current(), parts.today(), viewer, command, PolicyMessage, origin)
