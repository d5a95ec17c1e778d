"""What Open311 tells of a grievance that came by it: how it stands and the reply, and of no other anything at all."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any
from xml.etree.ElementTree import fromstring

import httpx
import pytest

from services.intake.adapters.open311 import FORMS
from services.intake.domain.channels import OPEN311
from services.intake.domain.delivery import Delivery
from services.intake.domain.open311 import SERVICES, ServiceRequest, mailed
from services.intake.usecases.deliver import deliver
from shared.contracts.base import instant
from shared.contracts.routing import Status
from shared.records import StoreTrouble
from tests.services.builders import AT, LUCHENG
from tests.services.intake.graph import Graph
from tests.services.intake.open311_client import Open311Client
from tests.services.intake.test_erasing import ERASE, WHY, graph, held_of, retained, somebody
from tests.services.intake.test_reveals import OFFICER
from tests.services.intake.test_shares import progress

__all__ = ["graph"]

REPLY = "您反映的<路灯>已修好 & 恢复照明。"
INVITATION = "请评价：{link}"
PERSONAL = {"subject": "东门路灯", "text": "我住东门，路灯不亮。", "place": "东门3号楼"}


async def told(graph: Graph, **changes: Any) -> tuple[str, str]:
    """The id and the number of one that came by Open311."""
    id = await graph.hear(**{"channel": OPEN311, "petitioner": somebody("冉求"), **PERSONAL, **changes})
    return id, (await held_of(graph, id)).number


async def moved(graph: Graph, id: str, status: Status) -> None:
    await graph.service.writer.act(id, lambda held: (held.progressed(progress(held, status)), []))


async def replied(graph: Graph, id: str, text: str = REPLY, *, sent: bool = True) -> str:
    """A reply to it, that a sender has put into the mailbox; its id."""
    reply = Delivery(id=str(uuid.uuid4()), purpose="REPLY", text=text, invitation=INVITATION)
    await graph.service.writer.act(id, lambda held: (held.with_delivery(reply), []))
    if sent:
        assert await deliver(graph.service.outbound.delivering, id, (await held_of(graph, id)).person) == 1
    return reply.id


@pytest.mark.row("S54")
async def test_anybody_reads_how_it_stands_and_the_reply_once_it_is_in_the_mailbox(graph: Graph) -> None:
    client = Open311Client(graph.http)
    id, number = await told(graph)
    registered = (await held_of(graph, id)).registered_at
    new = {
        "service_request_id": number,
        "status": "open",
        "status_notes": None,
        "service_name": "求助 Help",
        "requested_datetime": instant(registered),
        "updated_datetime": instant(registered),
    }
    assert await client.request(number) == new
    await moved(graph, id, "RESOLVED")
    await replied(graph, id, sent=False)
    waiting = await client.request(number)
    assert waiting is not None
    assert (waiting["status"], waiting["status_notes"]) == ("open", None)
    assert await deliver(graph.service.outbound.delivering, id, (await held_of(graph, id)).person) == 1
    posted = mailed(await held_of(graph, id))
    assert posted is not None
    latest = posted.last(OPEN311)
    assert latest is not None
    said = new | {"status_notes": REPLY, "updated_datetime": instant(latest.at)}
    assert await client.request(number) == said
    await moved(graph, id, "CLOSED")
    assert ((await client.request(number)) or {})["status"] == "closed"


async def test_neither_the_words_of_the_grievance_nor_the_link_to_its_survey_are_told(graph: Graph) -> None:
    id, number = await told(graph)
    await moved(graph, id, "RESOLVED")
    reply = await replied(graph, id)
    notice = await graph.service.runtime.database["notices"].find_one({"_id": reply})
    assert notice is not None
    assert "/s/" in notice["text"]
    for form in FORMS:
        answer = await graph.http.get(f"/open311/v2/requests/{number}.{form}")
        assert "已修好" in answer.text
        for hidden in ("东门", "冉", "/s/", "评价", id, reply, LUCHENG):
            assert hidden not in answer.text


@pytest.mark.parametrize("status", ["CLOSED", "WITHDRAWN", "NOT_ACCEPTED", "MERGED"])
async def test_what_has_ended_is_closed(graph: Graph, status: Status) -> None:
    id, number = await told(graph)
    await moved(graph, id, status)
    assert ((await Open311Client(graph.http).request(number)) or {})["status"] == "closed"


async def test_in_another_round_the_reply_before_stands_until_the_new_one_is_there(graph: Graph) -> None:
    client = Open311Client(graph.http)
    id, number = await told(graph)
    await moved(graph, id, "RESOLVED")
    await replied(graph, id, "第一次答复。")
    await replied(graph, id, "第二次答复。", sent=False)
    assert ((await client.request(number)) or {})["status_notes"] == "第一次答复。"
    assert await deliver(graph.service.outbound.delivering, id, (await held_of(graph, id)).person) == 1
    assert ((await client.request(number)) or {})["status_notes"] == "第二次答复。"


@pytest.mark.parametrize(
    "changes",
    [
        {"channel": "VISIT"},
        {"channel": "WEB"},
        {"kind": "REPORT", "accusedDepartments": [LUCHENG]},
        {"petitioner": {"name": "冉求", "phone": "13800029101", "confidential": True}},
    ],
)
async def test_what_came_by_another_door_or_is_to_stay_unknown_is_not_there(graph: Graph, changes: dict[str, Any]) -> None:
    _id, number = await told(graph, **changes)
    assert await Open311Client(graph.http).request(number) is None


async def test_from_an_erasure_on_it_is_not_there(graph: Graph) -> None:
    id, number = await told(graph)
    assert (await graph.do(OFFICER, "erasePetitioner", ERASE, grievanceId=id, **WHY))["__typename"] == "PetitionerErased"
    assert await Open311Client(graph.http).request(number) is None


async def test_when_the_notice_is_over_by_retention_it_tells_no_reply(graph: Graph) -> None:
    id, number = await told(graph)
    await moved(graph, id, "RESOLVED")
    reply = await replied(graph, id)
    long_ago = graph.service.runtime.world.now() - timedelta(days=365.25 * 3.1)
    await graph.service.runtime.database["notices"].update_one({"_id": reply}, {"$set": {"at": long_ago}})
    await retained(graph)
    assert ((await Open311Client(graph.http).request(number)) or {"status_notes": "?"})["status_notes"] is None


@pytest.mark.parametrize("name", ["370881-20200605-0000000.json", "nothing.json", ".xml", "370881-20200605-4820171", "a.html", "..json"])
async def test_every_number_that_is_none_is_answered_alike(graph: Graph, name: str) -> None:
    _id, hidden = await told(graph, channel="WEB")
    form = "json" if name.endswith(".json") else "xml"
    answer, other = [await graph.http.get(f"/open311/v2/requests/{each}") for each in (name, f"{hidden}.{form}")]
    assert (answer.status_code, answer.content, dict(answer.headers)) == (404, other.content, dict(other.headers))


async def test_while_the_store_is_away_it_says_so_in_the_standards_form(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    _id, number = await told(graph)

    async def away(_self: Any, _ids: list[str]) -> Any:
        raise StoreTrouble("away")

    monkeypatch.setattr("services.intake.store.mongo.Grievances.find_many", away)
    answer: httpx.Response = await graph.http.get(f"/open311/v2/requests/{number}.json")
    assert (answer.status_code, answer.json()[0]["code"]) == (503, 503)


def test_what_xml_cannot_say_is_left_out_of_it() -> None:
    request = ServiceRequest("n", "open", "一\x00二\x0b三<&>\n四", SERVICES["HELP"], AT, AT)
    [entry] = fromstring(FORMS["xml"].request(request))
    assert entry.findtext("status_notes") == "一 二 三<&>\n四"
