"""CSV and XLSX as rows of texts, in constant memory. Reading and writing block: callers use a thread."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from services.intake.domain.sheets import defused
from services.intake.domain.transfers import XLSX

UNPACKED_BYTES: Final = 600 * 1024 * 1024
"""The most that a workbook may unpack to: beyond it lies only a bomb."""
ENCODINGS: Final = ("utf-8-sig", "gb18030")
"""What spreadsheets of China write; the first that fits the whole file is taken."""


class BadTable(Exception):
    """The file is no table of the declared kind. The message names the fault, never content."""


def read_rows(path: Path, content_type: str) -> Iterator[list[str]]:
    """All rows, the header first; empty cells are empty texts. Raises BadTable."""
    return _read_xlsx(path) if content_type == XLSX else _read_csv(path)


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
    with path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                if sum(part.file_size for part in archive.infolist()) > UNPACKED_BYTES:
                    raise BadTable("the workbook unpacks to more than is allowed")
            book = load_workbook(file, read_only=True, data_only=True)
        except (zipfile.BadZipFile, InvalidFileException, KeyError, OSError, ValueError) as error:
            raise BadTable("not a workbook") from error
        try:
            for row in book.worksheets[0].iter_rows(values_only=True):
                yield [_text(value) for value in row]
        finally:
            book.close()


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
        self._path = path
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet("民意")

    def add(self, rows: list[list[str]]) -> None:
        for row in rows:
            self._sheet.append([defused(cell) for cell in row])

    def close(self) -> None:
        self._book.save(self._path)
