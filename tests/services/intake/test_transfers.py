"""Imports and exports over the real store: good rows land, bad ones come back, twice is once; each row by the rules of its kind."""

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio

from services.intake.domain.transfers import Kind
from services.intake.service import Service
from services.intake.usecases.record_division import RecordDivision, record_division
from services.intake.usecases.record_post import RecordPost, record_post
from services.intake.usecases.start_transfer import StartExport, StartImport, start_export, start_import
from shared.identity.errors import Refusal
from shared.identity.viewer import Viewer
from tests.services.intake.transfer_files import COUNTY, begin, content_of, counts, done, found_team, homes, people, sheet
from tests.services.intake.viewers import CITY_ADMIN, COUNTY_ADMIN, NOBODY, RESIDENT, SECRETARY, VILLAGE


@pytest_asyncio.fixture(scope="module", autouse=True, loop_scope="session")
async def team(intake_service: Service) -> None:
    await found_team(intake_service)


async def test_good_rows_land_and_bad_ones_come_back_with_line_column_and_reason(intake_service: Service, tmp_path: Path) -> None:
    rows = people("good", 4)
    rows[1][1] = ""
    rows[2][4] = "厨师"
    rows.append(["good-9", "李四", "", "", "网格员", "科级", "", COUNTY, VILLAGE, "", ""])
    rows.append(["good-10", "王五", "", "", "网格员", "", "", "370811011000", "", "", ""])
    job = await done(intake_service, await begin(intake_service, "MEMBERS", sheet("MEMBERS", rows), tmp_path))
    assert (job.state, counts(job), job.line) == ("DONE", (2, 0, 0, 4), 7)
    assert [(fault.line, fault.column, fault.code) for fault in job.faults] == [
        (3, "姓名", "MISSING"),
        (4, "人员类别", "INVALID_INPUT"),
        (6, "下沉区划代码", "NOT_ONE_LEVEL_BELOW"),
        (7, "所属区划代码", "OUTSIDE"),
    ]
    assert all(fault.reason.isascii() and not fault.reason_zh.isascii() for fault in job.faults)
    report = list(csv.reader(io.StringIO((await content_of(intake_service, job.report)).decode("utf-8-sig"))))
    assert [row[0] for row in report[1:]] == ["3", "4", "6", "7"]
    assert report[2][4] == "good-2"
    held = await intake_service.fieldwork.members.find("good-0")
    assert held is not None
    assert (held.kinds, held.rank, held.mandates) == (["GRID_WORKER", "BUILDING_HEAD"], "SECTION", ["PARTY_DELEGATE"])
    assert await intake_service.runtime.database["transfer_faults"].find_one({"transfer": job.id}) is None


@pytest.mark.parametrize("kind", ["MEMBERS", "HOUSEHOLDS"])
async def test_the_same_file_twice_changes_nothing(intake_service: Service, tmp_path: Path, kind: Kind) -> None:
    tag = f"twice-{kind.lower()}"
    content = sheet(kind, (people if kind == "MEMBERS" else homes)(tag, 30))
    collection = intake_service.runtime.database[kind.lower()]
    first = await done(intake_service, await begin(intake_service, kind, content, tmp_path))
    before = {row["_id"]: row["version"] async for row in collection.find({}, {"version": 1})}
    again = await done(intake_service, await begin(intake_service, kind, content, tmp_path))
    assert (counts(first), counts(again)) == ((30, 0, 0, 0), (0, 0, 30, 0))
    assert {row["_id"]: row["version"] async for row in collection.find({}, {"version": 1})} == before


async def test_households_are_placed_by_code_or_address_sealed_and_summed_up_in_one_event(intake_service: Service, tmp_path: Path) -> None:
    rows = homes("summed-up-", 1_100)
    rows[0][0] = "曲阜市鼓楼社区后作街小区"
    rows[1][0] = "曲阜市"
    rows[2][5] = "许多"
    job = await done(intake_service, await begin(intake_service, "HOUSEHOLDS", sheet("HOUSEHOLDS", rows), tmp_path))
    assert counts(job) == (1_098, 0, 0, 2)
    stored = await intake_service.runtime.database["households"].find({"village": VILLAGE}).to_list(None)
    # Long enough that no sealed text has one of them by chance: of four letters one run in forty had.
    words = ("孔凡莹", "13800000001", "3号楼", "summed-up-", f"{VILLAGE}-01")
    assert [(word, row) for row in stored for word in words if word in str(row)] == []
    opened = [intake_service.cipher.unwrap(row["person"], row["key"]) for row in stored]
    told = {key.decrypt("number", row["number"]): key.decrypt("place", row["place"]) for key, row in zip(opened, stored, strict=True)}
    assert (told["summed-up-0"], told["summed-up-5"]) == (f"{VILLAGE}-01", f"{VILLAGE}-01")
    raw = await intake_service.fieldwork.transfers.load(job.id)
    events = [entry["row"] for entry in (raw or {})["outbox"] if entry["kind"] == "event"]
    assert [event["type"] for event in events] == ["intake.reference.households_imported.v1"]
    summary = orjson.loads(bytes(events[0]["body"]))["data"]
    assert {name: summary[name] for name in ("added", "changed", "unchanged", "refused")} == {
        "added": 1_098,
        "changed": 0,
        "unchanged": 0,
        "refused": 2,
    }


@pytest.mark.parametrize(
    ("viewer", "code"),
    [(NOBODY, "UNAUTHENTICATED"), (RESIDENT, "ROLE_MISSING"), (SECRETARY, "ROLE_MISSING"), (COUNTY_ADMIN, "OUT_OF_SCOPE")],
)
async def test_only_admins_start_transfers_and_only_in_their_territory(intake_service: Service, viewer: Viewer, code: str) -> None:
    command = StartExport(request_id="no", kind="TEAMS", division="370811000000")
    with pytest.raises(Refusal) as refused:
        await start_export(intake_service.fieldwork.start_transfers, viewer, command, "")
    assert refused.value.code == code


async def test_nobody_imports_what_another_one_uploaded(intake_service: Service, tmp_path: Path) -> None:
    id = await begin(intake_service, "TEAMS", sheet("TEAMS", []), tmp_path)
    job = await intake_service.fieldwork.transfers.find(id)
    assert job is not None
    upload = await intake_service.runtime.database["uploads"].find_one({"sha256": job.sha256})
    assert upload is not None
    command = StartImport(request_id="theft", kind="TEAMS", attachment_id=upload["_id"], division=COUNTY)
    with pytest.raises(Refusal, match="ATTACHMENT_UNKNOWN"):
        await start_import(intake_service.fieldwork.start_transfers, CITY_ADMIN, command, "")


@pytest.mark.parametrize("kind", ["DIVISIONS", "POSTS"])
async def test_what_was_exported_changes_nothing_when_it_comes_back(intake_service: Service, tmp_path: Path, kind: Kind) -> None:
    parts = intake_service.fieldwork
    named = {"name": "旧小区", "since": date(2015, 6, 1)}, {"name": "新小区", "since": date(2019, 6, 1), "until": date(2090, 1, 1)}
    for request, row in enumerate(named):
        command = RecordDivision(request_id=f"ex-{request}", code=f"{VILLAGE}-41", **row)
        await record_division(parts.record_divisions, COUNTY_ADMIN, command, "")
    post: dict[str, Any] = {"id": "P-370881001901-DIS", "post": "DISPATCHER", "division": VILLAGE, "role": "DISPATCHER"}
    for holder, since in (("a", None), ("b", date(2099, 1, 1))):
        await record_post(parts.record_posts, COUNTY_ADMIN, RecordPost(request_id=f"ex-{holder}", holder=holder, since=since, **post), "")
    registry = intake_service.runtime.database[kind.lower()]
    before = {row["_id"]: row["version"] async for row in registry.find({}, {"version": 1})}
    exported = StartExport(request_id=f"back-{kind}", kind=kind, division=VILLAGE)
    job = await done(intake_service, await start_export(parts.start_transfers, COUNTY_ADMIN, exported, ""))
    content = await content_of(intake_service, job.sha256)
    again = await done(intake_service, await begin(intake_service, kind, content, tmp_path))
    assert (again.state, again.added, again.changed, again.refused) == ("DONE", 0, 0, 0)
    assert again.unchanged >= 1
    assert {row["_id"]: row["version"] async for row in registry.find({}, {"version": 1})} == before


async def test_compounds_and_their_buildings_land_from_one_file_and_rows_of_elsewhere_do_not(
    intake_service: Service, tmp_path: Path
) -> None:
    rows = [[f"{VILLAGE}-51", "甲小区", "", "", ""], *([f"{VILLAGE}-51-{n:02}", f"{n}号楼", "", "", ""] for n in range(1, 40))]
    rows += [["370811011001-51", "乙小区", "", "", ""], [f"{VILLAGE}-51", "甲小区", "", "", ""], [f"{VILLAGE}-52", " ", "", "", ""]]
    job = await done(intake_service, await begin(intake_service, "DIVISIONS", sheet("DIVISIONS", rows), tmp_path))
    assert counts(job) == (40, 0, 0, 3)
    assert [fault.code for fault in job.faults] == ["OUTSIDE", "TWICE", "MISSING"]
    territory = await intake_service.fieldwork.atlas.current()
    assert territory.get(f"{VILLAGE}-51-39").name == "39号楼"


async def test_a_household_is_with_a_team_of_its_place_and_under_a_member_of_it(intake_service: Service, tmp_path: Path) -> None:
    rows = homes("with-", 5)
    rows[0][6] = "T-NOWHERE"
    rows[1][7] = "nobody"
    rows[2][7] = "lead-h"
    rows[3][0] = "370881002000"
    job = await done(intake_service, await begin(intake_service, "HOUSEHOLDS", sheet("HOUSEHOLDS", rows), tmp_path))
    assert {fault.line: fault.code for fault in job.faults} == {
        2: "TEAM_UNKNOWN",
        3: "MEMBER_UNKNOWN",
        4: "MEMBER_ELSEWHERE",
        5: "PLACE_TOO_WIDE",
    }
    assert counts(job) == (1, 0, 0, 4)


async def test_a_compound_that_is_recorded_later_makes_no_second_household(intake_service: Service, tmp_path: Path) -> None:
    rows = [[f"曲阜市鲁城街道鼓楼社区丙小区{n}号楼", f"later-{n}", "孔凡莹", "", "", "3", "T-H", ""] for n in range(3)]
    first = await done(intake_service, await begin(intake_service, "HOUSEHOLDS", sheet("HOUSEHOLDS", rows), tmp_path))
    command = RecordDivision(request_id="later", code=f"{VILLAGE}-61", name="丙小区")
    await record_division(intake_service.fieldwork.record_divisions, COUNTY_ADMIN, command, "")
    again = await done(intake_service, await begin(intake_service, "HOUSEHOLDS", sheet("HOUSEHOLDS", rows), tmp_path))
    assert (counts(first), counts(again)) == ((3, 0, 0, 0), (0, 3, 0, 0))


async def test_faults_do_not_repeat_what_stands_in_the_cell(intake_service: Service, tmp_path: Path) -> None:
    rows = [["13800000001", "T-1", "13800000001", "13800000001", "13800000001", "", "13800000001"]]
    rows.append(["T-FAULT", "一组", COUNTY, "13800000001", VILLAGE, "", "13800000001"])
    job = await done(intake_service, await begin(intake_service, "TEAMS", sheet("TEAMS", rows), tmp_path))
    assert job.refused == 2
    assert "1380000" not in str([fault.model_dump() for fault in job.faults])
