"""RecordVisit 入户 (S5): a secretary was at a household of the own team, and no more is told of it. What is told is a RecordEncounter.

One write to the household; the member's own record is told by `mark_outings`, at once, and by a worker where a crash came between.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain.households import Household, Visit
from services.intake.domain.people import Member
from services.intake.domain.rhythms import refuse_past
from services.intake.store.organisation import Members
from shared import ids
from shared.commands import request_of
from shared.contracts.base import Contract
from shared.identity.errors import Refusal
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.writer import Decision, NoSuchRecord, Writer

ROLES = (Role.SECRETARY, Role.TEAM_LEADER)


class RecordVisit(BaseModel):
    """`on`: the day in China, today when left out."""

    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    household_id: str = Field(min_length=1, max_length=100)
    on: date | None = None


@dataclass(frozen=True)
class RecordingVisits:
    households: Writer
    members: Writer
    people: Members
    reference_key: bytes
    today: Callable[[], str]


async def record_visit(parts: RecordingVisits, viewer: Viewer, command: RecordVisit, origin: str) -> str:
    """Record, and return the household's id. A household of another team is, to the viewer, not there."""
    viewer.require(*ROLES)
    on = command.on.isoformat() if command.on else parts.today()
    refusal = refuse_past(date.fromisoformat(on), date.fromisoformat(parts.today()), "on")
    if refusal is None and await parts.people.find(viewer.sub) is None:
        refusal = Refusal("NOT_A_MEMBER", "您尚未录入为团队成员。", "You are not recorded as a member of a team.")
    if refusal is not None:
        raise refusal
    # Once a day is once, however often it is recorded.
    id = ids.document_id(viewer.sub, f"{command.household_id}\n{on}")
    visit = Visit(id=id, on=on, team=viewer.team or "", member=viewer.sub)
    request = request_of(parts.reference_key, viewer, command.request_id, "RecordVisit", command.model_dump(mode="json"), origin)

    def admit(household: Household) -> None:
        if not viewer.team or household.team != viewer.team:
            raise NoSuchRecord(command.household_id)

    def decide(household: Household) -> Decision:
        return Decision(household.visited(visit), [], {"id": household.id})

    try:
        await parts.households.command(command.household_id, request, decide, admit)
    except NoSuchRecord:
        raise Refusal("NOT_FOUND", "没有这户，或不属于您的团队。", "There is no such household with your team.", "householdId") from None
    await mark_outings(parts, command.household_id)
    return command.household_id


async def mark_outings(parts: RecordingVisits, household_id: str) -> int:
    """Tell the members' records of the visits of this household that they do not know yet; each once, however often this runs."""
    waiting: list[Visit] = []

    def look(household: Household) -> None:
        waiting[:] = [visit for visit in household.visits if not visit.marked]

    await parts.households.act(household_id, look)
    for visit in waiting:
        await _mark(parts, household_id, visit)
    return len(waiting)


async def _mark(parts: RecordingVisits, household_id: str, visit: Visit) -> None:
    def went(member: Member) -> tuple[Member, list[Contract]] | None:
        return None if member.tells_of(visit.id) else (member.went_out(visit.id, visit.on), [])

    def marked(household: Household) -> tuple[Household, list[Contract]] | None:
        known = any(each.id == visit.id and not each.marked for each in household.visits)
        return (household.marked(visit.id), []) if known else None

    await parts.members.act(visit.member, went)
    await parts.households.act(household_id, marked)
