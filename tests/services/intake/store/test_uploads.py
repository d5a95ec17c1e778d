"""Upload rows: opened once, counted, stored once, bound once."""

import asyncio
from datetime import timedelta

from services.intake.store.uploads import COLLECTION, INDEXES, UploadState, UploadStore
from shared.mongo import Database
from tests.services.intake.builders import NOW, png, ticket

TICKET = ticket(png())


async def test_a_row_comes_back_as_it_was_opened(intake_database: Database) -> None:
    store = UploadStore(intake_database[COLLECTION])
    await intake_database[COLLECTION].create_indexes(INDEXES)
    opened = await store.open(TICKET)
    assert await store.find(TICKET.id) == opened
    assert (opened.ticket, opened.state, opened.tries, opened.stored_at) == (TICKET, UploadState.OPEN, 0, None)
    assert await store.find("nobody") is None
    assert await store.find_many(["nobody", TICKET.id]) == [None, opened]


async def test_opening_again_gives_the_row_as_it_is(intake_database: Database) -> None:
    store = UploadStore(intake_database[COLLECTION])
    await store.open(TICKET)
    await store.stored(TICKET.id, NOW)
    again = await store.open(ticket(png(), name="other.png"))
    assert (again.ticket, again.state, again.stored_at) == (TICKET, UploadState.STORED, NOW)


async def test_of_two_transfers_that_begin_from_one_state_one_must_read_again(intake_database: Database) -> None:
    store = UploadStore(intake_database[COLLECTION])
    opened = await store.open(TICKET)
    begun = await asyncio.gather(store.begin(opened), store.begin(opened))
    assert sorted(begun, key=str) == [f"{TICKET.id}/1", None]
    later = await store.find(TICKET.id)
    assert later is not None
    assert await store.begin(later) == f"{TICKET.id}/2"


async def test_stored_once(intake_database: Database) -> None:
    store = UploadStore(intake_database[COLLECTION])
    await store.open(TICKET)
    assert sorted(await asyncio.gather(*(store.stored(TICKET.id, NOW) for _ in range(4)))) == [False, False, False, True]
    row = await store.find(TICKET.id)
    assert row is not None
    assert await store.begin(row) is None


async def test_attaches_only_stored_files_of_the_same_uploader_to_one_grievance(intake_database: Database) -> None:
    store = UploadStore(intake_database[COLLECTION])
    await store.open(TICKET)
    assert await store.attach([TICKET.id], "g-1", TICKET.uploader) == [TICKET.id]
    await store.stored(TICKET.id, NOW)
    assert await store.attach([TICKET.id], "g-1", "resident-else") == [TICKET.id]
    assert await store.attach([TICKET.id], "g-1", TICKET.uploader) == []
    assert await store.attach([TICKET.id], "g-1", TICKET.uploader) == []
    assert await store.attach([TICKET.id], "g-2", TICKET.uploader) == [TICKET.id]
    assert await store.attach([], "g-2", TICKET.uploader) == []
    row = await store.find(TICKET.id)
    assert row is not None
    assert row.ticket.grievance == "g-1"


async def test_one_bad_attachment_ties_none(intake_database: Database) -> None:
    store = UploadStore(intake_database[COLLECTION])
    await store.open(TICKET)
    await store.stored(TICKET.id, NOW)
    assert await store.attach([TICKET.id, "nobody"], "g-1", TICKET.uploader) == ["nobody"]
    row = await store.find(TICKET.id)
    assert row is not None
    assert row.ticket.grievance is None


async def test_expired_rows_are_swept_once(intake_database: Database) -> None:
    store = UploadStore(intake_database[COLLECTION])
    await store.open(TICKET)
    assert await store.unswept(TICKET.expires_at, 10) == []
    assert [row.ticket.id for row in await store.unswept(TICKET.expires_at + timedelta(seconds=1), 10)] == [TICKET.id]
    await store.mark_swept(TICKET.id)
    assert await store.unswept(TICKET.expires_at + timedelta(seconds=1), 10) == []
