"""Receiving uploads over the real store: what is refused leaves nothing, what crashes is swept."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.intake.adapters.cipher import SEAL_BYTES
from services.intake.adapters.files import FileStore, detect
from services.intake.domain.uploads import IMPORT, UploadLimits, UploadRefused, UploadTicket
from services.intake.store.uploads import COLLECTION, Upload, UploadState, UploadStore
from services.intake.usecases.receive_upload import GRACE, UNTIED_FOR, ReceiveUpload, sweep_untied, sweep_uploads
from shared.mongo import Database
from shared.records import StoreTrouble
from tests.services.intake.builders import CIPHER, NOW, body, png, ticket


class Rig:
    """The use case over one database, with a time that the test sets."""

    def __init__(self, database: Database, limits: UploadLimits | None = None) -> None:
        self.database = database
        self.now: datetime = NOW
        self.uploads = UploadStore(database[COLLECTION])
        self.files = FileStore(database, CIPHER)
        self.receive = ReceiveUpload(self.uploads, self.files, detect, lambda: self.now, limits or UploadLimits())

    async def refusal(self, made: UploadTicket, content: bytes, length: int | None = None) -> str:
        with pytest.raises(UploadRefused) as raised:
            await self.receive(made.id, body(content), length)
        return raised.value.refusal.code

    async def bytes_kept(self) -> int:
        """What was told, without what sealing adds to each chunk."""
        return sum([len(chunk["data"]) - SEAL_BYTES async for chunk in self.database["fs.chunks"].find()])


@pytest.fixture
def rig(intake_database: Database) -> Rig:
    return Rig(intake_database)


@pytest.mark.parametrize("size", [100, 4096, 255 * 1024, 255 * 1024 + 1, 700_000])
@pytest.mark.parametrize("piece", [1 << 16, 1 << 20, 3001])
async def test_stores_what_was_declared(rig: Rig, size: int, piece: int) -> None:
    content = png(size)
    made = ticket(content)
    await rig.uploads.open(made)
    upload = await rig.receive(made.id, body(content, piece), len(content))
    assert upload == await rig.uploads.find(made.id)
    assert upload.state is UploadState.STORED
    stored = await rig.files.find(made.sha256)
    assert stored is not None
    assert (stored.size, stored.content_type) == (len(content), "image/png")
    assert b"".join([part async for part in rig.files.read(stored)]) == content


async def test_a_ticket_is_used_once(rig: Rig) -> None:
    content = png(300_000)
    made = ticket(content)
    await rig.uploads.open(made)
    await rig.receive(made.id, body(content))
    assert await rig.refusal(made, content) == "UPLOAD_USED"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (png(600_000) + b"x", "UPLOAD_SIZE_MISMATCH"),
        (png(600_000)[:-1], "UPLOAD_SIZE_MISMATCH"),
        (b"", "UPLOAD_SIZE_MISMATCH"),
        (png(600_000, seed=9), "UPLOAD_HASH_MISMATCH"),
    ],
)
async def test_a_refused_file_leaves_nothing_and_may_be_sent_again(rig: Rig, content: bytes, code: str) -> None:
    right = png(600_000)
    made = ticket(right)
    await rig.uploads.open(made)
    assert await rig.refusal(made, content) == code
    assert await rig.bytes_kept() == 0
    assert await rig.files.find(made.sha256) is None
    assert (await rig.receive(made.id, body(right))).state is UploadState.STORED


async def test_a_file_of_another_type_is_refused_before_a_byte_is_written(rig: Rig) -> None:
    content = b"<!DOCTYPE html><html>" + bytes(600_000)
    made = ticket(content)
    await rig.uploads.open(made)
    seen = 0

    async def counted() -> AsyncIterator[bytes]:
        nonlocal seen
        async for part in body(content):
            seen += len(part)
            yield part

    with pytest.raises(UploadRefused) as raised:
        await rig.receive(made.id, counted())
    assert raised.value.refusal.code == "UPLOAD_TYPE_MISMATCH"
    assert seen == 65536
    assert await rig.bytes_kept() == 0


async def test_refuses_without_reading_the_body(rig: Rig) -> None:
    content = png(5000)
    made = ticket(content)
    assert await rig.refusal(made, content) == "UPLOAD_UNKNOWN"
    await rig.uploads.open(made)
    assert await rig.refusal(made, content, length=4999) == "UPLOAD_SIZE_MISMATCH"
    rig.now = made.expires_at
    assert await rig.refusal(made, content) == "URL_EXPIRED"
    strict = Rig(rig.database, UploadLimits(max_bytes=4000))
    assert await strict.refusal(made, content) == "UPLOAD_TOO_LARGE"
    row = await rig.uploads.find(made.id)
    assert row is not None
    assert row.tries == 0


async def test_tries_are_limited(intake_database: Database) -> None:
    rig = Rig(intake_database, UploadLimits(max_tries=2))
    made = ticket(png(5000))
    await rig.uploads.open(made)
    codes = [await rig.refusal(made, b"") for _ in range(3)]
    assert codes == ["UPLOAD_SIZE_MISMATCH", "UPLOAD_SIZE_MISMATCH", "UPLOAD_TOO_MANY_TRIES"]


async def test_same_content_twice_is_stored_once(rig: Rig) -> None:
    content = png(600_000)
    tickets = [ticket(content, id=f"u-{n}") for n in range(2)]
    for made in tickets:
        await rig.uploads.open(made)
        assert (await rig.receive(made.id, body(content))).state is UploadState.STORED
    assert await rig.bytes_kept() == len(content)


async def test_a_content_that_goes_while_it_comes_again_is_sent_once_more(rig: Rig) -> None:
    content = png(600_000)
    first, again = ticket(content, id="u-1"), ticket(content, id="u-2")
    for made in (first, again):
        await rig.uploads.open(made)
    await rig.receive(first.id, body(content))

    async def overtaken() -> AsyncIterator[bytes]:
        yield content[:300_000]
        assert await rig.files.forget(again.sha256, NOW)
        yield content[300_000:]

    with pytest.raises(StoreTrouble):
        await rig.receive(again.id, overtaken())
    assert (await rig.receive(again.id, body(content))).state is UploadState.STORED
    assert await rig.bytes_kept() == len(content)


async def test_same_content_at_the_same_time_is_stored_once(rig: Rig) -> None:
    content = png(600_000)
    tickets = [ticket(content, id=f"u-{n}") for n in range(4)]
    for made in tickets:
        await rig.uploads.open(made)
    done = await asyncio.gather(*(rig.receive(made.id, body(content)) for made in tickets))
    assert {upload.state for upload in done} == {UploadState.STORED}
    assert await rig.bytes_kept() == len(content)
    stored = await rig.files.find(tickets[0].sha256)
    assert stored is not None
    assert b"".join([part async for part in rig.files.read(stored)]) == content


async def test_one_url_used_by_several_at_once_counts_once(rig: Rig) -> None:
    content = png(600_000)
    made = ticket(content)
    await rig.uploads.open(made)
    results = await asyncio.gather(*(rig.receive(made.id, body(content)) for _ in range(4)), return_exceptions=True)
    refused = [result.refusal.code for result in results if isinstance(result, UploadRefused)]
    assert refused == ["UPLOAD_USED"] * 3
    assert await rig.bytes_kept() == len(content)


async def test_knowing_a_hash_is_not_having_the_file(rig: Rig) -> None:
    content = png(600_000)
    first, thief = ticket(content, id="u-1"), ticket(content, id="u-2", uploader="thief")
    await rig.uploads.open(first)
    await rig.receive(first.id, body(content))
    await rig.uploads.open(thief)
    assert await rig.refusal(thief, png(600_000, seed=3)) == "UPLOAD_HASH_MISMATCH"
    row = await rig.uploads.find(thief.id)
    assert row is not None
    assert row.state is UploadState.OPEN
    stored = await rig.files.find(first.sha256)
    assert stored is not None
    assert b"".join([part async for part in rig.files.read(stored)]) == content


async def test_a_broken_connection_leaves_nothing(rig: Rig) -> None:
    content = png(600_000)
    made = ticket(content)
    await rig.uploads.open(made)

    async def breaks() -> AsyncIterator[bytes]:
        yield content[:550_000]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await rig.receive(made.id, breaks())
    assert await rig.bytes_kept() == 0


async def test_a_cancelled_transfer_leaves_nothing(rig: Rig) -> None:
    content = png(600_000)
    made = ticket(content)
    await rig.uploads.open(made)
    reached = asyncio.Event()

    async def hangs() -> AsyncIterator[bytes]:
        yield content[:300_000]
        reached.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(rig.receive(made.id, hangs()))
    await reached.wait()
    assert await rig.bytes_kept() == 255 * 1024
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await rig.bytes_kept() == 0


async def test_what_a_crash_left_is_swept_and_nothing_else(rig: Rig) -> None:
    kept, crashed = png(300_000), png(300_000, seed=5)
    good, bad = ticket(kept, id="u-1"), ticket(crashed, id="u-2")
    for made in (good, bad):
        opened = await rig.uploads.open(made)
        attempt = await rig.uploads.begin(opened)
        assert attempt is not None
        await rig.files.begin(attempt, made.sha256).append(crashed[:1000])
    await rig.receive(good.id, body(kept))
    assert await rig.bytes_kept() == len(kept) + 2000
    assert await sweep_uploads(rig.uploads, rig.files, good.expires_at) == 0
    assert await sweep_uploads(rig.uploads, rig.files, good.expires_at + GRACE + timedelta(seconds=1)) == 2
    assert await rig.bytes_kept() == len(kept)
    assert await sweep_uploads(rig.uploads, rig.files, good.expires_at + GRACE + timedelta(seconds=1)) == 0


LONG_AFTER = NOW + UploadLimits().lifetime + UNTIED_FOR + timedelta(seconds=1)


async def _sent(rig: Rig, content: bytes, id: str, **changes: Any) -> UploadTicket:
    made = ticket(content, id=id, **changes)
    await rig.uploads.open(made)
    await rig.receive(made.id, body(content))
    return made


async def test_a_file_that_is_tied_to_nothing_goes_after_its_days_and_not_before(rig: Rig) -> None:
    alone, told, shared = png(300_000), png(300_000, seed=5), png(300_000, seed=6)
    letter = await _sent(rig, alone, "letter")
    evidence = await _sent(rig, told, "evidence", grievance="g-1")
    await _sent(rig, shared, "tied-later")
    assert await rig.uploads.attach(["tied-later"], "g-1", letter.uploader) == []
    await _sent(rig, shared, "the-same-alone", uploader="somebody-else")
    await rig.uploads.open(ticket(png(seed=7), id="never-came"))
    # A phone without a network tells of its photo with the encounter, and sends it weeks later.
    await rig.uploads.open(ticket(png(seed=8), id="photo-of-an-encounter", grievance="e-1"))
    assert await sweep_untied(rig.uploads, rig.files, letter.expires_at + UNTIED_FOR) == 0
    assert await sweep_untied(rig.uploads, rig.files, LONG_AFTER) == 3
    assert await sweep_untied(rig.uploads, rig.files, LONG_AFTER) == 0
    left = {row["_id"] async for row in rig.database[COLLECTION].find({})}
    assert left == {"evidence", "tied-later", "photo-of-an-encounter"}
    assert await rig.files.find(letter.sha256) is None
    assert await rig.bytes_kept() == len(told) + len(shared)
    assert await rig.files.find(evidence.sha256) is not None


async def test_a_content_that_somebody_is_sending_stays_until_they_have_sent_it(rig: Rig) -> None:
    content = png(300_000)
    await _sent(rig, content, "letter")
    await rig.uploads.open(ticket(content, id="coming", uploader="somebody-else", grievance="g-1", now=LONG_AFTER))
    assert await sweep_untied(rig.uploads, rig.files, LONG_AFTER) == 1
    rig.now = LONG_AFTER
    await rig.receive("coming", body(content))
    assert await sweep_untied(rig.uploads, rig.files, LONG_AFTER) == 1
    assert await rig.uploads.find("letter") is None
    assert await rig.bytes_kept() == len(content)


@pytest.mark.parametrize("crashes_at", ["others", "remove"])
async def test_a_sweep_that_ended_in_the_middle_is_gone_on_with(rig: Rig, monkeypatch: pytest.MonkeyPatch, crashes_at: str) -> None:
    letter = await _sent(rig, png(300_000), "letter")

    async def stop(*_arguments: object) -> None:
        raise StoreTrouble("the process ends here")

    with monkeypatch.context() as patched:
        patched.setattr(rig.uploads, crashes_at, stop)
        with pytest.raises(StoreTrouble):
            await sweep_untied(rig.uploads, rig.files, LONG_AFTER)
    # Nobody can tie what is about to go.
    assert await rig.uploads.attach(["letter"], "g-1", letter.uploader) == ["letter"]
    await sweep_untied(rig.uploads, rig.files, LONG_AFTER)
    assert await rig.uploads.find("letter") is None
    assert await rig.bytes_kept() == 0


async def test_what_is_tied_in_that_very_moment_stays(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    content, erase = png(300_000), rig.uploads.erase
    letter = await _sent(rig, content, "letter")

    async def overtaken(upload: Upload) -> None:
        assert await rig.uploads.attach(["letter"], "g-1", letter.uploader) == []
        await erase(upload)

    monkeypatch.setattr(rig.uploads, "erase", overtaken)
    await sweep_untied(rig.uploads, rig.files, LONG_AFTER)
    row = await rig.uploads.find("letter")
    assert row is not None
    assert (row.state, row.ticket.grievance, row.ticket.uploader) == (UploadState.STORED, "g-1", letter.uploader)
    assert await rig.bytes_kept() == len(content)


async def test_the_row_of_an_import_goes_and_leaves_the_table_to_the_jobs(rig: Rig) -> None:
    table = await _sent(rig, "人员编号*,姓名*\r\n1,孔凡莹\r\n".encode(), "table", content_type="text/csv", purpose=IMPORT)
    assert await sweep_untied(rig.uploads, rig.files, LONG_AFTER) == 1
    assert await rig.uploads.find("table") is None
    assert await rig.files.find(table.sha256) is not None


async def test_memory_stays_flat_for_the_largest_file(rig: Rig) -> None:
    size = UploadLimits().max_bytes
    content = png(size)
    made = ticket(content)
    await rig.uploads.open(made)
    tracemalloc.start()
    try:
        await rig.receive(made.id, body(content))
        stored = await rig.files.find(made.sha256)
        assert stored is not None
        total = 0
        async for part in rig.files.read(stored):
            total += len(part)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total == size == len(content)
    assert peak < 4_000_000, peak
