"""The secretary's four duties through the graph over the real store (S51): summarise, enter, hand up, feed back; by who asks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import pytest_asyncio

from services.intake.domain.delivery import Delivery
from services.intake.service import Service
from services.intake.usecases.hand_up_day_summary import HandUpDaySummary, hand_up_day_summary
from shared.contracts.intake import Owner
from shared.identity.development import DevelopmentIssuer
from shared.identity.viewer import Viewer
from tests.services.builders import LUCHENG
from tests.services.intake.failing import Failing
from tests.services.intake.graph import COMPLETED, REFUSED, SIX, STAFF, Graph, graph_of, secretary, today
from tests.services.intake.test_shares import grievance, keep, progress
from tests.services.intake.viewers import CITY_ADMIN, COUNTY_ADMIN, NOBODY, OTHER_SECRETARY, SECRETARY, VILLAGE

TOWN = "370881001000"
ITEM = "grievanceId mark remark to { name } handedUpAt state toTell grievance { number } decision { status publicReply owner { staffId } }"
SUMMARY = f"day remark by {{ staffId }} items {{ {ITEM} }}"
DAY = f"{{ daySummary {{ {SUMMARY} }} }}"
HANDED = f"query($division: String!) {{ handedUp(division: $division) {{ edges {{ node {{ {SUMMARY} }} }} pageInfo {{ hasNextPage }} }} }}"
KEPT = f"__typename ... on DaySummaryKept {{ summary {{ {SUMMARY} }} }} ... on SummaryRefused {{ {REFUSED} }}"
HAND_UP = f"mutation($input: HandUpDaySummaryInput!) {{ handUpDaySummary(input: $input) {{ {KEPT} }} }}"
TOLD = (
    "__typename ... on PetitionerTold { grievance { toldInPerson { words on delivered by { staffId } } } }"
    f"... on TellRefused {{ {REFUSED} }}"
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def graph(intake_service: Service, issuer: DevelopmentIssuer) -> AsyncIterator[Graph]:
    async with graph_of(intake_service, issuer) as made:
        yield made


@pytest.mark.row("S51")
@pytest.mark.row("S23")
async def test_what_was_heard_in_a_day_is_looked_at_handed_up_and_read_by_the_committee(graph: Graph) -> None:
    me = secretary("sum-1")
    named = await graph.hear(me, petitioner={"name": "孔凡莹", "phone": "13800007001"})
    twice, third = await graph.hear(me), await graph.hear(me)
    await graph.service.writer.act(named, lambda held: (held.progressed(progress(held, "DISPATCHED")), []))
    before = await graph.see(me, DAY)
    assert [item["decision"] for item in before["items"]] == [None] * 3
    assert [(item["grievanceId"], item["mark"], item["state"]) for item in before["items"]] == [
        (named, "UNCHECKED", "DISPATCHED"),
        (twice, "UNCHECKED", "REGISTERED"),
        (third, "UNCHECKED", "REGISTERED"),
    ]
    looks = [{"grievanceId": named, "remark": "孔凡莹家门口，电话13800007001"}, {"grievanceId": twice, "keep": False, "remark": "同一件。"}]
    checked = await graph.do(me, "checkDaySummary", KEPT, day=today(graph), remark="孔凡莹反映较多", items=looks)
    assert [item["mark"] for item in checked["summary"]["items"]] == ["KEPT", "STRUCK", "UNCHECKED"]
    assert checked["summary"]["remark"] == "〔姓名〕反映较多"
    assert checked["summary"]["items"][0]["remark"] == "〔姓名〕家门口，电话〔电话〕"

    refused = await graph.do(me, "handUpDaySummary", KEPT, day=today(graph))
    assert (refused["code"], refused["message"]) == ("UNCHECKED_ITEMS", "Items not checked yet: 1.")
    await graph.do(me, "checkDaySummary", KEPT, day=today(graph), items=[{"grievanceId": third}])
    handed = await graph.do(me, "handUpDaySummary", KEPT, requestId="sum-up", day=today(graph))
    assert [item["to"] and item["to"]["name"] for item in handed["summary"]["items"]] == ["鲁城街道", None, "鲁城街道"]
    assert [item["decision"] and item["decision"]["status"] for item in handed["summary"]["items"]] == ["DISPATCHED", None, None]
    assert handed == await graph.do(me, "handUpDaySummary", KEPT, requestId="sum-up", day=today(graph))

    told = [event for event in await graph.said(named) if event["type"] == "intake.grievance.reported_up.v1"]
    assert [(event["to"], event["by"]["staffId"], event["remark"]) for event in told] == [(TOWN, "sum-1", "〔姓名〕家门口，电话〔电话〕")]
    assert "intake.grievance.reported_up.v1" not in {event["type"] for event in await graph.said(twice)}
    for viewer, division in ((COUNTY_ADMIN, TOWN), (CITY_ADMIN, "370881000000"), (COUNTY_ADMIN, VILLAGE), (STAFF, TOWN)):
        mine = [row for row in await _handed(graph, viewer, division) if row["by"]["staffId"] == "sum-1"]
        assert [[item["grievanceId"] for item in row["items"]] for row in mine] == [[named, third]]
        # Staff of the committee see the grievance itself once it is theirs.
        assert (mine[0]["items"][0]["grievance"] is None) == (viewer is STAFF)


async def _handed(graph: Graph, viewer: Viewer, division: str) -> list[dict[str, Any]]:
    return [edge["node"] for edge in (await graph.see(viewer, HANDED, division=division))["edges"]]


@pytest.mark.row("S51")
async def test_what_is_registered_after_handing_up_goes_up_by_itself(graph: Graph) -> None:
    me = secretary("sum-2")
    first = await graph.hear(me)
    await graph.do(me, "checkDaySummary", KEPT, day=today(graph), items=[{"grievanceId": first}])
    await graph.do(me, "handUpDaySummary", KEPT, day=today(graph))
    assert (await graph.do(me, "handUpDaySummary", KEPT, day=today(graph)))["code"] == "NOTHING_TO_HAND_UP"
    second = await graph.hear(me)
    assert (await graph.do(me, "handUpDaySummary", KEPT, day=today(graph)))["code"] == "UNCHECKED_ITEMS"
    changed = await graph.do(me, "checkDaySummary", KEPT, day=today(graph), items=[{"grievanceId": first}])
    assert (changed["code"], changed["field"]) == ("ALREADY_HANDED_UP", "items")
    await graph.do(me, "checkDaySummary", KEPT, day=today(graph), items=[{"grievanceId": second}])
    await graph.do(me, "handUpDaySummary", KEPT, day=today(graph))
    for id in (first, second):
        assert [event["type"] for event in await graph.said(id)].count("intake.grievance.reported_up.v1") == 1


async def test_a_crash_between_the_summary_and_the_grievance_is_made_good(graph: Graph) -> None:
    me, duties = secretary("sum-3"), graph.service.duties
    id = await graph.hear(me)
    await graph.do(me, "checkDaySummary", KEPT, day=today(graph), items=[{"grievanceId": id}])
    parts = replace(duties.summarising, grievance_writer=Failing(duties.summarising.grievance_writer))
    with pytest.raises(ConnectionError):
        await hand_up_day_summary(parts, me, HandUpDaySummary(request_id="crash", day=date.fromisoformat(today(graph))), "")
    assert len(await duties.summaries.unnoted(100)) == 1
    await duties.report_up()
    await duties.report_up()
    assert await duties.summaries.unnoted(100) == []
    assert [event["type"] for event in await graph.said(id)].count("intake.grievance.reported_up.v1") == 1


async def test_one_grievance_that_cannot_be_read_keeps_no_other_from_knowing_that_it_was_handed_up(graph: Graph) -> None:
    duties, heard, unreadable = graph.service.duties, list[str](), list[str]()
    summarising = duties.summarising
    duties.summarising = replace(summarising, grievance_writer=Failing(summarising.grievance_writer, on=unreadable))
    try:
        for me in (secretary("bad-1"), secretary("bad-2")):
            mine = [await graph.hear(me), await graph.hear(me)]
            heard += mine
            unreadable.append(mine[0])
            await graph.do(me, "checkDaySummary", KEPT, day=today(graph), items=[{"grievanceId": id} for id in mine])
            await graph.ask(me, HAND_UP, {"input": {"requestId": "bad", "day": today(graph)}})
        with pytest.raises(ConnectionError):
            await duties.report_up()
    finally:
        duties.summarising = summarising
    known = await graph.service.grievances.find_many(heard)
    assert [known[id].reported_up is not None for id in heard] == [False, True, False, True]
    await duties.report_up()
    assert await duties.summaries.unnoted(100) == []


async def test_nothing_of_what_accuses_a_department_is_told_to_its_people(graph: Graph) -> None:
    me = secretary("sum-4")
    id = await graph.hear(me, kind="REPORT", accusedDepartments=[LUCHENG])
    items = [{"grievanceId": id, "remark": "反映街道"}]
    await graph.do(me, "checkDaySummary", KEPT, day=today(graph), remark="举报街道", items=items)
    await graph.do(me, "handUpDaySummary", KEPT, day=today(graph))
    seen = {row["by"]["staffId"]: row for row in await _handed(graph, COUNTY_ADMIN, TOWN)}
    assert ([item["grievanceId"] for item in seen["sum-4"]["items"]], seen["sum-4"]["remark"]) == ([id], "举报街道")
    assert "sum-4" not in {row["by"]["staffId"] for row in await _handed(graph, STAFF, TOWN)}
    turned = await graph.see(replace(me, department=LUCHENG), DAY)
    assert (turned["items"], turned["remark"]) == ([], None)

    # Nor of another of the same day, nor by how a list goes on.
    await graph.do(me, "checkDaySummary", KEPT, day=today(graph), items=[{"grievanceId": (other := await graph.hear(me))}])
    await graph.do(me, "handUpDaySummary", KEPT, day=today(graph))
    mine = next(row for row in await _handed(graph, STAFF, TOWN) if row["by"]["staffId"] == "sum-4")
    assert ([item["grievanceId"] for item in mine["items"]], mine["remark"]) == ([other], None)


async def test_a_list_goes_on_by_what_its_reader_sees_of_it(graph: Graph) -> None:
    for number in range(6):
        me = secretary(f"page-{number}")
        id = await graph.hear(me, accusedDepartments=[LUCHENG] if number % 2 else [])
        await graph.do(me, "checkDaySummary", KEPT, day=today(graph), items=[{"grievanceId": id}])
        await graph.do(me, "handUpDaySummary", KEPT, day=today(graph))
    whole = [row["by"]["staffId"] for row in await _handed(graph, STAFF, TOWN)]
    assert {by for by in whole if by.startswith("page-")} == {"page-0", "page-2", "page-4"}
    query = HANDED.replace("!)", "!, $after: String)").replace("$division)", "$division, first: 1, after: $after)")
    query, pages, after = query.replace("pageInfo {", "pageInfo { endCursor"), list[str](), None
    for left in reversed(range(len(whole))):
        page = await graph.see(STAFF, query, division=TOWN, after=after)
        pages += [edge["node"]["by"]["staffId"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        assert page["pageInfo"]["hasNextPage"] == (left > 0)
    assert pages == whole


@pytest.mark.parametrize("viewer", SIX, ids=lambda viewer: viewer.sub or "nobody")
async def test_of_the_six_the_secretaries_summarise_and_the_admins_read(graph: Graph, viewer: Viewer) -> None:
    summarises = viewer in (SECRETARY, OTHER_SECRETARY)
    checked = await graph.do(viewer, "checkDaySummary", KEPT, day=today(graph), remark="无事。")
    assert checked.get("code") == (None if summarises else "UNAUTHENTICATED" if viewer is NOBODY else "ROLE_MISSING")
    handed = await graph.do(viewer, "handUpDaySummary", KEPT, day=today(graph))
    assert (handed.get("code") in ("NOTHING_TO_HAND_UP", "UNCHECKED_ITEMS")) == summarises
    answers = [await graph.ask(viewer, DAY, {}), await graph.ask(viewer, HANDED, {"division": TOWN})]
    assert ["errors" not in answer for answer in answers] == [summarises, viewer in (COUNTY_ADMIN, CITY_ADMIN)]


@pytest.mark.parametrize("days", [-1, 500])
async def test_a_day_to_come_or_long_ago_is_refused(graph: Graph, days: int) -> None:
    day = date.fromisoformat(today(graph)) - timedelta(days=days)
    assert (await graph.do(SECRETARY, "checkDaySummary", KEPT, day=day.isoformat()))["field"] == "day"


@pytest.mark.row("S51")
@pytest.mark.row("S54")
async def test_telling_in_person_delivers_the_reply_that_did_not_arrive(graph: Graph) -> None:
    id = await graph.hear(petitioner={"name": "王小明", "phone": "13800007002"})
    failed = Delivery(id="d-1", purpose="REPLY", text="已修好。", state="FAILED", channel="SMS")
    await graph.service.writer.act(id, lambda held: (held.progressed(progress(held, "RESOLVED")).with_delivery(failed), []))
    assert next(item for item in (await graph.see(SECRETARY, DAY))["items"] if item["grievanceId"] == id)["toTell"]
    words = {"requestId": "tell-1", "grievanceId": id, "words": "王小明，路灯修好了，电话13800007002"}
    done = await graph.do(SECRETARY, "tellPetitioner", TOLD, **words)
    assert done["grievance"]["toldInPerson"] == [
        {"words": "〔姓名〕，路灯修好了，电话〔电话〕", "on": today(graph), "delivered": True, "by": {"staffId": SECRETARY.sub}}
    ]
    assert await graph.do(SECRETARY, "tellPetitioner", TOLD, **words) == done
    assert [event["type"].split(".")[2] for event in await graph.said(id)] == ["registered", "delivery_attempted", "petitioner_told"]
    assert not next(item for item in (await graph.see(SECRETARY, DAY))["items"] if item["grievanceId"] == id)["toTell"]
    colleague = await graph.do(secretary("tell-2"), "tellPetitioner", TOLD, grievanceId=id, words="再说一次。")
    assert [told["delivered"] for told in colleague["grievance"]["toldInPerson"]] == [True, False]


@pytest.mark.parametrize(
    ("input", "code", "field"),
    [({"words": " "}, "WORDS_EMPTY", "words"), ({"on": 1}, "BEFORE_REGISTERED", "on"), ({"on": -1}, "IN_THE_FUTURE", "on")],
)
async def test_what_was_not_said_so_is_refused(graph: Graph, input: dict[str, Any], code: str, field: str) -> None:
    id = await graph.hear()
    if "on" in input:
        input = {"on": (date.fromisoformat(today(graph)) - timedelta(days=input["on"])).isoformat()}
    refused = await graph.do(SECRETARY, "tellPetitioner", TOLD, grievanceId=id, **({"words": "好了。"} | input))
    assert (refused["code"], refused["field"]) == (code, field)


@pytest.mark.parametrize("viewer", SIX, ids=lambda viewer: viewer.sub or "nobody")
@pytest.mark.parametrize(("mutation", "fields"), [("tellPetitioner", TOLD), ("completeGrievance", COMPLETED)])
async def test_of_the_six_the_team_that_heard_it_tells_and_completes(graph: Graph, viewer: Viewer, mutation: str, fields: str) -> None:
    id = await graph.hear(secretary("six"))
    before = await graph.service.grievances.load(id)
    input = {"words": "好了。"} if mutation == "tellPetitioner" else {"place": "东门", "petitioner": {"phone": "13800007009"}}
    done = await graph.do(viewer, mutation, fields, grievanceId=id, **input)
    code = {NOBODY: "UNAUTHENTICATED", OTHER_SECRETARY: "NOT_FOUND", SECRETARY: None}.get(viewer, "ROLE_MISSING")
    assert done.get("code") == code
    after = await graph.service.grievances.load(id)
    assert before is not None
    assert after is not None
    assert (after["version"] == before["version"]) == (code is not None)
    turned = await graph.do(replace(viewer, department=LUCHENG), mutation, fields, grievanceId="none-such", **input)
    assert turned["__typename"].endswith("Refused")


async def test_what_fell_to_a_secretary_by_post_is_not_what_they_heard(graph: Graph) -> None:
    me = secretary("sum-5")
    now = graph.service.runtime.world.now()
    fell = Owner(staffId="sum-5", role="COMMUNITY_SECRETARY", unit=VILLAGE)
    await keep(graph.service, "by-post", grievance(owner=fell, registered_at=now))
    assert (await graph.see(me, DAY))["items"] == []
