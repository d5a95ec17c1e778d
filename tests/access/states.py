"""In which state a document of the access tests has to be for a command: changes to a Described."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from services.feedback.domain.survey import Survey
from services.routing.domain.appraisal import Appraisal, Consultation
from services.routing.domain.case import SYSTEM
from services.routing.domain.deadlines import Deadlines, as_kept
from services.routing.domain.part import Part
from services.routing.domain.supervised import Card, SupervisionOrder
from services.routing.domain.waits import Draft, Report, Suspension, Urge, Verification
from services.routing.domain.work_order import Extension, Return, WorkOrder
from shared.contracts.intake import Owner
from shared.contracts.routing import Status
from tests.access.documents import AT, Described


def at(status: Status) -> dict[str, Any]:
    """Changes that make a case stand in this state."""
    return {"status": status}


def returned(department: str) -> dict[str, Any]:
    """Changes by which this department's return waits for a decision."""
    by = Owner(staffId="returns", role="HANDLER", unit=department)
    waits = Return(department=department, rule="rule", rule_version=1, at=AT, by=by, reason="不归本部门管。")
    return at("RETURN_PENDING") | {"returns": [waits]}


FAR = datetime(2099, 1, 1, tzinfo=UTC)
DUE_FAR = as_kept(FAR, False, AT, SYSTEM, 1)
DUE_LATER: dict[str, Any] = at("HANDLING") | {"deadlines": DUE_FAR}


def extension_asked(department: str) -> dict[str, Any]:
    """Changes by which this department's extension waits for a decision."""
    by = Owner(staffId="asks", role="HANDLER", unit=department)
    return DUE_LATER | {"extensions": [Extension(department=department, round=1, at=FAR, by=by, days=3, reason="等待。", due=FAR)]}


def owned(staff: str, department: str) -> dict[str, Any]:
    """Changes by which this person of this department handles it."""
    return at("HANDLING") | {"owner": Owner(staffId=staff, role="HANDLER", unit=department)}


def part_asked(department: str, lead: str) -> dict[str, Any]:
    """Changes by which this department has a part to report, and another one the work order."""
    part = Part(department=department, task="核实产权。", asked_at=AT, asked_by=Owner(staffId="asks", role="HANDLER", unit=lead))
    order = WorkOrder(department=lead, rule="rule", rule_version=1, round=1, dispatched_at=AT, accepted_at=AT, parts=[part])
    return at("HANDLING") | {"work_order": order}


# 研判 by people: nobody has it yet.
APPRAISING: dict[str, Any] = at("APPRAISING") | {"work_order": None, "departments": [], "deadlines": Deadlines()}


def opinion_asked(place: str) -> dict[str, Any]:
    """Changes by which the community's opinion waits to be given."""
    by = Owner(staffId="asks", role="DISPATCHER", unit=place)
    waits = Consultation(of="COMMUNITY", asked_at=AT, asked_by=by, question="情况属实吗？", due_at=FAR)
    return APPRAISING | {"appraisal": Appraisal(consultations=[waits])}


# Somebody urges, and nobody has answered.
URGED: dict[str, Any] = at("HANDLING") | {"urges": [Urge(at=AT, by=SYSTEM, words=None)]}
NOBODY_URGES: dict[str, Any] = at("HANDLING") | {"urges": []}


def order_issued(department: str, sent: datetime) -> dict[str, Any]:
    """Changes by which this department has to reply to a supervision order."""
    by = Owner(staffId="supervises", role="SUPERVISOR", unit="370881")
    held = SupervisionOrder(
        ordinal=1, follows=None, at=AT, by=by, department=department, head=None, dispatched_at=sent, demand="请说明。", due_at=FAR
    )
    work_order = WorkOrder(department=department, rule="rule", rule_version=1, round=1, dispatched_at=sent, accepted_at=AT)
    return DUE_LATER | {"work_order": work_order, "orders": [held]}


def order_replied(department: str) -> dict[str, Any]:
    """Changes by which its reply waits for a decision."""
    changes = order_issued(department, AT)
    by = Owner(staffId="replies", role="HANDLER", unit=department)
    return changes | {"orders": [changes["orders"][0].replied("三日内更换。", by, AT)]}


def _fresh_card(described: Described) -> list[Card]:
    by = Owner(staffId="supervises", role="SUPERVISOR", unit="370881")
    return [
        Card(ordinal=1, department=described.department, month="2099-01", given="YELLOW", ground="BY_HAND", at=FAR, by=by, reason="推诿。")
    ]


# Its department has a card against which nobody has appealed.
CARDED: dict[str, Any] = DUE_LATER | {"cards": _fresh_card}


def suspended(department: str) -> dict[str, Any]:
    """Changes by which this department does not go on for now."""
    by = Owner(staffId="suspends", role="HANDLER", unit=department)
    held = Suspension(department=department, round=1, at=FAR, by=by, reason="等待。", until="2099-01-15", due=FAR, due_provisional=False)
    stopped = Deadlines(result=DUE_FAR.result.stopped(by, FAR))
    return at("SUSPENDED") | {"suspensions": [held], "deadlines": stopped}


def report_waiting(department: str) -> dict[str, Any]:
    """Changes by which this department's report waits for somebody to look."""
    by = Owner(staffId="reports", role="HANDLER", unit=department)
    report = Report(at=AT, by=by, text="已更换。", evidence=[])
    return DUE_LATER | {"verifications": [Verification(round=1, at=AT, by=by, what="看看现场。", reports=[report])]}


def draft_waiting(department: str) -> dict[str, Any]:
    """Changes by which this department's reply waits for its head."""
    by = Owner(staffId="drafts", role="HANDLER", unit=department)
    draft = Draft(at=AT, by=by, text="已更换。", evidence=[], round=1, rule="REPORT", zh="举报须审批。", en="Reports are approved.")
    return NOTHING_ASKED | {"drafts": [draft]}


# 12345 was never asked.
HERE_ALONE: dict[str, Any] = {"handoffs": 0}
NOTHING_ASKED: dict[str, Any] = DUE_LATER | {"suspensions": [], "verifications": []}
UNANSWERED = {"survey": Survey(round=2, opened_at=AT, expires_at=FAR)}
