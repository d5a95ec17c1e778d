"""Registrations, cases in every state, and the policy by which routing decides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest

from services.routing.adapters.calendar import StateCouncilCalendar
from services.routing.domain import case as domain
from services.routing.domain import returns
from services.routing.domain.case import Case, Extension, Return, WorkOrder
from services.routing.domain.catalogue import FIRST_CATALOGUE, HOTLINE, Catalogue
from services.routing.domain.lifecycle import Action
from services.routing.domain.policy import Policy
from services.routing.domain.workdays import Due, add_working_days
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
HANDLER = Owner(staffId="handler-1", role="HANDLER", unit=LUCHENG)
OFFICE = "D-3708-RXB"
ZJJ, SJJ, ELSEWHERE = "D-3708-ZJJ", "D-3708-SJJ", "D-3708-ELSEWHERE"
CALENDAR = StateCouncilCalendar()


def limit(start: datetime, days: int) -> Due:
    return add_working_days(start, days, CALENDAR)


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
    return Policy(now, catalogue, limit, lambda _subject, _text: category, lambda code: HEAD if head and code == LUCHENG else None)


def opened(**changes: Any) -> Case:
    return domain.open_case(registered(**changes), None, by_rule=True)


def dispatched(**changes: Any) -> Case:
    """In DISPATCHED, at 鲁城街道党工委."""
    accepted, _ = domain.appraise(opened(**changes), None, AT)
    return domain.dispatch(accepted, FIRST_CATALOGUE, HEAD, limit, AT)[0]


def handled(**changes: Any) -> Case:
    return domain.accept_work_order(dispatched(**changes), HANDLER, AT)[0]


def returned(**changes: Any) -> Case:
    """In RETURN_PENDING."""
    return returns.return_work_order(dispatched(**changes), "不归本部门管。", HANDLER, AT)[0]


def with_the_platform(**changes: Any) -> Case:
    """In DISPATCHED, at the 12345 platform, under its first order."""
    office = DepartmentRow(code=HOTLINE, name="热线办", division="370800000000", head="head-rxb", receiver="r")
    return returns.reassign(dispatched(**changes), office, "请12345办理。", DISPATCHER, AT)[0]


def resolved(**changes: Any) -> Case:
    return domain.report_resolution(handled(**changes), "已更换新的指示牌。", ["photo-1"], HANDLER, AT)[0]


def fed_back(**changes: Any) -> Case:
    return domain.fed_back(resolved(**changes), FedBackV1(round=1, deliveryId="d-1", at=AT))[0]


def answered_on_the_spot(**changes: Any) -> Case:
    return domain.appraise(opened(onSpotAnswer="已当场解释。", **changes), "已当场解释。", AT)[0]


def survey_answer(*, happy: bool, round: int = 1, at: datetime = AT) -> SurveyAnsweredV1:
    grade: Any = "SATISFIED" if happy else "DISSATISFIED"
    reason = None if happy else "字还是看不清"
    return SurveyAnsweredV1(round=round, resolved=happy, satisfied=grade, reason=reason, reworkAsked=not happy, at=at)


def case_in(status: Status, **changes: Any) -> Case:
    """A case of 鲁城街道党工委 with a work order, which it once sent back, in any state of the table."""
    order = WorkOrder(department=LUCHENG, rule="lucheng", rule_version=1, round=1, dispatched_at=AT)
    return handled(**changes).with_(status=status, returns=[asked(order)])


def with_extension_asked(case: Case) -> Case:
    """By its department, of three working days."""
    held = Extension(department=LUCHENG, round=1, at=AT, by=HANDLER, days=3, reason="等待制作。", due=case.due_at or AT)
    return case.with_(extensions=[held])


def asked(order: WorkOrder, **changes: Any) -> Return:
    """A return that waits."""
    sent = {"department": order.department, "rule": order.rule, "rule_version": order.rule_version}
    return Return(**{**sent, "at": AT, "by": HANDLER, "reason": "不归本部门管。", **changes})


async def departments() -> dict[str, DepartmentRow]:
    """鲁城街道党工委, two of the city's, and one of another county."""
    rows = [(LUCHENG, "370881001000"), (ZJJ, "370800000000"), (SJJ, "370800000000"), (OFFICE, "370800000000"), (ELSEWHERE, "370811000000")]
    return {code: DepartmentRow(code=code, name=code, division=place, head=f"head-{code}", receiver="r") for code, place in rows}


def handling(office: Desk, now: Callable[[], datetime] = lambda: AT) -> Handling:
    """What people's commands are made of, over a desk."""
    return Handling(office.writer, KEY, now, access_of, limit, departments)


def desk(now: StillWorld | None = None, **changes: Any) -> Desk:
    """Routing's writer in memory under `policy(**changes)`."""
    world = now or StillWorld()
    return Desk(Participant("routing", consumer(policy(world.now, **changes)), frozenset(CONSUMERS), OPENS), CODEC, world)


def office(case: Case) -> Desk:
    """A desk with this case."""
    made = desk()
    made.put(case)
    return made


async def code_of(command: Awaitable[None]) -> tuple[str, str | None]:
    """The code and the field of its refusal."""
    with pytest.raises(Refusal) as refused:
        await command
    return refused.value.code, refused.value.field


def told(made: Desk, who: Viewer, action: Action, at: datetime = AT) -> str | None:
    """The code by which the case tells beforehand that this person may not do it; None where they may."""
    found = next(each for each in allowances(handling(made, lambda: at), who, made.state()) if each.move.action == action)
    return found.refusal.code if found.refusal else None
