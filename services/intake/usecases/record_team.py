"""RecordTeam 组团 (S4, S14, S30): a team as a whole, led by a member who may lead, in contact with villages and communities."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain.people import Programme, Team, refuse_leader
from services.intake.domain.territory import DivisionLevel
from services.intake.domain.texts import Line
from services.intake.domain.transfers import Outcome
from services.intake.store.calendar import Campaigns
from services.intake.store.organisation import Members
from services.intake.store.places import Atlas
from services.intake.usecases.recording import ROLES, Recording, require_place
from shared.identity.errors import Refusal
from shared.identity.viewer import Viewer


class RecordTeam(BaseModel):
    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    code: str = Field(min_length=1, max_length=64, pattern=r"^T-[A-Za-z0-9-]+$")
    name: Line = Field(max_length=60)
    division: str
    leader: str = Field(min_length=1, max_length=64)
    contact_units: list[str] = Field(min_length=1, max_length=50)
    programmes: list[Programme] = []
    campaign: str | None = Field(None, max_length=40)


@dataclass(frozen=True)
class RecordingTeams:
    recording: Recording
    atlas: Atlas
    members: Members
    campaigns: Campaigns


async def record_team(parts: RecordingTeams, viewer: Viewer, command: RecordTeam, origin: str) -> Outcome:
    """Record, and tell what became of the row. Raises Refusal with the rule that stands against it."""
    viewer.require(*ROLES)
    territory = await parts.atlas.current()
    require_place(viewer, territory, command.division, "division")
    for unit in command.contact_units:
        require_place(viewer, territory, unit, "contactUnits")
        if territory.get(unit).level is not DivisionLevel.VILLAGE:
            raise Refusal(
                "NOT_A_VILLAGE", f"联系单位 {unit} 应为村（社区）。", f"The contact unit {unit} is no village or community.", "contactUnits"
            )
    if command.campaign is not None and await parts.campaigns.find(command.campaign) is None:
        raise Refusal("CAMPAIGN_UNKNOWN", "没有这项活动。", "There is no such campaign.", "campaign")
    refusal = refuse_leader(await parts.members.find(command.leader))
    if refusal is not None:
        raise refusal

    def decide(held: Team | None) -> Team:
        if held is not None:
            viewer.require_cover(held.division)
        return Team(**command.model_dump(exclude={"request_id"}))

    payload = command.model_dump(mode="json")
    return await parts.recording.keep(viewer, command.request_id, "RecordTeam", command.code, payload, origin, decide)
