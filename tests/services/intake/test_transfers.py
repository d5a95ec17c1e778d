"""Imports and exports over the real store: good rows land, bad ones come back, twice is once, a crash in the middle goes on."""

import csv
import hashlib
import io
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from openpyxl import Workbook, load_workbook

from services.intake.domain.sheets import SHEETS, armed, defused, header
from services.intake.domain.transfers import CSV, XLSX, Kind, Transfer
from services.intake.domain.uploads import IMPORT, UploadLimits, UploadTicket, new_ticket
from services.intake.service import Service
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
        (7, "", "OUT_OF_SCOPE"),
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
    stored = await intake_service.runtime.database["households"].find_one({"village": VILLAGE, "number": "sum-0"})
    assert stored is not None
    assert stored["place"] == f"{VILLAGE}-01"
    assert not any(word in str(stored) for word in ("孔凡莹", "13800000001", "3号楼"))
    raw = await intake_service.fieldwork.transfers.load(job.id)
    events = [entry["row"] for entry in (raw or {})["outbox"] if entry["kind"] == "event"]
    assert [event["type"] for event in events] == ["intake.reference.households_imported.v1"]
    told = orjson.loads(bytes(events[0]["body"]))["data"]
    assert {name: told[name] for name in ("added", "changed", "unchanged", "refused")} == {
        "added": 1_098,
        "changed": 0,
        "unchanged": 0,
        "refused": 2,
    }


class PowerCut(Exception):
    pass


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
    # Other tests keep households without a name, which nothing masks.
    own = "\r\n".join(line for line in text.splitlines() if "mask" in line or "编号" in line)
    again = await done(intake_service, await begin(intake_service, kind, own.encode(), tmp_path))
    assert (again.added, again.changed, again.refused) == (0, 0, 2)
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
