"""Registrations, cases in every state, and the policy by which routing decides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest

from services.routing.adapters.approval_rules import load_approval_rules
from services.routing.adapters.catalogue import first_catalogue
from services.routing.adapters.categories import load_categories
from services.routing.adapters.limits import first_limits
from services.routing.adapters.reply_rules import load_reply_rules
from services.routing.adapters.timetable import first_timetable
from services.routing.domain import case as domain
from services.routing.domain import course, dispatching, judging, returns
from services.routing.domain.appraisal import Appraisal, Body, Consultation
from services.routing.domain.case import Case
from services.routing.domain.catalogue import Catalogue
from services.routing.domain.lifecycle import Action
from services.routing.domain.part import Part
from services.routing.domain.policy import Policy
from services.routing.domain.reckoning import Reckoning
from services.routing.domain.supervised import Card, SupervisionOrder
from services.routing.domain.targets import HOTLINE
from services.routing.domain.waits import Draft, Report, Suspension, Urge, Verification
from services.routing.domain.work_order import Asked, Extension, Return, WorkOrder
from services.routing.domain.workdays import Due
from services.routing.events import CONSUMERS, OPENS, consumer
from services.routing.store.mongo import CODEC, access_of
from services.routing.usecases.parties import allowances
from services.routing.usecases.ports import Handling
from shared.contracts.feedback import FedBackV1, SurveyAnsweredV1
from shared.contracts.intake import Access, DepartmentRow, GrievanceRegisteredV1, Owner
from shared.contracts.routing import Status
from shared.identity.errors import Refusal
from shared.identity.viewer import Viewer
from shared.record import Participant
from tests.services.builders import AT, COUNTY, KEY, LUCHENG, REF, TEAM, VILLAGE, Desk, StillWorld

SECRETARY = Owner(staffId="secretary-1", role="SECRETARY", unit=TEAM)
HEAD = Owner(staffId="head-lucheng", role="DEPARTMENT_HEAD", unit=LUCHENG)
DISPATCHER = Owner(staffId="dispatcher-1", role="DISPATCHER", unit=COUNTY)
SUPERVISOR = Owner(staffId="supervisor-1", role="SUPERVISOR", unit=COUNTY)
COMMUNITY = Owner(staffId="community_secretary-1", role="COMMUNITY_SECRETARY", unit=VILLAGE)
HANDLER = Owner(staffId="handler-1", role="HANDLER", unit=LUCHENG)
OFFICE = "D-3708-RXB"
ZJJ, SJJ, ELSEWHERE = "D-3708-ZJJ", "D-3708-SJJ", "D-3708-ELSEWHERE"
CALENDAR = first_timetable()
TREE = load_categories()
FIRST_CATALOGUE = first_catalogue(TREE)
KNOWN = {
    LUCHENG: DepartmentRow(code=LUCHENG, name="鲁城街道党工委", division="370881001000", head="head-lucheng", receiver="r", committee=True)
}
# Of 鲁城街道党工委, by another case.
OWNED_BEFORE = frozenset({"handler-2"})
RECKONING = Reckoning(first_limits(TREE), CALENDAR)
REPLY_RULES = load_reply_rules()
APPROVAL_RULES = load_approval_rules(TREE)


def limit(start: datetime, days: int) -> Due:
    return RECKONING.days(start, days)


def registered(**changes: Any) -> GrievanceRegisteredV1:
    """The sign-board case as intake tells of it; `accused`, `team`, `confidential` and `division` also reach its access."""
    access: dict[str, Any] = {
        "division": changes.get("division", VILLAGE),
        "petitionerRef": changes.pop("petitioner_ref", REF),
        "team": changes.pop("team", TEAM),
        "accusedDepartments": changes.pop("accused", []),
        "confidential": changes.pop("confidential", False),
    }
    fields: dict[str, Any] = {
        "number": "370881-20200605-4820171",
        "kind": "HELP",
        "channel": "VISIT",
        "subject": "小区指示牌破损",
        "text": "后作街小区门口的指示牌看不清字。",
        "category": None,
        "division": VILLAGE,
        "urgent": False,
        "anonymous": False,
        "occurredAt": AT,
        "registeredAt": AT,
        "campaign": "民意5来听",
        "foundBy": "VISIT",
        "owner": SECRETARY,
        "attachments": [],
        "onSpotAnswer": None,
    }
    return GrievanceRegisteredV1(access=Access(**access), **(fields | changes))


def policy(
    now: Callable[[], datetime] = lambda: AT, *, catalogue: Catalogue = FIRST_CATALOGUE, category: str | None = None, head: bool = True
) -> Policy:
    """Decides at `now`, finds `category` in every text, and knows the head of 鲁城街道党工委 alone, or nobody."""
    return Policy(now, lambda: catalogue, lambda: RECKONING, lambda _subject, _text: category, lambda: KNOWN if head else {})


def opened(**changes: Any) -> Case:
    return domain.open_case(registered(**changes), None, True, RECKONING)


def dispatched(**changes: Any) -> Case:
    """In DISPATCHED, at 鲁城街道党工委."""
    accepted, _ = dispatching.appraise(opened(**changes), None, AT)
    return dispatching.dispatch(accepted, FIRST_CATALOGUE, KNOWN, RECKONING, AT)[0]


def handled(**changes: Any) -> Case:
    return course.accept_work_order(dispatched(**changes), HANDLER, AT)[0]


def returned(**changes: Any) -> Case:
    """In RETURN_PENDING."""
    return returns.return_work_order(dispatched(**changes), "不归本部门管。", HANDLER, RECKONING, AT)[0]


def with_the_platform(**changes: Any) -> Case:
    """In DISPATCHED, at the 12345 platform, under its first order."""
    office = DepartmentRow(code=HOTLINE, name="热线办", division="370800000000", head="head-rxb", receiver="r")
    return returns.reassign(dispatched(**changes), office, "请12345办理。", DISPATCHER, RECKONING, AT)[0]


def resolved(**changes: Any) -> Case:
    return course.report_resolution(handled(**changes), "已更换新的指示牌。", ["photo-1"], HANDLER, AT)[0]


def fed_back(**changes: Any) -> Case:
    return course.fed_back(resolved(**changes), FedBackV1(round=1, deliveryId="d-1", at=AT))[0]


def answered_on_the_spot(**changes: Any) -> Case:
    return dispatching.appraise(opened(onSpotAnswer="已当场解释。", **changes), "已当场解释。", AT)[0]


def survey_answer(*, happy: bool, round: int = 1, at: datetime = AT, change: int = 0) -> SurveyAnsweredV1:
    grade: Any = "SATISFIED" if happy else "DISSATISFIED"
    reason = None if happy else "字还是看不清"
    return SurveyAnsweredV1(round=round, resolved=happy, satisfied=grade, reason=reason, reworkAsked=not happy, at=at, change=change)


def case_in(status: Status, **changes: Any) -> Case:
    """A case of 鲁城街道党工委 with a work order, which it once sent back, in any state of the table."""
    order = WorkOrder(department=LUCHENG, rule="lucheng", rule_version=1, round=1, dispatched_at=AT)
    case = handled(**changes).with_(status=status, returns=[asked(order)])
    return with_suspension(case) if status == "SUSPENDED" else case


def with_suspension(case: Case) -> Case:
    """By its department, which does not go on yet."""
    held = Suspension(
        department=LUCHENG,
        round=1,
        at=AT,
        by=HANDLER,
        reason="等待材料。",
        until="2020-06-15",
        due=case.due_at or AT,
        due_provisional=case.due_provisional,
    )
    return case.with_(suspensions=[held]).with_deadline(result=case.deadlines.result.stopped(HANDLER, AT))


def urged(case: Case) -> Case:
    """By the petitioner, without an answer."""
    return case.with_(urges=[Urge(at=AT, by=domain.PETITIONER, words="等了很久。")])


def with_order_issued(case: Case, **changes: Any) -> Case:
    """A supervision order of the supervisor's waits for its department's reply. What was closed, supervision has taken up."""
    fields: dict[str, Any] = {"ordinal": len(case.orders) + 1, "follows": None, "at": AT, "by": SUPERVISOR, "head": None}
    work_order = domain.order_of(case)
    fields |= {"department": work_order.department, "dispatched_at": work_order.dispatched_at, "demand": "请说明进展。"}
    held = SupervisionOrder(**(fields | {"due_at": RECKONING.days(AT, 3).at} | changes))
    return case.with_(orders=[*case.orders, held], needs_supervision=case.status == "CLOSED")


def with_order_replied(case: Case) -> Case:
    issued = with_order_issued(case)
    return issued.with_(orders=[issued.orders[0].replied("三日内更换。", HANDLER, AT)])


def with_card(case: Case, **changes: Any) -> Case:
    """That the clock gave its department."""
    fields: dict[str, Any] = {"ordinal": len(case.cards) + 1, "department": LUCHENG, "month": "2020-06", "given": "YELLOW"}
    held = Card(**(fields | {"ground": "RESULT_OVERDUE", "at": AT, "by": domain.SYSTEM} | changes))
    return case.with_(cards=[*case.cards, held])


def with_appeal(case: Case) -> Case:
    """That nobody has decided on."""
    return with_card(case, appeal=Asked(department=LUCHENG, at=AT, by=HEAD, reason="等待上级批复。"))


def provisionally_due(case: Case) -> Case:
    """As if the calendar had had no word on its days."""
    result = case.deadlines.result
    last = result.entries[-1].model_copy(update={"provisional": True})
    return case.with_deadline(result=result.model_copy(update={"entries": [*result.entries[:-1], last]}))


def with_draft_waiting(case: Case) -> Case:
    """For the head of its department."""
    rule = APPROVAL_RULES[0]
    words = {"text": "已更换新的指示牌。", "evidence": [], "rule": rule.code, "zh": rule.zh, "en": rule.en}
    return case.with_(drafts=[*case.drafts, Draft(at=AT, by=HANDLER, round=domain.round_of(case), **words)])


def with_verification(case: Case) -> Case:
    """A dispatcher wants the work looked at."""
    return case.with_(verifications=[Verification(round=1, at=AT, by=DISPATCHER, what="看看指示牌是否更换。")])


def with_report_waiting(case: Case) -> Case:
    """It was reported, and nobody has looked yet."""
    report = Report(at=AT, by=HANDLER, text="已更换新的指示牌。", evidence=[])
    return case.with_(verifications=[with_verification(case).verifications[0].model_copy(update={"reports": [report]})])


def with_extension_asked(case: Case) -> Case:
    """By its department, of three working days."""
    held = Extension(department=LUCHENG, round=1, at=AT, by=HANDLER, days=3, reason="等待制作。", due=case.due_at or AT)
    return case.with_(extensions=[held])


def with_part(case: Case, department: str, lead: str = LUCHENG, **changes: Any) -> Case:
    """`lead` has the work order, and `department` a part of it."""
    fields = {"task": "核实产权。", "asked_at": AT, "asked_by": HANDLER, **changes}
    part = Part(department=department, **fields)
    return case.with_order(domain.order_of(case).model_copy(update={"department": lead, "parts": [part]}))


def appraising(**changes: Any) -> Case:
    """A report in APPRAISING, which waits for people."""
    return judging.await_appraisal(opened(kind="REPORT", **changes), AT)[0]


def with_opinion_asked(case: Case, of: Body = "COMMUNITY") -> Case:
    """Of this body, by the dispatcher."""
    held = Consultation(of=of, asked_at=AT, asked_by=DISPATCHER, question="情况属实吗？", due_at=limit(AT, 1).at)
    return case.with_(appraisal=Appraisal(consultations=[held]))


def asked(order: WorkOrder, **changes: Any) -> Return:
    """A return that waits."""
    sent = {"department": order.department, "rule": order.rule, "rule_version": order.rule_version}
    return Return(**{**sent, "at": AT, "by": HANDLER, "reason": "不归本部门管。", **changes})


async def departments() -> dict[str, DepartmentRow]:
    """鲁城街道党工委, two of the city's, and one of another county."""
    rows = [(LUCHENG, "370881001000"), (ZJJ, "370800000000"), (SJJ, "370800000000"), (OFFICE, "370800000000"), (ELSEWHERE, "370811000000")]
    return {code: DepartmentRow(code=code, name=code, division=place, head=f"head-{code}", receiver="r") for code, place in rows}


def category_of(text: str) -> str | None:
    found = TREE.find(text)
    return found.path if found else None


def handling(office: Desk, now: Callable[[], datetime] = lambda: AT) -> Handling:
    """What people's commands are made of, over a desk."""

    async def has_owned(department: str, staff: str) -> bool:
        owners = [each.owner for each in office.state().owners]
        return staff in OWNED_BEFORE or any((each.unit, each.staffId) == (department, staff) for each in owners)

    async def catalogue() -> Catalogue:
        return FIRST_CATALOGUE

    rules = (REPLY_RULES, APPROVAL_RULES)
    return Handling(office.writer, KEY, now, access_of, lambda: RECKONING, departments, has_owned, catalogue, category_of, *rules)


def desk(now: StillWorld | None = None, **changes: Any) -> Desk:
    """Routing's writer in memory under `policy(**changes)`."""
    world = now or StillWorld()
    return Desk(Participant("routing", consumer(policy(world.now, **changes)), frozenset(CONSUMERS), OPENS), CODEC, world)


def office(case: Case) -> Desk:
    """A desk with this case."""
    made = desk()
    made.put(case)
    return made


async def code_of(command: Awaitable[object]) -> tuple[str, str | None]:
    """The code and the field of its refusal."""
    with pytest.raises(Refusal) as refused:
        await command
    return refused.value.code, refused.value.field


def told(made: Desk, who: Viewer, action: Action, at: datetime = AT) -> str | None:
    """The code by which the case tells beforehand that this person may not do it; None where they may."""
    found = next(each for each in allowances(handling(made, lambda: at), who, made.state()) if each.move.action == action)
    return found.refusal.code if found.refusal else None
