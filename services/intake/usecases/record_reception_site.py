"""RecordReceptionSite: where people are received, 党群服务中心 or 小区“红帆驿站” (S29)."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain.places import Site, SiteKind
from services.intake.domain.texts import Line, LineOrNothing
from services.intake.domain.transfers import Outcome
from services.intake.store.places import Atlas
from services.intake.usecases.recording import ROLES, Recording, require_place
from shared.identity.viewer import Viewer


class RecordReceptionSite(BaseModel):
    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    code: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$")
    kind: SiteKind
    name: Line = Field(max_length=60)
    division: str
    address: LineOrNothing = Field(max_length=200)


@dataclass(frozen=True)
class RecordingSites:
    recording: Recording
    atlas: Atlas


async def record_reception_site(parts: RecordingSites, viewer: Viewer, command: RecordReceptionSite, origin: str) -> Outcome:
    viewer.require(*ROLES)
    require_place(viewer, await parts.atlas.current(), command.division, "division")
    payload = command.model_dump(mode="json")

    def decide(held: Site | None) -> Site:
        if held is not None:
            viewer.require_cover(held.division)
        return Site(**command.model_dump(exclude={"request_id"}))

    return await parts.recording.keep(viewer, command.request_id, "RecordReceptionSite", command.code, payload, origin, decide)
