"""Archives over the real store: proposed by the team, decided by somebody else, masked, sealed at rest, gone when their day is over."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.intake.domain.archives import Archive
from services.intake.service import Service
from services.intake.usecases.archiving import Archiving, value_name
from services.intake.usecases.decide_archive_change import DecideArchiveChange, decide_archive_change
from services.intake.usecases.expire_archives import expire_archives
from services.intake.usecases.propose_archive_change import ArchiveChange, GivenConsent, ProposeArchiveChange, propose_archive_change
from shared import ids
from shared.identity.development import DevelopmentIssuer
from shared.identity.errors import Refusal
from shared.identity.roles import Role
from shared.identity.scopes import Level, from_code
from shared.identity.viewer import Viewer
from shared.writer import RequestReused
from tests.services.intake.test_coverage import home, keep
from tests.services.intake.test_desks import Desk
from tests.services.intake.viewers import CITY_ADMIN, COUNTY_ADMIN, NOBODY, OTHER_SECRETARY, RESIDENT, SECRETARY, TEAM, VILLAGE

LEADER = Viewer(sub="leader-1", roles=frozenset({Role.TEAM_LEADER}), scopes=(from_code("370881000000", Level.COUNTY),), team=TEAM)
COMMUNITY = Viewer(sub="community-1", roles=frozenset({Role.COMMUNITY_SECRETARY}), scopes=(from_code(VILLAGE, Level.VILLAGE),))
FAR_COMMUNITY = replace(COMMUNITY, sub="community-9", scopes=(from_code("370811001001", Level.VILLAGE),))
OTHER_LEADER = replace(OTHER_SECRETARY, sub="leader-9", roles=frozenset({Role.TEAM_LEADER}))
ID_NUMBER = "11010519491231002X"
PERSON = "018f0000-0000-7000-8000-000000000001"
FIELDS = "code message messageZh field"
WHOLE = """id kind team village { code } residents { id data { field value purpose consent { how on } retainUntil by encounter setBy } }
 conditions { field value setBy } proposals { id state note reason by decidedBy changes { field value current stale } }
 history { action field was by proposal }"""
PROPOSE = f"""mutation($input: ProposeArchiveChangeInput!) {{ proposeArchiveChange(input: $input) {{
 ... on ArchiveChangeProposed {{ proposalId archive {{ {WHOLE} }} }} ... on ArchiveProposalRefused {{ {FIELDS} }} }} }}"""
DECIDE = f"""mutation($input: DecideArchiveChangeInput!) {{ decideArchiveChange(input: $input) {{
 ... on ArchiveChangeDecided {{ archive {{ {WHOLE} }} }} ... on ArchiveDecisionRefused {{ {FIELDS} current proposed }} }} }}"""
READ = f"query($id: ID!) {{ archive(id: $id) {{ {WHOLE} }} }}"
LIST = """query($village: String, $team: String, $proposed: Boolean!, $first: Int!, $after: String) {
 archives(village: $village, team: $team, proposed: $proposed, first: $first, after: $after) {
 edges { cursor node { id } } pageInfo { hasNextPage endCursor } } }"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(intake_service: Service, issuer: DevelopmentIssuer) -> AsyncIterator[Desk]:
    for id, team in (("arc-1", TEAM), ("arc-2", TEAM), ("arc-far", OTHER_SECRETARY.team)):
        await keep(intake_service, home(intake_service, id, team=team))
    http = httpx.AsyncClient(transport=httpx.ASGITransport(intake_service.api()), base_url="http://intake")
    yield Desk(intake_service, http, issuer)
    await http.aclose()


async def household(desk: Desk, team: str | None = TEAM) -> str:
    """A household of its own, for one test."""
    id = f"arc-{uuid.uuid4()}"
    await keep(desk.service, home(desk.service, id, team=team))
    return id


def change(desk: Desk, field: str, value: str, resident: str | None = None, **changes: Any) -> ArchiveChange:
    today = date.fromisoformat(desk.service.fieldwork.today())
    ground = {"purpose": "SERVICE", "consent": GivenConsent(how="WRITTEN", on=today), "retain_until": today + timedelta(days=30)}
    return ArchiveChange(field=field, value=value, resident=resident, **{**ground, **changes})


async def propose(desk: Desk, archive: str, request: str, *changes: ArchiveChange, viewer: Viewer = SECRETARY, **more: Any) -> str:
    """The proposal's id."""
    command = ProposeArchiveChange(request_id=request, archive_id=archive, changes=list(changes), **more)
    assert await propose_archive_change(desk.service.fieldwork.archiving, viewer, command, "") == archive
    return ids.document_id(viewer.sub, request)


async def decide(desk: Desk, archive: str, proposal: str, viewer: Viewer = LEADER, confirmed: bool = True, **more: Any) -> str:
    command = DecideArchiveChange(
        request_id=more.pop("request", f"d-{proposal}"), archive_id=archive, proposal_id=proposal, confirmed=confirmed, **more
    )
    return await decide_archive_change(desk.service.fieldwork.archiving, viewer, command, "")


async def stored(desk: Desk, id: str) -> Archive:
    held = await desk.service.fieldwork.archives.find(id)
    assert held is not None
    return held


@pytest.mark.row("S41")
async def test_what_a_visit_found_is_proposed_and_holds_when_somebody_else_confirms_it(desk: Desk) -> None:
    id, resident = await household(desk), str(uuid.uuid4())
    today = desk.service.fieldwork.today()
    ground = {"purpose": "RELIEF", "consent": {"how": "WRITTEN", "on": today}, "retainUntil": today}
    changes = [
        {"field": "name", "value": "孔凡莹", "resident": resident, **ground},
        {"field": "idNumber", "value": ID_NUMBER, "resident": resident, **ground},
        {"field": "health", "value": "高血压", "resident": resident, **ground},
        {"field": "name", "value": "孔小莹", "resident": "+1", **ground},
        {"field": "birthYear", "value": "2001", "resident": "+1", **ground},
        {"field": "farmland", "value": "3.5", **ground},
    ]
    asked = {"requestId": "visit", "archiveId": id, "encounter": "e-1", "note": "入户所见", "changes": changes}
    told = await desk.see(SECRETARY, PROPOSE, input=asked)
    assert (told["archive"]["residents"], told["archive"]["conditions"], told["archive"]["history"]) == ([], [], [])
    assert [each["value"] for each in told["archive"]["proposals"][0]["changes"]] == [
        "孔*莹",
        "1****************X",
        "****",
        "孔*莹",
        "2001",
        "3.5",
    ]
    asked = {"requestId": "yes", "archiveId": id, "proposalId": told["proposalId"], "confirmed": True, "reason": "已核实"}
    archive = (await desk.see(COMMUNITY, DECIDE, input=asked))["archive"]
    first, second = archive["residents"]
    assert first["id"] == resident
    assert {each["field"]: each["value"] for each in first["data"]} == {"name": "孔*莹", "idNumber": "1****************X", "health": "****"}
    assert {each["field"]: each["value"] for each in second["data"]} == {"name": "孔*莹", "birthYear": "2001"}
    name = first["data"][0]
    assert (name["purpose"], name["consent"], name["retainUntil"]) == ("RELIEF", {"how": "WRITTEN", "on": today}, today)
    assert (name["by"], name["encounter"], name["setBy"]) == (SECRETARY.sub, "e-1", told["proposalId"])
    assert (archive["team"], archive["village"]["code"], archive["kind"]) == (TEAM, VILLAGE, "HOUSEHOLD")
    closed = archive["proposals"][0]
    assert (closed["state"], closed["note"], closed["reason"], closed["decidedBy"]) == ("CONFIRMED", None, "已核实", COMMUNITY.sub)
    assert await desk.see(SECRETARY, READ, id=id) == archive


@pytest.mark.row("S34")
async def test_a_shop_without_an_archive_is_opened_by_a_proposal(desk: Desk) -> None:
    today = desk.service.fieldwork.today()
    ground = {"purpose": "ENTERPRISE_SUPPORT", "consent": {"how": "ORAL", "on": today}, "retainUntil": today}
    changes = [{"field": "title", "value": "后作街超市"}, {"field": "contact", "value": "王长青", **ground}]
    asked = {"requestId": "shop", "enterprise": {"kind": "SHOP", "village": VILLAGE}, "changes": changes}
    told = await desk.see(SECRETARY, PROPOSE, input=asked)
    assert await desk.see(SECRETARY, PROPOSE, input=asked) == told
    shop = told["archive"]
    assert (shop["kind"], shop["team"], shop["conditions"]) == ("SHOP", TEAM, [])
    asked = {"requestId": "ok", "archiveId": shop["id"], "proposalId": told["proposalId"], "confirmed": True}
    shop = (await desk.see(LEADER, DECIDE, input=asked))["archive"]
    assert {each["field"]: each["value"] for each in shop["conditions"]} == {"title": "后作街超市", "contact": "王*青"}
    assert shop["id"] in await listed(desk, SECRETARY)
    assert shop["id"] in await listed(desk, COUNTY_ADMIN, village=VILLAGE)


@pytest.mark.parametrize(
    ("enterprise", "fields", "viewer", "code"),
    [
        ({"kind": "SHOP", "village": "370811002001"}, ["title"], SECRETARY, "OUT_OF_SCOPE"),
        ({"kind": "SHOP", "village": "999999999999"}, ["title"], SECRETARY, "DIVISION_UNKNOWN"),
        ({"kind": "SHOP", "village": "370881000000"}, ["title"], LEADER, "NOT_A_VILLAGE"),
        ({"kind": "SHOP", "village": VILLAGE}, ["title"], replace(SECRETARY, team=None), "NO_TEAM"),
        ({"kind": "SHOP", "village": VILLAGE}, ["industry"], SECRETARY, "TITLE_MISSING"),
        (None, ["title"], SECRETARY, "ONE_OF_TWO"),
    ],
)
async def test_refuses_an_enterprise_that_is_nowhere_nobodys_or_nameless(
    desk: Desk, enterprise: dict[str, str] | None, fields: list[str], viewer: Viewer, code: str
) -> None:
    changes = [{"field": field, "value": "某"} for field in fields]
    asked = {"requestId": f"no-shop-{code}", "enterprise": enterprise, "changes": changes}
    told = await desk.see(viewer, PROPOSE, input=asked)
    assert told["code"] == code
    assert told["field"] in (None, "changes", "archiveId", "enterprise.village")


@pytest.mark.parametrize(
    ("viewer", "code"),
    [
        (NOBODY, "UNAUTHENTICATED"),
        (RESIDENT, "ROLE_MISSING"),
        (OTHER_SECRETARY, "NOT_FOUND"),
        (replace(SECRETARY, team=None), "NOT_FOUND"),
        (COMMUNITY, "ROLE_MISSING"),
        (COUNTY_ADMIN, "ROLE_MISSING"),
        (CITY_ADMIN, "ROLE_MISSING"),
        (SECRETARY, None),
        (LEADER, None),
    ],
)
async def test_only_the_households_own_team_proposes(desk: Desk, viewer: Viewer, code: str | None) -> None:
    asked = {"requestId": f"who-{viewer.sub}", "archiveId": "arc-1", "changes": [{"action": "REMOVE", "field": "water"}]}
    told = await desk.see(viewer, PROPOSE, input=asked)
    assert told.get("code") == code
    nowhere = await desk.see(viewer, PROPOSE, input={**asked, "requestId": "none-such", "archiveId": "none-such"})
    assert nowhere["code"] == (code or "NOT_FOUND")
    if code == "NOT_FOUND":
        assert nowhere == told


@pytest.mark.row("S41")
@pytest.mark.parametrize(
    ("viewer", "code"),
    [
        (NOBODY, "UNAUTHENTICATED"),
        (RESIDENT, "ROLE_MISSING"),
        (SECRETARY, "ROLE_MISSING"),
        (OTHER_SECRETARY, "ROLE_MISSING"),
        (CITY_ADMIN, "ROLE_MISSING"),
        (OTHER_LEADER, "NOT_FOUND"),
        (FAR_COMMUNITY, "NOT_FOUND"),
        (replace(SECRETARY, roles=frozenset({Role.SECRETARY, Role.TEAM_LEADER})), "OWN_PROPOSAL"),
        (LEADER, None),
        (COMMUNITY, None),
        (COUNTY_ADMIN, None),
    ],
)
async def test_the_leader_or_an_office_of_the_place_decides_but_never_who_proposed(desk: Desk, viewer: Viewer, code: str | None) -> None:
    id = await household(desk)
    asked = {
        "requestId": "d",
        "archiveId": id,
        "proposalId": await propose(desk, id, "p", change(desk, "water", "井水")),
        "confirmed": True,
    }
    told = await desk.see(viewer, DECIDE, input=asked)
    assert told.get("code") == code
    assert [each.state for each in (await stored(desk, id)).proposals] == ["PROPOSED" if code else "CONFIRMED"]
    if code == "NOT_FOUND":
        assert await desk.see(viewer, DECIDE, input={**asked, "archiveId": "none-such"}) == told


@pytest.mark.parametrize(
    ("viewer", "near", "far"),
    [
        (NOBODY, "UNAUTHENTICATED", "UNAUTHENTICATED"),
        (RESIDENT, "FORBIDDEN", "FORBIDDEN"),
        (OTHER_SECRETARY, False, True),
        (SECRETARY, True, False),
        (LEADER, True, False),
        (FAR_COMMUNITY, False, False),
        (COMMUNITY, True, True),
        (COUNTY_ADMIN, True, True),
        (CITY_ADMIN, True, True),
        (replace(COUNTY_ADMIN, roles=frozenset({Role.DATA_OFFICER})), True, True),
        (replace(COUNTY_ADMIN, roles=frozenset({Role.DISPATCHER})), "FORBIDDEN", "FORBIDDEN"),
    ],
)
async def test_an_archive_is_there_for_its_team_and_the_offices_of_its_place(
    desk: Desk, viewer: Viewer, near: bool | str, far: bool | str
) -> None:
    """Both households lie in the same village; they are of two teams."""
    for id, asker in (("arc-2", SECRETARY), ("arc-far", OTHER_SECRETARY)):
        await propose(desk, id, "seen", change(desk, "water", "井水"), viewer=asker)
    for id, expected in (("arc-2", near), ("arc-far", far)):
        answer = await desk.ask(viewer, READ, id=id)
        if isinstance(expected, str):
            assert answer["errors"][0]["extensions"]["code"] == expected
            assert answer["data"]["archive"] is None
            assert "errors" in await desk.ask(viewer, LIST, proposed=False, first=5)
        else:
            assert "errors" not in answer
            assert (answer["data"]["archive"] is not None) == expected
            assert await desk.see(viewer, READ, id="none-such") is None


async def listed(desk: Desk, viewer: Viewer, first: int = 100, proposed: bool = False, **arguments: Any) -> list[str]:
    found: list[str] = []
    after = None
    while True:
        page = await desk.see(viewer, LIST, first=first, after=after, proposed=proposed, **arguments)
        found += [edge["node"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found


async def test_lists_hold_each_archive_once_by_team_by_village_and_by_what_is_open(desk: Desk) -> None:
    team = f"T-{uuid.uuid4()}"
    mine = replace(SECRETARY, team=team)
    homes = sorted([await household(desk, team) for _ in range(5)])
    open_, closed = homes[:2], homes[2:]
    for id in homes:
        proposal = await propose(desk, id, f"l-{id}", change(desk, "water", "井水"), viewer=mine)
        if id in closed:
            await decide(desk, id, proposal, COUNTY_ADMIN)
    assert await listed(desk, mine, first=2) == homes
    assert await listed(desk, mine, proposed=True) == open_
    assert await listed(desk, mine, village=VILLAGE) == homes
    assert await listed(desk, mine, village="370881001002") == []
    assert await listed(desk, COUNTY_ADMIN, team=team) == homes
    whole = await listed(desk, COUNTY_ADMIN, village=VILLAGE)
    assert len(whole) == len(set(whole))
    assert set(homes) <= set(whole)
    waiting = set(await listed(desk, COMMUNITY, village=VILLAGE, proposed=True))
    assert waiting & set(homes) == set(open_)
    assert await listed(desk, OTHER_SECRETARY, team=team) == []
    assert await listed(desk, FAR_COMMUNITY, team=team) == []
    for arguments, code in (({"village": VILLAGE}, "OUT_OF_SCOPE"), ({}, "NO_TEAM")):
        answer = await desk.ask(FAR_COMMUNITY, LIST, proposed=False, first=5, **arguments)
        assert answer["errors"][0]["extensions"]["reason"] == code


async def test_a_household_that_moves_to_another_team_takes_its_archive_along(desk: Desk) -> None:
    id = await household(desk)
    proposal = await propose(desk, id, "moves", change(desk, "water", "井水"))
    moved = desk.service.fieldwork.households.codec.dump(home(desk.service, id, team=OTHER_SECRETARY.team))
    await desk.service.runtime.database["households"].update_one({"_id": id}, {"$set": moved, "$inc": {"version": 1}})
    assert await desk.see(SECRETARY, READ, id=id) is None
    assert id not in await listed(desk, SECRETARY)
    assert (await desk.see(OTHER_SECRETARY, READ, id=id))["team"] == OTHER_SECRETARY.team
    assert id in await listed(desk, OTHER_SECRETARY)
    with pytest.raises(Refusal, match="NOT_FOUND"):
        await decide(desk, id, proposal, LEADER)
    await decide(desk, id, proposal, OTHER_LEADER)


async def test_the_same_item_many_times_and_at_once_is_one_proposal(desk: Desk) -> None:
    id, request = await household(desk), str(uuid.uuid4())
    one = change(desk, "water", "井水")
    await asyncio.gather(*(propose(desk, id, request, one) for _ in range(4)))
    proposal = await propose(desk, id, request, one)
    assert [each.id for each in (await stored(desk, id)).proposals] == [proposal]
    for _ in range(3):
        await decide(desk, id, proposal)
    assert len((await stored(desk, id)).history) == 1
    await propose(desk, id, request, one)
    assert [each.state for each in (await stored(desk, id)).proposals] == ["CONFIRMED"]
    with pytest.raises(RequestReused):
        await propose(desk, id, request, change(desk, "water", "自来水"))
    with pytest.raises(Refusal, match="ALREADY_DECIDED"):
        await decide(desk, id, proposal, COMMUNITY, request="another")


async def test_of_two_who_decide_at_once_one_has_decided(desk: Desk) -> None:
    id = await household(desk)
    proposal = await propose(desk, id, "race", change(desk, "water", "井水"))
    both = [decide(desk, id, proposal, LEADER), decide(desk, id, proposal, COMMUNITY, request="c", confirmed=False, reason="不属实")]
    ended = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(each.code if isinstance(each, Refusal) else str(each) for each in ended) == sorted([id, "ALREADY_DECIDED"])


async def test_items_that_come_late_and_in_any_order_end_alike(desk: Desk) -> None:
    resident = str(uuid.uuid4())
    ends = []
    for order in ((0, 1), (1, 0)):
        id = await household(desk)
        items = [change(desk, "name", "孔凡莹", resident), change(desk, "phone", "13800001234", resident)]
        proposals = {number: await propose(desk, id, f"item-{number}", items[number]) for number in order}
        with pytest.raises(Refusal, match="RESIDENT_UNKNOWN"):
            await decide(desk, id, proposals[1], request="too-early")
        for number in (0, 1):
            await decide(desk, id, proposals[number])
        told = await desk.see(SECRETARY, READ, id=id)
        ends.append([{each["field"]: each["value"] for each in person["data"]} for person in told["residents"]])
    assert ends[0] == ends[1] == [{"name": "孔*莹", "phone": "138****1234"}]


@pytest.mark.row("S41")
async def test_a_stale_change_is_refused_with_both_values_and_the_history_stays(desk: Desk) -> None:
    id = await household(desk)
    first = await propose(desk, id, "one", change(desk, "water", "井水"))
    second = await propose(desk, id, "two", change(desk, "water", "自来水"))
    await decide(desk, id, first)
    asked = {"requestId": "stale", "archiveId": id, "proposalId": second, "confirmed": True}
    told = await desk.see(LEADER, DECIDE, input=asked)
    assert (told["code"], told["field"], told["current"], told["proposed"]) == ("STALE", "changes.0", "井水", "自来水")
    assert (await desk.see(LEADER, READ, id=id))["proposals"][0]["changes"] == [
        {"field": "water", "value": "自来水", "current": "井水", "stale": True}
    ]
    no_reason = await desk.see(LEADER, DECIDE, input={**asked, "requestId": "no", "confirmed": False})
    assert (no_reason["code"], no_reason["field"]) == ("REASON_MISSING", "reason")
    await desk.see(LEADER, DECIDE, input={**asked, "requestId": "no", "confirmed": False, "reason": "以现值为准"})
    third = await propose(desk, id, "three", change(desk, "water", "自来水", seen=first))
    archive = (await desk.see(LEADER, DECIDE, input={**asked, "requestId": "yes", "proposalId": third}))["archive"]
    assert [each["value"] for each in archive["conditions"]] == ["自来水"]
    assert [(each["was"], each["proposal"]) for each in archive["history"]] == [("井水", third), (None, first)]


@pytest.mark.row("S41")
async def test_what_is_planted_is_found_nowhere_in_the_store(desk: Desk) -> None:
    id = await household(desk)
    planted = ["孔植入甲", "13811112222", ID_NUMBER, "植入之病", "植入之井", "植入之路", "植入之注", "植入之由"]
    name, phone, number, health, well, road, note, reason = planted
    for round_, water in enumerate((well, "自来水")):
        base = [change(desk, "name", name, PERSON), change(desk, "phone", phone, PERSON), change(desk, "water", water)]
        more = [change(desk, "idNumber", number, PERSON), change(desk, "health", health, PERSON)]
        proposal = await propose(desk, id, f"planted-{round_}", *base, *more, note=note)
        await decide(desk, id, proposal, reason=reason)
    await propose(desk, id, "planted-open", change(desk, "road", road), note=note)
    refused = await propose(desk, id, "planted-refused", change(desk, "road", road))
    await decide(desk, id, refused, confirmed=False, reason=reason)
    database = desk.service.runtime.database
    raw = ""
    for collection in await database.list_collection_names():
        raw += "".join(map(str, await database[collection].find({}).to_list(None)))
    assert id in raw
    assert [text for text in planted if text in raw] == []
    read = await desk.see(SECRETARY, READ, id=id)
    assert [text for text in planted if text in str(read)] == [well, road, note, reason]


def at_rest(desk: Desk, archive: Archive) -> list[str]:
    """Every value that is still kept, opened."""
    key = desk.service.cipher.unwrap(archive.person, archive.key)
    kept = [(resident, field, datum.value) for resident, field, datum in archive.data()]
    kept += [(step.resident, step.field, step.was.value) for step in archive.history if step.was]
    kept += [(change.resident, change.field or "", change.value) for each in archive.proposals for change in each.changes]
    return sorted(key.decrypt(value_name(resident, field), value) for resident, field, value in kept if value)


@pytest.mark.row("S41")
async def test_what_is_refused_or_erased_is_kept_nowhere_and_what_is_confirmed_once(desk: Desk) -> None:
    id = await household(desk)
    refused = await propose(desk, id, "refused", change(desk, "idNumber", ID_NUMBER, PERSON), note=ID_NUMBER)
    await decide(desk, id, refused, confirmed=False, reason="本人不同意")
    archive = await stored(desk, id)
    assert (at_rest(desk, archive), archive.proposals[0].note) == ([], None)
    for request, phone in (("first", "13800001234"), ("second", "13800005678")):
        await decide(
            desk, id, await propose(desk, id, request, change(desk, "name", "孔凡莹", PERSON), change(desk, "phone", phone, PERSON))
        )
    assert at_rest(desk, await stored(desk, id)) == ["13800001234", "13800005678", "孔凡莹", "孔凡莹"]
    withdrawn = await propose(desk, id, "phone", ArchiveChange(action="ERASE", resident=PERSON, field="phone"))
    await decide(desk, id, withdrawn)
    assert at_rest(desk, await stored(desk, id)) == ["孔凡莹", "孔凡莹"]
    asked = {"requestId": "all", "archiveId": id, "changes": [{"action": "ERASE", "resident": PERSON}]}
    proposal = (await desk.see(SECRETARY, PROPOSE, input=asked))["proposalId"]
    asked = {"requestId": "all-yes", "archiveId": id, "proposalId": proposal, "confirmed": True}
    told = (await desk.see(LEADER, DECIDE, input=asked))["archive"]
    assert at_rest(desk, await stored(desk, id)) == []
    assert (told["residents"], told["history"][0]) == (
        [],
        {"action": "ERASED", "field": "phone", "was": None, "by": LEADER.sub, "proposal": proposal},
    )


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ({"resident": ID_NUMBER}, "resident"),
        ({"resident": "+0"}, "resident"),
        ({"resident": "+100"}, "resident"),
        ({"seen": "13800001234 孔凡莹家"}, "seen"),
        ({"seen": PERSON.upper() + PERSON}, "seen"),
    ],
)
async def test_what_lies_in_clear_is_a_uuid_and_no_words(desk: Desk, given: dict[str, str], at: str) -> None:
    id = await household(desk)
    asked = {"requestId": "clear", "archiveId": id, "changes": [{"action": "REMOVE", "field": "phone", "resident": PERSON, **given}]}
    told = await desk.see(SECRETARY, PROPOSE, input=asked)
    assert (told["code"], told["field"]) == ("INVALID_INPUT", f"changes.0.{at}")
    assert given[at] not in str(told)
    for number, seen in enumerate(("", PERSON)):
        await propose(desk, id, f"clear-{number}", change(desk, "water", "井水", seen=seen))


async def version(desk: Desk, id: str) -> int:
    document = await desk.service.fieldwork.archives.load(id)
    assert document is not None
    return int(document["version"])


def later(parts: Archiving, days: int) -> str:
    return (parts.day + timedelta(days=days)).isoformat()


@pytest.mark.row("S41")
async def test_what_is_past_its_day_is_not_read_and_the_sweep_takes_it_from_the_store(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = desk.service.fieldwork.archiving
    id, stays = await household(desk), await household(desk)
    short = {"retain_until": parts.day + timedelta(days=2)}
    await decide(
        desk, id, await propose(desk, id, "a", change(desk, "name", "孔凡莹", PERSON, **short), change(desk, "water", "井水", **short))
    )
    await decide(desk, id, await propose(desk, id, "b", change(desk, "water", "自来水")))
    await decide(desk, stays, await propose(desk, stays, "c", change(desk, "water", "井水")))
    held = await stored(desk, id)
    sealed = {each.value for _resident, field, each in held.data() if field == "name"} | {
        each.was.value for each in held.history if each.was
    }
    assert len(sealed) == 2

    last, after = later(parts, 2), later(parts, 3)
    assert id not in await parts.archives.due(last)
    monkeypatch.setattr(desk.service.fieldwork, "today", lambda: last)
    assert len((await desk.see(SECRETARY, READ, id=id))["residents"]) == 1
    monkeypatch.setattr(desk.service.fieldwork, "today", lambda: after)
    told = await desk.see(SECRETARY, READ, id=id)
    assert (told["residents"], [each["value"] for each in told["conditions"]]) == ([], ["自来水"])
    assert [(each["action"], each["was"]) for each in told["history"]][:2] == [("EXPIRED", None), ("SET", None)]

    assert id in await parts.archives.due(after)
    assert stays not in await parts.archives.due(after)
    before = await version(desk, stays)
    swept = replace(parts, today=lambda: after)
    await expire_archives(swept)
    assert await expire_archives(swept) == 0
    raw = str(await desk.service.runtime.database["archives"].find_one({"_id": id}))
    assert [value for value in sealed if value and value in raw] == []
    assert await desk.see(SECRETARY, READ, id=id) == told
    assert await version(desk, stays) == before


async def test_one_archive_that_cannot_be_swept_keeps_no_other_from_it(desk: Desk) -> None:
    parts = desk.service.fieldwork.archiving
    broken, whole = await household(desk), await household(desk)
    for id in (broken, whole):
        await propose(desk, id, "x", change(desk, "water", "井水", retain_until=parts.day))
    archives = desk.service.runtime.database["archives"]
    await archives.update_one({"_id": broken}, {"$set": {"kind": "NO KIND"}})
    swept = replace(parts, today=lambda: later(parts, 1))
    with pytest.raises(ValueError, match="kind"):
        await expire_archives(swept)
    assert await parts.archives.due(later(parts, 1)) == [broken]
    await archives.update_one({"_id": broken}, {"$set": {"kind": "HOUSEHOLD"}})
    assert await expire_archives(swept) == 1


async def test_another_persons_request_id_and_a_refused_value_tell_nothing(desk: Desk) -> None:
    id = await household(desk)
    asked = {"requestId": "form", "archiveId": id, "changes": [{"field": "income", "value": "三万元整"}]}
    told = await desk.see(SECRETARY, PROPOSE, input=asked)
    assert (told["code"], told["field"]) == ("BAD_VALUE", "changes.0.value")
    assert "三万" not in str(told)
    assert await desk.see(SECRETARY, READ, id=id) is None
    too_long = await desk.see(SECRETARY, PROPOSE, input={**asked, "note": "植" * 501})
    assert (too_long["code"], too_long["field"]) == ("INVALID_INPUT", "note")
    assert "植" not in str(too_long)


async def test_the_table_of_fields_is_for_everybody(desk: Desk) -> None:
    table = await desk.see(NOBODY, "{ archiveFields { part code name nameEn form personal sensitive years } }")
    assert {each["code"] for each in table if each["sensitive"]} == {"idNumber", "health"}
    assert {each["part"] for each in table} == {"RESIDENT", "HOUSEHOLD", "ENTERPRISE"}
