"""A token in a link that one person was sent: whoever has it may do one thing with one document. Derived under reference.key, not stored.

Of 43 characters: the document's id, and 128 bits that nobody guesses. What it is for is no part of it: who checks a token knows for which
`purpose` it must have been made, and until when that may be done.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable

_ID_BYTES = 16
_MAC_BYTES = 16
_LENGTH = 43


def link_token(key: bytes, document: str, purpose: str) -> str:
    """Raises ValueError where the document's id is no UUID."""
    mac = hmac.new(key, f"link:{document}:{purpose}".encode(), hashlib.sha256).digest()[:_MAC_BYTES]
    return urlsafe_b64encode(uuid.UUID(document).bytes + mac).decode("ascii").rstrip("=")


def document_of(token: str) -> str | None:
    """The document that the token names, whoever made it; None where it can be no token."""
    if len(token) != _LENGTH or not token.isascii():
        return None
    try:
        return str(uuid.UUID(bytes=urlsafe_b64decode(f"{token}=")[:_ID_BYTES]))
    except (binascii.Error, ValueError):
        return None


def opens(token: str, key: bytes, document: str, purposes: Iterable[str]) -> bool:
    """Whether it was made for this document and one of the purposes. In constant time."""
    return any(hmac.compare_digest(token.encode(), link_token(key, document, purpose).encode()) for purpose in purposes)
