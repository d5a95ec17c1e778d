"""Types told by content, and GridFS as it lies in the store."""

import hashlib
import io
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from services.intake.adapters.cipher import SEAL_BYTES
from services.intake.adapters.files import CHUNK, FileStore, StoredFile, detect
from services.intake.domain.uploads import CONTENT_TYPES, is_what_it_claims
from shared.mongo import Collection, Database, GridFS
from shared.records import StoreTrouble
from tests.services.intake.builders import CIPHER, NOW


def _image(form: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(out, form)
    return out.getvalue()


def _docx() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "x")
        archive.writestr("word/document.xml", "y")
    return out.getvalue()


def _ftyp(brand: bytes) -> bytes:
    return b"\x00\x00\x00\x1cftyp" + brand + b"\x00\x00\x02\x00" + brand + b"isomiso2" + bytes(100)


SAMPLES = {
    "image/jpeg": _image("JPEG"),
    "image/png": _image("PNG"),
    "image/webp": _image("WEBP"),
    "image/gif": _image("GIF"),
    "image/heic": b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(50),
    "application/pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< >>\nendobj\n",
    "video/mp4": _ftyp(b"isom"),
    "video/quicktime": b"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  " + bytes(50),
    "audio/mpeg": b"ID3\x04\x00\x00\x00\x00\x00\x23" + bytes(100),
    "audio/mp4": _ftyp(b"M4A "),
    "audio/amr": b"#!AMR\n" + bytes(50),
    "audio/wav": b"RIFF\x24\x10\x00\x00WAVEfmt " + bytes(50),
}
# An .m4a is an MP4 file; whoever declares it a video is not wrong.
ALSO = {("video/mp4", "audio/mp4")}
STRANGERS = {
    "html": b"<!DOCTYPE html><html><script>1</script>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg">',
    "exe": b"MZ\x90\x00\x03" + bytes(200),
    "docx": _docx(),
    "text": "你好".encode(),
    "empty": b"",
    "zeros": bytes(4096),
}


def test_every_allowed_type_has_a_sample() -> None:
    assert set(SAMPLES) == set(CONTENT_TYPES)


@pytest.mark.parametrize("content", sorted(SAMPLES))
@pytest.mark.parametrize("declared", sorted(CONTENT_TYPES))
def test_a_file_passes_only_as_what_it_is(declared: str, content: str) -> None:
    assert is_what_it_claims(declared, detect(SAMPLES[content][:4096])) is (declared == content or (declared, content) in ALSO)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_table_as_spreadsheets_write_it_passes_as_a_table(encoding: str) -> None:
    assert is_what_it_claims("text/csv", detect("人员编号*,姓名*\r\n1,孔凡莹\r\n".encode(encoding)))


@pytest.mark.parametrize("stranger", sorted(STRANGERS))
def test_strangers_pass_as_nothing(stranger: str) -> None:
    detected = detect(STRANGERS[stranger])
    assert not any(is_what_it_claims(declared, detected) for declared in CONTENT_TYPES)


async def _write(files: FileStore, file: str, content: bytes) -> StoredFile:
    writing = files.begin(file, hashlib.sha256(content).hexdigest())
    for start in range(0, len(content), CHUNK):
        await writing.append(content[start : start + CHUNK])
    return await writing.keep("image/png", NOW)


async def test_a_file_lies_sealed_in_a_layout_that_the_driver_reads(intake_database: Database) -> None:
    """The layout is GridFS's own: the driver's reader checks length and chunk sizes itself, so any tool can copy the bucket."""
    files = FileStore(intake_database, CIPHER)
    await files.create_indexes()
    content = bytes(range(256)) * 4000
    stored = await _write(files, "u/1", content)
    raw = await (await GridFS(intake_database).open_download_stream("u/1")).read()
    assert len(raw) == len(content) + SEAL_BYTES * 4
    assert bytes(range(32)) not in raw
    assert b"".join([piece async for piece in files.read(stored)]) == content
    assert await files.find(stored.sha256) == stored


async def test_what_was_kept_before_contents_were_sealed_is_read(intake_database: Database) -> None:
    files = FileStore(intake_database, CIPHER)
    await files.insert("u/1", 0, b"plain")
    await files.keep(StoredFile("ab" * 32, "u/1", 5, "image/png", NOW, None))
    stored = await files.find("ab" * 32)
    assert stored is not None
    assert [piece async for piece in files.read(stored)] == [b"plain"]


@pytest.mark.parametrize("change", [{"data": b"x" * 300}, {"data": b""}, {"n": 7}])
async def test_a_changed_chunk_is_noticed(intake_database: Database, change: dict[str, Any]) -> None:
    files = FileStore(intake_database, CIPHER)
    stored = await _write(files, "u/1", b"x" * 600_000)
    chunks = intake_database["fs.chunks"]
    await chunks.update_one({"files_id": "u/1", "n": 1}, {"$set": change})
    if "n" in change:
        # Another chunk of the file in its place.
        await chunks.update_one({"files_id": "u/1", "n": 0}, {"$set": {"n": 1}})
        await chunks.update_one({"files_id": "u/1", "n": 7}, {"$set": {"n": 0}})
    with pytest.raises(StoreTrouble):
        assert [piece async for piece in files.read(stored)]


async def test_a_changed_key_is_noticed(intake_database: Database) -> None:
    files = FileStore(intake_database, CIPHER)
    stored = await _write(files, "u/1", b"x" * 300)
    with pytest.raises(StoreTrouble):
        assert [piece async for piece in files.read(replace(stored, key="k1.altered"))]


async def test_a_lost_chunk_is_noticed(intake_database: Database) -> None:
    files = FileStore(intake_database, CIPHER)
    stored = await _write(files, "u/1", b"x" * 600_000)
    await intake_database["fs.chunks"].delete_one({"files_id": "u/1", "n": 1})
    with pytest.raises(StoreTrouble):
        assert [piece async for piece in files.read(stored)]


async def test_same_content_is_kept_once_and_the_later_copy_removed(intake_database: Database) -> None:
    files = FileStore(intake_database, CIPHER)
    first = await _write(files, "u/1", b"x" * 300_000)
    second = await _write(files, "v/1", b"x" * 300_000)
    assert second == first
    assert await intake_database["fs.files"].count_documents({}) == 1
    assert await intake_database["fs.chunks"].count_documents({}) == 2


async def test_discard_spares_the_home_of_a_content(intake_database: Database) -> None:
    files = FileStore(intake_database, CIPHER)
    stored = await _write(files, "u/1", b"x" * 300_000)
    await files.begin("w/1", "cd" * 32).append(b"half")
    await files.discard("u/1")
    await files.discard("w/1")
    await files.discard("never-there")
    assert b"".join([piece async for piece in files.read(stored)]) == b"x" * 300_000
    assert await intake_database["fs.chunks"].count_documents({"files_id": "w/1"}) == 0


class Stopped(Exception):
    """The process ends here."""


class _Stopping:
    """A collection whose process ends at one operation."""

    def __init__(self, collection: Collection, operation: str) -> None:
        self._collection, self._operation = collection, operation

    def __getattr__(self, name: str) -> Any:
        if name == self._operation:
            raise Stopped
        return getattr(self._collection, name)


@pytest.mark.parametrize("crashes_before", ["fs.files.find", "fs.chunks.delete_many", "fs.files.delete_one"])
async def test_a_content_that_was_half_forgotten_is_forgotten_when_it_is_asked_again(
    intake_database: Database, monkeypatch: pytest.MonkeyPatch, crashes_before: str
) -> None:
    files = FileStore(intake_database, CIPHER)
    stored = await _write(files, "u/1", b"x" * 600_000)
    collection, _, operation = crashes_before.rpartition(".")

    with monkeypatch.context() as patched:
        patched.setattr(files, f"_{collection.removeprefix('fs.')}", _Stopping(intake_database[collection], operation))
        with pytest.raises(Stopped):
            await files.forget(stored.sha256, NOW)
    assert await files.find(stored.sha256) is None
    assert await files.forget(stored.sha256, NOW)
    assert [await intake_database[name].count_documents({}) for name in ("fs.contents", "fs.files", "fs.chunks")] == [0, 0, 0]


async def test_a_content_that_came_again_is_not_forgotten_for_what_was_before(intake_database: Database) -> None:
    files = FileStore(intake_database, CIPHER)
    stored = await _write(files, "u/1", b"x" * 300_000)
    assert not await files.forget(stored.sha256, NOW - timedelta(seconds=1))
    assert b"".join([piece async for piece in files.read(stored)]) == b"x" * 300_000
    assert await files.forget(stored.sha256, NOW)
    assert await files.forget("ef" * 32, NOW)


async def test_a_content_that_is_put_again_is_young_again(intake_database: Database, tmp_path: Path) -> None:
    files = FileStore(intake_database, CIPHER)
    path, later = tmp_path / "table", NOW + timedelta(days=7)
    path.write_bytes(b"x" * 300_000)
    for id, at in (("u/1", NOW), ("v/1", later), ("w/1", NOW)):
        await files.put(path, "ab" * 32, "text/csv", id, at)
    assert await files.of_types_before(["text/csv"], later, 10) == []
    stored = await files.find("ab" * 32)
    assert stored is not None
    assert (stored.file, stored.stored_at) == ("u/1", later)
    assert not await files.refresh("cd" * 32, NOW)
