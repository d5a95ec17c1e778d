"""RecordDepartment: a unit that handles grievances, with its first responsible person (S22)."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain.organisation import Department
from services.intake.domain.texts import Line
from services.intake.domain.transfers import Outcome
from services.intake.store.places import Atlas
from services.intake.usecases.recording import ROLES, Recording, require_place
from shared.identity.viewer import Viewer


class RecordDepartment(BaseModel):
    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    code: str = Field(min_length=1, max_length=64, pattern=r"^D-[A-Za-z0-9-]+$")
    name: Line = Field(max_length=60)
    division: str
    head: Line = Field(max_length=64)
    receiver: Line = Field(max_length=64)
    committee: bool = False


@dataclass(frozen=True)
class RecordingDepartments:
    recording: Recording
    atlas: Atlas


async def record_department(parts: RecordingDepartments, viewer: Viewer, command: RecordDepartment, origin: str) -> Outcome:
    viewer.require(*ROLES)
    require_place(viewer, await parts.atlas.current(), command.division, "division")

    def decide(held: Department | None) -> Department:
        if held is not None:
            viewer.require_cover(held.division)
        return Department(**command.model_dump(exclude={"request_id"}))

    payload = command.model_dump(mode="json")
    return await parts.recording.keep(viewer, command.request_id, "RecordDepartment", command.code, payload, origin, decide)
