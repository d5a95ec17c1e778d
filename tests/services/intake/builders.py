"""Small real files and tickets for them; what a worker does in rounds."""

import hashlib
import struct
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from services.intake.adapters.cipher import FieldCipher
from services.intake.domain.uploads import UploadLimits, UploadTicket, new_ticket
from services.intake.fieldwork import PROJECTED
from services.intake.service import Service
from shared.identity.keys import MasterKeys
from shared.projector import Projector

CIPHER = FieldCipher(MasterKeys(lambda: {"k": bytes(32)}, str), bytes(32))
NOW = datetime(2026, 6, 5, 2, 0, tzinfo=UTC)


def png(size: int = 0, seed: int = 1) -> bytes:
    """A one-pixel PNG, filled up to `size` bytes by a private chunk that every reader skips."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    start += chunk(b"IDAT", zlib.compress(b"\x00" + bytes([seed % 256, seed // 256 % 256, 7])))
    end = chunk(b"IEND", b"")
    filling = size - len(start) - len(end) - 12
    return start + (chunk(b"miNy", bytes(filling)) if filling >= 0 else b"") + end


def ticket(content: bytes, **changes: Any) -> UploadTicket:
    """A ticket for the content as a PNG, opened at NOW."""
    fields: dict[str, Any] = {
        "id": "11111111-2222-5333-8444-555555555555",
        "uploader": "resident-kong",
        "grievance": None,
        "name": "路牌.png",
        "content_type": "image/png",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "purpose": "before",
        "now": NOW,
        "limits": UploadLimits(),
    }
    made = new_ticket(**(fields | changes))
    assert isinstance(made, UploadTicket), made
    return made


async def body(content: bytes, piece: int = 65536) -> AsyncIterator[bytes]:
    """The content as a server receives it."""
    for start in range(0, len(content), piece):
        yield content[start : start + piece]


async def project(service: Service) -> None:
    """Rounds, as a worker makes them, until all is counted: one that the relay's own writes overtake ends early."""
    database = service.runtime.database
    for name in PROJECTED:
        projector = Projector(database, name, "test", service.runtime.world.real_now)
        while await database[name].find_one({"tags": "dirty"}, {"_id": 1}) is not None:
            await projector.round()
