"""A trail that was tampered with in the store is found, by its chain, by its documents, or by its anchors; a whole one passes, also while
it is written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from shared.audit import AuditEntry, ChainHead, extend
from shared.settings import CommonSettings
from tests.shared.audited import KEY, Audited, audited_by

pytestmark = pytest.mark.slow


@pytest.fixture
async def trail(settings: CommonSettings) -> AsyncIterator[Audited]:
    """Three homes with 4, 4 and 1 entries, and papers under the id of the first with 2; all anchored."""
    async with audited_by(settings) as made:
        for id, times in (("a", 4), ("b", 4), ("c", 1)):
            await made.write(id, times)
        await made.write("a", 2, name="papers")
        await made.kept()
        assert await made.anchors.round() == 1
        yield made


async def test_a_whole_trail_has_no_fault(trail: Audited) -> None:
    assert await trail.faults() == set()
    assert await trail.audit.count_documents({}) == 11


async def test_documents_of_one_id_in_two_collections_keep_both_their_chains(trail: Audited) -> None:
    assert [row["collection"] async for row in trail.audit.find({"subject": "a", "number": 1}).sort("_id", 1)] == ["homes", "papers"]


async def test_entries_still_on_their_way_are_part_of_the_chain(trail: Audited) -> None:
    await trail.write("a", 2, writer=trail.writer("homes"))
    assert await trail.audit.count_documents({"subject": "a", "collection": "homes"}) == 4
    assert await trail.faults() == set()
    await trail.kept()
    assert await trail.audit.count_documents({"subject": "a", "collection": "homes"}) == 6
    assert await trail.faults() == set()


@pytest.mark.parametrize("field", ["request_id", "actor", "role", "what", "when", "origin", "payload_digest", "result", "previous", "hash"])
async def test_an_edited_field_is_found(trail: Audited, field: str) -> None:
    value: object = {"n": 99} if field == "result" else "2020-01-01T00:00:00.000Z"
    await trail.audit.update_one({"_id": "homes:a:2"}, {"$set": {field: value}})
    assert ("homes", "a", "EDITED", 2) in await trail.faults()


@pytest.mark.parametrize("value", [7, None, {"$date": 1}, b"bytes"])
async def test_a_field_of_another_type_is_found(trail: Audited, value: object) -> None:
    await trail.audit.update_one({"_id": "homes:a:2"}, {"$set": {"actor": value}})
    assert ("homes", "a", "EDITED", None) in await trail.faults()
    await trail.audit.update_one({"_id": "homes:a:2"}, {"$unset": {"actor": ""}})
    assert ("homes", "a", "EDITED", None) in await trail.faults()


@pytest.mark.parametrize(("field", "value"), [("subject", "b"), ("subject", "nobody"), ("collection", "papers"), ("collection", "x")])
async def test_an_entry_moved_to_another_document_is_found(trail: Audited, field: str, value: str) -> None:
    await trail.audit.update_one({"_id": "homes:a:2"}, {"$set": {field: value}})
    assert ("homes", "a", "MISSING", 2) in await trail.faults()


async def test_an_entry_missing_in_the_middle_is_found(trail: Audited) -> None:
    await trail.audit.delete_one({"_id": "homes:a:2"})
    assert await trail.faults() == {
        ("homes", "a", "MISSING", 2),
        ("audit", "homes:a:2", "ENTRY GONE", None),
        ("anchors", "1", "DIGEST", None),
    }


async def test_a_cut_end_is_found(trail: Audited) -> None:
    await trail.audit.delete_many({"_id": {"$in": ["homes:a:3", "homes:a:4"]}})
    assert {("homes", "a", "CUT", 3), ("homes", "a", "CUT", 4)} <= await trail.faults()


async def test_a_cut_end_with_the_head_set_back_is_found_by_the_anchor_alone(trail: Audited) -> None:
    await trail.audit.delete_one({"_id": "homes:a:4"})
    head = {"auditLength": 3, "auditHead": (await trail.row("a", 3))["hash"]}
    await trail.database["homes"].update_one({"_id": "a"}, {"$set": head})
    assert await trail.faults() == {("audit", "homes:a:4", "ENTRY GONE", None), ("anchors", "1", "DIGEST", None)}


async def test_entries_whose_numbers_were_exchanged_are_found(trail: Audited) -> None:
    for id, number in (("homes:a:2", 3), ("homes:a:3", 2)):
        await trail.audit.update_one({"_id": id}, {"$set": {"number": number}})
    assert {("homes", "a", "EDITED", 2), ("homes", "a", "EDITED", 3)} <= await trail.faults()


async def test_an_entry_beyond_the_head_and_one_that_occurs_twice_are_found(trail: Audited) -> None:
    row = await trail.row("a", 4)
    await trail.audit.insert_one(row | {"_id": "homes:a:5", "number": 5, "previous": row["hash"]})
    assert ("homes", "a", "SURPLUS", 5) in await trail.faults()
    await trail.audit.replace_one({"_id": "homes:a:5"}, row | {"_id": "homes:a:5"})
    assert ("homes", "a", "REPEATED", 4) in await trail.faults()


async def rebuilt(trail: Audited, key: bytes) -> None:
    """The chain of `a` made anew whole, its first entry another, heads included."""
    chain = ChainHead()
    for number in range(1, 5):
        row = await trail.row("a", number)
        entry = AuditEntry.from_document(row)
        entry, chain = extend(chain, replace(entry, actor="somebody-else"), key=key, subject="a")
        await trail.audit.replace_one({"_id": row["_id"]}, row | entry.document())
    await trail.database["homes"].update_one({"_id": "a"}, {"$set": {"auditHead": chain.head, "auditLength": chain.length}})


async def test_a_chain_made_anew_without_the_key_is_found(trail: Audited) -> None:
    await rebuilt(trail, bytes(32))
    assert {("homes", "a", "EDITED", number) for number in range(1, 5)} <= await trail.faults()


async def test_a_chain_made_anew_with_the_key_is_found_by_the_anchor_alone(trail: Audited) -> None:
    await rebuilt(trail, KEY)
    assert await trail.faults() == {("anchors", "1", "DIGEST", None)}


async def test_a_document_that_is_gone_is_found_with_its_entries_and_without(trail: Audited) -> None:
    await trail.database["homes"].delete_one({"_id": "b"})
    assert await trail.faults() == {("homes", "b", "ORPHANED", None)}
    await trail.audit.delete_many({"subject": "b"})
    gone = {("audit", f"homes:b:{number}", "ENTRY GONE", None) for number in range(1, 5)}
    assert await trail.faults() == {*gone, ("anchors", "1", "DIGEST", None)}


async def test_a_document_that_was_made_to_forget_its_chain_is_found(trail: Audited) -> None:
    await trail.database["homes"].update_one({"_id": "b"}, {"$unset": {"auditHead": "", "auditLength": ""}})
    assert await trail.faults() == {("homes", "b", "ORPHANED", None)}
    await trail.database["homes"].update_one({"_id": "b"}, {"$set": {"auditHead": "0" * 64}})
    assert ("homes", "b", "UNLINKED", 0) in await trail.faults()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("day", "2020-01-01"),
        ("earliest", "2020-01-01T00:00:00.000Z"),
        ("latest", None),
        ("entries", 10),
        ("previous", "0" * 64),
        ("digest", "0" * 64),
        ("number", 2),
        ("rows", ["homes:a:1"]),
    ],
)
async def test_an_edited_anchor_is_found(trail: Audited, field: str, value: Any) -> None:
    await trail.database["anchors"].update_one({"_id": "1"}, {"$set": {field: value}})
    assert ("anchors", "1", "DIGEST", None) in await trail.faults()
    await trail.database["anchors"].update_one({"_id": "1"}, {"$unset": {field: ""}})
    assert any(where == "anchors" for where, *_ in await trail.faults())


async def more_anchors(trail: Audited) -> dict[int, set[str]]:
    """Two more of them, on two days; returns what the stream has of all."""
    for _ in range(2):
        await trail.write("c")
        await trail.kept()
        trail.world.days += 1
        assert await trail.anchors.round() == 1
    return {row["number"]: {row["digest"]} async for row in trail.database["anchors"].find({})}


async def test_a_deleted_anchor_is_found(trail: Audited) -> None:
    sent = await more_anchors(trail)
    assert await trail.faults(sent) == set()
    await trail.database["anchors"].delete_one({"_id": "2"})
    assert await trail.faults() == {("anchors", "2", "MISSING", None)}
    await trail.database["anchors"].delete_one({"_id": "3"})
    assert await trail.faults() == {("audit", "homes:c:2", "NO SUCH ANCHOR", None), ("audit", "homes:c:3", "NO SUCH ANCHOR", None)}
    # And where the entries were made to forget it, too.
    await trail.audit.update_many({"anchor": {"$gt": 1}}, {"$unset": {"anchor": ""}})
    assert await trail.faults() == set()
    assert {("events.log", "2", "NOT IN THE STORE", None), ("events.log", "3", "NOT IN THE STORE", None)} <= await trail.faults(sent)


async def test_a_trail_made_anew_with_key_heads_and_anchors_is_found_by_the_stream_alone(trail: Audited) -> None:
    sent = await more_anchors(trail)
    await rebuilt(trail, KEY)
    await trail.database["anchors"].delete_many({})
    await trail.audit.update_many({}, {"$unset": {"anchor": ""}})
    another = trail.another_worker()
    assert await another.round() == 1
    assert await trail.faults() == set()
    assert {("events.log", "1", "NOT AS SENT", None), ("events.log", "2", "NOT IN THE STORE", None)} <= await trail.faults(sent)


async def test_an_entry_that_claims_an_anchor_falsely_is_found(trail: Audited) -> None:
    await trail.write("c")
    await trail.kept()
    await trail.audit.update_one({"_id": "homes:c:2"}, {"$set": {"anchor": 1}})
    assert await trail.faults() == {("audit", "homes:c:2", "NOT ANCHORED", None)}
    await trail.audit.update_one({"_id": "homes:c:2"}, {"$set": {"anchor": "x"}})
    assert await trail.faults() == {("audit", "homes:c:2", "NO SUCH ANCHOR", None)}


async def test_entries_of_before_they_named_their_collection_are_found_whole(trail: Audited) -> None:
    await trail.write("old", 3, writer=trail.writer(""))
    await trail.write("old", 2)
    await trail.kept()
    assert await trail.faults() == set()
    await trail.database["homes"].delete_one({"_id": "old"})
    assert await trail.faults() == {("audit", "old", "ORPHANED", None), ("homes", "old", "ORPHANED", None)}


async def test_a_whole_trail_passes_while_it_is_written_and_anchored(trail: Audited) -> None:
    stop = asyncio.Event()

    async def write(ids: str) -> int:
        written = 0
        while not stop.is_set():
            await trail.write(ids[written % len(ids)])
            written += 1
        return written

    async def anchor() -> None:
        while not stop.is_set():
            trail.world.days += 1
            await trail.anchors.round()

    writing = [asyncio.create_task(write(ids)) for ids in ("ab", "cd")]
    anchoring = asyncio.create_task(anchor())
    try:
        for _ in range(8):
            assert await trail.faults() == set()
    finally:
        stop.set()
        written = await asyncio.gather(*writing)
        await anchoring
    assert min(written) > 10
