"""Cursors of Relay lists: the place in an order behind which a page begins. Opaque to clients."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime

from shared.china_time import day_in_china
from shared.contracts.base import instant
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


def read_cursor_in_time(text: str, parts: int) -> tuple[str, ...]:
    """The same of an order by time: the first part, an instant that has a day in China, as the order writes it."""
    at, *rest = read_cursor(text, parts)
    try:
        since = datetime.fromisoformat(at)
        day_in_china(since)
        begin = instant(since.astimezone(UTC))
    except (ValueError, OverflowError):
        raise bad_cursor() from None
    if since.tzinfo is None:
        raise bad_cursor()
    return begin, *rest


def bad_cursor() -> Refusal:
    return Refusal("BAD_CURSOR", "分页游标无效。", "The cursor is not one of ours.", "after")
