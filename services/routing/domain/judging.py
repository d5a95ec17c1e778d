"""研判 by people, as moves of a case: it waits, bodies are asked and answer, a dispatcher judges, answers, or takes it back. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.routing.domain.appraisal import (
    BODIES,
    OPINION_DAYS,
    Answered,
    Body,
    Consultation,
    Finding,
    Recall,
    Verdict,
    is_compound_of,
    spoken_for,
    village_of,
)
from services.routing.domain.case import SYSTEM, Case, order_of, round_of
from services.routing.domain.catalogue import Catalogue, Grade
from services.routing.domain.dispatching import dispatch, running
from services.routing.domain.lifecycle import Action
from services.routing.domain.reckoning import Reckoning
from services.routing.domain.returns import sent_by_hand
from services.routing.domain.targets import Departments, office_of
from services.routing.domain.work_order import BY_HAND
from shared.contracts.base import Contract
from shared.contracts.intake import DepartmentRow, Kind, Owner
from shared.contracts.routing import GrievanceAppraisedV1, GrievanceMovedV1
from shared.identity.errors import Forbidden, Refusal
from shared.identity.scopes import Scope


@dataclass(frozen=True)
class Judgement:
    """What a dispatcher says of it. None: as it is."""

    reasonable: Finding
    truthful: Finding
    kind: Kind | None
    grade: Grade | None
    category: str | None
    reason: str


def hindrance(case: Case, action: Action, scopes: Iterable[Scope]) -> Refusal | None:
    """Why somebody with these scopes may not do it now although the state allows it."""
    if action == "ASK_OPINION":
        if village_of(case.division) is None:
            return Refusal("NO_SUCH_BODY", "诉求所在地未细化到社区（村）。", "The place of the grievance names no community.")
        if set(BODIES) <= case.appraisal.waiting().keys():
            zh, en = "社区（村）和小区均已征求，尚待答复。", "The community and a compound were asked already and have not answered yet."
            return Refusal("OPINION_PENDING", zh, en)
    if action == "GIVE_OPINION":
        waiting = case.appraisal.waiting()
        if not waiting:
            return Refusal("NO_OPINION_ASKED", "没有待答复的征求意见。", "No opinion is asked.")
        if not spoken_for(scopes, village_of(case.division), waiting):
            return Forbidden("NOT_ASKED", "征求的不是您所在组织的意见。", "It is not you who was asked.")
    return None


def asking_refused(case: Case, body: Body, compound: str | None) -> Refusal | None:
    """Why this one is not asked now."""
    if body == "COMMUNITY" and compound is not None:
        return Refusal("COMPOUND_UNASKED", "征求社区（村）意见时不指定小区。", "To ask the community, name no compound.", "compound")
    if body == "COMPOUND" and not is_compound_of(compound or "", village_of(case.division)):
        zh, en = "请填写诉求所在社区（村）内的小区代码。", "Name a compound of the community in which it happened, by its code."
        return Refusal("NO_SUCH_BODY", zh, en, "compound")
    if body in case.appraisal.waiting():
        return Refusal("OPINION_PENDING", "已征求该组织意见，尚待答复。", "It was asked already and has not answered yet.", "of")
    return None


def answering_refused(case: Case, body: Body, scopes: Iterable[Scope]) -> Refusal | None:
    """Why somebody with these scopes does not answer for this one."""
    waiting = case.appraisal.waiting()
    if body not in waiting:
        return Refusal("NO_OPINION_ASKED", "没有待答复的征求意见。", "No opinion is asked.", "of")
    if body not in spoken_for(scopes, village_of(case.division), waiting):
        return Forbidden("NOT_ASKED", "征求的不是您所在组织的意见。", "It is not you who was asked.", "of")
    return None


def await_appraisal(case: Case, at: datetime) -> tuple[Case, list[Contract]]:
    """It is with whoever took it down until a dispatcher has judged; no department knows of it."""
    waiting = case.moved("AWAIT_APPRAISAL", at, SYSTEM)
    return waiting, [GrievanceMovedV1(action="AWAIT_APPRAISAL", by=SYSTEM, progress=waiting.progress(at))]


def recall(case: Case, reason: str, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """收回研判: the department has it no more, the dispatcher owns it. The day on which the result is due stays: no move gives time."""
    order = order_of(case)
    taken = Recall(at=at, by=by, department=order.department, rule=order.rule, rule_version=order.rule_version, reason=reason)
    appraisal = case.appraisal.with_(recalls=[*case.appraisal.recalls, taken])
    recalled = case.moved("RECALL", at, by).with_(appraisal=appraisal, owner=by, departments=[], handlers=[], work_order=None)
    return recalled, [GrievanceMovedV1(action="RECALL", by=by, progress=recalled.progress(at))]


def ask_opinion(
    case: Case, of: Body, compound: str | None, question: str, by: Owner, reckoning: Reckoning, at: datetime
) -> tuple[Case, list[Contract]]:
    """`compound`: of COMPOUND, which one."""
    asked = Consultation(of=of, compound=compound, asked_at=at, asked_by=by, question=question, due_at=reckoning.days(at, OPINION_DAYS).at)
    appraisal = case.appraisal.with_(consultations=[*case.appraisal.consultations, asked])
    after = case.moved("ASK_OPINION", at, by).with_(appraisal=appraisal)
    return after, [GrievanceMovedV1(action="ASK_OPINION", by=by, progress=after.progress(at))]


def give_opinion(
    case: Case, of: Body, reasonable: Finding, truthful: Finding, opinion: str, by: Owner, at: datetime
) -> tuple[Case, list[Contract]]:
    """For the body `of`, which waits to be heard."""
    asked = case.appraisal.waiting()[of]
    said = {"answered_at": at, "answered_by": by, "reasonable": reasonable, "truthful": truthful, "opinion": opinion}
    consultations = [each.model_copy(update=said) if each is asked else each for each in case.appraisal.consultations]
    after = case.moved("GIVE_OPINION", at, by).with_(appraisal=case.appraisal.with_(consultations=consultations))
    return after, [GrievanceMovedV1(action="GIVE_OPINION", by=by, progress=after.progress(at))]


def judged(case: Case, said: Judgement, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """研判: accepted as what it was found to be. It goes on in the same write (`sent_to`)."""
    if said.category is not None:
        case = case.with_(category=said.category, category_by="DISPATCHER")
    case = case.with_(kind=said.kind or case.kind, grade=said.grade or case.grade)
    verdict = Verdict(
        at=at,
        by=by,
        reasonable=said.reasonable,
        truthful=said.truthful,
        kind=case.kind,
        grade=case.grade,
        category=case.category,
        reason=said.reason,
    )
    accepted = case.moved("JUDGE", at, by).with_(appraisal=case.appraisal.with_(verdict=verdict))
    return accepted, [_appraised(accepted, None, by, at)]


def sent_by_catalogue(
    case: Case, catalogue: Catalogue, known: Departments, reckoning: Reckoning, at: datetime
) -> tuple[Case, list[Contract]]:
    """转办 of what was judged, as a rule does it; raises Refusal where none fits."""
    try:
        return dispatch(case, catalogue, known, reckoning, at)
    except LookupError:
        zh, en = "没有适用的转办规则，请指定部门。", "No dispatch rule fits: name a department."
        raise Refusal("NO_RULE_FITS", zh, en, "department") from None


def sent_to(
    case: Case, to: DepartmentRow, version: int, reason: str, by: Owner, reckoning: Reckoning, at: datetime
) -> tuple[Case, list[Contract]]:
    """转办 of what was judged, to a department that the dispatcher names."""
    dispatched = running(case.moved("DISPATCH", at, by), office_of(to.code), reckoning, at)
    return sent_by_hand(dispatched, to, version, reason, by, reckoning, at)


def answer(case: Case, text: str, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """直接答复: the dispatcher's words are the reply; nothing is due."""
    appraisal = case.appraisal.with_(answered=Answered(at=at, by=by, text=text))
    answered = case.moved("ANSWER", at, by).with_(appraisal=appraisal, owner=by).responded(by, at).nothing_due(by, at)
    return answered, [_appraised(answered, text, by, at)]


def _appraised(case: Case, answer: str | None, by: Owner, at: datetime) -> GrievanceAppraisedV1:
    return GrievanceAppraisedV1(
        verdict="ACCEPTED" if answer is None else "ANSWERED_ON_SPOT",
        kind=case.kind,
        category=case.category,
        grade=case.grade,
        rule=BY_HAND,
        by=by,
        onSpotAnswer=answer,
        round=round_of(case),
        progress=case.progress(at),
    )
