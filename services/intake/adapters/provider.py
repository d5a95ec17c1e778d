"""A provider of messages over HTTP, as one channel (port Channel), and what stands there where an installation has named none.

POST {url}/{channel}/messages {reference, to, text} · GET {url}/{channel}/messages/{reference}. Answers carry a code; what they say beside
it is read by nobody, as it may repeat a phone or words. The stand-in of development is deploy/providers/.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import aiohttp

from services.intake.domain.delivery import Outcome

ACCEPTED = "accepted"
NOT_KNOWN = "not_known"
NEVER = frozenset({"no_such_number", "not_subscribed", "blocked", "refused"})
"""Codes by which a provider says that this petitioner is not reached by it."""
TOO_LONG = "too_long"
NOT_TAKEN = frozenset({"malformed", TOO_LONG})
"""Codes by which it says that it takes this message from nobody: sent again it would be the same."""
NO_PROVIDER = "no_provider"
LOOK_AGAIN = timedelta(minutes=10)
_WORST = 64 * 1024


class Provider:
    """Each message has a connection of its own: one that was kept may break in a way that leaves open whether it was accepted."""

    def __init__(self, url: str, channel: str, seconds: float, *, knows_references: bool) -> None:
        self.knows_references = knows_references
        self._messages = f"{url.rstrip('/')}/{channel}/messages"
        self._timeout = aiohttp.ClientTimeout(total=seconds)

    async def send(self, reference: str, grievance: str, address: str | None, text: str) -> Outcome:
        try:
            status, code, after = await self._request("POST", self._messages, {"reference": reference, "to": address, "text": text})
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            # No connection was made: nothing has left here.
            return Outcome("trouble", "no_connection")
        except (aiohttp.ClientError, TimeoutError, OSError):
            return Outcome("unknown", "no_answer")
        if status in (200, 202) and code == ACCEPTED:
            return Outcome("sent")
        if status == 429:
            return Outcome("busy", "rate_limit", after)
        if status in (401, 403):
            return Outcome("trouble", "we_are_refused")
        if status == 503:
            return Outcome("trouble", "not_in_service")
        if status == 413:
            return Outcome("failed", TOO_LONG)
        if 400 <= status < 500 and code in NEVER | NOT_TAKEN:
            return Outcome("failed", code)
        # Who knows what stands behind it: an answer that makes no sense says nothing about the message.
        return Outcome("unknown", "unclear_answer")

    async def ask(self, reference: str) -> Outcome:
        try:
            status, code, _after = await self._request("GET", f"{self._messages}/{reference}", None)
        except (aiohttp.ClientError, TimeoutError, OSError):
            return Outcome("unknown", "no_answer")
        if status == 200 and code == ACCEPTED:
            return Outcome("sent")
        if status == 404 and code == NOT_KNOWN:
            return Outcome("trouble", "not_accepted")
        return Outcome("unknown", "unclear_answer")

    async def _request(self, method: str, url: str, body: dict[str, Any] | None) -> tuple[int, str, timedelta]:
        """Status, code (empty where there is none) and for how long we are to wait."""
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True), timeout=self._timeout) as session,
            session.request(method, url, json=body, allow_redirects=False) as response,
        ):
            after = response.headers.get("Retry-After", "")
            seconds = int(after) if after.isascii() and after.isdigit() and len(after) < 6 else 0
            answer = await _json(response)
        code = answer.get("code") if isinstance(answer, dict) else None
        return response.status, code if isinstance(code, str) else "", timedelta(seconds=seconds)


async def _json(response: aiohttp.ClientResponse) -> Any:
    """None for what is none, or is endless."""
    if response.content_length is not None and response.content_length > _WORST:
        return None
    try:
        return await response.json(content_type=None)
    except (ValueError, RecursionError):
        return None


class NoProvider:
    """The installation says that it has this channel, and not where: what goes by it waits until it does."""

    knows_references = True

    async def send(self, reference: str, grievance: str, address: str | None, text: str) -> Outcome:
        return Outcome("busy", NO_PROVIDER, LOOK_AGAIN)

    async def ask(self, reference: str) -> Outcome:
        return Outcome("unknown", NO_PROVIDER)
