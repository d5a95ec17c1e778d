"""转12345 in all three services: the order that intake issues, and what it takes of what the platform reports."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio

from services.intake.domain.hotline import MAX_REPORTS
from services.intake.store.mongo import CODEC
from services.intake.usecases.erase_petitioner import erase_round
from services.intake.usecases.take_hotline_report import BadReport, read_report, take_hotline_report
from services.routing.usecases.adjudicate_return import adjudicate
from services.routing.usecases.reassign_work_order import send_elsewhere
from shared.contracts.intake import DepartmentRow
from shared.identity.roles import Role
from shared.settings import CommonSettings
from tests.services.builders import viewer
from tests.services.intake.test_erasure_everywhere import NAME, PHONE, PLACE, heard
from tests.services.town import Town, town_of

DISPATCHER = viewer(Role.DISPATCHER)
OFFICE, ZJJ = "D-3708-RXB", "D-3708-ZJJ"
AT = "2020-06-08T09:00:00+08:00"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town(intake_store_settings: CommonSettings, keys_dir: Path) -> AsyncIterator[Town]:
    async with town_of(intake_store_settings, keys_dir) as made:
        rows = [DepartmentRow(code=code, name=code, division="370800000000", head="head", receiver="r") for code in (OFFICE, ZJJ)]
        await made.routing.departments.apply("code", 1, [row.model_dump() for row in rows])
        await made.intake.fieldwork.atlas.current()
        yield made


async def handed(town: Town, request: str, **changes: Any) -> str:
    """Heard, and sent to 12345 by a dispatcher."""
    id = await heard(town, request, **changes)
    await town.settle(id)
    await send_elsewhere(town.routing.handling(), DISPATCHER, "h", id, "12345", "涉及多个部门。", "test")
    await town.settle(id)
    return id


def orders(town: Town, id: str) -> list[dict[str, Any]]:
    """The orders that were issued for it, oldest first."""
    bodies = [event.data() for event in town.published if event.subject == id and event.type == "intake.hotline_order.issued.v1"]
    return [dict(body) for body in bodies]


def said(order: str, kind: str, text: str | None = None, /, **changes: Any) -> bytes:
    return orjson.dumps(
        {"id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{order} {kind}")), "orderId": order, "kind": kind, "at": AT, "text": text} | changes
    )


async def report(town: Town, id: str, /, *args: Any, **changes: Any) -> str:
    outcome = await take_hotline_report(town.intake.taking_reports(), said(*args, **changes))
    await town.settle(id)
    return outcome


async def status(town: Town, id: str) -> str:
    """As routing has it; the two others have it alike, and nobody waits for anything."""
    case = (await town.routing.cases.find_many([id]))[id]
    documents = {name: await town.records(name).load(id) for name in town.services}
    for name, document in documents.items():
        assert (document["waiting"], document.get("blocked")) == ([], None)
        assert all(document["seen"].get(other, 0) == documents[other]["sequence"] for other in documents if other != name)
    assert CODEC.load(documents["intake"]).progress.status == case.status
    return case.status


@pytest.mark.row("S50")
@pytest.mark.row("S26")
async def test_the_order_tells_the_matter_and_nothing_of_who_told_it_and_the_case_goes_on_by_reports(town: Town) -> None:
    id = await handed(town, "goes-on")
    held = (await town.intake.grievances.find_many([id]))[id]
    [order] = orders(town, id)
    assert order["orderId"] == f"{held.number}/1"
    assert (order["occasion"], order["category"], order["grade"], order["divisionName"]) == (
        "DISPATCHED",
        "城乡建设",
        "ORDINARY",
        "鼓楼社区",
    )
    assert (order["subject"], order["division"]) == (held.subject, held.division)
    assert held.progress is not None
    assert held.progress.dueAt is not None
    assert order["dueAt"] is not None
    for personal in (NAME, PHONE, PLACE, held.petitioner_ref, held.person):
        assert personal not in json.dumps(order, ensure_ascii=False)

    assert await report(town, id, order["orderId"], "TAKEN") == "applied"
    assert await status(town, id) == "HANDLING"
    assert await report(town, id, order["orderId"], "RESOLVED", f"已告知{NAME}，电话{PHONE}，指示牌已换。") == "applied"
    assert await status(town, id) == "FED_BACK"
    followup = (await town.feedback.followups.find_many([id]))[id]
    assert followup.reply is not None
    assert (followup.reply.text, followup.reply.delivery) == ("已告知〔姓名〕，电话〔电话〕，指示牌已换。", "SENT")
    spoken = [entry.what_zh for entry in followup.timeline]
    assert [words for words in spoken if "12345" in words] == ["转12345热线办理", "12345已受理"]
    held = (await town.intake.grievances.find_many([id]))[id]
    [kept] = held.hotline_orders
    assert (kept.state, [each.kind for each in kept.reports]) == ("RESOLVED", ["TAKEN", "RESOLVED"])


async def test_a_report_that_comes_again_or_of_a_former_order_is_acknowledged_and_moves_nothing(town: Town) -> None:
    id = await handed(town, "former")
    [first] = [order["orderId"] for order in orders(town, id)]
    await report(town, id, first, "TAKEN")
    before = (await town.records("intake").load(id), await town.records("routing").load(id))
    assert await report(town, id, first, "TAKEN", at="2020-06-09T09:00:00+08:00") == "repeated"
    assert (await town.records("intake").load(id), await town.records("routing").load(id)) == before

    assert await report(town, id, first, "RETURNED", "不归本平台管。") == "applied"
    assert await status(town, id) == "RETURN_PENDING"
    await adjudicate(town.routing.handling(), DISPATCHER, "a", id, True, ZJJ, "转住建。", "test")
    await send_elsewhere(town.routing.handling(), DISPATCHER, "b", id, "12345", "还是转平台。", "test")
    await town.settle(id)
    assert [order["orderId"][-2:] for order in orders(town, id)] == ["/1", "/2"]
    assert await report(town, id, first, "RESOLVED", "已办结。") == "applied"
    assert await status(town, id) == "DISPATCHED"
    assert await report(town, id, orders(town, id)[1]["orderId"], "RESOLVED", "已办结。") == "applied"
    assert await status(town, id) == "FED_BACK"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": "7"}, "id"),
        ({"id": None}, "id"),
        ({"orderId": ""}, "orderId"),
        ({"orderId": "370881-20200605-0000000/1"}, "orderId"),
        ({"orderId": "no number"}, "orderId"),
        ({"orderId": "x" * 65}, "orderId"),
        ({"kind": "CLOSED"}, "kind"),
        ({"at": "2020-06-08T09:00:00"}, "at"),
        ({"at": "yesterday"}, "at"),
        ({"at": "9999-12-31T23:59:59-12:00"}, "at"),
        ({"text": None}, "text"),
        ({"text": " "}, "text"),
        ({"text": "字" * 2001}, "text"),
        ({"text": 7}, "text"),
        ({"more": "x" * 70_000}, "body"),
    ],
    ids=lambda value: str(value)[:24],
)
async def test_what_is_no_report_is_refused_by_the_name_of_its_field_and_without_its_words(
    town: Town, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadReport) as refused:
        await take_hotline_report(town.intake.taking_reports(), said("370881-20200605-0000000/1", "RESOLVED", PHONE, **change))
    reason = str(refused.value)
    assert reason.startswith(f"{field}：")
    assert f" · {field}: " in reason
    assert not any(str(value) in reason for value in (PHONE, *change.values()) if isinstance(value, str) and value.strip() and value != "7")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff", b'{"id":' * 5000, b'"' + b"\\ud800" + b'"'], ids=lambda body: str(body)[:12]
)
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(BadReport, match=r"^(body|id)："):
        read_report(body)


def test_unknown_fields_are_passed_over() -> None:
    assert read_report(said("x/1", "TAKEN", handledBy="平台")).kind == "TAKEN"


async def test_a_platform_that_reports_without_end_fills_no_document(town: Town) -> None:
    id = await handed(town, "without-end")
    [order] = [order["orderId"] for order in orders(town, id)]
    for _ in range(MAX_REPORTS):
        assert await report(town, id, order, "TAKEN", id=str(uuid.uuid4())) == "applied"
    with pytest.raises(BadReport, match=f"orderId: the order has its {MAX_REPORTS} reports"):
        await report(town, id, order, "TAKEN", id=str(uuid.uuid4()))


async def test_of_somebody_erased_no_words_go_to_12345_or_stay_of_what_it_said(town: Town) -> None:
    id = await handed(town, "erased")
    [first] = [order["orderId"] for order in orders(town, id)]
    await report(town, id, first, "RETURNED", "凤凰说明")
    await town.erase(id)
    await erase_round(town.intake.erasing)
    await town.settle(id)
    await town.scrub()
    assert await town.found(["凤凰说明"]) == {"intake": [], "routing": [], "feedback": []}

    await adjudicate(town.routing.handling(), DISPATCHER, "a", id, False, None, "归12345。", "test")
    await town.settle(id)
    again = orders(town, id)[-1]
    assert (again["occasion"], again["subject"], again["text"]) == ("RETURN_REFUSED", "〔已删除〕", "〔已删除〕")
    assert await report(town, id, again["orderId"], "RESOLVED", "凤凰再说明") == "applied"
    await town.scrub()
    assert await town.found(["凤凰再说明"]) == {"intake": [], "routing": [], "feedback": []}
