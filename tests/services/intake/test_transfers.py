"""Imports and exports over the real store: good rows land, bad ones come back, twice is once, a crash in the middle goes on."""

import csv
import hashlib
import io
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from openpyxl import Workbook, load_workbook

from services.intake.adapters.tables import table_writer
from services.intake.domain.sheets import SHEETS, armed, defused, header
from services.intake.domain.transfers import CSV, TRIES, XLSX, Kind, Transfer
from services.intake.domain.uploads import IMPORT, UploadLimits, UploadTicket, new_ticket
from services.intake.service import Service
from services.intake.store.transfers import RefusedRow
from services.intake.usecases.record_division import RecordDivision, record_division
from services.intake.usecases.record_member import RecordMember, record_member
from services.intake.usecases.record_post import RecordPost, record_post
from services.intake.usecases.record_team import RecordTeam, record_team
from services.intake.usecases.run_transfer import LEASE, RunTransfers
from services.intake.usecases.start_transfer import StartExport, StartImport, start_export, start_import
from shared.identity.errors import Refusal
from shared.identity.viewer import Viewer
from tests.services.intake.viewers import CITY_ADMIN, COUNTY_ADMIN, NOBODY, RESIDENT, SECRETARY, VILLAGE

COUNTY, TOWN = "370881000000", "370881001000"


def sheet(kind: Kind, rows: list[list[str]], encoding: str = "utf-8-sig") -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([header(kind), *rows])
    return out.getvalue().encode(encoding)


def people(tag: str, count: int) -> list[list[str]]:
    return [
        [f"{tag}-{n}", f"孔{chr(0x4E00 + n)}", f"1380000{n:04}", "", "网格员、楼栋长", "科级", "党代表", TOWN, VILLAGE, "", "双报到"]
        for n in range(count)
    ]


def homes(tag: str, count: int) -> list[list[str]]:
    return [[f"{VILLAGE}-01", f"{tag}{n}", "孔凡莹", "13800000001", "3号楼2单元501", "3", "T-H", ""] for n in range(count)]


@pytest_asyncio.fixture(scope="module", autouse=True, loop_scope="session")
async def team(intake_service: Service) -> None:
    """The team that the households of these files are with."""
    parts = intake_service.fieldwork
    leader: dict[str, Any] = {"name": "孔某", "kinds": ["AGENCY_OFFICIAL"], "rank": "SECTION", "unit": COUNTY}
    await record_member(parts.record_members, CITY_ADMIN, RecordMember(request_id="T-H", id="lead-h", **leader), "")
    made = RecordTeam(request_id="T-H", code="T-H", name="一组", division=COUNTY, leader="lead-h", contact_units=[VILLAGE])
    await record_team(parts.record_teams, CITY_ADMIN, made, "")


async def begin(service: Service, kind: Kind, content: bytes, tmp_path: Path, viewer: Viewer = COUNTY_ADMIN, type_: str = CSV) -> str:
    """Upload and start; the job's id."""
    sha256, id = hashlib.sha256(content).hexdigest(), str(uuid.uuid4())
    path = tmp_path / id
    path.write_bytes(content)
    now = service.runtime.world.real_now()
    ticket = new_ticket(
        id=id,
        uploader=viewer.sub,
        grievance=None,
        name="a.csv",
        content_type=type_,
        size=len(content),
        sha256=sha256,
        purpose=IMPORT,
        now=now,
        limits=UploadLimits(),
    )
    assert isinstance(ticket, UploadTicket)
    await service.uploads.open(ticket)
    await service.files.put(path, sha256, type_, f"{id}/1", now)
    assert await service.uploads.stored(id, now)
    command = StartImport(request_id=id, kind=kind, attachment_id=id, division=COUNTY)
    return await start_import(service.fieldwork.start_transfers, viewer, command, "")


async def done(service: Service, id: str, run: RunTransfers | None = None) -> Transfer:
    await (run or service.fieldwork.run_transfers).round()
    job = await service.fieldwork.transfers.find(id)
    assert job is not None
    return job


async def content_of(service: Service, sha256: str | None) -> bytes:
    content = await service.files.find(sha256 or "")
    assert content is not None
    return b"".join([piece async for piece in service.files.read(content)])


def counts(job: Transfer) -> tuple[int, int, int, int]:
    return job.added, job.changed, job.unchanged, job.refused


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
    rows = homes("sum-", 1_100)
    rows[0][0] = "曲阜市鼓楼社区后作街小区"
    rows[1][0] = "曲阜市"
    rows[2][5] = "许多"
    job = await done(intake_service, await begin(intake_service, "HOUSEHOLDS", sheet("HOUSEHOLDS", rows), tmp_path))
    assert counts(job) == (1_098, 0, 0, 2)
    stored = await intake_service.runtime.database["households"].find({"village": VILLAGE}).to_list(None)
    assert not any(word in str(row) for row in stored for word in ("孔凡莹", "13800000001", "3号楼", "sum-", f"{VILLAGE}-01"))
    opened = [intake_service.cipher.unwrap(row["person"], row["key"]) for row in stored]
    told = {key.decrypt("number", row["number"]): key.decrypt("place", row["place"]) for key, row in zip(opened, stored, strict=True)}
    assert (told["sum-0"], told["sum-5"]) == (f"{VILLAGE}-01", f"{VILLAGE}-01")
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


class PowerCut(BaseException):
    """The process ends here: nothing catches it."""


def cut_at(place: int) -> Callable[[str], Any]:
    """The process ends at the n-th step that it reaches."""
    reached = 0

    async def step(_where: str) -> None:
        nonlocal reached
        reached += 1
        if reached == place:
            raise PowerCut

    return step


@pytest.mark.parametrize("kind", ["DEPARTMENTS", "HOUSEHOLDS"])
@pytest.mark.parametrize("place", [1, 2, 3, 4, 5, 6])
async def test_an_import_that_was_cut_goes_on_and_ends_as_if_nothing_had_been(
    intake_service: Service, tmp_path: Path, kind: Kind, place: int
) -> None:
    tag = f"cut{place}-"
    if kind == "HOUSEHOLDS":
        rows = homes(tag, 620)
        rows[3][0] = "北京"
    else:
        rows = [[f"D-{tag}{n}", "局", COUNTY, "h", "r"] for n in range(520)]
        rows[3][2] = "1"
    id = await begin(intake_service, kind, sheet(kind, rows), tmp_path)
    run = intake_service.fieldwork.run_transfers
    with pytest.raises(PowerCut):
        await replace(run, reached=cut_at(place)).round()
    assert (await done(intake_service, id)).state == "RUNNING"
    late = replace(run, real_now=lambda: run.real_now() + 2 * LEASE)
    job = await done(intake_service, id, late)
    assert (job.state, counts(job)) == ("DONE", (len(rows) - 1, 0, 0, 1))
    assert job.report is not None
    assert len((await content_of(intake_service, job.report)).splitlines()) == 2


async def test_who_has_lost_the_lease_stops(intake_service: Service, tmp_path: Path) -> None:
    id = await begin(intake_service, "DEPARTMENTS", sheet("DEPARTMENTS", [["D-lost-1", "局", COUNTY, "h", "r"]]), tmp_path)
    run = intake_service.fieldwork.run_transfers
    other = replace(run, real_now=lambda: run.real_now() + timedelta(hours=1))

    async def overtaken(where: str) -> None:
        if where == "rows kept":
            await other.round()

    assert await replace(run, reached=overtaken).round() == 0
    job = await intake_service.fieldwork.transfers.find(id)
    assert job is not None
    assert (job.state, counts(job)) == ("DONE", (1, 0, 0, 0))


@pytest.mark.parametrize("format", ["CSV", "XLSX"])
async def test_an_export_is_harmless_to_spreadsheets_and_comes_back_unchanged(intake_service: Service, tmp_path: Path, format: str) -> None:
    rows = [["D-370881-X", "=HYPERLINK(1)", TOWN, "h", "r"], ["D-370881-Y", "@SUM", TOWN, "h", "r"]]
    await done(intake_service, await begin(intake_service, "DEPARTMENTS", sheet("DEPARTMENTS", rows), tmp_path))
    command = StartExport(request_id=f"x-{format}", kind="DEPARTMENTS", format=format, division=TOWN)
    job = await done(intake_service, await start_export(intake_service.fieldwork.start_transfers, COUNTY_ADMIN, command, ""))
    content = await content_of(intake_service, job.sha256)
    if format == "CSV":
        found = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    else:
        found = [list(row) for row in load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)]
    assert found[0] == header("DEPARTMENTS")
    names = {row[0]: row[1] for row in found[1:]}
    assert (names["D-370881-X"], names["D-370881-Y"]) == ("'=HYPERLINK(1)", "'@SUM")
    back = await begin(intake_service, "DEPARTMENTS", content, tmp_path, type_=CSV if format == "CSV" else XLSX)
    assert counts(await done(intake_service, back)) == (0, 0, len(found) - 1, 0)


@pytest.mark.parametrize("kind", ["MEMBERS", "HOUSEHOLDS"])
async def test_people_are_masked_in_exports_and_masks_never_become_names(intake_service: Service, tmp_path: Path, kind: Kind) -> None:
    rows = people("mask", 2) if kind == "MEMBERS" else homes("mask", 2)
    await done(intake_service, await begin(intake_service, kind, sheet(kind, rows), tmp_path))
    command = StartExport(request_id=f"m-{kind}", kind=kind, division=TOWN)
    job = await done(intake_service, await start_export(intake_service.fieldwork.start_transfers, COUNTY_ADMIN, command, ""))
    content = await content_of(intake_service, job.sha256)
    text = content.decode("utf-8-sig")
    assert "13800000001" not in text
    assert "孔凡莹" not in text
    assert "138****0001" in text
    own = "\r\n".join(line for line in text.splitlines() if kind == "HOUSEHOLDS" or "mask" in line or "编号" in line)
    again = await done(intake_service, await begin(intake_service, kind, own.encode(), tmp_path))
    assert (again.added, again.changed, again.refused) == (0, 0, len(own.splitlines()) - 1)
    assert {fault.code for fault in again.faults} == {"MASKED"}


async def test_reads_what_a_chinese_spreadsheet_writes(intake_service: Service, tmp_path: Path) -> None:
    rows = [["D-gbk-1", "济宁市某局", TOWN, "h", "r"]]
    job = await done(intake_service, await begin(intake_service, "DEPARTMENTS", sheet("DEPARTMENTS", rows, "gb18030"), tmp_path))
    assert counts(job) == (1, 0, 0, 0)
    held = await intake_service.fieldwork.departments.find("D-gbk-1")
    assert held is not None
    assert held.name == "济宁市某局"


@pytest.mark.parametrize(
    ("content", "type_"), [(b"a,b\n1,2\n", CSV), (b"PK\x03\x04 no book", XLSX), (b"\xff\xfe\x00\x81\xff", CSV), (b"", CSV)]
)
async def test_a_file_that_is_no_such_sheet_fails_with_words(intake_service: Service, tmp_path: Path, content: bytes, type_: str) -> None:
    content = content or b"\n"
    job = await done(intake_service, await begin(intake_service, "MEMBERS", content, tmp_path, type_=type_))
    assert (job.state, counts(job)) == ("FAILED", (0, 0, 0, 0))
    assert job.failure
    assert job.failure_zh


async def test_a_workbook_that_unpacks_to_too_much_is_not_opened(
    intake_service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.intake.adapters.tables.UNPACKED_BYTES", 100)
    book, out = Workbook(), io.BytesIO()
    book.save(out)
    job = await done(intake_service, await begin(intake_service, "MEMBERS", out.getvalue(), tmp_path, type_=XLSX))
    assert job.state == "FAILED"


@pytest.mark.parametrize("cell", ["=1+1", "+86 138", "-x", "@a", "\tq", "plain", "'quoted", ""])
def test_a_defused_cell_says_what_it_said(cell: str) -> None:
    assert not defused(cell).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert armed(defused(cell)) == cell.strip() or cell.startswith("\t")


def test_every_sheet_has_a_template_with_its_required_columns_marked() -> None:
    for kind, columns in SHEETS.items():
        assert [cell.endswith("*") for cell in header(kind)] == [column.required for column in columns]


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


def workbook(*rows: list[str]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def repacked(change: Callable[[str, bytes], bytes | None]) -> bytes:
    """A workbook of members whose parts are changed, or left out."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(header("MEMBERS"), *people("pack", 1)))) as archive,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in archive.namelist():
            part = change(name, archive.read(name))
            if part is not None:
                packed.writestr(name, part)
    return out.getvalue()


def in_sheet(old: bytes, new: bytes) -> Callable[[str, bytes], bytes]:
    return lambda name, part: part.replace(old, new, 1) if name.endswith("sheet1.xml") else part


def broken(whole: bytes) -> bytes:
    """Zeros in the middle of the sheet's compressed bytes."""
    at = whole.index(b"sheet1.xml") + 100
    return whole[:at] + bytes(40) + whole[at + 40 :]


DAMAGED = {
    "no content types": lambda: repacked(lambda name, part: None if name == "[Content_Types].xml" else part),
    "cut XML": lambda: repacked(lambda name, part: part[: len(part) // 2] if name.endswith("sheet1.xml") else part),
    "no sheet": lambda: repacked(lambda name, part: None if name.endswith("sheet1.xml") else part),
    "cut file": lambda: workbook(header("MEMBERS"))[:-200],
    "broken compression": lambda: broken(workbook(header("MEMBERS"), *people("zip", 50))),
    "two thousand million rows": lambda: repacked(in_sheet(b'<row r="2"', b'<row r="2000000000"')),
}


@pytest.mark.parametrize("damage", DAMAGED)
async def test_a_damaged_workbook_fails_with_words_and_holds_up_no_other(
    intake_service: Service, tmp_path: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.intake.adapters.tables.ROWS", 2_000)
    job = await done(intake_service, await begin(intake_service, "MEMBERS", DAMAGED[damage](), tmp_path, type_=XLSX))
    assert (job.state, job.added) == ("FAILED", 0)
    assert job.failure
    assert job.failure_zh
    assert await intake_service.fieldwork.transfers.open_ids(5) == []


async def test_a_file_that_fails_in_the_middle_leaves_no_refused_rows_behind(intake_service: Service, tmp_path: Path) -> None:
    rows = [[f"mid-{n}", "孔凡莹", "13800000001", "", "厨师", "", "", TOWN, "", "", ""] for n in range(600)]
    content = sheet("MEMBERS", rows) + b'"' + b"x" * 200_000 + b'"\n'
    job = await done(intake_service, await begin(intake_service, "MEMBERS", content, tmp_path))
    assert job.state == "FAILED"
    assert await intake_service.runtime.database["transfer_faults"].find_one({}) is None


async def test_rows_that_a_lost_worker_left_behind_are_forgotten(intake_service: Service, tmp_path: Path) -> None:
    job = await done(intake_service, await begin(intake_service, "MEMBERS", sheet("MEMBERS", people("left", 1)), tmp_path))
    await intake_service.fieldwork.transfers.keep_refused(job.id, 1, [RefusedRow(["孔凡莹"], [])])
    await intake_service.fieldwork.run_transfers.sweep()
    assert await intake_service.runtime.database["transfer_faults"].find_one({}) is None


async def test_a_job_that_ends_its_worker_each_time_is_given_up(intake_service: Service, tmp_path: Path) -> None:
    id = await begin(intake_service, "MEMBERS", sheet("MEMBERS", people("fatal", 2)), tmp_path)
    run = intake_service.fieldwork.run_transfers
    for number in range(TRIES):
        late = replace(run, real_now=lambda n=number: run.real_now() + n * 2 * LEASE, reached=cut_at(1))
        with pytest.raises(PowerCut):
            await late.round()
    job = await done(intake_service, id, replace(run, real_now=lambda: run.real_now() + (TRIES + 1) * 2 * LEASE))
    assert job.state == "FAILED"


async def test_a_defect_met_by_one_file_does_not_hold_up_the_others(intake_service: Service, tmp_path: Path) -> None:
    bad = await begin(intake_service, "MEMBERS", sheet("MEMBERS", people("defect", 1)), tmp_path)
    good = await begin(intake_service, "DEPARTMENTS", sheet("DEPARTMENTS", [["D-beside-1", "局", COUNTY, "h", "r"]]), tmp_path)
    run = intake_service.fieldwork.run_transfers

    class Defective:
        async def keep(self, *_arguments: object) -> list[Any]:
            raise KeyError("a defect of ours")

    job = await done(intake_service, good, replace(run, rows={**run.rows, "MEMBERS": Defective()}))
    assert job.state == "DONE"
    late = replace(run, real_now=lambda: run.real_now() + 2 * LEASE)
    assert (await done(intake_service, bad, late)).state == "DONE"


async def test_too_many_refused_rows_end_the_job(intake_service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.intake.usecases.run_transfer.MOST_REFUSED", 5)
    rows = [["x"] * 11 for _ in range(20)]
    job = await done(intake_service, await begin(intake_service, "MEMBERS", sheet("MEMBERS", rows), tmp_path))
    assert (job.state, job.refused) == ("FAILED", 20)


async def test_endless_cells_and_columns_are_cut_and_come_back_in_the_report(intake_service: Service, tmp_path: Path) -> None:
    rows = [[f"long-{n}", "长" * 90_000, *([""] * 9), *(["z" * 1_000] * 100)] for n in range(60)]
    job = await done(intake_service, await begin(intake_service, "MEMBERS", sheet("MEMBERS", rows), tmp_path))
    assert (job.state, counts(job)) == ("DONE", (0, 0, 0, 60))
    assert {fault.code for fault in job.faults} == {"TOO_LONG"}
    assert len(await content_of(intake_service, job.report)) < 60 * 4_000


async def test_files_are_forgotten_after_their_days_and_not_before(intake_service: Service, tmp_path: Path) -> None:
    job = await done(intake_service, await begin(intake_service, "MEMBERS", sheet("MEMBERS", people("old", 1)), tmp_path))
    run = intake_service.fieldwork.run_transfers
    for days, there in ((6, True), (8, False)):
        later = timedelta(days=days)
        await replace(run, now=lambda by=later: run.now() + by, real_now=lambda by=later: run.real_now() + by).sweep()
        assert (await intake_service.files.find(job.sha256 or "") is not None) == there


async def test_a_file_that_a_young_job_needs_is_kept_though_it_came_long_ago(intake_service: Service, tmp_path: Path) -> None:
    content = sheet("MEMBERS", people("young", 1))
    job = await done(intake_service, await begin(intake_service, "MEMBERS", content, tmp_path))
    run = intake_service.fieldwork.run_transfers
    await replace(run, real_now=lambda: run.real_now() + timedelta(days=8)).sweep()
    assert await intake_service.files.find(job.sha256 or "") is not None


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


async def test_an_export_of_odd_characters_is_a_workbook_all_the_same(tmp_path: Path) -> None:
    writer = table_writer(tmp_path / "odd.xlsx", XLSX)
    writer.add([["一\x0b组", "=1"]])
    writer.close()
    assert [[cell.value for cell in row] for row in load_workbook(tmp_path / "odd.xlsx").active.iter_rows()] == [["一组", "'=1"]]
