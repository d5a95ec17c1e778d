"""What is added later, over the real store: sealed, told without a name, and never a stranger's (S45, S51)."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from services.intake.service import Service
from services.intake.store.mongo import access_of
from shared.identity.access import may_see
from shared.identity.development import DevelopmentIssuer
from shared.identity.refs import phone_ref, subject_ref
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from tests.services.intake.graph import COMPLETED, STAFF, Graph, graph_of, secretary, today
from tests.services.intake.viewers import OTHER_SECRETARY, RESIDENT, SECRETARY, VILLAGE


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def graph(intake_service: Service, issuer: DevelopmentIssuer) -> AsyncIterator[Graph]:
    async with graph_of(intake_service, issuer) as made:
        yield made


@pytest.mark.row("S45")
@pytest.mark.row("S51")
async def test_a_casual_remark_is_completed_later_and_its_petitioner_sees_it(graph: Graph) -> None:
    id = await graph.hear(subject="孔凡莹说路灯", text="孔凡莹说路灯一个月没亮了。")
    kong = Viewer(sub="kong-later", roles=frozenset({Role.RESIDENT}))
    read = "query($id: ID) { grievance(id: $id) { subject } }"
    assert (await graph.ask(kong, read, {"id": id}, "13800007003"))["data"]["grievance"] is None
    petitioner = {"kind": "SHOPKEEPER", "name": "孔凡莹", "phone": "138 0000 7003"}
    added = {"requestId": "complete", "grievanceId": id, "petitioner": petitioner, "place": "东门", "subject": "路灯不亮"}
    done = await graph.do(SECRETARY, "completeGrievance", COMPLETED, **added)
    assert done["grievance"] == {"subject": "路灯不亮", "petitioner": {"displayName": "孔*莹", "phone": "138****7003"}, "attachments": []}
    assert await graph.do(SECRETARY, "completeGrievance", COMPLETED, **added) == done
    assert (await graph.ask(kong, read, {"id": id}, "13800007003"))["data"]["grievance"] == {"subject": "路灯不亮"}

    held = (await graph.service.grievances.find_many([id]))[id]
    assert held.text == "〔姓名〕说路灯一个月没亮了。"
    key = await graph.service.persons.key(held.person)
    assert key.decrypt("text", held.original.text) == "孔凡莹说路灯一个月没亮了。"
    assert key.decrypt("place", held.original.place or "") == f"{VILLAGE}-01 东门"
    event = (await graph.said(id))[-1]
    assert event["petitionerRef"] == phone_ref(graph.service.reference_key, "13800007003")
    assert "孔" not in str(event)
    for field, more in {"petitioner": {"name": "王某"}, "place": "西门", "subject": "别的"}.items():
        refused = await graph.do(SECRETARY, "completeGrievance", COMPLETED, grievanceId=id, **{field: more})
        assert (refused["code"], refused["field"]) == ("ALREADY_TOLD", field)


async def test_a_name_first_and_a_phone_later_and_a_name_to_a_known_phone(graph: Graph) -> None:
    named = await graph.hear(petitioner={"name": "郑一山"})
    done = await graph.do(SECRETARY, "completeGrievance", COMPLETED, grievanceId=named, petitioner={"phone": "13800007004"})
    assert done["grievance"]["petitioner"] == {"displayName": "郑*山", "phone": "138****7004"}
    phoned, other = [await graph.hear(petitioner={"phone": "13800007005"}) for _ in range(2)]
    done = await graph.do(SECRETARY, "completeGrievance", COMPLETED, grievanceId=phoned, petitioner={"name": "郑二水"})
    assert done["grievance"]["petitioner"] == {"displayName": "郑*水", "phone": "138****7005"}
    # Whoever else answers that phone is not called so by it.
    untouched = await graph.see(SECRETARY, "query($id: ID) { grievance(id: $id) { petitioner { displayName } } }", id=other)
    assert untouched["petitioner"]["displayName"] == "未留姓名 (no name given)"
    bad = await graph.do(SECRETARY, "completeGrievance", COMPLETED, grievanceId=await graph.hear(), petitioner={"phone": "12"})
    assert (bad["code"], bad["field"]) == ("PHONE_INVALID", "petitioner")


async def test_a_phone_without_a_name_tells_nobody_what_its_owner_is_called(graph: Graph) -> None:
    phone = "13800007006"
    await graph.hear(petitioner={"name": "欧阳修文", "phone": phone, "confidential": True})
    id = await graph.hear()
    done = await graph.do(SECRETARY, "completeGrievance", COMPLETED, grievanceId=id, petitioner={"phone": phone})
    assert done["grievance"]["petitioner"] == {"displayName": "未留姓名 (no name given)", "phone": "138****7006"}
    registered = await graph.hear(petitioner={"phone": phone})
    query = "query($id: ID) { grievance(id: $id) { petitioner { displayName } } }"
    assert (await graph.see(SECRETARY, query, id=registered))["petitioner"]["displayName"] == "未留姓名 (no name given)"
    held = await graph.service.grievances.find_many([id, registered])
    assert {each.petitioner_ref for each in held.values()} == {phone_ref(graph.service.reference_key, phone)}


async def test_a_name_told_later_stays_in_clear_in_nothing_that_was_written_before(graph: Graph) -> None:
    me, name = secretary("clear"), "孔凡莹"
    text = "后作街小区东门口的指示牌旧了字也看不清了出入很不方便这是孔凡莹说的，请换。"
    id = await graph.hear(me, subject=None, text=text, onSpotAnswer=f"已答复{name}。")
    await graph.do(me, "tellPetitioner", "__typename", grievanceId=id, words=f"告诉{name}了。")
    looks = [{"grievanceId": id, "remark": f"{name}说的"}]
    await graph.do(me, "checkDaySummary", "__typename", day=today(graph), items=looks)
    await graph.do(me, "handUpDaySummary", "__typename", day=today(graph))
    await graph.do(me, "completeGrievance", COMPLETED, grievanceId=id, petitioner={"name": name})
    document = await graph.service.grievances.load(id)
    assert document is not None
    assert [field for field, value in document.items() if field != "outbox" and "孔" in str(value)] == []
    assert document["reported_up"]["remark"] == "〔姓名〕说的"
    again = await graph.do(me, "completeGrievance", COMPLETED, grievanceId=id, subject="指示牌")
    assert again["grievance"]["subject"] == "指示牌"


async def test_a_name_told_before_handing_up_does_not_travel_in_a_remark(graph: Graph) -> None:
    me, name = secretary("travel"), "孔凡莹"
    id = await graph.hear(me)
    looks = [{"grievanceId": id, "remark": f"{name}说的"}]
    await graph.do(me, "checkDaySummary", "__typename", day=today(graph), remark=f"{name}等反映", items=looks)
    await graph.do(me, "completeGrievance", COMPLETED, grievanceId=id, petitioner={"name": name})
    shown = "... on DaySummaryKept { summary { remark items { remark } } }"
    handed = await graph.do(me, "handUpDaySummary", shown, day=today(graph))
    assert handed["summary"] == {"remark": "〔姓名〕等反映", "items": [{"remark": "〔姓名〕说的"}]}
    assert [event["remark"] for event in await graph.said(id) if event["type"] == "intake.grievance.reported_up.v1"] == ["〔姓名〕说的"]


async def test_nothing_is_added_to_what_an_erased_petitioner_told(graph: Graph) -> None:
    id = await graph.hear(petitioner={"name": "郑三木"})
    held = (await graph.service.grievances.find_many([id]))[id]
    await graph.service.runtime.database["persons"].delete_one({"_id": held.person})
    refused = await graph.do(SECRETARY, "completeGrievance", COMPLETED, grievanceId=id, place="东门")
    assert refused["code"] == "PETITIONER_ERASED"


@pytest.mark.parametrize("seed", range(8))
async def test_whoever_completes_what_only_the_first_phone_told_ever_opens_it(graph: Graph, seed: int) -> None:
    draw, key = random.Random(seed), graph.service.reference_key
    phones = [f"1380000{seed}10{number}" for number in range(3)]
    resident = Viewer(sub=f"own-{seed}", roles=frozenset({Role.RESIDENT}))
    teller = draw.choice([resident, SECRETARY])
    told_first = draw.choice([None, 0])
    id = await graph.hear(teller, **({} if told_first is None else {"petitioner": {"phone": phones[0]}}))
    owner = None if teller is resident else told_first
    for _ in range(5):
        viewer, number = draw.choice([SECRETARY, OTHER_SECRETARY, RESIDENT, STAFF]), draw.randrange(3)
        told = draw.choice([{"phone": phones[number]}, {"name": "赵某"}, {"name": "赵某", "phone": phones[number]}])
        done = await graph.do(viewer, "completeGrievance", COMPLETED, grievanceId=id, petitioner=told)
        if "code" not in done:
            assert viewer is SECRETARY
            assert teller is SECRETARY
            owner = number if "phone" in told else owner
        access = access_of((await graph.service.grievances.find_many([id]))[id])
        seen = [may_see(replace(RESIDENT, refs=frozenset({phone_ref(key, phone) or ""})), access) for phone in phones]
        assert seen == [each == owner for each in range(3)]
        assert may_see(replace(RESIDENT, refs=frozenset({subject_ref(key, resident.sub)})), access) == (teller is resident)
