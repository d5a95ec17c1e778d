"""What stands in the files of transfers: sheets and workbooks of any make, damaged, endless or hostile ones, masks."""

import csv
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import pytest_asyncio
from openpyxl import Workbook, load_workbook

from services.intake.adapters.tables import table_writer
from services.intake.domain.sheets import SHEETS, armed, defused, header
from services.intake.domain.transfers import CSV, XLSX, Kind
from services.intake.service import Service
from services.intake.usecases.start_transfer import StartExport, start_export
from tests.services.intake.transfer_files import TOWN, begin, content_of, counts, done, found_team, homes, people, sheet
from tests.services.intake.viewers import COUNTY_ADMIN


@pytest_asyncio.fixture(scope="module", autouse=True, loop_scope="session")
async def team(intake_service: Service) -> None:
    await found_team(intake_service)


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


async def test_endless_cells_and_columns_are_cut_and_come_back_in_the_report(intake_service: Service, tmp_path: Path) -> None:
    rows = [[f"long-{n}", "长" * 90_000, *([""] * 9), *(["z" * 1_000] * 100)] for n in range(60)]
    job = await done(intake_service, await begin(intake_service, "MEMBERS", sheet("MEMBERS", rows), tmp_path))
    assert (job.state, counts(job)) == ("DONE", (0, 0, 0, 60))
    assert {fault.code for fault in job.faults} == {"TOO_LONG"}
    assert len(await content_of(intake_service, job.report)) < 60 * 4_000


async def test_an_export_of_odd_characters_is_a_workbook_all_the_same(tmp_path: Path) -> None:
    writer = table_writer(tmp_path / "odd.xlsx", XLSX)
    writer.add([["一\x0b组", "=1"]])
    writer.close()
    assert [[cell.value for cell in row] for row in load_workbook(tmp_path / "odd.xlsx").active.iter_rows()] == [["一组", "'=1"]]
