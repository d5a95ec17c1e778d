"""Reading a petitioner in clear: for a purpose, for some minutes, with a second person where they are confidential, and with a trace."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from services.intake.service import Service
from shared.audit import AuditEntry, ChainHead, verify
from shared.identity.development import DevelopmentIssuer
from shared.identity.roles import Role
from shared.identity.scopes import Level, from_code
from shared.identity.viewer import Viewer
from shared.relay import flush
from tests.services.intake.graph import REFUSED, SIX, STAFF, Graph, graph_of, today
from tests.services.intake.viewers import OTHER_SECRETARY, SECRETARY

COUNTY = (from_code("370881000000", Level.COUNTY),)
OFFICER = Viewer(sub="data-officer", roles=frozenset({Role.DATA_OFFICER}), scopes=COUNTY)
SUPERVISOR = Viewer(sub="supervisor", roles=frozenset({Role.SUPERVISOR}), scopes=COUNTY)
ELSEWHERE_OFFICER = Viewer(sub="officer-9", roles=frozenset({Role.DATA_OFFICER}), scopes=(from_code("370811000000", Level.COUNTY),))
CALLER = Viewer(sub="caller", roles=frozenset({Role.CALLER}), scopes=COUNTY)
REVEAL = (
    "__typename ... on PetitionerRevealed { reveal { id state purpose reason } petitioner { name phone subject text place } }"
    f"... on RevealPending {{ reveal {{ id state }} }} ... on RevealRefused {{ {REFUSED} }}"
)
DECIDE = f"__typename ... on RevealDecided {{ reveal {{ state decidedBy {{ staffId }} }} }} ... on RevealDecisionRefused {{ {REFUSED} }}"
FOUND = f"__typename ... on FoundByPhone {{ grievances {{ id }} }} ... on LookUpRefused {{ {REFUSED} }}"
LOG = (
    "query($division: String!, $day: Date!, $first: Int, $after: String)"
    "{ accessLog(division: $division, day: $day, first: $first, after: $after)"
    "{ edges { cursor node { at by role what purpose reason of subject } } pageInfo { hasNextPage endCursor } } }"
)
WAITING = "query { revealsToDecide(first: 100) { edges { node { id by { staffId } reason grievance { id } } } } }"
KONG: dict[str, Any] = {"name": "孔凡莹", "phone": "13800008001"}
ASK = {"purpose": "CONTACT", "reason": "电话核实孔凡莹所述"}


class Nowhere:
    """There is no broker here: what the relay would publish is taken as confirmed."""

    async def publish(self, event: object) -> None: ...


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def graph(intake_service: Service, issuer: DevelopmentIssuer) -> AsyncIterator[Graph]:
    async with graph_of(intake_service, issuer) as made:
        yield made


async def looks(graph: Graph, viewer: Viewer = OFFICER, division: str = "370881000000") -> list[dict[str, Any]]:
    """Today's, of all that was written until now."""
    for records in (graph.service.grievances, graph.service.privacy.look_ups):
        for id in await records.unsent(graph.service.runtime.world.real_now() + timedelta(days=1), 1000):
            await flush(records, Nowhere(), id)
    found, more, after = [], True, None
    while more:
        page = await graph.see(viewer, LOG, division=division, day=today(graph), first=100, after=after)
        found += [edge["node"] for edge in page["edges"]]
        more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
    return found


async def test_a_petitioner_is_read_in_clear_for_a_purpose_and_everybody_can_see_who_did(graph: Graph) -> None:
    id = await graph.hear(petitioner=KONG, subject="孔凡莹家路灯", text="孔凡莹家3号楼2单元501门口路灯不亮。", place="东门")
    command = {"requestId": "reveal-1", "grievanceId": id, **ASK}
    done = await graph.do(CALLER, "revealPetitioner", REVEAL, **command)
    assert done["petitioner"] == {
        "name": "孔凡莹",
        "phone": "13800008001",
        "subject": "孔凡莹家路灯",
        "text": "孔凡莹家3号楼2单元501门口路灯不亮。",
        "place": "东门",
    }
    # The reason is kept without the name that it holds.
    assert done["reveal"]["reason"] == "电话核实〔姓名〕所述"
    assert await graph.do(CALLER, "revealPetitioner", REVEAL, **command) == done
    [look] = [look for look in await looks(graph) if look["subject"] == id]
    assert (look["by"], look["role"], look["what"]) == ("caller", "CALLER", "RevealPetitioner")
    assert (look["purpose"], look["reason"]) == ("CONTACT", "电话核实〔姓名〕所述")
    held = (await graph.service.grievances.find_many([id]))[id]
    assert look["of"] == held.person
    assert "孔" not in str(await graph.service.grievances.load(id))


async def test_it_can_be_read_for_some_minutes_and_then_asked_anew(graph: Graph) -> None:
    id = await graph.hear(petitioner=KONG)
    assert (await graph.do(CALLER, "revealPetitioner", REVEAL, requestId="minutes", grievanceId=id, **ASK))["petitioner"]
    past = graph.service.runtime.world.real_now() - timedelta(seconds=1)
    await graph.service.grievances.collection.update_one({"_id": id}, {"$set": {"reveals.0.until": past}})
    again = await graph.do(CALLER, "revealPetitioner", REVEAL, requestId="minutes", grievanceId=id, **ASK)
    assert (again["code"], again["field"]) == ("REVEAL_EXPIRED", "requestId")
    assert (await graph.do(CALLER, "revealPetitioner", REVEAL, requestId="minutes-2", grievanceId=id, **ASK))["petitioner"]
    assert [look["what"] for look in await looks(graph) if look["subject"] == id] == ["RevealPetitioner"] * 2


@pytest.mark.parametrize("petitioner", [KONG | {"confidential": True}, {"phone": "13800008001", "anonymous": True}])
async def test_of_a_confidential_or_anonymous_one_a_second_person_says_yes_first(graph: Graph, petitioner: dict[str, Any]) -> None:
    id = await graph.hear(petitioner=petitioner)
    command = {"requestId": f"second-{id}", "grievanceId": id, **ASK}
    asked = await graph.do(SUPERVISOR, "revealPetitioner", REVEAL, **command)
    assert asked["__typename"] == "RevealPending"
    decision = {"grievanceId": id, "revealId": asked["reveal"]["id"], "granted": True, "reason": "同意"}

    own = await graph.do(SUPERVISOR, "decideReveal", DECIDE, **decision)
    assert own["code"] == "OWN_REVEAL"
    assert (await graph.do(CALLER, "decideReveal", DECIDE, **decision))["code"] == "ROLE_MISSING"
    assert (await graph.do(ELSEWHERE_OFFICER, "decideReveal", DECIDE, **decision))["code"] == "NOT_FOUND"
    assert id not in str(await graph.see(SUPERVISOR, WAITING))
    assert id not in str(await graph.see(ELSEWHERE_OFFICER, WAITING))
    assert id in str(await graph.see(OFFICER, WAITING))
    assert (await graph.do(SUPERVISOR, "revealPetitioner", REVEAL, **command))["__typename"] == "RevealPending"

    granted = await graph.do(OFFICER, "decideReveal", DECIDE, requestId=f"yes-{id}", **decision)
    assert granted["reveal"] == {"state": "GRANTED", "decidedBy": {"staffId": "data-officer"}}
    assert id not in str(await graph.see(OFFICER, WAITING))
    assert (await graph.do(OFFICER, "decideReveal", DECIDE, requestId=f"again-{id}", **decision))["code"] == "ALREADY_DECIDED"
    shown = await graph.do(SUPERVISOR, "revealPetitioner", REVEAL, **command)
    assert shown["petitioner"]["phone"] == "13800008001"
    # What was granted to one opens nothing to another, whatever request id they name.
    other = await graph.do(CALLER, "revealPetitioner", REVEAL, **command)
    assert other["code"] == "REQUEST_ID_REUSED"
    told = [(look["what"], look["by"]) for look in await looks(graph) if look["subject"] == id]
    assert told == [("OpenReveal", "supervisor"), ("DecideReveal", "data-officer"), ("RevealPetitioner", "supervisor")]


async def test_what_was_refused_stays_masked_and_what_was_granted_too_long_ago_too(graph: Graph) -> None:
    id = await graph.hear(petitioner=KONG | {"confidential": True})
    ids = {}
    for request in ("no", "late"):
        asked = await graph.do(CALLER, "revealPetitioner", REVEAL, requestId=request, grievanceId=id, **ASK)
        ids[request] = asked["reveal"]["id"]
    for request, granted in (("no", False), ("late", True)):
        await graph.do(OFFICER, "decideReveal", DECIDE, grievanceId=id, revealId=ids[request], granted=granted, reason="说明")
    past = graph.service.runtime.world.real_now() - timedelta(seconds=1)
    await graph.service.grievances.collection.update_one({"_id": id}, {"$set": {"reveals.1.until": past}})
    codes = [
        (await graph.do(CALLER, "revealPetitioner", REVEAL, requestId=request, grievanceId=id, **ASK))["code"] for request in ("no", "late")
    ]
    assert codes == ["REVEAL_REFUSED", "REVEAL_EXPIRED"]


async def test_what_was_decided_meanwhile_repeats_nothing_on_the_next_page(graph: Graph) -> None:
    id = await graph.hear(petitioner=KONG | {"confidential": True})
    mine = [(await graph.do(CALLER, "revealPetitioner", REVEAL, grievanceId=id, **ASK))["reveal"]["id"] for _ in range(3)]
    page = "query($after: String) { revealsToDecide(first: 100, after: $after) { edges { cursor node { id } } } }"
    whole = [edge for edge in (await graph.see(OFFICER, page))["edges"] if edge["node"]["id"] in mine]
    assert [edge["node"]["id"] for edge in whole] == mine
    await graph.do(OFFICER, "decideReveal", DECIDE, grievanceId=id, revealId=mine[1], granted=False, reason="说明")
    rest = (await graph.see(OFFICER, page, after=whole[1]["cursor"]))["edges"]
    assert [edge["node"]["id"] for edge in rest if edge["node"]["id"] in mine] == mine[2:]


async def test_each_of_the_six_and_staff_is_let_in_or_refused(graph: Graph) -> None:
    id = await graph.hear(petitioner=KONG)
    expected = ["UNAUTHENTICATED", "ROLE_MISSING", "NOT_FOUND", None, "ROLE_MISSING", "ROLE_MISSING", "NOT_FOUND"]
    got = [(await graph.do(viewer, "revealPetitioner", REVEAL, grievanceId=id, **ASK)).get("code") for viewer in [*SIX, STAFF]]
    assert got == expected
    blank = await graph.do(SECRETARY, "revealPetitioner", REVEAL, grievanceId=id, purpose="CONTACT", reason="  ")
    assert (blank["code"], blank["field"]) == ("INVALID_INPUT", "reason")


async def test_the_chain_with_its_looks_verifies_and_every_look_has_an_entry(graph: Graph) -> None:
    id = await graph.hear(petitioner=KONG)
    for _ in range(3):
        await graph.do(SECRETARY, "revealPetitioner", REVEAL, grievanceId=id, **ASK)
    assert len([look for look in await looks(graph) if look["subject"] == id]) == 3
    rows = await graph.service.runtime.database["audit"].find({"subject": id}).to_list(None)
    document = await graph.service.grievances.load(id)
    assert document is not None
    entries = [AuditEntry.from_document(row) for row in sorted(rows, key=lambda row: row["number"])]
    head = ChainHead(document["auditHead"], document["auditLength"])
    assert verify(entries, head, key=graph.service.reference_key, subject=id) == []


async def test_a_phone_finds_what_the_viewer_may_know_and_leaves_a_trace(graph: Graph) -> None:
    phone = "13800008077"
    mine = await graph.hear(petitioner={"name": "仲孙明", "phone": phone})
    shared = await graph.hear(petitioner={"name": "公冶长", "phone": "+86 138-0000-8077"})
    hidden = await graph.hear(petitioner={"name": "仲孙明", "phone": phone, "confidential": True})
    earlier = await looks(graph)
    look = {"phone": "１３８ 0000 8077", "purpose": "CONTACT", "reason": "仲孙明来电查询"}
    found = {
        viewer.sub: {each["id"] for each in (await graph.do(viewer, "lookUpByPhone", FOUND, **look))["grievances"]}
        for viewer in (SECRETARY, CALLER, OTHER_SECRETARY)
    }
    # The team that heard a confidential one knows it; nobody else finds it by the phone.
    assert found == {SECRETARY.sub: {mine, shared, hidden}, "caller": {mine, shared}, OTHER_SECRETARY.sub: set()}
    traces = [entry for entry in await looks(graph) if entry["what"] == "LookUpByPhone" and entry not in earlier]
    assert {entry["by"] for entry in traces} == {SECRETARY.sub, "caller"}
    assert phone not in str(traces)
    assert {entry["reason"] for entry in traces} == {"〔姓名〕来电查询"}
    assert len({entry["of"] for entry in traces}) == 1
    bad = await graph.do(CALLER, "lookUpByPhone", FOUND, **look | {"phone": "12"})
    assert (bad["code"], bad["field"]) == ("PHONE_INVALID", "phone")


async def test_look_ups_by_phone_are_limited_by_viewer_and_day(graph: Graph) -> None:
    caller = replace(CALLER, sub="caller-of-many")
    limit = graph.service.settings.phone_look_ups_a_day
    look = {"phone": "13800008999", "purpose": "VERIFY", "reason": "核实"}
    for number in range(limit):
        assert (await graph.do(caller, "lookUpByPhone", FOUND, requestId=f"look-{number}", **look))["grievances"] == []
    spent = await graph.do(caller, "lookUpByPhone", FOUND, requestId="one-more", **look)
    assert (spent["code"], spent["field"]) == ("LOOK_UPS_SPENT", "phone")
    # A repeat is no new look, and a colleague has their own.
    assert "grievances" in await graph.do(caller, "lookUpByPhone", FOUND, requestId=f"look-{limit - 1}", **look)
    assert "grievances" in await graph.do(replace(CALLER, sub="colleague"), "lookUpByPhone", FOUND, **look)


async def test_the_access_log_is_read_page_by_page_by_data_officers_and_auditors_of_the_place(graph: Graph) -> None:
    id = await graph.hear(petitioner=KONG)
    for _ in range(5):
        await graph.do(SECRETARY, "revealPetitioner", REVEAL, grievanceId=id, **ASK)
    whole = await looks(graph)
    seen: list[dict[str, Any]] = []
    after = None
    while True:
        page = await graph.see(OFFICER, LOG, division="370881000000", day=today(graph), first=3, after=after)
        seen += [edge["node"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == whole
    assert [look["at"] for look in seen] == sorted((look["at"] for look in seen), reverse=True)
    variables = {"division": "370881000000", "day": today(graph)}
    auditor = Viewer(sub="auditor", roles=frozenset({Role.AUDITOR}), scopes=COUNTY)
    assert len((await graph.see(auditor, LOG, **variables))["edges"]) == min(len(whole), 50)
    for viewer in [*SIX, CALLER, ELSEWHERE_OFFICER]:
        answer = await graph.ask(viewer, LOG, variables)
        assert answer["data"]["accessLog"] is None
        assert answer["errors"][0]["extensions"]["code"] in ("UNAUTHENTICATED", "FORBIDDEN")
    unknown = await graph.ask(OFFICER, LOG, variables | {"division": "3708"})
    assert unknown["errors"][0]["extensions"]["reason"] == "DIVISION_UNKNOWN"
