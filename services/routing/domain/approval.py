"""审批 (S52, S54): a reply that the lead drafts waits for the head of the department where a rule says so. Rules are data. Pure.

The petitioner hears of nothing that waits. The result stays due meanwhile, and counts as reported when it is approved: the time that a
department takes over its own draft is its own. Where somebody is to look on site as well, approval comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.routing.domain import verification
from services.routing.domain.case import Case, order_of, round_of
from services.routing.domain.catalogue import Grade
from services.routing.domain.course import report_resolution
from services.routing.domain.lifecycle import Action
from services.routing.domain.supervision import latest
from services.routing.domain.waits import Draft
from shared.contracts.base import Contract
from shared.contracts.intake import Kind, Owner
from shared.contracts.routing import GrievanceMovedV1
from shared.identity.errors import Refusal

CONDITIONS = ("kind", "grade", "category", "supervised", "round")
DECISIONS: tuple[Action, ...] = ("APPROVE_REPLY", "REFUSE_REPLY")
# Until it is decided what the reply says, it is not decided where the work goes on.
HELD: tuple[Action, ...] = ("SUBMIT_FOR_APPROVAL", "REPORT_RESOLUTION", "SUBMIT_RESOLUTION", "SUSPEND", "REASSIGN", "ADD_CO_HANDLER")


class ApprovalRule(BaseModel):
    """Which replies are approved, and why in both languages. All conditions that it names must hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(pattern=r"^[A-Z_]+$")
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)
    kind: Kind | None = None
    grade: Grade | None = None
    category: str | None = None
    """A path of the category tree, with what lies below it."""
    supervised: bool = False
    """A supervision order of the department's is not decided on yet."""
    round: int | None = Field(default=None, gt=0)
    """From this round on; the first is 1."""

    @model_validator(mode="after")
    def _has_a_condition(self) -> Self:
        if not any(getattr(self, each) for each in CONDITIONS):
            raise ValueError(f"{self.code}: a rule has one or more of {', '.join(CONDITIONS)}")
        return self

    def meets(self, case: Case) -> bool:
        return (
            self.kind in (None, case.kind)
            and self.grade in (None, case.grade)
            and (self.category is None or f"{case.category or ''}/".startswith(f"{self.category}/"))
            and (not self.supervised or (latest(case, "OPEN") or latest(case, "REPLIED")) is not None)
            and (self.round is None or round_of(case) >= self.round)
        )


def wanted(case: Case, rules: Sequence[ApprovalRule]) -> ApprovalRule | None:
    """The first rule by which a report that is made now is approved first."""
    return next((rule for rule in rules if rule.meets(case)), None)


def waiting(case: Case) -> Draft | None:
    """The draft that waits for the head."""
    last = case.drafts[-1] if case.drafts else None
    return last if last is not None and case.status == "HANDLING" and last.released is None else None


def reporting(case: Case, by_head: bool, rules: Sequence[ApprovalRule]) -> Action:
    """What a report of the department's comes to now. Nobody approves what its head reports."""
    if not by_head and wanted(case, rules) is not None:
        return "SUBMIT_FOR_APPROVAL"
    return verification.reporting(case)


def hindrance(case: Case, action: Action, by: str, by_head: bool, rules: Sequence[ApprovalRule]) -> Refusal | None:
    """Why this person may not do it now although the state allows it."""
    draft = waiting(case)
    if action in HELD and draft is not None:
        return Refusal("REPLY_WAITING", "答复正待部门主要负责人审批。", "A reply waits for the head of the department to approve it.")
    if action in DECISIONS:
        if draft is None:
            return Refusal("NO_REPLY_WAITING", "没有待审批的答复。", "No reply waits to be approved.")
        if action == "APPROVE_REPLY" and draft.by.staffId == by:
            return Refusal("OWN_REPLY", "答复由他人审批。", "Somebody else approves one's own reply.")
    rule = None if by_head else wanted(case, rules)
    if action == "SUBMIT_FOR_APPROVAL" and rule is None:
        return Refusal("NO_APPROVAL_WANTED", "该答复无须审批，可直接上报。", "Nobody has to approve it: it is reported as it is.")
    if action in ("REPORT_RESOLUTION", "SUBMIT_RESOLUTION") and rule is not None:
        return Refusal("APPROVAL_FIRST", f"请提交审批：{rule.zh}", f"Submit it for approval: {rule.en}")
    return None


def submit_for_approval(
    case: Case, text: str, evidence: list[str], rules: Sequence[ApprovalRule], by: Owner, at: datetime
) -> tuple[Case, list[Contract]]:
    """It is drafted, and waits."""
    rule = wanted(case, rules)
    assert rule is not None, "nothing is submitted that is not to be approved (hindrance)"
    made = Draft(at=at, by=by, text=text, evidence=evidence, round=order_of(case).round, rule=rule.code, zh=rule.zh, en=rule.en)
    return _moved(case.with_(drafts=[*case.drafts, made]), "SUBMIT_FOR_APPROVAL", by, at)


def approve(case: Case, text: str, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """In the same write it is reported, or submitted to who looks on site. `text`: its words, as they may be told today."""
    draft = waiting(case)
    assert draft is not None, "nothing is approved that does not wait (hindrance)"
    approved = _answered(case, True, None, by, at).moved("APPROVE_REPLY", at, by)
    if verification.asked(case) is not None:
        return verification.submit_resolution(approved, text, draft.evidence, draft.by, at)
    return report_resolution(approved, text, draft.evidence, draft.by, at, approved_by=by)


def refuse(case: Case, reason: str, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """The department writes another one."""
    return _moved(_answered(case, False, reason, by, at), "REFUSE_REPLY", by, at)


def superseded(case: Case, by: Owner, at: datetime) -> Case:
    """Nobody has to decide on a draft any more; as it is where none waits."""
    return case if waiting(case) is None else _answered(case, False, None, by, at)


def _answered(case: Case, released: bool, remark: str | None, by: Owner, at: datetime) -> Case:
    return case.with_(drafts=[*case.drafts[:-1], case.drafts[-1].answered(released, remark, [], by, at)])


def _moved(case: Case, action: Action, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    after = case.moved(action, at, by)
    return after, [GrievanceMovedV1(action=action, by=by, progress=after.progress(at))]
