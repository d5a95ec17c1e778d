"""Tags: what a write raises is up after it, whatever others have taken back in between; and documents of before there were any."""

from __future__ import annotations

import itertools
from typing import Any

from shared.mongo import ASCENDING, Database, IndexModel
from shared.record import changes, stub
from shared.records import FLAG_INDEXES, MongoRecords, create_indexes, tag_documents
from shared.tags import DIRTY, SCRUB, TAGS, TAKEN_BACK, UNSENT, blocked_by
from tests.services.builders import AT

OWN = ("person:a", "person:b", blocked_by("routing"))


def subsets(of: tuple[str, ...]) -> list[list[str]]:
    return [list(chosen) for size in range(len(of) + 1) for chosen in itertools.combinations(of, size)]


async def test_whatever_is_taken_back_or_raised_meanwhile_what_a_write_says_holds(mongo: Database) -> None:
    """Of each pair of tags before and after: the own ones are the write's; what it raised is up, and so is what was raised beside it."""
    records = MongoRecords(mongo, "records")
    number = 0
    for before in subsets((*OWN[:2], DIRTY)):
        for after in subsets((*OWN[1:], DIRTY)):
            for beside in ([], [SCRUB]):
                number += 1
                read = {**stub(f"g{number}"), "version": 1, TAGS: [*before, UNSENT], "facts": {"n": 1}}
                await records.insert(read | {TAGS: [*(tag for tag in before if tag not in TAKEN_BACK), *beside]})
                wanted = read | {TAGS: after, "facts": {"n": 2}}
                to_set, to_unset, added = changes(read, wanted)
                assert await records.update(read["_id"], 1, to_set, to_unset, [], added)
                held = (await records.load(read["_id"]) or {})[TAGS]
                assert len(held) == len(set(held))
                assert {tag for tag in held if tag not in TAKEN_BACK} == {tag for tag in after if tag not in TAKEN_BACK}, (before, after)
                assert {tag for tag in after if tag in TAKEN_BACK} <= set(held), (before, after)
                lost = set(beside) - set(held)
                # A word that somebody else raises is never lost by a write that only adds; a write that takes one away raises what it read.
                assert not lost or any(tag not in after for tag in before if tag not in TAKEN_BACK), (before, after)


async def test_the_sweeper_takes_down_a_word_that_stands_before_an_empty_outbox(mongo: Database) -> None:
    await create_indexes(mongo, ["records"])
    records = MongoRecords(mongo, "records")
    await records.insert({**stub("g"), "version": 1, TAGS: [UNSENT, "person:a"]})
    assert await records.unsent(AT, 10) == []
    assert (await records.load("g") or {})[TAGS] == ["person:a"]


async def test_documents_of_before_are_tagged_once_and_their_indexes_go(mongo: Database) -> None:
    collection = mongo["records"]
    old = {"unsent": "unsent", "blocked_source": "blocked.source", "person": "person"}
    await collection.create_indexes([IndexModel([(field, ASCENDING)], name=name) for name, field in old.items()])
    flagged: dict[str, dict[str, Any]] = {
        "sent": {"unsent": False, "dirty": False, "registered": True},
        "all": {"unsent": True, "dirty": True, "scrub_due": True, "registered": True},
        "stub": {"unsent": False, "registered": False, "blocked": {"source": "routing", "sequence": 2}},
        "new": {TAGS: ["person:new"], "registered": True},
    }
    await collection.insert_many([{"_id": id, "version": 1, "outbox": [], **fields} for id, fields in flagged.items()])
    for _ in range(2):
        await tag_documents(mongo, {"records": lambda document: [DIRTY, f"person:{document['_id']}"]}, {"records": ("person",)})
        rows = {row["_id"]: row for row in await collection.find({}).to_list(None)}
        assert {id: sorted(row[TAGS]) for id, row in rows.items()} == {
            "sent": ["person:sent"],
            "all": ["dirty", "person:all", "scrub", "unsent"],
            "stub": ["blocked:routing"],
            "new": ["person:new"],
        }
        assert not any(name in row for row in rows.values() for name in ("unsent", "dirty", "scrub_due"))
        assert not {*FLAG_INDEXES, "person"} & set(await collection.index_information())
    assert await MongoRecords(mongo, "records").blocked(["routing"], 10) == [
        {"_id": "stub", "blocked": {"source": "routing", "sequence": 2}}
    ]
    assert await MongoRecords(mongo, "records").blocked(["intake"], 10) == []
