"""One chunk of an imported file: each row becomes the same command that a person would give, with all its rules, and good rows land
whatever the bad ones are. A row's request id is the job and its line: doing a chunk twice gives the same outcomes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from services.intake.domain.sheets import LONGEST_CELL, SHEETS, Column, armed, is_masked
from services.intake.domain.transfers import Fault, Kind, Outcome, Transfer
from services.intake.usecases.recording import IMPORT_ORIGIN
from shared.identity.errors import Refusal
from shared.identity.scopes import holds
from shared.identity.viewer import Viewer
from shared.writer import RequestReused

Record = Callable[[Viewer, Any, str], Awaitable[Outcome]]
Kept = tuple[Outcome, list[Fault]]


@dataclass(frozen=True)
class Line:
    """One row of the file under its header's columns; `number` as a spreadsheet counts, the header being 1."""

    number: int
    cells: list[str]


class RowFault(Exception):
    """What is wrong with a cell; `column` by the command's field."""

    def __init__(self, column: str | None, code: str, reason: str, reason_zh: str) -> None:
        super().__init__(code)
        self.column, self.code, self.reason, self.reason_zh = column, code, reason, reason_zh


def values_of(kind: Kind, columns: Sequence[Column | None], line: Line) -> dict[str, Any]:
    """The row as a command's fields; empty cells are left out. Raises RowFault."""
    values: dict[str, Any] = {}
    for column, cell in zip(columns, line.cells, strict=False):
        if column is None:
            continue
        text = armed(cell)
        if len(text) > LONGEST_CELL:
            raise RowFault(column.name, "TOO_LONG", f"Longer than {LONGEST_CELL} characters.", f"超过{LONGEST_CELL}字。")
        if is_masked(text):
            raise RowFault(
                column.name, "MASKED", "The cell is masked: exports cannot be imported as they are.", "内容已脱敏，不能直接导入。"
            )
        value = column.read(text)
        if value:
            values[column.name] = value
    for column in SHEETS[kind]:
        if column.required and column.name not in values:
            raise RowFault(column.name, "MISSING", "This column must be filled.", "该列必须填写。")
    return values


def faults_of(kind: Kind, line: Line, fault: RowFault | Refusal | ValidationError | RequestReused) -> list[Fault]:
    """In both languages, by the column's Chinese title; never the value."""
    if isinstance(fault, ValidationError):
        errors = fault.errors(include_input=False, include_url=False, include_context=False)
        return [
            Fault(
                line=line.number,
                column=_title(kind, str(error["loc"][0]) if error["loc"] else None),
                code="INVALID_INPUT",
                reason=error["msg"],
                reason_zh="内容不符合要求。",
            )
            for error in errors
        ]
    if isinstance(fault, RowFault):
        words = (fault.column, fault.code, fault.reason, fault.reason_zh)
    elif isinstance(fault, Refusal):
        words = (fault.field, fault.code, fault.en, fault.zh)
    else:
        words = (None, "LINE_CHANGED", "This line was taken up before with other content.", "该行先前已按其他内容导入。")
    column, code, reason, reason_zh = words
    return [Fault(line=line.number, column=_title(kind, column), code=code, reason=reason, reason_zh=reason_zh)]


def _title(kind: Kind, name: str | None) -> str:
    plain = (name or "").replace("_", "").lower()
    return next((column.zh for column in SHEETS[kind] if column.name.replace("_", "").lower() == plain), "")


def require_inside(job: Transfer, place: str, column: str) -> None:
    """A row lies in the division that the job was asked for. Raises RowFault."""
    if not holds(job.division, place):
        raise RowFault(column, "OUTSIDE", "This row lies outside of the import's division.", "该行不在本次导入的区划之内。")


@dataclass(frozen=True)
class RecordRows:
    """Rows of the organisation: the command's model, the use case that takes it, and the columns that tell the row and its place."""

    model: type[BaseModel]
    record: Record
    key: str
    place: str

    async def keep(self, job: Transfer, columns: Sequence[Column | None], lines: Sequence[Line]) -> list[Kept]:
        viewer = job.asker.viewer()
        met: set[str] = set()
        return [await self._one(job, viewer, columns, line, met) for line in lines]

    async def _one(self, job: Transfer, viewer: Viewer, columns: Sequence[Column | None], line: Line, met: set[str]) -> Kept:
        try:
            values = values_of(job.kind, columns, line)
            require_inside(job, values[self.place], self.place)
            if values[self.key] in met:
                raise RowFault(self.key, "TWICE", "This row stands twice in the file.", "该行在文件中重复。")
            met.add(values[self.key])
            return await self.record(viewer, self.model(request_id=f"{job.id}:{line.number}", **values), f"{IMPORT_ORIGIN}{job.id}"), []
        except (RowFault, Refusal, ValidationError, RequestReused) as fault:
            return "refused", faults_of(job.kind, line, fault)
