"""Receives one signed upload: checks the bytes while they stream into the store and leaves nothing behind when they are refused."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

from services.intake.adapters.files import CHUNK, FileStore, Writing
from services.intake.domain.uploads import (
    HEAD_BYTES,
    IMPORT_TYPES,
    Incoming,
    UploadLimits,
    UploadRefusal,
    UploadRefused,
    expired,
    is_what_it_claims,
    too_large,
)
from services.intake.store.uploads import Upload, UploadState, UploadStore
from shared.records import StoreTrouble

# Longer than any transfer may take: the sweeper must not meet one that is still running.
GRACE = timedelta(hours=1)
# So long a file waits for the registration or the import that it was sent for: after that there is no reason to keep it.
UNTIED_FOR = timedelta(days=7)


class ReceiveUpload:
    """`now` is real time (a ticket is a token), aware; `detect` names the type of a file by its first bytes."""

    def __init__(
        self,
        uploads: UploadStore,
        files: FileStore,
        detect: Callable[[bytes], frozenset[str]],
        now: Callable[[], datetime],
        limits: UploadLimits,
    ) -> None:
        self._uploads = uploads
        self._files = files
        self._detect = detect
        self._now = now
        self._limits = limits

    async def __call__(self, id: str, body: AsyncIterator[bytes], declared_length: int | None = None) -> Upload:
        """Stores the body for this ticket and gives the row in its state STORED. Raises UploadRefused with the reason.

        A transfer that breaks off or is refused may be tried again while the ticket lives, `max_tries` times in all. Of several transfers
        at once the first complete one counts. An exception of the body's own is passed on, after the clean-up.
        """
        upload, attempt = await self._begin(id, declared_length)
        ticket = upload.ticket
        known = await self._files.find(ticket.sha256)
        writing = None if known else self._files.begin(attempt, ticket.sha256)
        try:
            # A content that is already here is still received and checked: knowing a hash is no proof of having the file.
            await self._transfer(upload, body, writing)
            now = self._now()
            if writing is not None:
                await writing.keep(ticket.content_type, now)
            elif not await self._files.refresh(ticket.sha256, now):
                raise StoreTrouble("the content that was here went meanwhile")
        except BaseException:
            await self._files.discard(attempt)
            raise
        if not await self._uploads.stored(id, now):
            # Where its petitioner was erased while it came, nobody needs it.
            await forget_unneeded(self._uploads, self._files, ticket.sha256, now)
            raise UploadRefused(_used())
        return Upload(ticket, UploadState.STORED, upload.tries + 1, now)

    async def _begin(self, id: str, declared_length: int | None) -> tuple[Upload, str]:
        while True:
            upload = await self._uploads.find(id)
            if upload is None:
                raise UploadRefused(UploadRefusal("UPLOAD_UNKNOWN", "id", "There is no such upload.", "没有该上传申请。"))
            if upload.state is not UploadState.OPEN:
                raise UploadRefused(_used())
            if self._now() >= upload.ticket.expires_at:
                raise UploadRefused(expired())
            greatest = self._limits.greatest(upload.ticket.purpose)
            if upload.ticket.size > greatest:
                raise UploadRefused(too_large(greatest))
            if declared_length is not None and declared_length != upload.ticket.size:
                raise UploadRefused(
                    UploadRefusal("UPLOAD_SIZE_MISMATCH", "size", "The file's size is not the declared one.", "文件大小与申报的大小不符。")
                )
            if upload.tries - upload.forgiven >= self._limits.max_tries:
                raise UploadRefused(
                    UploadRefusal(
                        "UPLOAD_TOO_MANY_TRIES", None, "Tried too often; ask for a new address.", "重试次数过多，请重新获取地址。"
                    )
                )
            attempt = await self._uploads.begin(upload)
            if attempt is not None:
                return upload, attempt

    async def _transfer(self, upload: Upload, body: AsyncIterator[bytes], writing: Writing | None) -> None:
        """Passes the body through all checks and, where it is written, into its chunks."""
        incoming = Incoming(upload.ticket)
        buffer = bytearray()
        typed = False
        async for piece in body:
            incoming.take(piece)
            buffer += piece
            if not typed and len(buffer) >= HEAD_BYTES:
                self._check_type(upload, buffer)
                typed = True
            while len(buffer) >= CHUNK:
                if writing is not None:
                    await writing.append(bytes(buffer[:CHUNK]))
                del buffer[:CHUNK]
        incoming.finish()
        if not typed:
            self._check_type(upload, buffer)
        if buffer and writing is not None:
            await writing.append(bytes(buffer))

    def _check_type(self, upload: Upload, head: bytearray) -> None:
        if not is_what_it_claims(upload.ticket.content_type, self._detect(bytes(head[:HEAD_BYTES]))):
            raise UploadRefused(
                UploadRefusal(
                    "UPLOAD_TYPE_MISMATCH", "contentType", "The content is not of the declared type.", "文件内容与申报的文件类型不符。"
                )
            )


async def forget_unneeded(uploads: UploadStore, files: FileStore, sha256: str, now: datetime) -> bool:
    """Removes a content that no row needs, unless it comes again meanwhile. False where to ask again later: somebody may be sending it."""
    others = await uploads.others(sha256)
    if any(other.state is UploadState.OPEN and not over(other, now) for other in others):
        return False
    return any(other.state is UploadState.STORED for other in others) or await files.forget(sha256, now)


async def erase_upload(uploads: UploadStore, files: FileStore, upload: Upload, now: datetime) -> bool:
    """Removes the name of a file, and its content unless another row needs it; repeatable. False where it has to be asked again later: a
    transfer under way may keep its content, and its process end there. With the hash it is forgotten then."""
    if upload.state is not UploadState.ERASED:
        await uploads.erase(upload)
        upload = await uploads.find(upload.ticket.id) or upload
    if upload.state is not UploadState.ERASED or not upload.ticket.sha256:
        return True
    if not (await forget_unneeded(uploads, files, upload.ticket.sha256, now) and over(upload, now)):
        return False
    await uploads.forget_content(upload.ticket.id)
    return True


def over(upload: Upload, now: datetime) -> bool:
    """No transfer of it can be under way any more."""
    return upload.ticket.expires_at + GRACE <= now


async def sweep_uploads(uploads: UploadStore, files: FileStore, now: datetime, grace: timedelta = GRACE, limit: int = 200) -> int:
    """Removes what crashed transfers of expired tickets left in the store; the number of rows looked at. Safe to run anywhere, any time."""
    rows = await uploads.unswept(now - grace, limit)
    for upload in rows:
        for number in range(1, upload.tries + 1):
            await files.discard(upload.attempt(number))
        await uploads.mark_swept(upload.ticket.id)
    return len(rows)


async def sweep_untied(uploads: UploadStore, files: FileStore, now: datetime, limit: int = 200) -> int:
    """Removes files that nobody has told of, and their rows; the number of rows looked at. Safe to run anywhere, any time."""
    rows = await uploads.untied(now - UNTIED_FOR, limit)
    for upload in rows:
        await uploads.erase(upload)
        # A table is kept for the jobs that need it, which have copied its hash, and goes by their days.
        table = upload.ticket.content_type in IMPORT_TYPES
        if table or await forget_unneeded(uploads, files, upload.ticket.sha256, now):
            await uploads.remove(upload.ticket.id)
    return len(rows)


def _used() -> UploadRefusal:
    return UploadRefusal("UPLOAD_USED", "id", "This address has been used already.", "该上传地址已使用过。")
