"""The protocol of one document, pure: judged, applied, put to wait, drained, blocked, skipped."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.base import Contract
from shared.envelope import Event
from shared.record import WAITING_EVENTS, CannotApply, Draft, Outcome, Participant, SequenceReused, Verdict, changes, stub

OPENED, NOTED, FOLLOWED = "intake.grievance.opened", "intake.grievance.noted", "routing.grievance.followed"
NOW = "2020-06-05T01:00:00Z"


def apply(state: list[str] | None, event: Event) -> tuple[list[str], list[Contract]]:
    if event.body == b"poison":
        raise ValueError("poison")
    return [*(state or []), f"{event.source}{event.sequence}"], []


FEEDBACK = Participant("feedback", apply, frozenset({f"{OPENED}.v1", f"{NOTED}.v1", f"{FOLLOWED}.v1"}), frozenset({OPENED}))


def event(source: str, sequence: int, *, after: dict[str, int] | None = None, **changes: Any) -> Event:
    kind = (OPENED if sequence == 1 else NOTED) if source == "intake" else FOLLOWED
    made = Event(f"{source}-{sequence}", f"{kind}.v1", source, "g", sequence, after or {}, (1,), b"fine")
    return made.again(**changes)


def draft() -> Draft:
    return Draft(stub("g"), None)


def receive(at: Draft, *events: Event) -> list[Outcome]:
    return [FEEDBACK.receive(at, each, may_wait=True, at=NOW) for each in events]


def test_in_order_each_once() -> None:
    at = draft()
    assert receive(at, event("intake", 1), event("intake", 1), event("intake", 2)) == [Outcome.APPLIED, Outcome.REPEAT, Outcome.APPLIED]
    assert (at.state, at.seen) == (["intake1", "intake2"], {"intake": 2})


def test_early_events_of_all_sources_wait_and_drain_to_the_end() -> None:
    at = draft()
    early = [event("routing", 2), event("routing", 1, after={"intake": 2}), event("intake", 2)]
    assert receive(at, *early) == [Outcome.WAITING] * 3
    assert at.document["registered"] is False
    assert receive(at, event("intake", 1)) == [Outcome.APPLIED]
    assert at.state == ["intake1", "intake2", "routing1", "routing2"]
    assert at.document["waiting"] == []


def test_a_fault_in_a_drain_marks_that_event_keeps_its_body_and_saves_the_rest() -> None:
    at = draft()
    receive(at, event("intake", 2, body=b"poison"), event("intake", 3))
    assert receive(at, event("intake", 1)) == [Outcome.APPLIED]
    assert at.document["blocked"]["sequence"] == 2
    assert [held["sequence"] for held in at.document["waiting"]] == [2, 3]
    # The event as it was made, sent again, heals it; what waited goes on.
    assert receive(at, event("intake", 2)) == [Outcome.APPLIED]
    assert (at.state, at.document["blocked"]) == (["intake1", "intake2", "intake3"], None)


def test_a_fault_of_the_next_in_order_leaves_the_draft_as_it_was_and_is_marked_only_in_its_turn() -> None:
    at = draft()
    before = dict(at.document)
    with pytest.raises(CannotApply, match="ValueError"):
        receive(at, event("intake", 1, body=b"poison"))
    assert at.document == before
    assert not FEEDBACK.block(at, event("intake", 2), "not its turn", NOW)
    assert FEEDBACK.block(at, event("intake", 1), "broken", NOW)
    assert at.document["blocked"]["reason"] == "broken"


def test_a_skip_is_only_for_the_next_in_order_and_then_drains() -> None:
    at = draft()
    receive(at, event("intake", 1), event("intake", 3))
    assert receive(at, event("intake", 3, skip="x"), event("intake", 2, skip="x")) == [Outcome.EARLY, Outcome.APPLIED]
    assert at.state == ["intake1", "intake3"]


def test_dropping_the_opening_event_makes_void_and_everything_later_is_skipped() -> None:
    at = draft()
    receive(at, event("intake", 2))
    assert receive(at, event("intake", 1, skip="x"), event("intake", 2)) == [Outcome.APPLIED, Outcome.VOID]
    assert (at.document["void"], at.document["waiting"], at.state) == (True, [], None)


def test_one_version_of_each_event_is_taken_and_unknown_kinds_only_advance() -> None:
    at = draft()
    newer = event("intake", 1, type=f"{OPENED}.v2", versions=(1, 2))
    assert receive(at, newer, event("intake", 1, versions=(1, 2))) == [Outcome.OTHER_VERSION, Outcome.APPLIED]
    assert receive(at, event("intake", 2, type="intake.grievance.unheard_of.v7", versions=(7,))) == [Outcome.APPLIED]
    assert (at.state, at.seen) == (["intake1"], {"intake": 2})


def test_when_too_much_waits_an_early_event_is_delayed_and_the_next_in_order_never_is() -> None:
    at = draft()
    full = receive(at, *(event("intake", number) for number in range(2, WAITING_EVENTS + 3)))
    assert full[-2:] == [Outcome.WAITING, Outcome.DELAY]
    assert receive(at, event("intake", 1)) == [Outcome.APPLIED]
    assert at.seen == {"intake": WAITING_EVENTS + 1}


def test_a_source_that_uses_a_number_again_is_noticed() -> None:
    at = draft()
    receive(at, event("intake", 1))
    with pytest.raises(SequenceReused):
        receive(at, event("intake", 1, id="another"))


def test_a_write_never_touches_what_is_the_relays() -> None:
    before = {**stub("g"), "outbox": [1], "tags": ["unsent"], "gone": 1}
    after = {**stub("g"), "version": 9, "outbox": [], "tags": [], "status": "CLOSED"}
    assert changes(before, after) == ({"status": "CLOSED"}, {"gone": ""}, [])


def test_what_counts_as_before_is_not_counted_again_and_what_counts_anew_is_whatever_was_read() -> None:
    before: dict[str, Any] = {"_id": "g", "version": 4, "facts": {"n": 1}, "tags": []}
    assert changes(before, {**before, "facts": {"n": 1}, "tags": ["dirty"]}) == ({}, {}, [])
    for held in ([], ["dirty"]):
        assert changes({**before, "tags": held}, {**before, "facts": {"n": 2}, "tags": ["dirty"]}) == ({"facts": {"n": 2}}, {}, ["dirty"])


def test_without_the_check_of_sequence_the_same_events_end_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """The switch that shows that the tests above would notice: every event taken as the next."""
    monkeypatch.setattr("shared.record.judge", lambda *_: Verdict.NEXT)
    at = draft()
    receive(at, event("intake", 2), event("intake", 1), event("intake", 1))
    assert at.state != ["intake1", "intake2"]
