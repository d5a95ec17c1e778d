"""Encounters and diaries over the real store: kept sealed, told to members and households once, taken back when amended, seen by whom they
concern."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from pydantic import ValidationError

from services.intake.domain.encounters import CHANNEL_OF, EncounterKind
from services.intake.domain.uploads import UploadTicket
from services.intake.domain.versions import heads
from services.intake.service import Service
from services.intake.store.uploads import Upload
from services.intake.usecases.encounter_access import sees_diary, sees_encounter
from services.intake.usecases.record_encounter import AmendEncounter, RecordEncounter, amend_encounter, record_encounter
from services.intake.usecases.record_member import RecordMember, record_member
from services.intake.usecases.register_grievance import RegisterGrievance, register_grievance
from services.intake.usecases.tell_members import tell_encounters
from services.intake.usecases.write_diary import AmendDiary, WriteDiary, amend_diary, write_diary
from services.intake.usecases.writing import record_id
from shared.identity.development import DevelopmentIssuer
from shared.identity.errors import Refusal
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.writer import RequestReused
from tests.services.intake.builders import project
from tests.services.intake.failing import Failing
from tests.services.intake.field import COLLEAGUE, MESSAGE, OTHER_SECRETARY, OTHER_TEAM, SECRETARY, TEAM, colleague, found_team, keep_home
from tests.services.intake.graph import graph_of
from tests.services.intake.viewers import CITY_ADMIN, COUNTY_ADMIN, NOBODY, RESIDENT, VILLAGE

PHOTO = {"sha256": "ab" * 32, "size": 70, "name": "a.png", "content_type": "image/png"}
WORDS = "孔凡莹13800000001说路牌看不清，住3号楼2单元501室"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(intake_service: Service) -> Service:
    await found_team(intake_service)
    return intake_service


async def record(service: Service, request: str, viewer: Viewer = SECRETARY, **fields: Any) -> str:
    told = {"kind": "HOUSEHOLD_TALK", "text": WORDS, "division": VILLAGE} | fields
    return await record_encounter(service.fieldwork.record_encounters, viewer, RecordEncounter(request_id=request, **told), "")


async def amend(service: Service, request: str, encounter: str, base: list[str], viewer: Viewer = SECRETARY, **fields: Any) -> str:
    command = AmendEncounter(request_id=request, encounter=encounter, base=base, **({"text": WORDS} | fields))
    return await amend_encounter(service.fieldwork.record_encounters, viewer, command, "")


@pytest.mark.row("S31")
@pytest.mark.row("S32")
@pytest.mark.row("S33")
@pytest.mark.row("S34")
@pytest.mark.row("S35")
@pytest.mark.row("S36")
@pytest.mark.row("S38")
@pytest.mark.parametrize("kind", CHANNEL_OF)
async def test_text_and_place_are_enough_for_every_kind_and_a_repeat_is_the_same_encounter(service: Service, kind: EncounterKind) -> None:
    told = {"kind": kind, "division": None, "place": "曲阜市鲁城街道鼓楼社区后作街小区3号楼"}
    first = await record(service, f"kind-{kind}", **told)
    assert await record(service, f"kind-{kind}", **told) == first
    held = await service.fieldwork.encounters.find(first)
    assert held is not None
    assert (held.kind, held.division, held.team, held.on) == (kind, VILLAGE, TEAM, service.fieldwork.today())
    with pytest.raises(RequestReused):
        await record(service, f"kind-{kind}", **told, attendance=4)


async def test_a_place_that_nobody_can_locate_is_in_the_one_village_that_the_secretary_answers_for(service: Service) -> None:
    held = await service.fieldwork.encounters.find(await record(service, "vague", division=None, place="3号楼东头"))
    assert held is not None
    assert held.division == VILLAGE


async def test_words_and_place_lie_sealed_and_the_clear_text_names_nobody(service: Service) -> None:
    """Who is told beside it, and the head of the household that it is about."""
    await keep_home(service, "of-kong", head="孔凡莹")
    id = await record(service, "sealed", place="后作街小区3号楼2单元501室", household="of-kong", text=f"{WORDS}，颜真也在", names=["颜真"])
    raw = str(await service.runtime.database["encounters"].find_one({"_id": id}))
    assert not [plain for plain in ("13800000001", "501室", "后作街", "孔凡莹", "颜真") if plain in raw]
    held = await service.fieldwork.encounters.find(id)
    assert held is not None
    key = service.cipher.unwrap(held.person, held.key)
    assert (key.decrypt("text", held.notes.original), key.decrypt("place", held.notes.place or "")) == (
        f"{WORDS}，颜真也在",
        "后作街小区3号楼2单元501室",
    )


@pytest.mark.row("S4")
@pytest.mark.row("S5")
async def test_who_went_and_which_household_are_told_once_and_taken_back_when_amended(service: Service) -> None:
    for home in ("told-a", "told-b"):
        await keep_home(service, home)
    id = await record(service, "told", household="told-a", participants=[COLLEAGUE])
    await record(service, "told", household="told-a", participants=[COLLEAGUE])

    async def state() -> tuple[list[str], list[str], list[str]]:
        homes = await service.fieldwork.households.find_many(["told-a", "told-b"])
        members = await service.fieldwork.members.find_many([SECRETARY.sub, COLLEAGUE])
        a, b = ([visit.id for visit in homes[home].visits] for home in ("told-a", "told-b"))
        return a, b, sorted(member.id for member in members.values() if member.tells_of(id))

    assert await state() == ([id], [], [SECRETARY.sub, COLLEAGUE])
    await amend(service, "told-2", id, ["told"], household="told-b")
    assert await state() == ([], [id], [SECRETARY.sub])
    assert id not in await service.fieldwork.encounters.untold(1000)


async def test_a_crash_between_the_encounter_and_the_members_is_made_good(service: Service) -> None:
    parts = service.fieldwork.record_encounters
    dead = replace(parts, telling=replace(parts.telling, members=Failing(parts.telling.members)))
    with pytest.raises(ConnectionError):
        await record_encounter(dead, SECRETARY, RecordEncounter(request_id="crash", kind="STREET_TALK", text="x", division=VILLAGE), "")
    id = record_id(SECRETARY, "encounter", "crash")
    assert id in await service.fieldwork.encounters.untold(1000)
    await service.fieldwork.mark_outings()
    assert await service.fieldwork.encounters.untold(1000) == []
    member = await service.fieldwork.members.find(SECRETARY.sub)
    assert member is not None
    assert member.tells_of(id)
    assert await tell_encounters(service.fieldwork.telling, [id]) == 0


async def test_one_encounter_and_one_member_that_cannot_be_read_keep_no_other_from_being_told(service: Service) -> None:
    fieldwork, encounters = service.fieldwork, service.runtime.database["encounters"]
    members = service.runtime.database["members"]
    await keep_home(service, "beside-the-unreadable")
    telling = replace(fieldwork.telling, members=Failing(fieldwork.telling.members), households=Failing(fieldwork.telling.households))
    dead = replace(fieldwork.record_encounters, telling=telling)

    async def left(request: str, **fields: Any) -> str:
        command = RecordEncounter(request_id=request, kind="STREET_TALK", text="x", division=VILLAGE, **fields)
        with pytest.raises(ConnectionError):
            await record_encounter(dead, SECRETARY, command, "")
        return record_id(SECRETARY, "encounter", request)

    broken, well = await left("unreadable"), await left("readable", household="beside-the-unreadable", participants=[COLLEAGUE])
    kind, kinds = (await encounters.find_one({"_id": broken}) or {})["kind"], (await members.find_one({"_id": COLLEAGUE}) or {})["kinds"]
    await encounters.update_one({"_id": broken}, {"$unset": {"kind": ""}})
    await members.update_one({"_id": COLLEAGUE}, {"$unset": {"kinds": ""}})
    try:
        with pytest.raises(ValidationError):
            await fieldwork.mark_outings()
        member, home = await fieldwork.members.find(SECRETARY.sub), await fieldwork.households.find("beside-the-unreadable")
        assert member is not None
        assert home is not None
        assert (member.tells_of(well), [visit.id for visit in home.visits]) == (True, [well])
    finally:
        await encounters.update_one({"_id": broken}, {"$set": {"kind": kind}})
        await members.update_one({"_id": COLLEAGUE}, {"$set": {"kinds": kinds}})
    await fieldwork.mark_outings()
    assert await fieldwork.encounters.untold(1000) == []


async def test_what_crosses_a_colleagues_amendment_stands_beside_it_until_somebody_makes_one_of_the_two(service: Service) -> None:
    id = await record(service, "cross")
    await amend(service, "cross-mine", id, ["cross"], text="我看到的")
    await amend(service, "cross-theirs", id, ["cross"], colleague(), text="同事看到的")
    held = await service.fieldwork.encounters.find(id)
    assert held is not None
    assert [version.id for version in heads(held.versions)] == ["cross-mine", "cross-theirs"]
    await amend(service, "cross-both", id, ["cross-mine", "cross-theirs"], text="两人看到的")
    held = await service.fieldwork.encounters.find(id)
    assert held is not None
    assert [version.id for version in heads(held.versions)] == ["cross-both"]
    assert len(held.versions) == 4


@pytest.mark.row("S11")
@pytest.mark.row("S42")
async def test_the_numbers_are_what_the_encounters_say_for_the_place_and_the_team(service: Service) -> None:
    key, month = f"team:{TEAM}", service.fieldwork.today()[:7]
    await project(service)
    before = (await service.fieldwork.met.read([key]))[key]
    id = await record(service, "counted", kind="SYMPOSIUM", attendance=20, messages=[MESSAGE])
    await amend(service, "counted-2", id, ["counted"], attendance=25, messages=[MESSAGE])
    await project(service)
    after = (await service.fieldwork.met.read([key, VILLAGE]))[key]
    added = {name: number - before.get(name, 0) for name, number in after.items() if number != before.get(name, 0) and name.endswith(month)}
    assert added == {f"SYMPOSIUM:{month}": 1, f"people:{month}": 25, f"message:{MESSAGE}:{month}": 1}


@pytest.mark.row("S40")
@pytest.mark.row("S39")
async def test_writing_a_diary_does_the_duty_and_its_author_alone_amends_it(service: Service) -> None:
    parts = service.fieldwork.write_diaries
    id = await write_diary(parts, SECRETARY, WriteDiary(request_id="diary", text=WORDS, encounters=[]), "")
    assert await write_diary(parts, SECRETARY, WriteDiary(request_id="diary", text=WORDS, encounters=[]), "") == id
    member = await service.fieldwork.members.find(SECRETARY.sub)
    assert member is not None
    assert f"DIARY:{service.fieldwork.today()[:7]}" in member.done
    assert "13800000001" not in str(await service.runtime.database["diaries"].find_one({"_id": id}))
    await amend_diary(parts, SECRETARY, AmendDiary(request_id="diary-2", diary=id, base=["diary"], text="又记一笔"), "")
    with pytest.raises(Refusal, match="NOT_FOUND"):
        await amend_diary(parts, colleague(), AmendDiary(request_id="diary-3", diary=id, base=["diary-2"], text="别人"), "")
    assert await service.fieldwork.diaries.untold(1000) == []


@pytest.mark.row("S40")
async def test_diaries_of_a_former_team_are_their_authors_still_and_no_longer_the_leaders(
    service: Service, issuer: DevelopmentIssuer
) -> None:
    author, leader = replace(SECRETARY, sub="field-author"), replace(SECRETARY, sub="field-leader", roles=frozenset({Role.TEAM_LEADER}))
    row: dict[str, Any] = {"name": "孔某", "kinds": ["GRID_WORKER"], "rank": "SECTION", "unit": VILLAGE}
    recorded = RecordMember(request_id="author", id=author.sub, team=TEAM, **row)
    await record_member(service.fieldwork.record_members, CITY_ADMIN, recorded, "")
    id = await write_diary(service.fieldwork.write_diaries, author, WriteDiary(request_id="then", text="在老团队"), "")
    async with graph_of(service, issuer) as graph:

        async def listed(viewer: Viewer, month: str | None = None) -> list[str]:
            query = "query($month: String) { diaries(month: $month, first: 100) { edges { node { id } } } }"
            return [edge["node"]["id"] for edge in (await graph.see(viewer, query, month=month))["edges"]]

        for viewer, sees in (
            (author, True),
            (replace(author, team=OTHER_TEAM), True),
            (replace(author, team=None), True),
            (leader, True),
            (replace(leader, team=OTHER_TEAM), False),
            (colleague(), False),
        ):
            assert (id in await listed(viewer)) == sees
        assert await listed(author, "2019-01") == []


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"text": " "}, "TEXT_EMPTY", "text"),
        ({"division": "999999999999"}, "DIVISION_UNKNOWN", "division"),
        ({"division": "370881000000"}, "PLACE_TOO_WIDE", "division"),
        ({"household": "nobody's"}, "HOUSEHOLD_UNKNOWN", "household"),
        ({"participants": [OTHER_SECRETARY.sub]}, "PARTICIPANT_UNKNOWN", "participants"),
        ({"messages": ["M-NONE"]}, "MESSAGE_UNKNOWN", "messages"),
        ({"enterprise": "孔凡莹的店"}, "ENTERPRISE_UNKNOWN", "enterprise"),
        ({"campaign": "C-NONE"}, "CAMPAIGN_UNKNOWN", "campaign"),
        ({"reception": "R-NONE"}, "RECEPTION_UNKNOWN", "reception"),
        ({"photos": [PHOTO | {"purpose": "import"}]}, "PHOTO_PURPOSE", "photos.0.purpose"),
        (
            {"photos": [{"sha256": "no", "size": 1, "name": "a.png", "content_type": "image/png"}]},
            "UPLOAD_HASH_MALFORMED",
            "photos.0.sha256",
        ),
    ],
)
async def test_what_is_wrong_is_refused_by_its_field_and_nothing_is_kept(
    service: Service, fields: dict[str, Any], code: str, field: str
) -> None:
    before = await service.runtime.database["encounters"].count_documents({})
    with pytest.raises(Refusal) as refused:
        await record(service, f"wrong-{code}", **fields)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert await service.runtime.database["encounters"].count_documents({}) == before


async def test_refuses_what_has_not_taken_place_and_what_is_long_reported(service: Service) -> None:
    now = service.runtime.world.now()
    for at, code in (
        (now + timedelta(hours=1), "IN_THE_FUTURE"),
        (now - timedelta(days=500), "TOO_LONG_AGO"),
        (now.replace(tzinfo=None), "TIME_WITHOUT_ZONE"),
    ):
        with pytest.raises(Refusal, match=code):
            await record(service, f"when-{code}", at=at)
    old = await record(service, "old", at=now - timedelta(days=61))
    with pytest.raises(Refusal, match="TOO_LATE"):
        await amend(service, "old-2", old, ["old"])


WRITES: dict[str, Callable[[Service, Viewer], Any]] = {
    "record": lambda service, viewer: record(service, f"by-{viewer.sub}", viewer),
    "amend": lambda service, viewer: amend(service, f"amend-{viewer.sub}", "guarded", ["x"], viewer),
    "diary": lambda service, viewer: write_diary(
        service.fieldwork.write_diaries, viewer, WriteDiary(request_id=f"by-{viewer.sub}", text="x"), ""
    ),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize(
    ("viewer", "code"),
    [(NOBODY, "UNAUTHENTICATED"), (RESIDENT, "ROLE_MISSING"), (COUNTY_ADMIN, "ROLE_MISSING"), (CITY_ADMIN, "ROLE_MISSING")],
)
async def test_only_who_goes_out_writes(service: Service, write: str, viewer: Viewer, code: str) -> None:
    with pytest.raises(Refusal, match=code):
        await WRITES[write](service, viewer)


async def test_a_secretary_of_another_team_neither_reads_nor_amends_nor_records_here(service: Service) -> None:
    id = await record(service, "ours")
    held = await service.fieldwork.encounters.find(id)
    assert held is not None
    assert {
        viewer.sub: sees_encounter(viewer, held) for viewer in (NOBODY, RESIDENT, OTHER_SECRETARY, SECRETARY, COUNTY_ADMIN, CITY_ADMIN)
    } == {
        NOBODY.sub: False,
        RESIDENT.sub: False,
        OTHER_SECRETARY.sub: False,
        SECRETARY.sub: True,
        COUNTY_ADMIN.sub: True,
        CITY_ADMIN.sub: True,
    }
    diary = await service.fieldwork.diaries.find(
        await write_diary(service.fieldwork.write_diaries, SECRETARY, WriteDiary(request_id="ours", text="x"), "")
    )
    assert diary is not None
    assert [
        viewer.sub
        for viewer in (NOBODY, RESIDENT, OTHER_SECRETARY, colleague(), SECRETARY, COUNTY_ADMIN, CITY_ADMIN)
        if sees_diary(viewer, diary)
    ] == [SECRETARY.sub]
    with pytest.raises(Refusal, match="NOT_FOUND"):
        await amend(service, "theirs", id, ["ours"], OTHER_SECRETARY)
    with pytest.raises(Refusal, match="OUT_OF_SCOPE"):
        await record(service, "theirs", OTHER_SECRETARY)


async def test_what_was_right_on_the_day_is_not_refused_when_it_is_amended(service: Service) -> None:
    await keep_home(service, "moving-away")
    id = await record(service, "right", household="moving-away", participants=[COLLEAGUE])
    parts = service.fieldwork
    row: dict[str, Any] = {"name": "孔某", "kinds": ["GRID_WORKER"], "rank": "SECTION", "unit": VILLAGE}
    for team in (None, TEAM):
        await record_member(parts.record_members, CITY_ADMIN, RecordMember(request_id=f"left-{team}", id=COLLEAGUE, team=team, **row), "")
        if team is None:
            await amend(service, "right-2", id, ["right"], household="moving-away", participants=[COLLEAGUE], text="补记")
    with pytest.raises(Refusal, match="PARTICIPANT_UNKNOWN"):
        await amend(service, "right-3", id, ["right-2"], participants=[OTHER_SECRETARY.sub])


async def test_a_photo_that_is_told_is_opened_once_and_its_address_comes_with_the_answer(
    service: Service, issuer: DevelopmentIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    renewed: list[str] = []
    open_, renew = service.uploads.open, service.uploads.renew

    async def opening(ticket: UploadTicket) -> Upload:
        opened.append(ticket.sha256)
        return await open_(ticket)

    async def renewing(upload: Upload, expires_at: datetime) -> None:
        renewed.append(upload.ticket.sha256)
        await renew(upload, expires_at)

    monkeypatch.setattr(service.uploads, "open", opening)
    monkeypatch.setattr(service.uploads, "renew", renewing)
    photo = {"sha256": PHOTO["sha256"], "size": 70, "name": "a.png", "contentType": "image/png"}
    fields = "__typename ... on EncounterRecorded { uploads { sha256 stored url } }"
    async with graph_of(service, issuer) as graph:
        told = await graph.do(SECRETARY, "recordEncounter", fields, kind="STREET_TALK", text="x", division=VILLAGE, photos=[photo])
    assert [(upload["sha256"], upload["stored"], bool(upload["url"])) for upload in told["uploads"]] == [(photo["sha256"], False, True)]
    assert (opened, renewed) == ([photo["sha256"]], [])


async def test_one_request_id_for_an_encounter_and_a_grievance_makes_two_records(service: Service) -> None:
    id = await record(service, "one-id", photos=[PHOTO])
    told = RegisterGrievance(request_id="one-id", text="路灯不亮", division=VILLAGE, encounter=id)
    grievance = await register_grievance(service.registration(), SECRETARY, told, "")
    assert grievance != id
    assert (await service.uploads.of_grievances([grievance])) == {}


@pytest.mark.row("S49")
@pytest.mark.parametrize(
    ("viewer", "answer", "code"),
    [(SECRETARY, "  ", "ANSWER_EMPTY"), (RESIDENT, "我自己答复", "ANSWER_NOT_YOURS"), (SECRETARY, "已办。", None)],
)
async def test_an_answer_on_the_spot_says_something_and_is_an_officials(
    service: Service, viewer: Viewer, answer: str, code: str | None
) -> None:
    told = RegisterGrievance(request_id=f"spot {code}".replace(" ", "-"), text="咨询", division=VILLAGE, on_spot_answer=answer)
    if code is None:
        id = await register_grievance(service.registration(), viewer, told, "")
        assert (await service.grievances.find_many([id]))[id].on_spot_answer == answer
        return
    with pytest.raises(Refusal, match=code):
        await register_grievance(service.registration(), viewer, told, "")
