"""CheckDaySummary 汇总 (S51): the secretary looks at what they heard in a day, item by item, keeps it or strikes it out with a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain.grievance import Grievance
from services.intake.domain.rhythms import refuse_past
from services.intake.domain.summaries import DaySummary, Look
from services.intake.store.mongo import Grievances, access_of
from services.intake.store.summaries import summary_id
from services.intake.usecases.ports import Persons
from shared.commands import request_of
from shared.contracts.intake import Owner
from shared.identity.access import may_see
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.redaction import redact
from shared.writer import Decision, Writer

ROLES = (Role.SECRETARY, Role.TEAM_LEADER)
REMARK_LENGTH = 500
MAX_ITEMS = 200


class ItemLook(BaseModel):
    model_config = ConfigDict(frozen=True)

    grievance_id: str = Field(min_length=1, max_length=100)
    keep: bool
    remark: str | None = Field(None, max_length=REMARK_LENGTH)


class CheckDaySummary(BaseModel):
    """`day`: in China. A `remark` left out stays as it was."""

    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    day: date
    remark: str | None = Field(None, max_length=REMARK_LENGTH)
    items: list[ItemLook] = Field([], max_length=MAX_ITEMS)


@dataclass(frozen=True)
class Summarising:
    """The summaries' writer, that of the grievances, and what is read beside."""

    writer: Writer
    grievance_writer: Writer
    grievances: Grievances
    persons: Persons
    reference_key: bytes
    now: Callable[[], datetime]
    today: Callable[[], str]

    def require_day(self, day: date) -> None:
        """A day that is over or runs. Raises Refusal."""
        refusal = refuse_past(day, date.fromisoformat(self.today()), "day")
        if refusal is not None:
            raise refusal

    async def heard(self, viewer: Viewer, day: str) -> dict[str, Grievance]:
        """What the secretary took down that day and may see; not what others told and what fell to them by their post."""
        found = await self.grievances.heard_by(viewer.sub, day)
        return {id: held for id, held in found.items() if held.owner.role in ROLES and may_see(viewer, access_of(held))}


async def check_day_summary(parts: Summarising, viewer: Viewer, command: CheckDaySummary, origin: str) -> str:
    """Record the looks, and return the summary's id. Raises Refusal."""
    viewer.require(*ROLES)
    parts.require_day(command.day)
    day = command.day.isoformat()
    id = summary_id(viewer.sub, day)
    request = request_of(parts.reference_key, viewer, command.request_id, "CheckDaySummary", command.model_dump(mode="json"), origin)
    heard = await parts.heard(viewer, day)
    names = await names_of(parts, heard.values())
    looks = [
        Look(grievance=look.grievance_id, keep=look.keep, remark=redact(look.remark, names).text if look.remark else None)
        for look in command.items
    ]
    remark = redact(command.remark, names).text if command.remark is not None else None
    places = {grievance: held.division for grievance, held in heard.items()}

    def decide(before: DaySummary | None) -> Decision:
        summary = before or DaySummary(id=id, day=day, by=author(viewer))
        return Decision(summary.checked(remark, looks, places), [], {"id": id})

    await parts.writer.record(id, request, decide)
    return id


def author(viewer: Viewer) -> Owner:
    role = next(role for role in ROLES if viewer.has(role))
    return Owner(staffId=viewer.sub, role=role, unit=viewer.team or "")


async def names_of(parts: Summarising, heard: Iterable[Grievance]) -> list[str]:
    """The petitioners' names, which a remark may hold and which do not stay in it."""
    people = sorted({held.person for held in heard})
    return [each.name for each in await parts.persons.contacts(people) if each.name] if people else []
