from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.audit import AuditEntry, ChainHead, FaultKind, digest, extend, verify

KEY = bytes(range(32))


def record(number: int = 1, **changes: Any) -> AuditEntry:
    base = AuditEntry(
        request_id=f"r-{number}",
        actor="secretary-gulou-1",
        role="SECRETARY",
        what="RegisterGrievance",
        when=f"2020-06-05T09:3{number}:00.123Z",
        origin="gateway",
        payload_digest=digest(KEY, {"subject": "路牌", "number": number}),
        result={"id": "g-1", "ok": True, "list": [1, None]},
    )
    return replace(base, **changes)


def chain(length: int, subject: str = "g-1") -> tuple[list[AuditEntry], ChainHead]:
    head, entries = ChainHead(), []
    for number in range(1, length + 1):
        entry, head = extend(head, record(number), key=KEY, subject=subject)
        entries.append(entry)
    return entries, head


def kinds(entries: list[AuditEntry], head: ChainHead, subject: str = "g-1") -> set[tuple[FaultKind, int]]:
    return {(fault.kind, fault.number) for fault in verify(entries, head, key=KEY, subject=subject)}


@pytest.mark.parametrize("length", [0, 1, 2, 7])
def test_a_whole_chain_has_no_fault(length: int) -> None:
    entries, head = chain(length)
    assert head.length == length
    assert kinds(entries, head) == set()


@pytest.mark.parametrize(
    "change",
    [
        {"actor": "somebody-else"},
        {"role": "HANDLER"},
        {"what": "other"},
        {"when": "2020-06-04T09:31:00.123Z"},
        {"origin": "elsewhere"},
        {"payload_digest": "0" * 64},
        {"result": {"id": "g-1", "ok": False, "list": [1, None]}},
        {"request_id": "r-x"},
        {"hash": "0" * 64},
    ],
)
def test_an_edited_entry_is_found(change: dict[str, Any]) -> None:
    entries, head = chain(4)
    entries[1] = replace(entries[1], **change)
    assert (FaultKind.EDITED, 2) in kinds(entries, head)


def test_a_missing_entry_is_found() -> None:
    entries, head = chain(4)
    assert kinds([entries[0], entries[3]], head) == {(FaultKind.MISSING, 2), (FaultKind.MISSING, 3)}
    assert kinds(entries[1:], head) == {(FaultKind.MISSING, 1)}


def test_a_cut_tail_is_found() -> None:
    entries, head = chain(4)
    assert kinds(entries[:2], head) == {(FaultKind.CUT, 3), (FaultKind.CUT, 4)}
    assert kinds([], head) == {(FaultKind.CUT, position) for position in (1, 2, 3, 4)}


def test_a_chain_whose_head_was_set_back_with_it_shows_against_the_anchor() -> None:
    entries, head = chain(4)
    _, earlier = chain(2)
    assert kinds(entries[:2], earlier) == set()
    assert kinds(entries, earlier) == {(FaultKind.SURPLUS, 3), (FaultKind.SURPLUS, 4)}
    assert kinds(entries[:2], head)


def test_reordered_entries_are_found() -> None:
    entries, head = chain(4)
    assert kinds([entries[0], entries[2], entries[1], entries[3]], head) == {(FaultKind.REORDERED, 2)}


def test_positions_exchanged_to_hide_a_reordering_are_found() -> None:
    entries, head = chain(3)
    forged = [entries[0], replace(entries[2], number=2), replace(entries[1], number=3)]
    assert {(FaultKind.EDITED, 2), (FaultKind.EDITED, 3)} <= kinds(forged, head)


def test_a_repeated_entry_is_found() -> None:
    entries, head = chain(3)
    assert (FaultKind.REPEATED, 2) in kinds([entries[0], entries[1], entries[1], entries[2]], head)


def test_an_entry_replaced_with_the_right_key_breaks_the_link() -> None:
    entries, head = chain(3)
    forged, _ = extend(ChainHead(entries[0].hash, 1), record(2, actor="other"), key=KEY, subject="g-1")
    assert kinds([entries[0], forged, entries[2]], head) == {(FaultKind.UNLINKED, 3)}
    last, _ = extend(ChainHead(entries[1].hash, 2), record(3, actor="other"), key=KEY, subject="g-1")
    assert kinds([*entries[:2], last], head) == {(FaultKind.UNLINKED, 3)}


def test_a_chain_forged_without_the_key_is_found() -> None:
    entry, head = extend(ChainHead(), record())
    assert kinds([entry], head) == {(FaultKind.EDITED, 1)}
    assert verify([entry], head) == []


def test_another_documents_chain_does_not_pass() -> None:
    entries, head = chain(2, "g-2")
    assert kinds(entries, head) == {(FaultKind.EDITED, 1), (FaultKind.EDITED, 2)}
    assert kinds(entries, head, "g-2") == set()
    assert kinds([], ChainHead("0" * 64, 0)) == {(FaultKind.UNLINKED, 0)}


def test_an_entry_survives_the_store() -> None:
    entries, head = chain(2)
    kept = [{**entry.document(), "_id": "x", "subject": "g-1"} for entry in entries]
    assert kept[0]["request_id"] == "r-1"
    assert kinds([AuditEntry.from_document(document) for document in kept], head) == set()


def test_digests_are_keyed_and_know_no_order_of_keys() -> None:
    assert digest(KEY, {"a": 1, "b": "路牌"}) == digest(KEY, {"b": "路牌", "a": 1})
    assert digest(KEY, {"a": 1}) != digest(KEY, {"a": "1"})
    assert digest(KEY, {"a": 1}) != digest(bytes(32), {"a": 1})
    with pytest.raises(TypeError):
        digest(KEY, {"at": KEY})


changes = st.sampled_from(["edit", "drop", "swap", "repeat", "cut"])


@given(st.integers(2, 8), changes, st.integers(0, 7))
def test_any_single_change_is_found(length: int, change: str, where: int) -> None:
    entries, head = chain(length)
    place = where % length
    if change == "edit":
        entries[place] = replace(entries[place], what="another")
    elif change == "drop":
        del entries[place]
    elif change == "swap":
        other = (place + 1) % length
        entries[place], entries[other] = entries[other], entries[place]
    elif change == "repeat":
        entries.append(entries[place])
    else:
        entries = entries[: place or 1][:-1]
    assert kinds(entries, head)
