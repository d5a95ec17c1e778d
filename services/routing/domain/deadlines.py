"""办理时限 (S52): two deadlines of a case, of the first response and of the result, each a ledger of entries. Pure.

No entry is ever changed. A deadline is what the last entry says; it becomes later by a recorded pause, by an extension that was granted and
by the calendar's fix alone. Whoever asks how it was reckoned reads the entries.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from services.routing.domain.limits import Term
from services.routing.domain.nodes import Node, in_working_days, round_the_clock
from services.routing.domain.reckoning import Reckoning
from services.routing.domain.workdays import Due
from shared.china_time import day_in_china
from shared.contracts.intake import Owner

Table = Literal["LIMITS", "CATALOGUE"]
EntryKind = Literal["START", "HOP", "PAUSE", "RESUME", "EXTEND", "FIX", "END"]


class Entry(BaseModel):
    """`due_at`: what is due after it; None: nothing runs. `days` (working days) or `minutes` (round the clock): of START the term,
    of RESUME and EXTEND how much was added. `department`: by whose hours it is reckoned. `table`, `rule`, `version`: by which limit."""

    model_config = ConfigDict(frozen=True)

    kind: EntryKind
    at: datetime
    by: Owner
    round: int = 1
    due_at: datetime | None = None
    provisional: bool = False
    days: int | None = None
    minutes: int | None = None
    department: str = ""
    table: Table | None = None
    rule: str | None = None
    version: int | None = None

    @property
    def due(self) -> Due | None:
        return None if self.due_at is None else Due(self.due_at, self.provisional)

    @property
    def term(self) -> Term:
        return Term(self.days, None) if self.minutes is None else Term(None, self.minutes // 60)


class Deadline(BaseModel):
    """One ledger, oldest entry first."""

    model_config = ConfigDict(frozen=True)

    entries: list[Entry] = []
    nodes: list[Node] = []
    """Of what is due now."""

    @property
    def last(self) -> Entry | None:
        return self.entries[-1] if self.entries else None

    @property
    def due_at(self) -> datetime | None:
        return self.last.due_at if self.last else None

    @property
    def provisional(self) -> bool:
        return self.last is not None and self.last.provisional

    @property
    def paused(self) -> bool:
        return self.last is not None and self.last.kind == "PAUSE"

    @property
    def started(self) -> Entry | None:
        """The START of what runs, is paused, or has ended last."""
        return next((entry for entry in reversed(self.entries) if entry.kind == "START"), None)

    @property
    def met(self) -> bool | None:
        """Of what has ended: whether it was in time. None while it runs, and where nothing was due."""
        if self.last is None or self.last.kind != "END":
            return None
        due = _held(self.entries[:-1])
        return None if due is None else self.last.at <= due.at

    def overdue(self, at: datetime) -> bool:
        return self.due_at is not None and at > self.due_at

    def left(self, at: datetime) -> timedelta | None:
        """What is left then, negative where it is over; of what is paused, what was left as it stopped. None where nothing is due."""
        if self.paused:
            held, at = _held(self.entries), self.entries[-1].at
            return None if held is None else held.at - at
        return None if self.due_at is None else self.due_at - at

    def days_left(self, at: datetime, reckoning: Reckoning) -> int | None:
        """The working days after the day of `at`, up to that on which it is due; as `left` else."""
        left = self.left(at)
        if left is None:
            return None
        start = self.entries[-1].at if self.paused else at
        return reckoning.days_between(start, start + left)

    def begun(self, entry: Entry, reckoning: Reckoning) -> Self:
        """With a START. Raises ValueError where it runs: nothing begins anew that is due."""
        if self.due_at is not None or self.paused:
            raise ValueError("a deadline that runs does not begin anew")
        return self._with(entry, _due(self.entries, entry, reckoning))._planned(reckoning)

    def hastened(self, entry: Entry, reckoning: Reckoning) -> Self:
        """With another START while it runs, where that makes it due earlier: what was judged to be urgent. As it is else."""
        due = reckoning.after(entry.at, entry.term, entry.department)
        if self.due_at is None or due.at >= self.due_at:
            return self
        return self._with(entry, due)._planned(reckoning)

    def passed_on(self, department: str, by: Owner, at: datetime) -> Self:
        """It goes on with another department: due when it was."""
        if self.last is None or self.last.due is None or self.last.department == department:
            return self
        return self._with(Entry(kind="HOP", at=at, by=by, department=department), self.last.due)

    def stopped(self, by: Owner, at: datetime) -> Self:
        """Nothing is due until it goes on."""
        return self._with(Entry(kind="PAUSE", at=at, by=by), None)

    def gone_on(self, by: Owner, at: datetime, reckoning: Reckoning) -> Self:
        """What was left of it is left; as it is where nothing is paused."""
        if not self.paused:
            return self
        entry = self._after_last(Entry(kind="RESUME", at=at, by=by, **_paused_for(self.entries, at, reckoning)))
        return self._with(entry, _due(self.entries, entry, reckoning))._planned(reckoning)

    def extended(self, days: int, by: Owner, at: datetime, reckoning: Reckoning) -> Self:
        entry = self._after_last(Entry(kind="EXTEND", at=at, by=by, days=days))
        return self._with(entry, _due(self.entries, entry, reckoning))._planned(reckoning)

    def ended(self, by: Owner, at: datetime) -> Self:
        """As it is where nothing runs, nor waits to go on."""
        return self._with(Entry(kind="END", at=at, by=by), None) if self.due_at is not None or self.paused else self

    def watched(self, reckoning: Reckoning) -> Self:
        """With its time nodes, where it was kept before there were any."""
        return self._planned(reckoning) if self.due_at is not None and not self.nodes else self

    def fixed(self, by: Owner, at: datetime, reckoning: Reckoning) -> Self:
        """Reckoned again by a calendar that knows more; as it is where that changes nothing, and where nothing was provisional."""
        if not self.provisional or self.due_at is None:
            return self
        again = _replayed(self.entries, reckoning)
        if again is None or again == self.entries[-1].due:
            return self
        return self._with(Entry(kind="FIX", at=at, by=by), again)._planned(reckoning)

    def _after_last(self, entry: Entry) -> Entry:
        """In the round and at the department of the last one, where it names none."""
        last = self.last
        if last is None or entry.kind == "START":
            return entry
        return entry.model_copy(update={"round": last.round, "department": entry.department or last.department})

    def _with(self, entry: Entry, due: Due | None) -> Self:
        known = {"due_at": due.at, "provisional": due.provisional} if due else {}
        entry = self._after_last(entry).model_copy(update=known)
        return self.model_copy(update={"entries": [*self.entries, entry], "nodes": self.nodes if due else []})

    def _planned(self, reckoning: Reckoning) -> Self:
        """With the nodes of what is due after the last entry."""
        last, start = self.entries[-1], self.started
        assert last.due_at is not None
        if start is not None and start.minutes is not None:
            nodes = round_the_clock(last.due_at, start.minutes, last.at)
        else:
            nodes = in_working_days(last.due_at, last.at, last.department, reckoning, starts=last.kind == "START")
        return self.model_copy(update={"nodes": nodes})


class Deadlines(BaseModel):
    """Both of a case."""

    model_config = ConfigDict(frozen=True)

    response: Deadline = Deadline()
    result: Deadline = Deadline()


def started(
    term: Term,
    at: datetime,
    by: Owner,
    department: str,
    rule: str | None,
    version: int | None,
    *,
    table: Table = "LIMITS",
    round: int = 1,
) -> Entry:
    """A START of so much time."""
    minutes = None if term.hours is None else term.hours * 60
    return Entry(
        kind="START",
        at=at,
        by=by,
        round=round,
        days=term.days,
        minutes=minutes,
        department=department,
        table=table,
        rule=rule,
        version=version,
    )


def as_kept(due_at: datetime, provisional: bool, at: datetime, by: Owner, round: int) -> Deadlines:
    """Of a case that was kept before its ledgers were: when it was sent and is due."""
    entry = Entry(kind="START", at=at, by=by, round=round, due_at=due_at, provisional=provisional)
    return Deadlines(result=Deadline(entries=[entry]))


def _due(before: Sequence[Entry], entry: Entry, reckoning: Reckoning) -> Due | None:
    """What is due after this entry."""
    last = before[-1].due if before else None
    match entry.kind:
        case "START":
            return reckoning.after(entry.at, entry.term, entry.department)
        case "PAUSE" | "END":
            return None
        case "RESUME":
            return _resumed(before, entry, reckoning)
        case "EXTEND":
            assert last is not None, "what is not due is not extended (hindrance)"
            assert entry.days is not None
            due = reckoning.days(last.at, entry.days, entry.department)
            return Due(due.at, last.provisional or due.provisional)
        case "HOP" | "FIX":
            return last


def _replayed(entries: Sequence[Entry], reckoning: Reckoning) -> Due | None:
    again: list[Entry] = []
    for entry in entries:
        # A case that was kept before its ledger was has a day without its term.
        known = entry.kind == "START" and entry.days is None and entry.minutes is None
        due = entry.due if known else _due(again, entry, reckoning)
        again.append(entry.model_copy(update={"due_at": due.at if due else None, "provisional": due.provisional if due else False}))
    return again[-1].due


def _held(entries: Sequence[Entry]) -> Due | None:
    """What was due last."""
    return next((entry.due for entry in reversed(entries) if entry.due is not None), None)


def _round_the_clock(entries: Sequence[Entry]) -> bool:
    return next((entry.minutes is not None for entry in reversed(entries) if entry.kind == "START"), False)


def _paused_for(entries: Sequence[Entry], at: datetime, reckoning: Reckoning) -> dict[str, int]:
    """How long the pause lasted until then: round the clock, or in working days, counted as limits are."""
    pause = entries[-1]
    if _round_the_clock(entries):
        return {"minutes": int((at - pause.at) / timedelta(minutes=1))}
    days = 0
    reached = reckoning.days(pause.at, 1)
    while day_in_china(reached.at) <= day_in_china(at):
        days += 1
        reached = reckoning.days(reached.at, 1)
    return {"days": days}


def _resumed(before: Sequence[Entry], entry: Entry, reckoning: Reckoning) -> Due | None:
    """As much later as the pause lasted. Paused on its last day and resumed after work: nobody is overdue by going on."""
    held = _held(before)
    assert held is not None, "only what was due is paused"
    if entry.minutes is not None:
        return Due(held.at + (entry.at - before[-1].at), held.provisional)
    due = reckoning.days(held.at, entry.days, entry.department) if entry.days else held
    provisional = held.provisional or due.provisional
    if due.at < entry.at:
        due = reckoning.days(entry.at, 1, entry.department)
    return Due(due.at, provisional or due.provisional)
