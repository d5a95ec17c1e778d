"""Territory and people, end to end over the real store: recorded, found, announced, refused."""

from datetime import date
from typing import Any, get_args

import orjson
import pytest
from pydantic import ValidationError

from services.intake.domain.people import RANKS, Mandate, MemberKind, Programme
from services.intake.service import Service
from services.intake.store.organisation import Posts
from services.intake.usecases.record_department import RecordDepartment, record_department
from services.intake.usecases.record_division import RecordDivision, record_division
from services.intake.usecases.record_member import RecordMember, record_member
from services.intake.usecases.record_post import RecordPost, record_post
from services.intake.usecases.record_reception_site import RecordReceptionSite, record_reception_site
from services.intake.usecases.record_team import RecordTeam, record_team
from shared.identity.errors import Refusal
from shared.identity.scopes import Level, from_code, prefixes
from shared.identity.viewer import Viewer
from shared.settings import CommonSettings
from shared.writer import RequestReused
from tests.dropping import drop
from tests.services.intake.viewers import CITY_ADMIN, COUNTY_ADMIN, NOBODY, OTHER_SECRETARY, RESIDENT, SECRETARY, VILLAGE

TOWN = "370881001000"
MEMBER = {"name": "孔凡莹", "phone": "13800000001", "kinds": ["COMMUNITY_OFFICIAL"], "unit": TOWN}
TEAM = {"name": "一组", "division": "370881000000", "contact_units": [VILLAGE, "370881001002"]}


async def member(service: Service, id: str, request: str = "1", viewer: Viewer = COUNTY_ADMIN, **changes: Any) -> str:
    command = RecordMember(request_id=f"{id}-{request}", id=id, **{**MEMBER, **changes})
    return await record_member(service.fieldwork.record_members, viewer, command, "")


async def team(service: Service, code: str, leader: str, request: str = "1", viewer: Viewer = COUNTY_ADMIN, **changes: Any) -> str:
    command = RecordTeam(request_id=f"{code}-{request}", code=code, leader=leader, **{**TEAM, **changes})
    return await record_team(service.fieldwork.record_teams, viewer, command, "")


async def announced(service: Service, type_: str) -> list[dict[str, Any]]:
    """The rows of all reference events of this kind that were ever made here."""
    while await service.fieldwork.announcer.announce():
        pass
    outbox = await service.runtime.database["reference"].find({}).to_list(None)
    entries = [entry for document in outbox for entry in document["outbox"] if entry["row"]["type"] == type_]
    found = [orjson.loads(bytes(entry["row"]["body"]))["data"] for entry in entries]
    assert all(len(data["rows"]) <= 100 for data in found)
    return [row | {"revision": data["revision"]} for data in found for row in data["rows"]]


@pytest.mark.row("S16")
@pytest.mark.row("S30")
async def test_a_team_with_its_leader_is_recorded_found_by_its_units_and_announced_whole(intake_service: Service) -> None:
    await member(intake_service, "lead-1", rank="SECTION")
    assert await team(intake_service, "T-1", "lead-1", programmes=["FIRST_SECRETARY"]) == "added"
    assert await team(intake_service, "T-2", "lead-1") == "added"
    teams = intake_service.fieldwork.teams
    assert {held.code for held in await teams.in_contact_with(VILLAGE)} >= {"T-1", "T-2"}
    rows = {row["code"]: row for row in await announced(intake_service, "intake.reference.teams_recorded.v1")}
    assert rows["T-1"]["contactUnits"] == [VILLAGE, "370881001002"]
    assert rows["T-1"]["programmes"] == ["FIRST_SECRETARY"]
    assert await intake_service.fieldwork.announcer.announce() == 0


async def test_a_changed_row_is_announced_with_a_newer_revision(intake_service: Service) -> None:
    await member(intake_service, "lead-3", rank="COUNTY", unit="370881000000")
    await team(intake_service, "T-3", "lead-3")
    await team(intake_service, "T-3", "lead-3", "2", name="改名")
    rows = [row for row in await announced(intake_service, "intake.reference.teams_recorded.v1") if row["code"] == "T-3"]
    assert [(row["name"], row["revision"]) for row in rows][-1] == ("改名", 2)


async def test_a_migration_leaves_the_first_departments_and_posts_on_their_way_once(
    intake_service: Service, intake_store_settings: CommonSettings
) -> None:
    prefix = f"{intake_store_settings.prefix}_first"
    service = Service(intake_service.settings.model_copy(update={"prefix": prefix}))
    try:
        for _ in range(2):
            await service.migrate()
        outbox = await service.runtime.database["reference"].find({"tags": "unsent"}).to_list(None)
        types = sorted(entry["row"]["type"] for document in outbox for entry in document["outbox"])
        assert types == ["intake.reference.departments_recorded.v1", "intake.reference.posts_recorded.v1"]
    finally:
        service.runtime.client.close()
        await drop(service.settings, service.runtime.database.name)


async def test_the_seeded_departments_and_posts_are_announced(intake_service: Service) -> None:
    assert {row["code"] for row in await announced(intake_service, "intake.reference.departments_recorded.v1")} >= {"D-3708-ZJJ"}
    assert {row["id"] for row in await announced(intake_service, "intake.reference.posts_recorded.v1")} >= {"P-3708-DIS"}


@pytest.mark.row("S17")
@pytest.mark.row("S18")
@pytest.mark.row("S19")
@pytest.mark.row("S20")
async def test_members_of_every_kind_rank_and_mandate_are_taken_and_another_is_refused_by_its_field(intake_service: Service) -> None:
    every = {"kinds": list(get_args(MemberKind)), "mandates": list(get_args(Mandate)), "programmes": list(get_args(Programme))}
    for rank in RANKS:
        assert await member(intake_service, f"kind-{rank}", rank=rank, **every) == "added"
    for field in (*every, "rank"):
        value: Any = "MAYOR" if field == "rank" else ["MAYOR"]
        with pytest.raises(ValidationError) as refused:
            await member(intake_service, "kind-bad", **{field: value})
        assert {error["loc"][0] for error in refused.value.errors()} == {field}


@pytest.mark.row("S22")
async def test_a_department_is_recorded_with_its_first_responsible_person_and_announced(intake_service: Service) -> None:
    row = {
        "code": "D-370881-DW",
        "name": "中共曲阜市委",
        "division": "370881000000",
        "head": "head-dw",
        "receiver": "handler-dw",
        "committee": True,
    }
    command = RecordDepartment.model_validate({"request_id": "dw", **row})
    assert await record_department(intake_service.fieldwork.record_departments, COUNTY_ADMIN, command, "") == "added"
    rows = await announced(intake_service, "intake.reference.departments_recorded.v1")
    assert [told for told in rows if told["code"] == row["code"]] == [row | {"revision": 1}]


@pytest.mark.row("S29")
async def test_reception_sites_are_recorded_and_found_by_every_place_that_holds_them(intake_service: Service) -> None:
    parts = intake_service.fieldwork
    row: dict[str, Any] = {"name": "红帆驿站", "division": f"{VILLAGE}-01", "address": "后作街小区东门"}
    for code, kind in (("S-1", "COMPOUND_STATION"), ("S-2", "PARTY_SERVICE_CENTRE")):
        command = RecordReceptionSite(request_id=code, code=code, kind=kind, **row)
        assert await record_reception_site(parts.record_sites, COUNTY_ADMIN, command, "") == "added"
    for place in (f"{VILLAGE}-01", VILLAGE, TOWN, "370881000000", "370800000000"):
        assert {"S-1", "S-2"} <= {site.code for site in await parts.sites.where({"within": prefixes(place)[-1]})}
    assert await parts.sites.where({"within": "370881002"}) == []


@pytest.mark.row("S14")
async def test_refuses_a_leader_who_may_not_lead_and_says_why(intake_service: Service) -> None:
    await member(intake_service, "plain-1", rank="ORDINARY")
    with pytest.raises(Refusal, match="LEADER_NOT_QUALIFIED"):
        await team(intake_service, "T-4", "plain-1")
    with pytest.raises(Refusal, match="LEADER_UNKNOWN"):
        await team(intake_service, "T-4", "nobody")
    await member(intake_service, "lead-4", mandates=["PEOPLES_DEPUTY"])
    await team(intake_service, "T-4", "lead-4")
    with pytest.raises(Refusal, match="STILL_LEADS"):
        await member(intake_service, "lead-4", "2")


@pytest.mark.row("S15")
async def test_refuses_a_leader_assigned_two_levels_below(intake_service: Service) -> None:
    with pytest.raises(Refusal, match="NOT_ONE_LEVEL_BELOW"):
        await member(intake_service, "lead-5", rank="COUNTY", unit="370881000000", assigned=[VILLAGE])


async def test_names_and_phones_are_sealed_and_the_same_row_again_changes_nothing(intake_service: Service) -> None:
    await member(intake_service, "sealed-1")
    stored = await intake_service.runtime.database["members"].find_one({"_id": "sealed-1"})
    assert stored is not None
    assert "孔凡莹" not in str(stored)
    assert "13800000001" not in str(stored)
    assert await member(intake_service, "sealed-1", "2") == "unchanged"
    held = await intake_service.fieldwork.members.find("sealed-1")
    assert held is not None
    assert (held.name, held.key) == (stored["name"], stored["key"])
    assert intake_service.fieldwork.contact(held) == ("孔凡莹", "13800000001")


async def test_a_repeated_request_changes_nothing_and_another_payload_is_refused(intake_service: Service) -> None:
    await member(intake_service, "again-1")
    await member(intake_service, "again-1")
    stored = await intake_service.runtime.database["members"].find_one({"_id": "again-1"})
    assert stored is not None
    assert stored["version"] == 1
    with pytest.raises(RequestReused):
        await member(intake_service, "again-1", name="别人")


@pytest.mark.row("S28")
async def test_a_compound_and_its_buildings_are_recorded_and_found_by_text(intake_service: Service) -> None:
    parts, atlas = intake_service.fieldwork.record_divisions, intake_service.fieldwork.atlas
    for code, name in ((f"{VILLAGE}-07", "鲁班苑小区"), (f"{VILLAGE}-07-12", "12号楼")):
        await record_division(parts, COUNTY_ADMIN, RecordDivision(request_id=code, code=code, name=name), "")
    territory = await atlas.current()
    assert territory.full_name(f"{VILLAGE}-07-12") == "济宁市曲阜市鲁城街道鼓楼社区鲁班苑小区12号楼"
    assert atlas.gazetteer.locate("曲阜鲁班苑小区十二号楼").code == f"{VILLAGE}-07-12"


@pytest.mark.parametrize("code", ["370881001777", "370881999000", "nonsense", "370999001001-01"])
async def test_refuses_a_new_official_code_and_a_place_without_parent(intake_service: Service, code: str) -> None:
    with pytest.raises(Refusal, match=r"CODE_NOT_LOCAL|CODE_MALFORMED|DIVISION_UNKNOWN"):
        await record_division(
            intake_service.fieldwork.record_divisions, CITY_ADMIN, RecordDivision(request_id=code, code=code, name="x"), ""
        )


@pytest.mark.row("S7")
@pytest.mark.row("S21")
async def test_a_post_is_handed_over_on_its_day_and_announced_then(intake_service: Service) -> None:
    posts = intake_service.fieldwork.posts
    row: dict[str, Any] = {"id": "P-370881002-DIS", "post": "DISPATCHER", "division": "370881002000", "role": "DISPATCHER"}
    command = RecordPost(request_id="p1", holder="first", **row)
    await record_post(intake_service.fieldwork.record_posts, COUNTY_ADMIN, command, "")
    later = RecordPost(request_id="p2", holder="second", since=date(2099, 1, 1), **row)
    await record_post(intake_service.fieldwork.record_posts, COUNTY_ADMIN, later, "")
    assert [row.holder for row in await posts.of_place("370881002233") if row.id == command.id] == ["first"]
    assert [row.holder for row in await posts.of_place("370881002233", "2099-01-01") if row.id == command.id] == ["second"]
    await announced(intake_service, "intake.reference.posts_recorded.v1")
    await posts.collection.update_one({"_id": command.id}, {"$set": {"turns_on": "2020-01-01"}})
    await posts.turn()
    turned = await posts.load(command.id)
    assert turned is not None
    assert (turned["unannounced"], turned["version"]) == (True, 3)


@pytest.mark.parametrize(
    ("viewer", "code"),
    [
        (NOBODY, "UNAUTHENTICATED"),
        (RESIDENT, "ROLE_MISSING"),
        (OTHER_SECRETARY, "ROLE_MISSING"),
        (SECRETARY, "ROLE_MISSING"),
        (COUNTY_ADMIN, "OUT_OF_SCOPE"),
        (CITY_ADMIN, None),
    ],
)
async def test_only_admins_record_and_only_in_their_territory(intake_service: Service, viewer: Viewer, code: str | None) -> None:
    recording = member(intake_service, "elsewhere", viewer=viewer, unit="370811011000")
    if code is None:
        assert await recording == "added"
    else:
        with pytest.raises(Refusal) as refused:
            await recording
        assert refused.value.code == code


async def test_the_tree_is_read_again_when_another_process_recorded(intake_service: Service) -> None:
    atlas = intake_service.fieldwork.atlas
    await atlas.current()
    await intake_service.runtime.database["divisions"].update_one({"_id": f"{VILLAGE}-01"}, {"$set": {"aliases": ["后作街", "老后作街"]}})
    await intake_service.runtime.database["revisions"].update_one({"_id": "divisions"}, {"$inc": {"revision": 1}})
    atlas._checked = float("-inf")
    assert "老后作街" in (await atlas.current()).get(f"{VILLAGE}-01").aliases


async def division(service: Service, code: str, request: str, viewer: Viewer = COUNTY_ADMIN, **changes: Any) -> str:
    command = RecordDivision(request_id=f"{code}-{request}", code=code, **({"name": "某小区"} | changes))
    return await record_division(service.fieldwork.record_divisions, viewer, command, "")


async def test_a_place_that_ended_by_mistake_is_recorded_again(intake_service: Service) -> None:
    code, atlas = f"{VILLAGE}-31", intake_service.fieldwork.atlas
    await division(intake_service, code, "1")
    await division(intake_service, code, "2", until=date(2020, 1, 1))
    assert not (await atlas.current()).knows(code)
    await division(intake_service, code, "3")
    assert (await atlas.current()).knows(code)


@pytest.mark.parametrize(
    ("code", "viewer", "changes", "refusal"),
    [
        ("370881000000", CITY_ADMIN, {"name": "曲阜市", "until": date(2020, 1, 1)}, "PLACES_BELOW"),
        (TOWN, COUNTY_ADMIN, {"name": "鲁城街道", "until": date(2020, 1, 1)}, "PLACES_BELOW"),
        ("370881000901", COUNTY_ADMIN, {}, "CODE_NOT_LOCAL"),
        (f"{VILLAGE}-32", COUNTY_ADMIN, {"since": date(1, 1, 1)}, "BAD_DAY"),
        (f"{VILLAGE}-32", COUNTY_ADMIN, {"since": date(2020, 1, 1), "until": date(2020, 1, 1)}, "ENDS_BEFORE_BEGIN"),
    ],
)
async def test_what_would_tear_the_tree_is_refused(
    intake_service: Service, code: str, viewer: Viewer, changes: dict[str, Any], refusal: str
) -> None:
    before = len(await intake_service.fieldwork.atlas.current())
    with pytest.raises(Refusal) as refused:
        await division(intake_service, code, "tear", viewer, **changes)
    assert refused.value.code == refusal
    assert len(await intake_service.fieldwork.atlas.current()) == before


async def test_a_post_turns_on_each_of_its_days(intake_service: Service) -> None:
    posts = intake_service.fieldwork.posts
    row: dict[str, Any] = {"id": "P-370881003-DIS", "post": "DISPATCHER", "division": "370881003000", "role": "DISPATCHER"}
    for request, holder, since in (("1", "a", None), ("2", "b", date(2098, 1, 1)), ("3", "c", date(2099, 1, 1))):
        command = RecordPost(request_id=f"{row['id']}-{request}", holder=holder, since=since, **row)
        await record_post(intake_service.fieldwork.record_posts, COUNTY_ADMIN, command, "")
    while await intake_service.fieldwork.announcer.announce():
        pass
    for day, turns_on in (("2098-01-01", "2099-01-01"), ("2099-01-01", None)):
        later = Posts(intake_service.runtime.database, lambda day=day: day)
        await later.turn()
        held = await posts.load(row["id"])
        assert held is not None
        assert (held["unannounced"], held["turns_on"]) == (True, turns_on)


async def test_nobody_puts_members_into_a_team_of_another_territory(intake_service: Service) -> None:
    await member(intake_service, "lead-6", rank="SECTION")
    await team(intake_service, "T-6", "lead-6")
    elsewhere = Viewer(sub="admin-2", roles=COUNTY_ADMIN.roles, scopes=(from_code("370811000000", Level.COUNTY),))
    with pytest.raises(Refusal) as refused:
        await member(intake_service, "mole", viewer=elsewhere, unit="370811011000", team="T-6")
    assert (refused.value.code, refused.value.field) == ("TEAM_ELSEWHERE", "team")
    held = await intake_service.fieldwork.teams.find("T-6")
    assert held is not None
    # Recorded before the team was: not shown with it.
    assert not held.near("370811011000")
    assert [held.near(unit) for unit in (TOWN, VILLAGE, "370881000000", "370800000000")] == [True, True, True, True]


async def test_a_late_retry_of_an_unchanged_statement_undoes_nothing(intake_service: Service) -> None:
    await member(intake_service, "late-1", "a")
    await member(intake_service, "late-1", "b")
    await member(intake_service, "late-1", "c", rank="ORDINARY")
    assert await member(intake_service, "late-1", "b") == "unchanged"
    held = await intake_service.fieldwork.members.find("late-1")
    assert held is not None
    assert held.rank == "ORDINARY"


async def test_refusals_do_not_repeat_what_was_typed(intake_service: Service) -> None:
    for field in ("unit", "assigned"):
        value: Any = "13800000001" if field == "unit" else ["13800000001"]
        with pytest.raises(Refusal) as refused:
            await member(intake_service, "echo", **{field: value})
        assert "138" not in refused.value.en + refused.value.zh
