"""Uploads and reading over HTTP: signatures, refusals in two languages, headers."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from urllib.parse import quote

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from services.intake.adapters.files import FileStore, detect
from services.intake.domain.uploads import UploadLimits, UploadTicket, file_url, upload_url
from services.intake.store.uploads import COLLECTION, UploadState, UploadStore
from services.intake.uploads_http import uploads_router
from services.intake.usecases.receive_upload import ReceiveUpload
from shared.mongo import Database
from shared.records import StoreTrouble
from tests.services.intake.builders import CIPHER, NOW, body, png, ticket

KEY = bytes(range(32))
BASE = "http://intake"


class Door:
    def __init__(self, database: Database, receive_seconds: float = 30.0) -> None:
        self.now: datetime = NOW
        self.uploads = UploadStore(database[COLLECTION])
        files = FileStore(database, CIPHER)
        app = FastAPI()
        receive = ReceiveUpload(self.uploads, files, detect, lambda: self.now, UploadLimits())
        app.include_router(uploads_router(receive, files, KEY, lambda: self.now, receive_seconds))
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app))

    async def open(self, content: bytes, **changes: object) -> str:
        made: UploadTicket = ticket(content, **changes)
        await self.uploads.open(made)
        return upload_url(BASE, made, KEY)


@pytest_asyncio.fixture(loop_scope="session")
async def door(intake_database: Database) -> AsyncIterator[Door]:
    opened = Door(intake_database)
    yield opened
    await opened.http.aclose()


def _assert_refused(response: httpx.Response, status: int, code: str) -> None:
    assert response.status_code == status
    answer = response.json()
    assert set(answer) == {"code", "field", "message", "messageZh"}
    assert answer["code"] == code
    assert answer["message"].isascii()
    assert not answer["messageZh"].isascii()


@pytest.mark.row("S51")
async def test_a_photo_goes_up_and_comes_back(door: Door) -> None:
    content = png(400_000)
    sha256 = hashlib.sha256(content).hexdigest()
    response = await door.http.put(await door.open(content), content=content)
    assert response.status_code == 201
    assert response.json() == {"attachmentId": ticket(content).id, "size": len(content), "sha256": sha256}
    read = await door.http.get(file_url(BASE, sha256, "路牌 前.png", NOW + timedelta(minutes=5), KEY))
    assert read.status_code == 200
    assert read.content == content
    assert read.headers["content-type"] == "image/png"
    assert read.headers["content-length"] == str(len(content))
    assert read.headers["content-disposition"] == f"inline; filename*=UTF-8''{quote('路牌 前.png')}"
    assert read.headers["x-content-type-options"] == "nosniff"
    assert "no-store" in read.headers["cache-control"]
    assert "sandbox" in read.headers["content-security-policy"]


async def test_what_a_browser_should_not_show_is_an_attachment(door: Door) -> None:
    content = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< >>\nendobj\n"
    url = await door.open(content, content_type="application/pdf", name="a.pdf")
    assert (await door.http.put(url, content=content)).status_code == 201
    read = await door.http.get(file_url(BASE, hashlib.sha256(content).hexdigest(), "a.pdf", NOW + timedelta(minutes=5), KEY))
    assert read.headers["content-disposition"].startswith("attachment;")


async def test_a_chunked_body_without_a_length_is_accepted(door: Door) -> None:
    content = png(400_000)
    assert (await door.http.put(await door.open(content), content=body(content))).status_code == 201


async def test_a_url_cannot_be_used_twice(door: Door) -> None:
    content = png()
    url = await door.open(content)
    assert (await door.http.put(url, content=content)).status_code == 201
    _assert_refused(await door.http.put(url, content=content), 409, "UPLOAD_USED")


async def test_a_forged_or_late_url_is_refused_and_the_store_not_asked(door: Door) -> None:
    content = png()
    url = await door.open(content)
    _assert_refused(await door.http.put(url.replace("signature=", "signature=A"), content=content), 403, "URL_NOT_GENUINE")
    _assert_refused(await door.http.put(url.replace("/uploads/1", "/uploads/2"), content=content), 403, "URL_NOT_GENUINE")
    _assert_refused(await door.http.put(url.partition("?")[0], content=content), 403, "URL_NOT_GENUINE")
    door.now = NOW + timedelta(minutes=15)
    _assert_refused(await door.http.put(url, content=content), 410, "URL_EXPIRED")
    row = await door.uploads.find(ticket(content).id)
    assert row is not None
    assert (row.state, row.tries) == (UploadState.OPEN, 0)


async def test_wrong_bytes_are_refused(door: Door) -> None:
    url = await door.open(png(5000))
    _assert_refused(await door.http.put(url, content=png(5000, seed=2)), 422, "UPLOAD_HASH_MISMATCH")
    _assert_refused(await door.http.put(url, content=png(4999)), 422, "UPLOAD_SIZE_MISMATCH")
    _assert_refused(await door.http.put(url, content=body(png(5001))), 422, "UPLOAD_SIZE_MISMATCH")


async def test_another_type_is_refused(door: Door) -> None:
    content = b"<!DOCTYPE html><html><script>alert(1)</script>"
    _assert_refused(await door.http.put(await door.open(content), content=content), 415, "UPLOAD_TYPE_MISMATCH")


async def test_a_transfer_that_hangs_is_cut_and_leaves_nothing(intake_database: Database) -> None:
    door = Door(intake_database, receive_seconds=0.2)
    content = png(400_000)

    async def hangs() -> AsyncIterator[bytes]:
        yield content[:300_000]
        await asyncio.Event().wait()

    _assert_refused(await door.http.put(await door.open(content), content=hangs()), 408, "UPLOAD_TOO_SLOW")
    assert await intake_database["fs.chunks"].count_documents({}) == 0
    await door.http.aclose()


async def test_a_store_that_does_not_answer_is_said_so(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    content = png()
    url = await door.open(content)

    async def fails(*_: object) -> None:
        raise StoreTrouble("AutoReconnect")

    monkeypatch.setattr(UploadStore, "find", fails)
    monkeypatch.setattr(FileStore, "find", fails)
    _assert_refused(await door.http.put(url, content=content), 503, "STORE_UNAVAILABLE")
    read = file_url(BASE, "a" * 64, "a.png", NOW + timedelta(minutes=5), KEY)
    _assert_refused(await door.http.get(read), 503, "STORE_UNAVAILABLE")


async def test_reading_needs_a_genuine_live_url(door: Door) -> None:
    content = png()
    await door.http.put(await door.open(content), content=content)
    sha256 = hashlib.sha256(content).hexdigest()
    url = file_url(BASE, sha256, "a.png", NOW + timedelta(minutes=5), KEY)
    _assert_refused(await door.http.get(f"{BASE}/files/{sha256}"), 403, "URL_NOT_GENUINE")
    _assert_refused(await door.http.get(url.replace("a.png", "b.png")), 403, "URL_NOT_GENUINE")
    _assert_refused(await door.http.get(file_url(BASE, "0" * 64, "a.png", NOW + timedelta(minutes=5), KEY)), 404, "FILE_UNKNOWN")
    door.now = NOW + timedelta(minutes=5)
    _assert_refused(await door.http.get(url), 410, "URL_EXPIRED")


async def test_an_upload_url_does_not_read_and_a_reading_url_does_not_upload(door: Door) -> None:
    content = png()
    url = await door.open(content)
    assert (await door.http.get(url)).status_code == 405
    read = file_url(BASE, "a" * 64, "a.png", NOW + timedelta(minutes=5), KEY)
    assert (await door.http.put(read, content=content)).status_code == 405
