"""Photos by content hash: told with the record that they belong to, sent when there is a network. The bytes come as any upload does.

A photo is known by its record, its sender and what it is (hash, size, type): told again, also weeks later, it gives the same attachment
and a fresh address.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain.uploads import IMPORT, UploadLimits, UploadRefusal, UploadTicket, new_ticket
from services.intake.store.uploads import Upload, UploadState, UploadStore
from shared import ids
from shared.identity.errors import Refusal
from shared.identity.viewer import Viewer

MOST_PHOTOS = 20


class Photo(BaseModel):
    """`sha256` of the content in hex, `size` in bytes, `purpose` what it shows, as before, after."""

    model_config = ConfigDict(frozen=True)

    sha256: str
    size: int
    name: str = Field(max_length=200)
    content_type: str = Field(max_length=100)
    purpose: str | None = Field(None, max_length=40)


@dataclass(frozen=True)
class ExpectPhotos:
    """`real_now`: a ticket is a token."""

    uploads: UploadStore
    limits: UploadLimits
    real_now: Callable[[], datetime]

    def tickets(self, viewer: Viewer, record: str, photos: Sequence[Photo], names: Sequence[str] = ()) -> list[UploadTicket]:
        """One for each content, called without the declared `names`. Raises Refusal with the field at fault; keeps nothing."""
        if len(photos) > MOST_PHOTOS:
            raise Refusal("TOO_MANY_PHOTOS", f"照片不能超过{MOST_PHOTOS}张。", f"More than {MOST_PHOTOS} photos.", "photos")
        found: dict[str, UploadTicket] = {}
        for place, photo in enumerate(photos):
            if photo.purpose == IMPORT:
                raise Refusal("PHOTO_PURPOSE", "照片不能用于导入。", "A photo is not imported.", f"photos.{place}.purpose")
            ticket = new_ticket(
                id=ids.document_id(viewer.sub, f"photo:{record}:{photo.sha256.lower()}:{photo.size}:{photo.content_type}"),
                uploader=viewer.sub,
                grievance=record,
                now=self.real_now(),
                limits=self.limits,
                names=names,
                **photo.model_dump(),
            )
            if isinstance(ticket, UploadRefusal):
                raise Refusal(ticket.code, ticket.message_zh, ticket.message, f"photos.{place}.{ticket.field}")
            found.setdefault(ticket.id, ticket)
        return list(found.values())

    async def expect(self, viewer: Viewer, record: str, photos: Sequence[Photo], names: Sequence[str] = ()) -> list[Upload]:
        """Those photos with what became of them; what has not come yet gets time anew. The record is the viewer's and in the store."""
        return [await self._expected(ticket) for ticket in self.tickets(viewer, record, photos, names)]

    async def expected(self, viewer: Viewer, record: str, photos: Sequence[Photo]) -> list[Upload]:
        """Those photos, which are expected already, as they stand: one read, however many they are."""
        ids = [ticket.id for ticket in self.tickets(viewer, record, photos)]
        return [upload for upload in await self.uploads.find_many(ids) if upload is not None] if ids else []

    async def _expected(self, ticket: UploadTicket) -> Upload:
        held = await self.uploads.open(ticket)
        if held.state is UploadState.OPEN and held.ticket.expires_at < ticket.expires_at:
            await self.uploads.renew(held, ticket.expires_at)
            return await self.uploads.find(ticket.id) or held
        return held
