"""The signed address of a team's calendar feed. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote, urlencode

from services.intake.domain.uploads import sign

LINK_LIFETIME: Final = timedelta(days=400)
"""A program subscribes once and reads for a year; what it reads is when a team goes out, and nothing of people."""


def feed_path(team: str) -> str:
    """The path that is signed."""
    return f"/calendars/{team}.ics"


def feed_url(base: str, team: str, now: datetime, key: bytes) -> str:
    """The address for a member of the team, from today for `LINK_LIFETIME`: the same all day, so that asking again adds no subscription."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    expires = int((day + LINK_LIFETIME).timestamp())
    query = urlencode({"expires": expires, "signature": sign(key, "GET", feed_path(team), expires)})
    return f"{base}{quote(feed_path(team))}?{query}"
