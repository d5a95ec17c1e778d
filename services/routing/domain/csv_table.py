"""What the CSV files have in common that an installation edits and publishes: columns, cells, and each fault by line and column. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, NamedTuple, TypeVar

Row = TypeVar("Row")
Cells = dict[str, str]
# Ids, codes and names travel in events and stand in answers.
LONGEST = 64
MOST_DAYS = 60


class BadTable(ValueError):
    """What is wrong, line by line, in both languages; nothing was published."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Fault(NamedTuple):
    """What is wrong with one cell."""

    column: str
    en: str
    zh: str


@dataclass(frozen=True)
class Form(Generic[Row]):
    """One kind of file. `faults` looks at the cells of a line; `row` is asked for lines without a fault. `once`: sets of columns whose
    cells together stand in one line only; the last column of a set is named. `most`: rows at most."""

    columns: tuple[str, ...]
    faults: Callable[[Cells], Iterable[Fault]]
    row: Callable[[Cells], Row]
    once: tuple[tuple[str, ...], ...]
    most: int

    def read(self, text: str) -> tuple[tuple[Row, ...], list[str]]:
        """The rows, and what is wrong; the lines with a fault are not among the rows."""
        reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
        rows, faults, seen = list[Row](), list[str](), set[tuple[str, ...]]()
        try:
            if tuple(reader.fieldnames or ()) != self.columns:
                return (), [f"line 1: the columns are {','.join(self.columns)} · 第1行：列名应为 {','.join(self.columns)}"]
            for cells in reader:
                found = list(self._found(cells, seen))
                line = reader.line_num
                faults += [f"line {line}, {column}: {en} · 第{line}行 {column}：{zh}" for column, en, zh in found]
                if not found:
                    rows.append(self.row(self._cells(cells)))
        except csv.Error as error:
            line = reader.reader.line_num
            faults.append(f"line {line}: no CSV ({error}) · 第{line}行：不是CSV格式")
        if len(rows) > self.most:
            faults.append(f"more than {self.most} rows · 不能超过{self.most}行")
        return tuple(rows), faults

    def _cells(self, read: dict[str, str | None]) -> Cells:
        return {column: (read[column] or "").strip() for column in self.columns}

    def _found(self, read: dict[str, str | None], seen: set[tuple[str, ...]]) -> Iterator[Fault]:
        cells = self._cells(read)
        yield from self.faults(cells)
        if None in read:
            yield Fault(self.columns[0], "more cells than columns", "单元格多于列数")
        for columns in self.once:
            key = (*columns, *(cells[column] for column in columns))
            if key in seen:
                yield Fault(columns[-1], "there twice", "重复")
            seen.add(key)


def written_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The file with these cells, in the order of the columns."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return file.getvalue()


def between(cells: Cells, column: str, least: int, most: int = LONGEST) -> Iterator[Fault]:
    """That a cell has at least and at most so many characters."""
    if not least <= len(cells[column]) <= most:
        yield Fault(column, f"{least} to {most} characters", f"须为{least}至{most}个字符")


def one_of(cells: Cells, column: str, words: Collection[str]) -> Iterator[Fault]:
    """That a cell has one of these words, or nothing."""
    if cells[column] and cells[column] not in words:
        yield Fault(column, f"one of {', '.join(words)}, or nothing", f"须为{'、'.join(words)}之一，或留空")


def day_of(text: str) -> date | None:
    """A day as YYYY-MM-DD, of this century; None for anything else."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text and 2000 <= day.year <= 2099 else None
