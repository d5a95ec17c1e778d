"""Cursors of Relay lists: the place in an order behind which a page begins. Opaque to clients."""

from __future__ import annotations

import base64
import binascii

from shared.identity.errors import Refusal

_BETWEEN = "|"


def cursor_at(*place: str) -> str:
    """By the parts of a place, the first of which decides the order."""
    return base64.urlsafe_b64encode(_BETWEEN.join(place).encode()).decode()


def read_cursor(text: str, parts: int) -> tuple[str, ...]:
    """The place, of so many parts. Raises Refusal for what is no cursor of that list."""
    try:
        place = tuple(base64.urlsafe_b64decode(text.encode()).decode().split(_BETWEEN))
    except (ValueError, binascii.Error):
        place = ()
    if len(place) != parts:
        raise bad_cursor()
    return place


def bad_cursor() -> Refusal:
    return Refusal("BAD_CURSOR", "分页游标无效。", "The cursor is not one of ours.", "after")
