"""The port of grievance documents: one suite, in memory and on the real store: what the search runs on is what runs in earnest."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.mongo import Database
from shared.record import stub
from shared.records import MongoRecords, Records, create_indexes
from tests.services.builders import AT, StillWorld
from tests.shared.model.parts import MemoryRecords, Tables
from tests.shared.model.world import Process


@pytest.fixture(params=["memory", "mongodb"])
async def records(request: pytest.FixtureRequest, mongo: Database) -> Records:
    if request.param == "memory":
        return MemoryRecords(StillWorld(), Process("test", "test"), Tables())
    await create_indexes(mongo, ["records"])
    return MongoRecords(mongo, "records")


def entry(id: str, kind: str = "event", at: datetime = AT, **row: Any) -> dict[str, Any]:
    return {"id": id, "kind": kind, "at": at, "row": {"subject": "g", **row}}


def document(id: str = "g", **fields: Any) -> dict[str, Any]:
    return {**stub(id), "version": 1, **fields}


async def test_a_document_is_there_once(records: Records) -> None:
    assert await records.load("g") is None
    assert await records.insert(document(name="first"))
    assert not await records.insert(document(name="second"))
    held = await records.load("g")
    assert held is not None
    assert (held["name"], held["version"]) == ("first", 1)


async def test_a_write_counts_the_version_and_a_stale_one_changes_nothing(records: Records) -> None:
    await records.insert(document(name="first", old=1))
    assert await records.update("g", 1, {"name": "second"}, {"old": ""}, [])
    assert not await records.update("g", 1, {"name": "third"}, {}, [entry("e1")])
    assert not await records.update("nowhere", 1, {"name": "x"}, {}, [])
    held = await records.load("g")
    assert held is not None
    assert (held["name"], held["version"], "old" in held, held["outbox"], held["tags"]) == ("second", 2, False, [], [])


async def test_events_go_out_oldest_first_and_only_what_was_confirmed_is_taken_out(records: Records) -> None:
    await records.insert(document(outbox=[entry("e1")], tags=["unsent"]))
    await records.update("g", 1, {}, {}, [entry("e2"), entry("e3")])
    assert [each["id"] for each in await records.outbox("g")] == ["e1", "e2", "e3"]
    # While the relay was at it somebody wrote more: the version has moved on, and that is no matter.
    await records.update("g", 2, {}, {}, [entry("e4")])
    await records.settle("g", ["e1", "e3", "nothing of ours"])
    held = await records.load("g")
    assert held is not None
    assert ([each["id"] for each in held["outbox"]], held["tags"], held["version"]) == (["e2", "e4"], ["unsent"], 3)
    await records.settle("g", ["e2", "e4"])
    held = await records.load("g")
    assert held is not None
    assert (held["outbox"], held["tags"], held["version"]) == ([], [], 3)
    assert await records.outbox("nowhere") == []


async def test_a_write_without_events_leaves_it_unsent_as_it_was(records: Records) -> None:
    await records.insert(document(outbox=[entry("e1")], tags=["unsent"]))
    await records.update("g", 1, {"name": "x"}, {}, [])
    held = await records.load("g")
    assert held is not None
    assert held["tags"] == ["unsent"]


async def test_the_sweeper_finds_what_is_old_enough_and_no_more_than_it_asked_for(records: Records) -> None:
    for number in range(5):
        await records.insert(document(f"g{number}", outbox=[entry("e", at=AT - timedelta(seconds=number))], tags=["unsent"]))
    await records.insert(document("sent"))
    assert set(await records.unsent(AT - timedelta(seconds=1), 10)) == {"g2", "g3", "g4"}
    assert len(await records.unsent(AT + timedelta(seconds=1), 2)) == 2


async def test_what_was_kept_once_stays_as_it_was(records: Records) -> None:
    first = entry("g:1", "audit", request_id="r1", payload_digest="d", result={"id": "g"})
    await records.remember([entry("e1", body=b"1"), first])
    await records.remember([entry("e1", body=b"2"), entry("e2", body=b"3"), {**first, "row": {**first["row"], "payload_digest": "other"}}])
    found = await records.remembered_request("g", "r1")
    assert found is not None
    assert (found["payload_digest"], found["result"]) == ("d", {"id": "g"})
    assert await records.remembered_request("g", "r2") is None
    assert await records.remembered_request("other", "r1") is None
