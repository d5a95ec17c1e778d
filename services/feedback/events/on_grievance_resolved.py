"""The department reports that it is done: its words become the reply (S54)."""

from __future__ import annotations

from services.feedback.domain.followup import FollowUp, record_reply
from services.feedback.domain.survey import SurveyRules
from services.feedback.domain.timeline import Entry, spoken
from shared.contracts.base import Contract
from shared.contracts.routing import GrievanceResolvedV1

# By whom a report was let go that had waited.
RELEASED = {
    "COMMUNITY_SECRETARY": ("verified on site", "社区（村）书记现场核实属实"),
    "DEPARTMENT_HEAD": ("approved by the head of the department", "部门主要负责人批准"),
}
BY_OTHERS = ("the report was released", "准予办结")


def on_grievance_resolved(
    rules: SurveyRules, grievance: str, followup: FollowUp, event: GrievanceResolvedV1
) -> tuple[FollowUp, list[Contract]]:
    at = event.progress.at
    entry = Entry(
        at=at,
        service="routing",
        what=f"resolved, with {len(event.evidence)} pieces of evidence",
        what_zh=f"上报办结，附佐证 {len(event.evidence)} 份",
        by=spoken(event.by),
        status=event.progress.status,
    )
    followup = followup.progressed(event.progress)
    if event.releasedBy is not None:
        what, what_zh = RELEASED.get(event.releasedBy.role, BY_OTHERS)
        followup = followup.noted(entry.model_copy(update={"what": what, "what_zh": what_zh, "by": spoken(event.releasedBy)}))
    followup = followup.noted(entry)
    return record_reply(followup, grievance, event.round, event.text, event.by, event.department, at, rules)
