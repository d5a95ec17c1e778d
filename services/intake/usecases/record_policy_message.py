"""RecordPolicyMessage 传递党和政府声音 (S11): what is handed out on visits, where and from when to when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain.encounters import PolicyMessage
from services.intake.domain.rhythms import refuse_day
from services.intake.domain.texts import Line
from services.intake.domain.transfers import Outcome
from services.intake.store.places import Atlas
from services.intake.usecases.recording import ROLES, Recording, require_place
from shared.identity.errors import Refusal
from shared.identity.viewer import Viewer


class RecordPolicyMessage(BaseModel):
    """`since`, `until`: the first day, and the first day no more; today, and no end, when left out."""

    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    code: str = Field(min_length=1, max_length=64, pattern=r"^M-[A-Za-z0-9-]+$")
    title: Line = Field(max_length=60)
    title_en: Line = Field(max_length=120)
    text: str = Field(max_length=10_000)
    division: str
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class RecordingMessages:
    recording: Recording
    atlas: Atlas
    today: Callable[[], str]


async def record_policy_message(parts: RecordingMessages, viewer: Viewer, command: RecordPolicyMessage, origin: str) -> Outcome:
    viewer.require(*ROLES)
    require_place(viewer, await parts.atlas.current(), command.division, "division")
    for day, field in ((command.since, "since"), (command.until, "until")):
        refusal = refuse_day(day, field) if day else None
        if refusal is not None:
            raise refusal

    if command.since and command.until and command.until <= command.since:
        raise Refusal("BAD_DAY", "截止日须在起始日之后。", "until lies behind since.", "until")

    def decide(held: PolicyMessage | None) -> PolicyMessage:
        if held is not None:
            viewer.require_cover(held.division)
        since = command.since.isoformat() if command.since else held.since if held else parts.today()
        until = command.until.isoformat() if command.until else None
        row = command.model_dump(exclude={"request_id", "since", "until"})
        return PolicyMessage(**row, since=since, until=until)

    payload = command.model_dump(mode="json")
    return await parts.recording.keep(viewer, command.request_id, "RecordPolicyMessage", command.code, payload, origin, decide)
