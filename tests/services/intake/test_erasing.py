"""The right to be erased, and retention: by whom, what is met afterwards, who comes again, what is over, and rows that nobody names."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from services.intake.adapters.files import FileStore, StoredFile
from services.intake.adapters.retention import load_retention
from services.intake.domain.contact import Contact
from services.intake.domain.delivery import Delivery
from services.intake.domain.erasure import SERVICE, Erasure
from services.intake.domain.grievance import Grievance
from services.intake.domain.retention import due, ended_on, kept_of, last_day, read_span
from services.intake.domain.uploads import UploadRefused
from services.intake.service import Service
from services.intake.store.mongo import access_of
from services.intake.usecases.deliver import deliver
from services.intake.usecases.erase_petitioner import erase_round
from services.intake.usecases.keep_retention import keep_retention
from services.intake.usecases.receive_upload import ReceiveUpload
from shared.china_time import day_in_china
from shared.contracts.routing import Status
from shared.erasure import ERASED
from shared.identity.development import DevelopmentIssuer
from shared.identity.refs import grievance_ref
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.records import StoreTrouble
from tests.services.intake.builders import body, png
from tests.services.intake.graph import COMPLETED, REFUSED, SIX, STAFF, Graph, graph_of
from tests.services.intake.test_personal_data import CORRECTED, EXPORT
from tests.services.intake.test_reveals import ASK, ELSEWHERE_OFFICER, FOUND, OFFICER, REVEAL, SUPERVISOR
from tests.services.intake.test_secretary_duties import TOLD
from tests.services.intake.test_shares import grievance, progress
from tests.services.intake.viewers import SECRETARY, VILLAGE

ERASE = f"__typename ... on PetitionerErased {{ grievance {{ id erasedAt }} }} ... on ErasureRefused {{ {REFUSED} }}"
WHY: dict[str, Any] = {"reason": "REQUEST", "note": "本人书面申请"}
SHOWN = "query($id: ID!) { grievance(id: $id) { subject text erasedAt petitioner { displayName phone } attachments { name } } }"
UPLOAD = f"__typename ... on Upload {{ attachmentId }} ... on UploadRefused {{ {REFUSED} }}"
PHONES = iter(range(13_800_020_001, 13_800_030_000))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def graph(intake_service: Service, issuer: DevelopmentIssuer) -> AsyncIterator[Graph]:
    async with graph_of(intake_service, issuer) as made:
        yield made


def somebody(name: str = "冉伯牛", **more: Any) -> dict[str, Any]:
    return {"name": name, "phone": str(next(PHONES)), **more}


async def held_of(graph: Graph, id: str) -> Grievance:
    return (await graph.service.grievances.find_many([id]))[id]


async def row_of(graph: Graph, person: str) -> dict[str, Any] | None:
    return await graph.service.runtime.database["persons"].find_one({"_id": person})


async def erase(graph: Graph, id: str) -> None:
    assert (await graph.do(OFFICER, "erasePetitioner", ERASE, grievanceId=id, **WHY))["__typename"] == "PetitionerErased"
    await erase_round(graph.service.erasing)


async def test_each_of_the_six_and_every_officer_may_erase_or_not(graph: Graph) -> None:
    id = await graph.hear(petitioner=somebody())
    asked: dict[str, Any] = {"grievanceId": id, **WHY}
    codes = [
        (await graph.do(viewer, "erasePetitioner", ERASE, **asked)).get("code") for viewer in (*SIX, STAFF, SUPERVISOR, ELSEWHERE_OFFICER)
    ]
    assert codes == ["UNAUTHENTICATED", *["ROLE_MISSING"] * 7, "NOT_FOUND"]
    assert (await held_of(graph, id)).erasure is None
    done = await graph.do(OFFICER, "erasePetitioner", ERASE, requestId="erase-it", **asked)
    assert done["grievance"]["erasedAt"] is not None
    assert await graph.do(OFFICER, "erasePetitioner", ERASE, requestId="erase-it", **asked) == done
    assert (await graph.do(OFFICER, "erasePetitioner", ERASE, **asked))["code"] == "PETITIONER_ERASED"


async def test_from_the_command_on_nothing_opens_and_the_audit_says_who_and_why(graph: Graph) -> None:
    him = somebody("澹台灭明")
    id = await graph.hear(petitioner=him, place="东门")
    person = (await held_of(graph, id)).person
    note = f"{him['name']}来信，电话{him['phone']}"
    await graph.do(OFFICER, "erasePetitioner", ERASE, grievanceId=id, reason="CONSENT_WITHDRAWN", note=note)
    row = await row_of(graph, person)
    assert row is not None
    assert set(row) == {"_id", "erased_at", "look_at", "erasure"}
    tries = [
        await graph.do(OFFICER, "exportPersonalData", EXPORT, grievanceId=id),
        await graph.do(OFFICER, "revealPetitioner", REVEAL, grievanceId=id, **ASK),
        await graph.do(SECRETARY, "correctPetitioner", CORRECTED, grievanceId=id, place="西门", reason="记错"),
        await graph.do(SECRETARY, "completeGrievance", COMPLETED, grievanceId=id, subject="路灯不亮"),
        await graph.do(SECRETARY, "tellPetitioner", TOLD, grievanceId=id, words="告知。"),
    ]
    assert [tried["code"] for tried in tries] == ["PETITIONER_ERASED"] * 5
    assert (await graph.do(OFFICER, "lookUpByPhone", FOUND, phone=him["phone"], **ASK))["grievances"] == []
    document = await graph.service.grievances.load(id) or {}
    [asked] = [held["result"] for held in document["requests"] if held["result"].get("reason") == "CONSENT_WITHDRAWN"]
    assert asked["note"] == "〔姓名〕来信，电话〔电话〕"


async def test_afterwards_it_is_shown_as_erased_to_officials_and_to_nobody_else(graph: Graph) -> None:
    me = Viewer(sub="erased-herself", roles=frozenset({Role.RESIDENT}))
    id = await graph.hear(me, petitioner=somebody(), channel="WEB", division=VILLAGE)
    await erase(graph, id)
    shown = await graph.see(OFFICER, SHOWN, id=id)
    assert shown["erasedAt"] is not None
    assert (shown["subject"], shown["text"], shown["petitioner"]) == (ERASED, ERASED, {"displayName": "已删除 (erased)", "phone": None})
    assert await graph.see(me, SHOWN, id=id) is None
    assert access_of(await held_of(graph, id)).own_ref != grievance_ref(graph.service.reference_key, id)


async def test_who_comes_again_is_somebody_new_and_the_old_stays_erased(graph: Graph) -> None:
    him = somebody("原宪")
    first = await graph.hear(petitioner=him)
    await erase(graph, first)
    for _ in range(2):
        again, once_more = await graph.hear(petitioner=him), await graph.hear(petitioner=him)
        held = [await held_of(graph, id) for id in (first, again, once_more)]
        assert held[0].person != held[1].person == held[2].person
        assert held[0].original is None
        assert (await graph.see(SECRETARY, SHOWN, id=again))["petitioner"]["displayName"] == "原*"
        await erase(graph, again)
        assert (await held_of(graph, once_more)).erased_at is not None


async def test_a_namesake_on_the_same_phone_is_not_erased_with_them_and_keeps_being_themselves(graph: Graph) -> None:
    him = somebody("公冶长")
    theirs, hers = await graph.hear(petitioner=him), await graph.hear(petitioner=him | {"name": "公冶芳"})
    await erase(graph, theirs)
    assert (await graph.see(SECRETARY, SHOWN, id=hers))["petitioner"]["displayName"] == "公*芳"
    again = await graph.hear(petitioner=him | {"name": "公冶芳"})
    assert (await held_of(graph, again)).person == (await held_of(graph, hers)).person


async def test_what_was_being_registered_while_they_were_erased_is_found_and_goes_too(graph: Graph) -> None:
    id = await graph.hear(petitioner=somebody())
    await erase(graph, id)
    held = await held_of(graph, id)
    late = await graph.hear(petitioner=somebody())
    # As if its key had been taken just before the erasure.
    taken = {"$set": {"person": held.person}, "$addToSet": {"tags": f"person:{held.person}"}}
    await graph.service.grievances.collection.update_one({"_id": late}, taken)
    await _an_hour_later(graph, held.person)
    await erase_round(graph.service.erasing)
    assert (await held_of(graph, late)).erased_at is not None
    assert "look_at" not in (await row_of(graph, held.person) or {})


async def _an_hour_later(graph: Graph, person: str) -> None:
    ago = graph.service.runtime.world.real_now() - timedelta(hours=2)
    await graph.service.runtime.database["persons"].update_one({"_id": person}, {"$set": {"erased_at": ago, "look_at": ago}})


async def _until_no_transfer_is_under_way(graph: Graph, grievance: str) -> None:
    ago = graph.service.runtime.world.real_now() - timedelta(hours=2)
    await graph.service.runtime.database["uploads"].update_many({"grievance": grievance}, {"$set": {"expires_at": ago}})
    await _an_hour_later(graph, (await held_of(graph, grievance)).person)
    await erase_round(graph.service.erasing)


async def opened(graph: Graph, viewer: Viewer, content: bytes, name: str, grievance: str | None = None) -> str:
    file = {"name": name, "contentType": "image/png", "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    more = {"grievanceId": grievance} if grievance else {}
    return str((await graph.do(viewer, "createUpload", UPLOAD, **file, **more))["attachmentId"])


def receiving(service: Service, files: FileStore | None = None) -> ReceiveUpload:
    png = frozenset({"image/png"})
    return ReceiveUpload(service.uploads, files or service.files, lambda _head: png, service.runtime.world.real_now, service.limits)


async def stored(graph: Graph, viewer: Viewer, content: bytes, name: str, grievance: str | None = None) -> str:
    id = await opened(graph, viewer, content, name, grievance)
    await receiving(graph.service)(id, body(content))
    return id


async def test_files_lose_names_when_they_come_and_their_content_when_they_are_erased(graph: Graph) -> None:
    him, service = somebody("漆雕开"), graph.service
    mine, shared = png(300, seed=71), png(300, seed=72)
    files = [
        await stored(graph, SECRETARY, mine, f"漆雕开 {him['phone']}.png"),
        await stored(graph, SECRETARY, shared, "路牌.png"),
    ]
    assert [row and row.ticket.name for row in await service.uploads.find_many(files)] == ["漆雕开 〔电话〕.png", "路牌.png"]
    id = await graph.hear(petitioner=him, attachments=files)
    assert [row and row.ticket.name for row in await service.uploads.find_many(files)] == ["〔姓名〕 〔电话〕.png", "路牌.png"]
    evidence = await stored(graph, SECRETARY, shared, "漆雕开家门口.png", id)
    assert [row and row.ticket.name for row in await service.uploads.find_many([evidence])] == ["〔姓名〕家门口.png"]
    await erase(graph, id)
    assert [each["name"] for each in (await graph.see(OFFICER, SHOWN, id=id))["attachments"]] == ["〔姓名〕家门口.png"]
    hashes = [hashlib.sha256(content).hexdigest() for content in (mine, shared)]
    assert [await service.files.find(sha256) is not None for sha256 in hashes] == [False, True]
    # By their hashes what is still under way will be forgotten too.
    for kept in (hashes, ["", ""]):
        rows = [row for row in await service.uploads.find_many(files) if row]
        left = [(row.ticket.name, row.ticket.uploader, row.ticket.sha256, row.state.value) for row in rows]
        assert left == [(ERASED, "", sha256, "ERASED") for sha256 in kept]
        await _until_no_transfer_is_under_way(graph, id)
    assert [await service.files.find(sha256) is not None for sha256 in hashes] == [False, True]


class PowerCut(BaseException):
    """The process ends here: nothing catches it."""


class _CutBehindKeep(FileStore):
    """Its process ends as soon as a content is kept."""

    async def keep(self, content: StoredFile) -> StoredFile:
        await super().keep(content)
        raise PowerCut

    async def discard(self, file: str) -> None:
        """Nobody is there to do it."""


@pytest.mark.parametrize("known_before", [False, True])
async def test_a_photo_that_comes_while_its_petitioner_is_erased_is_not_kept(graph: Graph, known_before: bool) -> None:
    service, me = graph.service, Viewer(sub="erased-while-it-came", roles=frozenset({Role.RESIDENT}))
    id, content = await graph.hear(me, petitioner=somebody(), channel="WEB"), png(600_000, seed=74 + known_before)
    first = await stored(graph, me, content, "门口.png", id) if known_before else None
    upload = await opened(graph, me, content, "门口.png", id)

    async def overtaken() -> AsyncIterator[bytes]:
        yield content[:300_000]
        await erase(graph, id)
        yield content[300_000:]

    with pytest.raises(UploadRefused if not known_before else StoreTrouble):
        await receiving(service)(upload, overtaken())
    assert await service.files.find(hashlib.sha256(content).hexdigest()) is None
    rows = await service.uploads.find_many([upload, *([first] if first else [])])
    assert {row.state.value for row in rows if row} == {"ERASED"}


async def test_nor_is_it_where_the_process_that_received_it_ended_behind_the_content(graph: Graph) -> None:
    service, me = graph.service, Viewer(sub="cut-while-it-came", roles=frozenset({Role.RESIDENT}))
    id, content = await graph.hear(me, petitioner=somebody(), channel="WEB"), png(600_000, seed=76)
    upload, sha256 = await opened(graph, me, content, "门口.png", id), hashlib.sha256(content).hexdigest()

    async def overtaken() -> AsyncIterator[bytes]:
        yield content[:300_000]
        await erase(graph, id)
        yield content[300_000:]

    with pytest.raises(PowerCut):
        await receiving(service, _CutBehindKeep(service.runtime.database, service.cipher))(upload, overtaken())
    assert await service.files.find(sha256) is not None
    await _until_no_transfer_is_under_way(graph, id)
    assert await service.files.find(sha256) is None
    assert "look_at" not in (await row_of(graph, (await held_of(graph, id)).person) or {})


async def test_a_phone_that_sends_its_photo_again_after_the_erasure_sends_nothing(graph: Graph) -> None:
    content = png(300, seed=73)
    photo = {"name": "门口.png", "contentType": "image/png", "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    told = {"requestId": "photo-again", "text": "路灯不亮。", "division": f"{VILLAGE}-01", "petitioner": somebody(), "photos": [photo]}
    fields = f"__typename ... on Registered {{ grievance {{ id }} uploads {{ stored url }} }} ... on RegisterRefused {{ {REFUSED} }}"
    first = await graph.do(SECRETARY, "registerGrievance", fields, **told)
    assert first["uploads"][0]["url"] is not None
    await erase(graph, first["grievance"]["id"])
    again = await graph.do(SECRETARY, "registerGrievance", fields, **told)
    assert again["uploads"] == [{"stored": True, "url": None}]


async def test_a_delivery_to_somebody_erased_fails_and_tells_nobody(graph: Graph) -> None:
    service, id = graph.service, await graph.hear(petitioner=somebody())
    delivery = Delivery(id="to-nobody", purpose="REPLY", text="答复")
    await service.writer.act(id, lambda held: (held.with_delivery(delivery), []))
    await graph.do(OFFICER, "erasePetitioner", ERASE, grievanceId=id, **WHY)
    person = (await service.grievances.find_many([id]))[id].person
    assert [await deliver(service.outbound.delivering, id, person) for _ in range(2)] == [1, 0]
    said = (await graph.said(id))[-1]
    assert (said["result"], said["reason"]) == ("failed", "petitioner_erased")
    assert await service.runtime.database["notices"].find_one({"_id": "to-nobody"}) is None


# Retention.


def test_the_policy_says_something_of_everything_that_is_kept() -> None:
    policy = load_retention()
    for consented in (True, False):
        data = policy.data(kept_of(True, True, True), consented, "2020-06-05", date(2020, 6, 5))
        assert [datum.what for datum in data] == ["NAME", "PHONE", "OPENID", "WORDS", "PLACE"]
        assert [datum.consent is not None for datum in data] == [consented, consented, consented, False, False]
        assert due(data) == ("2023-06-05" if consented else "2020-07-05")
    assert policy.notices_before(date(2026, 6, 5)) == date(2023, 6, 5)
    with pytest.raises(ValueError, match="not P"):
        read_span("5 years")


def test_days_count_from_the_end_of_the_last_grievance_and_from_today_while_one_is_open() -> None:
    closed, open = grievance("CLOSED"), grievance("HANDLING")
    today = date(2026, 6, 5)
    assert ended_on(open) is None
    assert last_day([closed], today) == ended_on(closed) == day_in_china(closed.registered_at)
    assert last_day([closed, open], today) == today


async def ended(graph: Graph, id: str, years_ago: float, status: Status = "CLOSED") -> None:
    """It came to its end so long ago, and the person's last day is as it was then."""
    at = graph.service.runtime.world.now() - timedelta(days=365.25 * years_ago)
    await graph.service.writer.act(id, lambda held: (held.progressed(progress(held, status).model_copy(update={"at": at})), []))
    await graph.service.runtime.database["persons"].update_one({"_id": (await held_of(graph, id)).person}, {"$set": {"due": "2020-01-01"}})


async def retained(graph: Graph) -> None:
    await keep_retention(graph.service.retaining)
    await erase_round(graph.service.erasing)


async def test_what_is_over_goes_name_and_phone_first_and_the_words_at_last(graph: Graph) -> None:
    ids = [await graph.hear(petitioner=somebody()) for _ in range(4)]
    for id, years in zip(ids, (1, 4, 6, 6), strict=True):
        await ended(graph, id, years)
    await ended(graph, ids[3], 6, "HANDLING")
    await retained(graph)
    rows = [await row_of(graph, (await held_of(graph, id)).person) for id in ids]
    assert [(bool(row.get("name")), "key" in row) for row in rows if row] == [(True, True), (False, True), (False, False), (True, True)]
    assert [(await held_of(graph, id)).erased_at is not None for id in ids] == [False, False, True, False]
    today = graph.service.fieldwork.today()
    assert all(row["due"] >= today for row in rows if row and "due" in row)
    over = await held_of(graph, ids[2])
    assert over.erasure is not None
    assert (over.erasure.reason, over.erasure.by.role) == ("RETENTION", "SYSTEM")
    document = await graph.service.grievances.load(ids[2]) or {}
    assert document["auditLength"] == 2
    said = (await graph.said(ids[2]))[-1]
    assert (said["type"], said["reason"]) == ("intake.grievance.personal_data_erased.v1", "RETENTION")


async def test_who_does_not_agree_is_known_while_it_is_handled_and_30_days_longer(graph: Graph) -> None:
    him = somebody("有子", consent=False)
    recent, long_ago = await graph.hear(petitioner=him), await graph.hear(petitioner=somebody(consent=False))
    await graph.hear(petitioner=him | {"consent": True})
    row = await row_of(graph, (await held_of(graph, recent)).person) or {}
    assert [(datum["what"], datum["basis"], datum["consent"]) for datum in row["data"]][:2] == [
        ("NAME", "STATUTORY_DUTY", None),
        ("PHONE", "STATUTORY_DUTY", None),
    ]
    await ended(graph, long_ago, 0.1)
    await retained(graph)
    row = await row_of(graph, (await held_of(graph, long_ago)).person) or {}
    assert (row["name"], row["phone"], "phone_index" in row, "key" in row) == (None, None, False, True)


async def test_something_told_meanwhile_keeps_a_person_from_being_erased(graph: Graph) -> None:
    service, him = graph.service, somebody()
    id = await graph.hear(petitioner=him)
    await ended(graph, id, 6)
    person = (await held_of(graph, id)).person
    [kept] = [each for each in await service.persons.over(service.fieldwork.today(), 500) if each.id == person]
    await graph.hear(petitioner=him)
    erasure = Erasure(id="e", at=service.runtime.world.now(), by=SERVICE, reason="RETENTION")
    assert not await service.persons.erase(person, erasure, while_due=kept.due)
    await retained(graph)
    assert "key" in (await row_of(graph, person) or {})


async def test_notices_go_by_policy_too(graph: Graph) -> None:
    notices, now = graph.service.runtime.database["notices"], graph.service.runtime.world.now()
    for id, years in (("old", 3.1), ("new", 2.9)):
        await notices.insert_one({"_id": f"notice-{id}", "grievance": "g", "text": "答复", "at": now - timedelta(days=365.25 * years)})
    await retained(graph)
    assert [row["_id"] for row in await notices.find({"grievance": "g"}).to_list(None)] == ["notice-new"]


# Rows that no grievance names.


async def _a_day_later(graph: Graph, person: str) -> None:
    ago: datetime = graph.service.runtime.world.real_now() - timedelta(minutes=1)
    await graph.service.runtime.database["persons"].update_one({"_id": person}, {"$set": {"look_at": ago}})


async def test_a_person_whom_no_grievance_names_is_not_kept(graph: Graph) -> None:
    service = graph.service
    named = await graph.hear(petitioner=somebody())
    nameless = await graph.hear(petitioner={"name": "司马耕"})
    first = (await held_of(graph, nameless)).person
    # Its registration was looked at; then the phone is told, and another row takes its place.
    await _a_day_later(graph, first)
    await erase_round(service.erasing)
    done = await graph.do(SECRETARY, "completeGrievance", COMPLETED, grievanceId=nameless, petitioner={"phone": str(next(PHONES))})
    assert done["__typename"] == "GrievanceCompleted", done
    second = (await held_of(graph, nameless)).person
    refused, _key = await service.persons.keep("refused-late", Contact(name="某人"))
    assert first != second
    people = [first, second, refused, (await held_of(graph, named)).person]
    await erase_round(service.erasing)
    assert [await row_of(graph, person) is not None for person in people] == [True] * 4
    for person in people:
        await _a_day_later(graph, person)
    await erase_round(service.erasing)
    assert [await row_of(graph, person) is not None for person in people] == [False, True, False, True]


async def test_a_row_that_is_used_again_in_that_very_moment_stays(graph: Graph) -> None:
    persons = graph.service.persons
    await persons.keep("used-again", Contact(name="某人"))
    await _a_day_later(graph, "used-again")
    kept = await persons.find("used-again")
    assert kept is not None
    await persons.keep("used-again", Contact(name="某人"))
    assert not await persons.discard(kept)
