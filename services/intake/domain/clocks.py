"""The clocks of phones, which are wrong now and then. Pure.

A batch says what its phone's clock shows at sending; against ours that gives by how much it is wrong. An item says when it was made by that
same clock (its UUIDv7 says so too). What a phone corrects by itself before it sends cannot be known here: an item that then lies ahead of
us, or years back, counts as of now.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Literal

TOLERANCE = timedelta(minutes=5)
"""What a sound clock and a slow network may differ by."""
LONG = timedelta(days=31)
"""Hardly anybody is without a network for longer: an item that old was forgotten, or made by a clock that was behind."""
FAR = timedelta(days=400)
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")

ClockState = Literal["GOOD", "CORRECTED", "TAKEN_AS_NOW", "LONG_AGO"]
"""Of an item: nothing noticed; made by a clock that was wrong, corrected; ahead of us or years back all the same; very old."""


def is_client_id(text: str) -> bool:
    """Whether the text is a UUIDv7, in lower case, as clients make them."""
    return _UUID7.fullmatch(text) is not None


def made_at(client_id: str) -> datetime:
    """When the phone made this id, by the phone's clock (RFC 9562: 48 bits of milliseconds), at the latest the end of the year 9999."""
    try:
        return datetime.fromtimestamp(int(client_id.replace("-", "")[:12], 16) / 1000, UTC)
    except (ValueError, OverflowError):
        return datetime.max.replace(tzinfo=UTC)


def skew(sent_at: datetime, received_at: datetime) -> timedelta:
    """What has to be added to the phone's times; none where the difference is small. In whole minutes: no two answers of the network take
    equally long."""
    off = received_at - sent_at
    return timedelta(0) if abs(off) <= TOLERANCE else timedelta(minutes=round(off / timedelta(minutes=1)))


def corrected(said: datetime, off: timedelta) -> str:
    """The time by our clock, whether it can be or not, as a text that sorts by time."""
    try:
        return (said + off).astimezone(UTC).isoformat(timespec="microseconds")
    except OverflowError:
        return said.replace(tzinfo=UTC).isoformat(timespec="microseconds")


def happened(said: datetime, off: timedelta, now: datetime) -> datetime:
    """When it was by our clock: never later than now."""
    return now if state_of(said, off, now) == "TAKEN_AS_NOW" else min(said + off, now)


def state_of(said: datetime, off: timedelta, now: datetime) -> ClockState:
    try:
        at = said + off
    except OverflowError:
        return "TAKEN_AS_NOW"
    if not now - FAR <= at <= now + TOLERANCE:
        return "TAKEN_AS_NOW"
    if off:
        return "CORRECTED"
    return "LONG_AGO" if at < now - LONG else "GOOD"
