"""Each rule of the protocol, taken out: the search must find what then breaks.

A search that finds nothing here would find nothing at all.
"""

from __future__ import annotations

import pytest

from shared import record
from shared.envelope import Event
from shared.record import CannotApply, Document, Draft, Participant, Verdict
from shared.writer import Request, Writer
from tests.shared.model.city import Scenario, Variant
from tests.shared.model.parts import MemoryRecords
from tests.shared.model.scenarios import BUDGET
from tests.shared.model.search import walks

WALKS = 1_500
LIFE = Scenario(notes=2)
POISON = Scenario(notes=2, poison=True)


def broken_law(variant: Variant, scenario: Scenario = LIFE) -> str:
    found = walks(WALKS, scenario, BUDGET, variant)
    assert found.violation is not None, f"{found.runs} runs saw nothing"
    return found.violation.law


def test_without_the_sequence_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "judge", lambda *_: Verdict.NEXT)
    assert broken_law(Variant()) in ("nothing happens twice", "in order", "seen never goes back", "not before its causes")


def test_with_repeats_recognised_but_gaps_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(document: Document, event: Event, _own: str) -> Verdict:
        return Verdict.REPEAT if event.sequence <= document["seen"].get(event.source, 0) else Verdict.NEXT

    monkeypatch.setattr(record, "judge", judge)
    assert broken_law(Variant()) in ("nothing is lost", "not before its causes")


def test_without_after(monkeypatch: pytest.MonkeyPatch) -> None:
    real = record.judge
    monkeypatch.setattr(record, "judge", lambda document, event, own: real(document, event.again(after={}), own))
    assert broken_law(Variant()) == "not before its causes"


def test_without_the_sweeper() -> None:
    assert broken_law(Variant(sweeps=False)) in ("the outbox empties", "every event is remembered once", "nothing is lost")


def test_with_the_acknowledgement_before_the_write() -> None:
    assert broken_law(Variant(ack_first=True)) in ("nothing is lost", "nothing waits for ever")


class Wholesale(MemoryRecords):
    """Clears the outbox instead of taking out what was confirmed."""

    def _left(self, outbox: list[Document], confirmed: list[str]) -> list[Document]:
        return []


def test_with_the_outbox_cleared_wholesale() -> None:
    assert broken_law(Variant(records=Wholesale)) in ("every event is remembered once", "nothing is lost", "the audit chain holds")


class Unguarded(MemoryRecords):
    """Writes whatever version the document has."""

    def _matches(self, document: Document, version: int) -> bool:
        return True


def test_with_unguarded_writes() -> None:
    # Which law shows it first depends on whose write is overwritten.
    assert broken_law(Variant(records=Unguarded))


class Forgetful(Writer):
    """Keeps no answers."""

    def _remember(self, draft: Draft, request: Request, result: Document) -> None:
        return


def test_without_the_memory_of_requests() -> None:
    assert broken_law(Variant(writer=Forgetful)) in ("one effect per request", "the same request, the same answer")


class Silent(Participant):
    """A fault in a drain leaves no mark: nobody hears of it."""

    def _drain(self, draft: Draft, at: str) -> None:
        super()._drain(draft, at)
        draft.document["blocked"] = None


def test_without_the_mark_of_a_fault_in_a_drain() -> None:
    assert broken_law(Variant(participant=Silent), POISON) == "nothing waits for ever"


class Stubborn(Participant):
    """Parks the faulty event without a place for those behind it: they are applied over the gap."""

    def _advance(self, draft: Draft, event: Event, *, skip: bool) -> None:
        try:
            super()._advance(draft, event, skip=skip)
        except CannotApply:
            super()._advance(draft, event, skip=True)


def test_with_a_failing_event_passed_over() -> None:
    assert broken_law(Variant(participant=Stubborn), POISON) == "nothing is lost"
