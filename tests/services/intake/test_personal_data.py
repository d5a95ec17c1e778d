"""The rights of a person: to have all that is kept of them, and to have it put right."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from services.intake.domain.reveals import OPEN_FOR
from services.intake.service import Service
from services.intake.store.mongo import access_of
from services.intake.usecases.correct_petitioner import may_correct
from services.intake.usecases.export_personal_data import ExportPersonalData, export_personal_data
from shared.identity.access import may_see
from shared.identity.development import DevelopmentIssuer
from shared.identity.errors import Refusal
from shared.identity.refs import phone_ref, subject_ref
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from tests.services.builders import LUCHENG
from tests.services.intake.graph import REFUSED, SIX, Graph, graph_of
from tests.services.intake.test_reveals import ASK, DECIDE, KONG, OFFICER, REVEAL, SUPERVISOR, looks
from tests.services.intake.viewers import OTHER_SECRETARY, RESIDENT, SECRETARY, VILLAGE

EXPORT = (
    "__typename ... on PersonalDataExported { data { what purpose basis consent recordedOn retainUntil }"
    "records { grievance { id } petitioner { name phone text place }"
    f"looks {{ role what purpose reason }} }} }} ... on ExportRefused {{ {REFUSED} }}"
)
CORRECTED = (
    "__typename ... on PetitionerCorrected { grievance { petitioner { displayName phone } } }"
    f"... on CorrectionRefused {{ {REFUSED} }}"
)
WEB = {"channel": "WEB", "division": VILLAGE}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def graph(intake_service: Service, issuer: DevelopmentIssuer) -> AsyncIterator[Graph]:
    async with graph_of(intake_service, issuer) as made:
        yield made


async def test_a_person_gets_all_that_is_kept_of_them_with_who_looked_at_it(graph: Graph) -> None:
    me = Viewer(sub="kong-herself", roles=frozenset({Role.RESIDENT}))
    first, second = [await graph.hear(me, petitioner=KONG, text=f"孔凡莹说第{n}件。", **WEB) for n in (1, 2)]
    await graph.hear(SECRETARY, petitioner=KONG)
    await graph.do(OFFICER, "revealPetitioner", REVEAL, grievanceId=first, **ASK)
    await looks(graph)
    done = await graph.do(me, "exportPersonalData", EXPORT, grievanceId=second)
    assert [record["grievance"]["id"] for record in done["records"]] == [first, second]
    assert [record["petitioner"]["text"] for record in done["records"]] == ["孔凡莹说第1件。", "孔凡莹说第2件。"]
    assert {(record["petitioner"]["name"], record["petitioner"]["phone"]) for record in done["records"]} == {("孔凡莹", "13800008001")}
    look = {"role": "DATA_OFFICER", "what": "RevealPetitioner", "purpose": "CONTACT", "reason": "电话核实〔姓名〕所述"}
    assert done["records"][0]["looks"] == [look]
    assert {each["what"]: each["purpose"] for each in done["data"]} == {
        "NAME": "SERVICE",
        "PHONE": "CONTACT",
        "WORDS": "SERVICE",
        "PLACE": "SERVICE",
    }
    today, bases = graph.service.fieldwork.today(), {each["what"]: each["basis"] for each in done["data"]}
    assert bases == {"NAME": "CONSENT", "PHONE": "CONSENT", "WORDS": "STATUTORY_DUTY", "PLACE": "STATUTORY_DUTY"}
    assert all(each["consent"] == ("ORAL" if each["basis"] == "CONSENT" else None) for each in done["data"])
    assert all(each["recordedOn"] == today < each["retainUntil"] for each in done["data"])
    exported = [each for each in await looks(graph) if each["subject"] == second]
    herself = subject_ref(graph.service.reference_key, me.sub)
    assert [(each["what"], each["by"], each["purpose"]) for each in exported] == [("ExportPersonalData", herself, "DATA_SUBJECT")]


async def test_each_of_the_six_and_a_data_officer_may_export_or_not(graph: Graph) -> None:
    id = await graph.hear(petitioner={"name": "闵子骞", "phone": "13800008101"})
    codes = [(await graph.do(viewer, "exportPersonalData", EXPORT, grievanceId=id)).get("code") for viewer in SIX]
    assert codes == ["UNAUTHENTICATED", "NOT_FOUND", *["ROLE_MISSING"] * 4]
    assert len((await graph.do(OFFICER, "exportPersonalData", EXPORT, grievanceId=id))["records"]) == 1


async def test_of_a_confidential_one_a_data_officer_exports_nothing_before_a_second_persons_yes(graph: Graph) -> None:
    id = await graph.hear(petitioner={"name": "闵子骞", "phone": "13800008102", "confidential": True})
    refused = await graph.do(OFFICER, "exportPersonalData", EXPORT, grievanceId=id)
    assert (refused["code"], refused["field"]) == ("REVEAL_NEEDED", "grievanceId")
    command = {"requestId": "for-export", "grievanceId": id, "purpose": "DATA_SUBJECT", "reason": "本人书面申请"}
    asked = await graph.do(OFFICER, "revealPetitioner", REVEAL, **command)
    await graph.do(SUPERVISOR, "decideReveal", DECIDE, grievanceId=id, revealId=asked["reveal"]["id"], granted=True, reason="属实")
    assert (await graph.do(OFFICER, "exportPersonalData", EXPORT, grievanceId=id))["code"] == "REVEAL_NEEDED"
    await graph.do(OFFICER, "revealPetitioner", REVEAL, **command)
    assert (await graph.do(OFFICER, "exportPersonalData", EXPORT, grievanceId=id))["records"][0]["petitioner"]["name"] == "闵子骞"


async def test_what_is_confidential_does_not_come_along_with_what_is_not(graph: Graph) -> None:
    who = {"name": "闵子骞", "phone": "13800008103"}
    plain = await graph.hear(petitioner=who, text="路灯不亮。")
    hidden = await graph.hear(petitioner=who | {"confidential": True}, text="举报有人收钱。")
    held = await graph.service.grievances.find_many([plain, hidden])
    assert held[plain].person == held[hidden].person
    done = await graph.do(OFFICER, "exportPersonalData", EXPORT, grievanceId=plain)
    assert [record["grievance"]["id"] for record in done["records"]] == [plain]
    assert "收钱" not in str(done)


async def test_a_repeat_shows_the_data_for_some_minutes_and_is_no_way_around_the_log(graph: Graph) -> None:
    id = await graph.hear(petitioner={"name": "闵子骞", "phone": "13800008104"})
    command = {"requestId": "export-again", "grievanceId": id}
    first = await graph.do(OFFICER, "exportPersonalData", EXPORT, **command)
    again = await graph.do(OFFICER, "exportPersonalData", EXPORT, **command)
    assert [record["petitioner"] for record in again["records"]] == [record["petitioner"] for record in first["records"]]
    later = graph.service.runtime.world.real_now() + OPEN_FOR + timedelta(seconds=1)
    exporting = replace(graph.service.privacy.exporting, access=replace(graph.service.privacy.access, real_now=lambda: later))
    with pytest.raises(Refusal) as refused:
        await export_personal_data(exporting, OFFICER, ExportPersonalData(request_id="export-again", grievance_id=id), "")
    assert refused.value.code == "REVEAL_EXPIRED"


async def test_a_mistyped_phone_is_put_right_and_its_true_owner_sees_the_grievance(graph: Graph) -> None:
    id = await graph.hear(petitioner={"name": "冉伯牛", "phone": "13800008201"}, subject="冉博牛家路灯", text="冉博牛家路灯不亮。")
    right = Viewer(sub="ran", roles=frozenset({Role.RESIDENT}))
    read = "query($id: ID) { grievance(id: $id) { number } }"
    assert (await graph.ask(right, read, {"id": id}, "13800008202"))["data"]["grievance"] is None
    fix = {"requestId": "fix-1", "grievanceId": id, "phone": "138 0000 8202", "name": "冉博牛", "reason": "登记有误"}
    done = await graph.do(SECRETARY, "correctPetitioner", CORRECTED, **fix)
    assert done["grievance"]["petitioner"] == {"displayName": "冉*牛", "phone": "138****8202"}
    assert await graph.do(SECRETARY, "correctPetitioner", CORRECTED, **fix) == done
    assert (await graph.ask(right, read, {"id": id}, "13800008202"))["data"]["grievance"]
    assert (await graph.ask(right, read, {"id": id}, "13800008201"))["data"]["grievance"] is None
    event = (await graph.said(id))[-1]
    assert event["type"] == "intake.grievance.petitioner_corrected.v1"
    assert event["petitionerRef"] == phone_ref(graph.service.reference_key, "13800008202")
    # The right name stands in nothing that travels; what was said stays as it was said.
    assert "冉" not in str(event)
    held = (await graph.service.grievances.find_many([id]))[id]
    assert held.text == "〔姓名〕家路灯不亮。"
    key = await graph.service.persons.key(held.person)
    assert key.decrypt("text", held.original.text) == "冉博牛家路灯不亮。"


async def test_who_signed_in_stays_known_by_it_and_corrects_their_own(graph: Graph) -> None:
    me = replace(RESIDENT, sub="signed-in")
    id = await graph.hear(me, petitioner={"name": "宰子我", "phone": "13800008301"}, place="东门", **WEB)
    done = await graph.do(me, "correctPetitioner", CORRECTED, grievanceId=id, phone="13800008302", place="西门", reason="换了号码")
    assert done["grievance"]["petitioner"] == {"displayName": "宰*我", "phone": "138****8302"}
    held = (await graph.service.grievances.find_many([id]))[id]
    assert held.petitioner_ref == subject_ref(graph.service.reference_key, "signed-in")
    assert (await graph.do(me, "exportPersonalData", EXPORT, grievanceId=id))["records"][0]["petitioner"]["place"] == "西门"


async def test_a_corrected_place_leaves_the_person_as_they_are(graph: Graph) -> None:
    id = await graph.hear(petitioner={"name": "樊子迟", "phone": "13800008303"}, place="东门")
    before = (await graph.service.grievances.find_many([id]))[id]
    await graph.do(SECRETARY, "correctPetitioner", CORRECTED, grievanceId=id, place="西门", reason="记错了")
    after = (await graph.service.grievances.find_many([id]))[id]
    assert (after.person, after.petitioner_ref) == (before.person, before.petitioner_ref)
    key = await graph.service.persons.key(after.person)
    assert key.decrypt("place", after.original.place or "") == f"{VILLAGE} 西门"


async def test_a_number_and_pin_are_not_enough_to_change_whose_it_is(graph: Graph) -> None:
    id = await graph.hear(petitioner={"name": "端木赐", "phone": "13800008401"})
    held = (await graph.service.grievances.find_many([id]))[id]
    by_pin = Viewer(sub="pin", roles=frozenset({Role.RESIDENT}), refs=frozenset({held.own_ref or ""}))
    access = access_of(held)
    assert may_see(by_pin, access)
    assert not may_correct(by_pin, access)


async def test_each_of_the_six_may_correct_or_not(graph: Graph) -> None:
    id = await graph.hear(petitioner={"name": "言子游", "phone": "13800008501"})
    fix: dict[str, Any] = {"grievanceId": id, "place": "南门", "reason": "记错了"}
    codes = [(await graph.do(viewer, "correctPetitioner", CORRECTED, **fix)).get("code") for viewer in SIX]
    assert codes == ["UNAUTHENTICATED", "NOT_FOUND", "NOT_FOUND", None, "ROLE_MISSING", "ROLE_MISSING"]
    assert OTHER_SECRETARY in SIX
    nothing = await graph.do(SECRETARY, "correctPetitioner", CORRECTED, grievanceId=id, reason="无")
    assert nothing["code"] == "NOTHING_TO_CORRECT"
    bad = await graph.do(SECRETARY, "correctPetitioner", CORRECTED, grievanceId=id, phone="12", reason="无")
    assert (bad["code"], bad["field"]) == ("PHONE_INVALID", "phone")


async def test_once_it_is_fed_back_a_team_does_not_choose_who_is_asked(graph: Graph) -> None:
    id = await graph.hear(petitioner={"name": "卜子夏", "phone": "13800008601"})
    progress = {
        "status": "FED_BACK",
        "at": graph.service.runtime.world.now(),
        "dueAt": None,
        "publicReply": "已修好。",
        "owner": {"staffId": "s", "role": "HANDLER", "unit": LUCHENG},
        "access": {"division": VILLAGE, "departments": [LUCHENG], "handlers": [], "accusedDepartments": [], "confidential": False},
    }
    await graph.service.grievances.collection.update_one({"_id": id}, {"$set": {"progress": progress}})
    fix = {"grievanceId": id, "phone": "13800008602", "reason": "登记有误"}
    assert (await graph.do(SECRETARY, "correctPetitioner", CORRECTED, **fix))["code"] == "ALREADY_FED_BACK"
    wechat = {"grievanceId": id, "openid": "oCorrects-demo-0000000000001", "reason": "登记有误"}
    refused = await graph.do(SECRETARY, "correctPetitioner", CORRECTED, **wechat)
    assert (refused["code"], refused["field"]) == ("ALREADY_FED_BACK", "openid")
    assert (await graph.do(OFFICER, "correctPetitioner", CORRECTED, **fix))["grievance"]["petitioner"]["phone"] == "138****8602"
    assert "grievance" in await graph.do(OFFICER, "correctPetitioner", CORRECTED, **wechat)


async def test_an_account_is_nowhere_in_the_store(graph: Graph) -> None:
    me = Viewer(sub="openid-oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", roles=frozenset({Role.RESIDENT}))
    id = await graph.hear(me, petitioner=KONG, **WEB)
    await graph.do(me, "exportPersonalData", EXPORT, grievanceId=id)
    await graph.service.runtime.relay.drain()
    database = graph.service.runtime.database
    rows = [row for name in await database.list_collection_names() for row in await database[name].find({}).to_list(None)]
    assert id in repr(rows)
    assert me.sub not in repr(rows)
