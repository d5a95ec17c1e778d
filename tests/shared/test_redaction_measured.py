"""Precision and recall on planted texts and on real messages that were read by hand: floors a little below what is measured (0027)."""

from __future__ import annotations

import pytest

from bench.redaction import FRESH, MESSAGES, READ, drawn, planted, real, score, verdicts
from shared.redaction import Kind

needs_messages = pytest.mark.skipif(not MESSAGES.exists(), reason="the real messages are not here")


def test_planted_texts_are_two_hundred_in_two_halves_and_hold_every_kind() -> None:
    assert len(planted("tuned")) == len(planted("held")) == 100
    for half in ("tuned", "held"):
        assert {span.kind for judged in planted(half) for span in judged.wanted} == set(Kind)
    assert sum(not judged.wanted for judged in planted()) > 50


def test_planted_personal_data_is_taken_out_and_the_rest_is_left() -> None:
    counts = score(planted())
    assert counts.recall() >= 0.99, counts.missed
    assert counts.precision() >= 0.98, counts.wrong
    for kind in Kind:
        assert counts.recall(kind) >= 0.97, kind
        assert counts.precision(kind) >= 0.97, kind


def test_verdicts_on_real_messages_hold_places_and_no_words() -> None:
    for row in verdicts():
        assert set(row) == {"id", "drawn", "length", "wanted", "debatable", "others"}
        assert all(kind in set(Kind) and 0 <= start < end <= row["length"] for kind, start, end in row["wanted"] + row["debatable"])


@needs_messages
def test_the_messages_that_were_read_are_those_that_were_drawn() -> None:
    assert {row["id"]: row["drawn"] for row in verdicts()} == drawn()
    lengths = {judged.id: len(judged.text) for judged in real(*READ, *FRESH)}
    assert {row["id"]: row["length"] for row in verdicts()} == lengths


@needs_messages
def test_real_personal_data_is_taken_out_and_the_rest_is_left() -> None:
    counts = score(real(*READ))
    assert counts.recall(Kind.ROOM) >= 0.97, counts.missed
    assert counts.recall(Kind.NAME) >= 0.92, counts.missed
    assert counts.precision() >= 0.99, counts.wrong


@needs_messages
def test_messages_that_mended_nothing_are_not_much_worse() -> None:
    counts = score(real(*FRESH))
    assert counts.recall() >= 0.79, counts.missed
    assert counts.precision() >= 0.99, counts.wrong
