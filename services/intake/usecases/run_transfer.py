"""A worker's part of imports and exports: take a job that nobody holds, go on from its checkpoint, chunk by chunk.

The checkpoint is written behind each chunk by whoever holds the lease; a chunk that was done but not written down is done again, with the
same outcomes. Whoever has lost the lease stops.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Protocol

from services.intake.adapters.files import FileStore
from services.intake.adapters.tables import BadTable, read_rows, table_writer
from services.intake.domain.sheets import LONGEST_CELL, Column, header, read_header
from services.intake.domain.transfers import CSV, FILES_FOR, MOST_REFUSED, TRIES, XLSX, Kind, Transfer
from services.intake.store.transfers import RefusedRow, Transfers
from services.intake.usecases.export_rows import Exports
from services.intake.usecases.keep_rows import Kept, Line
from shared import telemetry
from shared.contracts.base import Contract
from shared.contracts.intake import HouseholdsImportedV1
from shared.records import StoreTrouble
from shared.writer import Writer

CHUNK = 500
LEASE = timedelta(seconds=120)
REPORT_COLUMNS = ["行 line", "列 column", "原因", "reason"]


class Lost(Exception):
    """Another worker holds the job now."""


class Rows(Protocol):
    async def keep(self, job: Transfer, columns: Sequence[Column | None], lines: Sequence[Line]) -> list[Kept]: ...


async def _nothing(_where: str) -> None:
    return None


@dataclass(frozen=True)
class RunTransfers:
    """`reached` is called between the steps: a test stops there."""

    writer: Writer
    transfers: Transfers
    files: FileStore
    rows: Mapping[Kind, Rows]
    exports: Exports
    now: Callable[[], datetime]
    real_now: Callable[[], datetime]
    fresh_id: Callable[[], str]
    reached: Callable[[str], Awaitable[None]] = _nothing

    async def round(self) -> int:
        """Do all jobs that nobody holds; returns how many were brought to their end here."""
        ended = 0
        for id in await self.transfers.open_ids(20):
            holder = self.fresh_id()
            if not await self._take(id, holder):
                continue
            job = await self.transfers.find(id)
            if job is not None:
                ended += await self._do(job)
        return ended

    async def _do(self, job: Transfer) -> int:
        try:
            if job.tries > TRIES:
                raise BadTable("it cannot be worked through: its worker ended each time")
            await (self._import(job) if job.direction == "IMPORT" else self._export(job))
        except Lost:
            telemetry.log().info("a transfer goes on elsewhere", transfer=job.id)
            return 0
        except BadTable as fault:
            await self._fail(job, str(fault))
        except StoreTrouble:
            raise
        except Exception as error:
            # A defect of ours met by this file: the others go on, this one is tried again when its lease is over, and then given up.
            telemetry.log().error("a transfer met a defect", transfer=job.id, error=type(error).__name__, exc_info=True)
            return 0
        return 1

    async def sweep(self) -> int:
        """Remove files that came in, went out or tell of refused rows, long ago, and rows that a lost worker has left; returns how many
        files."""
        await self.transfers.forget_refused_of_ended()
        before = self.real_now() - FILES_FOR
        old = await self.files.of_types_before((CSV, XLSX), before, 200)
        needed = await self.transfers.files_needed(self.now() - FILES_FOR) if old else set()
        gone = [sha256 for sha256 in old if sha256 not in needed]
        for sha256 in gone:
            await self.files.forget(sha256, before)
        return len(gone)

    async def _import(self, job: Transfer) -> None:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "file"
            await self._fetch(job, path)
            rows = read_rows(path, job.content_type)
            try:
                cells: list[str] = await asyncio.to_thread(_first, rows)
                columns, missing = read_header(job.kind, cells)
                if missing:
                    raise BadTable(f"missing columns: {', '.join(column.zh for column in missing)}")
                job = await self._chunks(job, rows, columns)
            finally:
                await asyncio.to_thread(rows.close)  # type: ignore[attr-defined]
            report = await self._report(job, cells, Path(directory) / "report") if job.refused else None
        await self._end(job, lambda held: held.done(self.now(), report=report))
        await self.transfers.forget_refused(job.id)

    async def _chunks(self, job: Transfer, rows: Iterator[list[str]], columns: Sequence[Column | None]) -> Transfer:
        # The header is line 1: what lies before the checkpoint is read over.
        await asyncio.to_thread(_skip, rows, job.line - 1)
        while chunk := await asyncio.to_thread(lambda: list(islice(rows, CHUNK))):
            lines = [Line(job.line + offset, cells) for offset, cells in enumerate(chunk, start=1) if any(map(str.strip, cells))]
            kept = await self.rows[job.kind].keep(job, columns, lines)
            await self.reached("rows kept")
            refused = [
                RefusedRow(_cut(line.cells, columns), faults) for line, (_outcome, faults) in zip(lines, kept, strict=True) if faults
            ]
            if refused:
                await self.transfers.keep_refused(job.id, job.line, refused)
            await self.reached("refused kept")
            outcomes = [outcome for outcome, _faults in kept]
            all_faults = [fault for row in refused for fault in row.faults]
            until, line = self.real_now() + LEASE, job.line + len(chunk)
            job = await self._step(job, lambda held: held.advanced(line, outcomes, all_faults, until))  # noqa: B023
            await self.reached("checkpoint")
            if job.refused > MOST_REFUSED:
                raise BadTable(f"more than {MOST_REFUSED} rows were refused: is it the right template?")
        return job

    async def _export(self, job: Transfer) -> None:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "file"
            writer = table_writer(path, job.content_type)
            await asyncio.to_thread(writer.add, [header(job.kind)])
            count = 0
            async for chunk in self.exports.rows(job):
                await asyncio.to_thread(writer.add, chunk)
                count += len(chunk)
                await self._step(job, lambda held: held.advanced(held.line, [], [], self.real_now() + LEASE))
            await asyncio.to_thread(writer.close)
            sha256 = await self._keep(path, job.content_type)
        await self._end(job, lambda held: held.model_copy(update={"line": count + 1}).done(self.now(), sha256=sha256))

    async def _report(self, job: Transfer, cells: list[str], path: Path) -> str:
        """The refused rows as they came, with line, column and reasons before them: mended, the file can be imported again."""
        writer = table_writer(path, CSV)
        await asyncio.to_thread(writer.add, [[*REPORT_COLUMNS, *cells]])
        async for chunk in self.transfers.refused(job.id):
            rows = [[*map(str, self._why(row)), *row.cells] for row in chunk]
            await asyncio.to_thread(writer.add, rows)
        await asyncio.to_thread(writer.close)
        return await self._keep(path, CSV)

    def _why(self, row: RefusedRow) -> list[str | int]:
        first = row.faults[0]
        columns = "、".join(dict.fromkeys(fault.column for fault in row.faults))
        return [first.line, columns, " ".join(fault.reason_zh for fault in row.faults), " ".join(fault.reason for fault in row.faults)]

    async def _fetch(self, job: Transfer, path: Path) -> None:
        content = await self.files.find(job.sha256 or "")
        if content is None:
            raise BadTable("the file is not there any more")
        with path.open("wb") as file:
            async for piece in self.files.read(content):
                await asyncio.to_thread(file.write, piece)

    async def _keep(self, path: Path, content_type: str) -> str:
        sha256 = await asyncio.to_thread(_sha256, path)
        await self.files.put(path, sha256, content_type, self.fresh_id(), self.real_now())
        return sha256

    async def _take(self, id: str, holder: str) -> bool:
        def decide(job: Transfer) -> tuple[Transfer, list[Contract]] | None:
            return (job.taken(holder, self.real_now(), LEASE), []) if job.free(self.real_now()) else None

        return await self.writer.act(id, decide)

    async def _step(self, job: Transfer, change: Callable[[Transfer], Transfer]) -> Transfer:
        """One write by the holder; raises Lost when another one holds the job."""
        return await self._held(job, lambda held: (change(held), []))

    async def _end(self, job: Transfer, change: Callable[[Transfer], Transfer]) -> None:
        def ended(held: Transfer) -> tuple[Transfer, list[Contract]]:
            after = change(held)
            return after, [_summary(after, self.now())] if (after.direction, after.kind, after.state) == SUMMED_UP else []

        await self._held(job, ended)

    async def _fail(self, job: Transfer, words: str) -> None:
        await self._end(job, lambda held: held.failed(self.now(), words, "文件无法处理，请使用模板重新整理。"))
        await self.transfers.forget_refused(job.id)

    async def _held(self, job: Transfer, change: Callable[[Transfer], tuple[Transfer, list[Contract]]]) -> Transfer:
        found: list[Transfer] = []

        def decide(held: Transfer) -> tuple[Transfer, list[Contract]] | None:
            found.clear()
            if held.holder != job.holder:
                return None
            after, events = change(held)
            found.append(after)
            return after, events

        if not await self.writer.act(job.id, decide):
            raise Lost(job.id)
        return found[0]


SUMMED_UP = ("IMPORT", "HOUSEHOLDS", "DONE")


def _summary(job: Transfer, at: datetime) -> HouseholdsImportedV1:
    return HouseholdsImportedV1(
        importId=job.id,
        division=job.division,
        at=at,
        added=job.added,
        changed=job.changed,
        unchanged=job.unchanged,
        refused=job.refused,
    )


def _cut(cells: list[str], columns: Sequence[Column | None]) -> list[str]:
    """As they came, but no longer than a cell may be: what is kept must fit into a document."""
    return [cell if len(cell) <= LONGEST_CELL else f"{cell[:LONGEST_CELL]}…" for cell in cells[: len(columns)]]


def _first(rows: Iterator[list[str]]) -> list[str]:
    return next(rows, [])


def _skip(rows: Iterator[list[str]], count: int) -> None:
    for _ in islice(rows, count):
        pass


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
