"""What the commands share that record a row in force at a place from a day on: a duty, a policy message."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain.duties import Duty
from services.intake.domain.encounters import PolicyMessage
from services.intake.domain.rhythms import refuse_span
from services.intake.domain.territory import Territory
from services.intake.domain.transfers import Outcome
from services.intake.usecases.recording import Recording, require_place
from shared.identity.viewer import Viewer


class InForce(BaseModel):
    """`since`, `until`: the first day, and the first day no more; as before or today, and no end, when left out."""

    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    code: str
    division: str
    since: date | None = None
    until: date | None = None


async def keep_in_force(
    recording: Recording,
    territory: Territory,
    today: str,
    viewer: Viewer,
    command: InForce,
    row: type[Duty] | type[PolicyMessage],
    origin: str,
) -> Outcome:
    """Keep the row that the command states as a whole. Raises Refusal."""
    require_place(viewer, territory, command.division, "division")
    refusal = refuse_span(command.since, command.until)
    if refusal is not None:
        raise refusal

    def decide(held: Duty | PolicyMessage | None) -> Duty | PolicyMessage:
        if held is not None:
            viewer.require_cover(held.division)
        since = command.since.isoformat() if command.since else held.since if held else today
        until = command.until.isoformat() if command.until else None
        return row(**command.model_dump(exclude={"request_id", "since", "until"}), since=since, until=until)

    payload = command.model_dump(mode="json")
    return await recording.keep(viewer, command.request_id, type(command).__name__, command.code, payload, origin, decide)
