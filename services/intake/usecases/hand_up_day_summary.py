"""HandUpDaySummary 上传 (S51, S23): what was kept of a day goes to the committee of the town above.

One write to the summary; each grievance is told by `report_up`, at once, and by a worker where a crash came between.
"""

from __future__ import annotations

from datetime import date
from functools import partial

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain.grievance import Grievance
from services.intake.domain.reporting import report_up as report
from services.intake.domain.summaries import DaySummary, Item
from services.intake.store.summaries import summary_id
from services.intake.usecases.check_day_summary import ROLES, Summarising, author, names_of
from services.intake.usecases.each_for_itself import each_for_itself
from shared.commands import request_of
from shared.contracts.base import Contract
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.writer import Decision

# Who reads what was handed up: by their territory, and the staff of the town's committee.
RECEIVERS = (Role.COMMUNITY_SECRETARY, Role.DISPATCHER, Role.SUPERVISOR, Role.COUNTY_ADMIN, Role.CITY_ADMIN)
STAFF = (Role.HANDLER, Role.DEPARTMENT_HEAD)


class HandUpDaySummary(BaseModel):
    """`day`: in China."""

    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    day: date


async def hand_up_day_summary(parts: Summarising, viewer: Viewer, command: HandUpDaySummary, origin: str) -> str:
    """Hand up what was kept and not handed up before, and return the summary's id. Raises Refusal."""
    viewer.require(*ROLES)
    parts.require_day(command.day)
    day = command.day.isoformat()
    id = summary_id(viewer.sub, day)
    request = request_of(parts.reference_key, viewer, command.request_id, "HandUpDaySummary", command.model_dump(mode="json"), origin)
    heard = await parts.heard(viewer, day)
    names, at = await names_of(parts, heard.values()), parts.now()

    def decide(before: DaySummary | None) -> Decision:
        summary = before or DaySummary(id=id, day=day, by=author(viewer))
        return Decision(summary.handed_up(heard, viewer.scopes, at).without(names), [], {"id": id})

    await parts.writer.record(id, request, decide)
    await report_up(parts, id)
    return id


async def report_up(parts: Summarising, summary_id: str) -> int:
    """Tell the grievances of this summary that they were handed up and do not know it yet; each once, however often this runs. One that
    fails keeps no other from it: the failure is raised at the end."""
    found: list[DaySummary] = []

    def look(summary: DaySummary) -> None:
        found[:] = [summary]

    await parts.writer.act(summary_id, look)
    steps = {item.grievance: partial(_note, parts, summary, item) for summary in found for item in summary.unnoted()}
    await each_for_itself(steps)
    return len(steps)


async def _note(parts: Summarising, summary: DaySummary, item: Item) -> None:
    def reported(grievance: Grievance) -> tuple[Grievance, list[Contract]] | None:
        return report(grievance, summary, item)

    def noted(known: DaySummary) -> tuple[DaySummary, list[Contract]] | None:
        held = known.item(item.grievance)
        return (known.with_noted(item.grievance), []) if held is not None and not held.noted else None

    await parts.grievance_writer.act(item.grievance, reported)
    await parts.writer.act(summary.id, noted)
