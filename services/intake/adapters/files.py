"""File contents in GridFS, each content once, found by its SHA-256, its chunks sealed under a key of its own: a photo shows a home, a table
names its people.

Chunks are written and read here one by one in GridFS's public layout instead of by the driver's streams (pymongo 4.20): the one for writing
gathers up to 48 MB before its first insert, the one for reading takes 16 MB of chunks at once. Every other GridFS tool can copy the files.
"""

import asyncio
import codecs
from collections.abc import AsyncIterator, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import puremagic

from services.intake.adapters.cipher import SEAL_BYTES, FieldCipher, Unreadable
from shared.mongo import ASCENDING, Collection, Database, DuplicateKeyError, IndexModel
from shared.records import StoreTrouble, store_errors

CHUNK: Final = 255 * 1024  # GridFS's own default: a document of it stays below a power of two
CHUNK_INDEXES: Final = [IndexModel([("files_id", ASCENDING), ("n", ASCENDING)], name="files_id_n", unique=True)]
FILE_INDEXES: Final = [IndexModel([("filename", ASCENDING), ("uploadDate", ASCENDING)], name="filename_uploadDate")]
CONTENT_INDEXES: Final = [
    IndexModel([("file", ASCENDING)], name="file"),
    IndexModel([("content_type", ASCENDING), ("stored_at", ASCENDING)], name="age"),
]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One content. `file` is the GridFS id, `size` in bytes, `stored_at` when it came last, aware UTC, `key` the wrapped key of its chunks
    (None: kept before contents were sealed)."""

    sha256: str
    file: str
    size: int
    content_type: str
    stored_at: datetime
    key: str | None


class FileStore:
    """`<name>.contents` maps a hash to the one GridFS file that holds it; its unique `_id` decides between simultaneous uploads."""

    def __init__(self, database: Database, cipher: FieldCipher, name: str = "fs") -> None:
        """`name` is that of the bucket; `fs` is GridFS's own default."""
        self._cipher = cipher
        self._chunks: Collection = database[f"{name}.chunks"]
        self._files: Collection = database[f"{name}.files"]
        self._contents: Collection = database[f"{name}.contents"]

    async def create_indexes(self) -> None:
        """The indexes that GridFS asks for, and that of the sweeper."""
        await self._chunks.create_indexes(CHUNK_INDEXES)
        await self._files.create_indexes(FILE_INDEXES)
        await self._contents.create_indexes(CONTENT_INDEXES)

    async def find(self, sha256: str) -> StoredFile | None:
        """The stored content of this hash."""
        with store_errors():
            document = await self._contents.find_one({"_id": sha256})
        if document is None:
            return None
        kept = (document["file"], document["size"], document["content_type"], document["stored_at"], document.get("key"))
        return StoredFile(sha256, *kept)

    def begin(self, file: str, sha256: str) -> "Writing":
        """A content on its way in, under a fresh GridFS id."""
        return Writing(self, self._cipher, file, sha256)

    async def insert(self, file: str, n: int, sealed: bytes) -> None:
        """Chunk n of a file that is being written."""
        with store_errors():
            await self._chunks.insert_one({"files_id": file, "n": n, "data": sealed})

    async def keep(self, content: StoredFile) -> StoredFile:
        """Completes a file whose chunks are all written. If the content was stored meanwhile, ours is removed and that one given back."""
        file = {
            "_id": content.file,
            "filename": content.sha256,
            "length": content.size + SEAL_BYTES * _chunks_of(content.size),
            "chunkSize": CHUNK + SEAL_BYTES,
            "uploadDate": content.stored_at,
        }
        document = asdict(content)
        document["_id"] = document.pop("sha256")
        with store_errors():
            await self._files.insert_one(file)
            try:
                await self._contents.insert_one(document)
            except DuplicateKeyError:
                await self.discard(content.file)
                return await self.find(content.sha256) or content
        return content

    async def discard(self, file: str) -> None:
        """Removes what was written under this id, complete or not, unless it has become the home of a content."""
        with store_errors():
            if await self._contents.find_one({"file": file}, {"_id": True}) is None:
                # The row last: by it `forget` finds chunks that a crash has left.
                await self._chunks.delete_many({"files_id": file})
                await self._files.delete_one({"_id": file})

    async def of_types_before(self, types: Iterable[str], before: datetime, limit: int) -> list[str]:
        """The hashes of contents of these media types that were stored before then."""
        query = {"content_type": {"$in": sorted(types)}, "stored_at": {"$lt": before}}
        with store_errors():
            rows = await self._contents.find(query, {"_id": 1}).limit(limit).to_list(limit)
        return [row["_id"] for row in rows]

    async def forget(self, sha256: str, before: datetime) -> bool:
        """Removes a content that nobody needed at `before`; False where it has come again since. Whoever reads it at this moment is told of
        trouble. Repeated after a crash, it removes what is left by the name of the file."""
        with store_errors():
            await self._contents.delete_one({"_id": sha256, "stored_at": {"$lte": before}})
            # A younger file may be about to become the content's new home.
            left = await self._files.find({"filename": sha256, "uploadDate": {"$lte": before}}, {"_id": 1}).to_list(None)
        for file in left:
            await self.discard(file["_id"])
        return await self.find(sha256) is None

    async def refresh(self, sha256: str, at: datetime) -> bool:
        """A content that came again is as young as a new one: who sent it now may rely on its being here. False where it is not here."""
        with store_errors():
            result = await self._contents.update_one({"_id": sha256}, {"$max": {"stored_at": at}})
        return bool(result.matched_count)

    async def put(self, path: Path, sha256: str, content_type: str, id: str, at: datetime) -> None:
        """A file of our own making, kept under its hash; the same content is kept once. `id` is a fresh one."""
        if await self.refresh(sha256, at):
            return
        writing = self.begin(id, sha256)
        with path.open("rb") as file:
            while data := await asyncio.to_thread(file.read, CHUNK):
                await writing.append(data)
        await writing.keep(content_type, at)

    async def read(self, content: StoredFile) -> AsyncIterator[bytes]:
        """The bytes in chunks. Raises StoreTrouble when the store fails, or has lost or changed some of them."""
        try:
            key = self._cipher.unwrap(content.sha256, content.key) if content.key else None
        except Unreadable as error:
            raise StoreTrouble("the key of a file was changed") from error
        for n in range(_chunks_of(content.size)):
            with store_errors():
                chunk = await self._chunks.find_one({"files_id": content.file, "n": n})
            if chunk is None:
                raise StoreTrouble(f"chunk {n} of a file is missing")
            try:
                yield key.unseal(_place(n), chunk["data"]) if key else bytes(chunk["data"])
            except Unreadable as error:
                raise StoreTrouble(f"chunk {n} of a file was changed") from error


class Writing:
    """A content whose chunks come in order. What is never kept is discarded by its id."""

    def __init__(self, files: FileStore, cipher: FieldCipher, file: str, sha256: str) -> None:
        self._files, self._cipher, self._file, self._sha256 = files, cipher, file, sha256
        self._key, self._wrapped = cipher.new_person_key(sha256)
        self._count = self._size = 0

    async def append(self, data: bytes) -> None:
        """The next chunk: CHUNK bytes, the last one perhaps fewer."""
        await self._files.insert(self._file, self._count, self._key.seal(_place(self._count), data))
        self._count += 1
        self._size += len(data)

    async def keep(self, content_type: str, at: datetime) -> StoredFile:
        """All chunks are there. Gives what the content is kept as: that of another writer who was first, perhaps."""
        # The master key may have changed while the chunks came.
        wrapped = self._cipher.rewrap(self._sha256, self._wrapped)
        return await self._files.keep(StoredFile(self._sha256, self._file, self._size, content_type, at, wrapped))


def _chunks_of(size: int) -> int:
    return -(-size // CHUNK)


def _place(n: int) -> str:
    return f"chunk:{n}"


def detect(head: bytes) -> frozenset[str]:
    """The media types and extensions that the first bytes speak for most strongly; empty when they tell nothing."""
    try:
        matches = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        matches = []
    best = max((match.confidence for match in matches), default=0.0)
    names = frozenset(name for match in matches if match.confidence == best for name in (match.mime_type, match.extension) if name)
    # A mark of byte order, as spreadsheets write it, is a match without a name.
    return names or (frozenset({"text/csv", "text/plain"}) if _is_text(head) else names)


def _is_text(head: bytes) -> bool:
    """Readable text in one of the encodings that spreadsheets write; the head may end within a character."""
    if any(byte < 32 and byte not in b"\t\r\n" for byte in head):
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            codecs.getincrementaldecoder(encoding)().decode(head)
        except UnicodeDecodeError:
            continue
        return True
    return False
