"""CSV and XLSX as rows of texts, in constant memory. Reading and writing block: callers use a thread.

The library for workbooks is loaded by the first workbook: it would be a seventh of every process's start.
"""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

from services.intake.domain.sheets import defused
from services.intake.domain.transfers import XLSX

UNPACKED_BYTES: Final = 600 * 1024 * 1024
"""The most that a workbook may unpack to: beyond it lies only a bomb."""
SHARED_STRINGS_BYTES: Final = 48 * 1024 * 1024
"""The most of its one part that the library holds in memory, some eight times as large there."""
ROWS: Final = 500_000
COLUMNS: Final = 50
"""The largest archive of the source has 210,000 rows; a sheet of ours has eleven columns."""
ENCODINGS: Final = ("utf-8-sig", "gb18030")
"""What spreadsheets of China write; the first that fits the whole file is taken."""


class BadTable(Exception):
    """The file is no table of the declared kind. The message names the fault, never content."""


def read_rows(path: Path, content_type: str) -> Iterator[list[str]]:
    """All rows, the header first, at most `COLUMNS` cells each; empty cells are empty texts. Raises BadTable."""
    for number, row in enumerate(_read_xlsx(path) if content_type == XLSX else _read_csv(path)):
        if number > ROWS:
            raise BadTable(f"more than {ROWS} rows: send it in parts")
        yield row[:COLUMNS]


def _read_csv(path: Path) -> Iterator[list[str]]:
    encoding = _encoding(path)
    with path.open(encoding=encoding, newline="") as file:
        try:
            yield from csv.reader(file)
        except csv.Error as error:
            raise BadTable(f"not a CSV file: {error}") from error


def _encoding(path: Path) -> str:
    for encoding in ENCODINGS:
        try:
            with path.open(encoding=encoding, newline="") as file:
                while file.read(1 << 20):
                    pass
        except UnicodeDecodeError:
            continue
        return encoding
    raise BadTable("the text is neither UTF-8 nor GB 18030")


def _read_xlsx(path: Path) -> Iterator[list[str]]:
    from openpyxl import load_workbook

    with path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                strings = [part.file_size for part in archive.infolist() if part.filename.endswith("sharedStrings.xml")]
                if sum(part.file_size for part in archive.infolist()) > UNPACKED_BYTES or sum(strings) > SHARED_STRINGS_BYTES:
                    raise BadTable("the workbook unpacks to more than is allowed: save it as CSV")
            book = load_workbook(file, read_only=True, data_only=True)
            try:
                # Bounded here: a row may call itself the two thousand millionth, and the library makes all before it.
                for row in book.worksheets[0].iter_rows(max_row=ROWS + 2, max_col=COLUMNS, values_only=True):
                    yield [_text(value) for value in row]
            finally:
                book.close()
        except (BadTable, GeneratorExit):
            raise
        except Exception as error:
            # Damaged and locked workbooks raise whatever the library stumbles over: zlib's, XML's, attributes, indexes.
            raise BadTable("not a workbook that can be read") from error


def _text(value: object) -> str:
    if value is None:
        return ""
    # A code or phone that a spreadsheet took for a number.
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


class TableWriter(Protocol):
    def add(self, rows: list[list[str]]) -> None: ...

    def close(self) -> None: ...


def table_writer(path: Path, content_type: str) -> TableWriter:
    """Rows are defused as they are written."""
    return _XlsxWriter(path) if content_type == XLSX else _CsvWriter(path)


class _CsvWriter:
    def __init__(self, path: Path) -> None:
        # With a byte order mark: without it a spreadsheet shows Chinese as rubbish.
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)

    def add(self, rows: list[list[str]]) -> None:
        self._writer.writerows([[defused(cell) for cell in row] for row in rows])

    def close(self) -> None:
        self._file.close()


class _XlsxWriter:
    def __init__(self, path: Path) -> None:
        from openpyxl import Workbook
        from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

        self._illegal = ILLEGAL_CHARACTERS_RE
        self._path = path
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet("民意")

    def add(self, rows: list[list[str]]) -> None:
        for row in rows:
            self._sheet.append([self._illegal.sub("", defused(cell)) for cell in row])

    def close(self) -> None:
        self._book.save(self._path)
