"""A person is more than one grievance, and what they told stands in several places: rights and looks reach all of it, and no further."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from services.intake.domain.completing import BEGINNING
from services.intake.domain.delivery import Delivery
from services.intake.service import Service
from services.intake.usecases.erase_petitioner import erase_round
from shared.erasure import ERASED
from shared.identity.development import DevelopmentIssuer
from shared.identity.roles import Role
from shared.identity.scopes import Level, from_code
from shared.identity.viewer import Viewer
from tests.services.intake import field
from tests.services.intake.builders import png
from tests.services.intake.graph import COMPLETED, REFUSED, Graph, graph_of, secretary, today
from tests.services.intake.test_erasing import ERASE, OFFICER, WHY, erase, held_of, somebody
from tests.services.intake.test_personal_data import CORRECTED, EXPORT
from tests.services.intake.test_reveals import ASK, DECIDE, FOUND, REVEAL, looks
from tests.services.intake.test_secretary_duties import KEPT
from tests.services.intake.viewers import SECRETARY, VILLAGE

NEXT_VILLAGE, NEXT_COUNTY = "370881001002", from_code("370811000000", Level.COUNTY)
COUNTY_SECRETARY = replace(SECRETARY, scopes=(from_code("370881000000", Level.COUNTY),))
ENCOUNTER = (
    "__typename ... on EncounterRecorded { encounter { id heads { id text } grievances { id } } }"
    f"... on EncounterRefused {{ {REFUSED} }}"
)
READ = "query($id: ID!) { encounter(id: $id) { heads { text place } photos { id } } }"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def graph(intake_service: Service, issuer: DevelopmentIssuer) -> AsyncIterator[Graph]:
    async with graph_of(intake_service, issuer) as made:
        await field.found_team(intake_service)
        yield made


async def in_clear(graph: Graph, collection: str, word: str) -> list[str]:
    """Documents in which it stands."""
    rows = await graph.service.runtime.database[collection].find({}).to_list(None)
    return [str(row["_id"]) for row in rows if word in str(row)]


async def exported(graph: Graph, viewer: Viewer, id: str) -> set[str]:
    done = await graph.do(viewer, "exportPersonalData", EXPORT, grievanceId=id)
    return {record["grievance"]["id"] for record in done["records"]}


async def test_what_an_account_told_under_several_phones_is_exported_and_erased_together(graph: Graph) -> None:
    me, him = Viewer(sub="two-rows", roles=frozenset({Role.RESIDENT})), somebody("宰予")
    told = [await graph.hear(me, petitioner=each, channel="WEB", division=VILLAGE) for each in ({"name": "宰予"}, him)]
    assert len({(await held_of(graph, id)).person for id in told}) == 2
    for id in told:
        assert await exported(graph, me, id) == await exported(graph, OFFICER, id) == set(told)
    await erase(graph, told[0])
    for id in told:
        held = await held_of(graph, id)
        assert (held.text, held.original) == (ERASED, None)
        with pytest.raises(LookupError):
            await graph.service.persons.key(held.person)


@pytest.mark.parametrize("beyond", ["of another village", "against the officer's department"])
async def test_nobody_erases_by_one_grievance_what_they_may_not_by_another(graph: Graph, beyond: str) -> None:
    him = somebody("漆雕哆")
    mine = await graph.hear(petitioner=him)
    if beyond == "of another village":
        other = await graph.hear(COUNTY_SECRETARY, petitioner=him, division=NEXT_VILLAGE)
        officer = Viewer(sub="officer-village", roles=OFFICER.roles, scopes=(from_code(VILLAGE, Level.VILLAGE),))
    else:
        other = await graph.hear(petitioner=him, accusedDepartments=["D-370881-LC"])
        officer = replace(OFFICER, sub="officer-accused", department="D-370881-LC")
    for id, code in ((other, "NOT_FOUND"), (mine, "NOT_ALL_YOURS")):
        assert (await graph.do(officer, "erasePetitioner", ERASE, grievanceId=id, **WHY))["code"] == code
    await erase_round(graph.service.erasing)
    assert [(await held_of(graph, id)).erasure for id in (mine, other)] == [None, None]
    await erase(graph, mine)
    assert (await held_of(graph, other)).text == ERASED


async def test_an_export_is_a_look_at_all_that_it_gives(graph: Graph) -> None:
    him = somebody("南宫适")
    here = await graph.hear(petitioner=him)
    there = await graph.hear(COUNTY_SECRETARY, petitioner=him, division=NEXT_VILLAGE)
    assert await exported(graph, OFFICER, here) == {here, there}
    for place in (VILLAGE, NEXT_VILLAGE):
        assert (here, "ExportPersonalData") in [(entry["subject"], entry["what"]) for entry in await looks(graph, division=place)]
    done = await graph.do(OFFICER, "exportPersonalData", EXPORT, grievanceId=there)
    assert [[look["what"] for look in record["looks"]] for record in done["records"]] == [["ExportPersonalData"]] * 2


async def test_a_look_up_is_found_where_those_live_who_were_found(graph: Graph) -> None:
    him = somebody("公西华")
    await graph.hear(petitioner=him)
    without_scope = replace(SECRETARY, sub="secretary-without-scope", scopes=())
    of_city = Viewer(sub="caller-city", roles=frozenset({Role.CALLER}), scopes=(from_code("370800000000", Level.CITY),))
    for viewer in (without_scope, of_city):
        found = await graph.do(viewer, "lookUpByPhone", FOUND, phone=him["phone"], **ASK)
        assert len(found["grievances"]) == 1
    assert {without_scope.sub, of_city.sub} <= {entry["by"] for entry in await looks(graph, division=VILLAGE)}


async def test_a_look_up_is_shown_again_for_minutes(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    him = somebody("公伯寮")
    await graph.hear(petitioner=him)
    asked: dict[str, Any] = {"requestId": "the-same-look", "phone": him["phone"], **ASK}
    assert (await graph.do(SECRETARY, "lookUpByPhone", FOUND, **asked))["grievances"]
    assert (await graph.do(SECRETARY, "lookUpByPhone", FOUND, **asked))["grievances"]
    looking = graph.service.privacy.looking_up
    later = replace(looking.access, real_now=lambda: looking.access.real_now() + timedelta(minutes=11))
    monkeypatch.setattr(graph.service.privacy, "looking_up", replace(looking, access=later))
    assert (await graph.do(SECRETARY, "lookUpByPhone", FOUND, **asked))["code"] == "REVEAL_EXPIRED"


async def test_an_officer_of_another_place_is_none_here(graph: Graph) -> None:
    """Who sees it as one of the team that heard it, and answers for data elsewhere."""
    id = await graph.hear(petitioner=somebody("闵损", confidential=True))
    asked = await graph.do(SECRETARY, "revealPetitioner", REVEAL, grievanceId=id, **ASK)
    for role in (Role.SUPERVISOR, Role.DATA_OFFICER):
        mate = replace(SECRETARY, sub=f"mate-{role}", roles=frozenset({Role.SECRETARY, role}), scopes=(NEXT_COUNTY,))
        decision = {"grievanceId": id, "revealId": asked["reveal"]["id"], "granted": True, "reason": "可以"}
        assert (await graph.do(mate, "decideReveal", DECIDE, **decision))["code"] == "NOT_YOURS"
        refused = await graph.do(mate, "exportPersonalData", EXPORT, grievanceId=id)
        assert refused["code"] == ("NOT_YOURS" if role is Role.DATA_OFFICER else "ROLE_MISSING")


async def test_a_name_that_is_told_later_goes_from_the_days_summary(graph: Graph) -> None:
    me = secretary("late-name")
    id = await graph.hear(me, petitioner={})
    await graph.do(me, "checkDaySummary", KEPT, day=today(graph), items=[{"grievanceId": id, "remark": "澹台灭明家门口"}])
    await graph.do(me, "handUpDaySummary", KEPT, day=today(graph))
    assert await in_clear(graph, "summaries", "澹台灭明")
    added = {"name": "澹台灭明", "phone": "13900020001"}
    assert (await graph.do(me, "completeGrievance", COMPLETED, grievanceId=id, petitioner=added))["__typename"] == "GrievanceCompleted"
    assert await in_clear(graph, "summaries", "澹台灭明") == await in_clear(graph, "grievances", "澹台灭明") == []


async def test_a_corrected_name_goes_from_all_that_was_written_before(graph: Graph) -> None:
    text = "路" * (BEGINNING - 2) + "漆雕徒父家门口路灯不亮"
    id = await graph.hear(subject=None, text=text, petitioner=somebody("张三"))
    assert (await held_of(graph, id)).subject.endswith("漆雕")
    await graph.do(OFFICER, "revealPetitioner", REVEAL, grievanceId=id, purpose="CONTACT", reason="核实漆雕徒父所述")
    await graph.service.writer.act(id, lambda held: (held.with_delivery(Delivery(id="d-1", purpose="REPLY", text="漆雕徒父您好")), []))
    corrected = await graph.do(SECRETARY, "correctPetitioner", CORRECTED, grievanceId=id, name="漆雕徒父", reason="写错")
    assert corrected["__typename"] == "PetitionerCorrected"
    held = await held_of(graph, id)
    assert (held.subject[-2:], held.text[-11:]) == ("〔姓", "〔姓名〕家门口路灯不亮")
    assert ([reveal.reason for reveal in held.reveals], [each.text for each in held.deliveries]) == (["核实〔姓名〕所述"], ["〔姓名〕您好"])


async def met(graph: Graph, **more: Any) -> dict[str, Any]:
    found = await graph.do(field.SECRETARY, "recordEncounter", ENCOUNTER, kind="STREET_TALK", division=VILLAGE, **more)
    assert found["__typename"] == "EncounterRecorded", found
    return dict(found["encounter"])


async def test_an_encounter_does_not_name_who_told_something_there(graph: Graph) -> None:
    """Neither what is added when it was told, nor what was written before it was."""
    told = {"requestId": "told-there", "text": "闵子骞家漏水。", "division": VILLAGE, "petitioner": somebody("闵子骞")}
    encounter = await met(graph, text="闵子骞说漏水", grievances=[told])
    base = [encounter["heads"][0]["id"]]
    await graph.do(field.SECRETARY, "amendEncounter", ENCOUNTER, encounter=encounter["id"], base=base, text="闵子骞又说漏水")
    before = await met(graph, text="言偃说漏水")
    assert await in_clear(graph, "encounters", "言偃") == [before["id"]]
    id = await graph.hear(field.SECRETARY, encounter=before["id"], petitioner={})
    await graph.do(field.SECRETARY, "completeGrievance", COMPLETED, grievanceId=id, petitioner=somebody("言偃"))
    assert await in_clear(graph, "encounters", "闵子骞") == await in_clear(graph, "encounters", "言偃") == []
    # Its author reads it as it was written.
    assert (await graph.see(field.SECRETARY, READ, id=before["id"]))["heads"][0]["text"] == "言偃说漏水"


async def test_of_an_erased_petitioner_nothing_is_left_in_the_encounter(graph: Graph) -> None:
    him, content = somebody("公冶长"), png(300, seed=77)
    photo = {"name": "a.png", "contentType": "image/png", "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    told = {"requestId": "told-and-erased", "text": "家里漏水。", "division": VILLAGE, "petitioner": him}
    encounter = await met(graph, text=f"公冶长说家里漏水，电话{him['phone']}。", place="3号楼2单元501", photos=[photo], grievances=[told])
    await erase(graph, encounter["grievances"][0]["id"])
    for viewer in (field.SECRETARY, replace(field.SECRETARY, sub="mate")):
        assert (await graph.see(viewer, READ, id=encounter["id"])) == {"heads": [{"text": ERASED, "place": None}], "photos": []}
    document = await graph.service.runtime.database["encounters"].find_one({"_id": encounter["id"]})
    assert document is not None
    assert [version["content"]["original"] for version in document["versions"]] == [None]


async def test_the_head_of_a_household_is_named_nowhere_beside_it(graph: Graph) -> None:
    home = "home-named"
    await field.keep_home(graph.service, home, head="孔凡植")
    content = png(300, seed=78)
    photo = {"name": "孔凡植家门口.png", "contentType": "image/png", "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    await met(graph, text="孔凡植说漏水", household=home, photos=[photo])
    ground = {"purpose": "SERVICE", "consent": {"how": "WRITTEN", "on": today(graph)}, "retainUntil": today(graph)}
    change = {"field": "water", "value": "自来水", **ground}
    await graph.do(field.SECRETARY, "proposeArchiveChange", "__typename", archiveId=home, changes=[change])
    asked = {"archiveId": home, "purpose": "ON_SITE", "reason": "核实孔凡植家情况"}
    assert (await graph.do(field.SECRETARY, "revealArchive", "__typename", **asked))["__typename"] == "ArchiveRevealed"
    for collection in ("encounters", "uploads", "archives", "audit"):
        assert await in_clear(graph, collection, "孔凡植") == []
