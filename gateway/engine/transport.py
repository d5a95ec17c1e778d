"""How requests get to subgraphs: the seam to an HTTP client, and what goes for every client: sharing, one retry, a circuit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from gateway.engine.errors import FetchFailed
from gateway.engine.response_headers import NO_HEADERS, ResponseHeaders


@dataclass(frozen=True, slots=True)
class RequestContext:
    """Who asks. `headers` go to the subgraphs; `reader` names everything that an answer depends on beside the request
    itself (viewer and scopes): identical reads of one reader share a fetch. None: nothing is shared."""

    headers: Mapping[str, str] = field(default_factory=dict)
    reader: str | None = None
    authenticated: bool = False
    scopes: frozenset[str] = frozenset()


class Reply(NamedTuple):
    """A subgraph's answer: its body, and those response headers that concern the client."""

    body: bytes
    headers: ResponseHeaders = NO_HEADERS


class Transport(Protocol):
    async def send(self, service: str, body: bytes, context: RequestContext) -> Reply:
        """POST a GraphQL request to a subgraph. Raises FetchFailed."""
        ...


class Circuit:
    """After `threshold` requests in a row without any answer a subgraph is not tried for `pause` seconds; then one request tries.

    So nobody waits for what does not answer, and the requests that would are not in the way of others.
    """

    def __init__(self, threshold: int = 5, pause: float = 1.0) -> None:
        self._threshold = threshold
        self._pause = pause
        self._failures = 0
        self._closed_until = 0.0

    def is_open(self) -> bool:
        if self._failures < self._threshold:
            return False
        now = time.monotonic()
        if now < self._closed_until:
            return True
        self._closed_until = now + self._pause
        return False

    def record(self, *, answered: bool) -> None:
        self._failures = 0 if answered else self._failures + 1
        if self._failures >= self._threshold:
            self._closed_until = time.monotonic() + self._pause


class Dispatcher:
    """Sends fetches over a transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        # What comes is None where it must not be shared.
        self._flying: dict[tuple[str, bytes, str, int], asyncio.Future[Reply | None]] = {}
        # Counts mutations: who reads after a write must not be given a read that began before it.
        self._writes = 0
        self._circuits: dict[str, Circuit] = {}

    async def send(self, service: str, body: bytes, context: RequestContext, *, query: bool) -> Reply:
        """The answer. Queries may share one fetch and are sent again once when the connection is lost; mutations
        never."""
        if not query:
            try:
                return await self._try(service, body, context, attempts=1)
            finally:
                self._writes += 1
        if context.reader is None:
            return await self._try(service, body, context, attempts=2)
        identity = (service, body, context.reader, self._writes)
        while (flying := self._flying.get(identity)) is not None:
            try:
                shared = await asyncio.shield(flying)
            except asyncio.CancelledError:
                # Either we are cancelled, or the one who sent it was: then somebody else has to send it.
                task = asyncio.current_task()
                if not flying.cancelled() or (task is not None and task.cancelling()):
                    raise
            else:
                return shared or await self._try(service, body, context, attempts=2)
        flying = self._flying[identity] = asyncio.get_running_loop().create_future()
        try:
            answer = await self._try(service, body, context, attempts=2)
        except FetchFailed as error:
            flying.set_exception(error)
            flying.exception()
            raise
        except BaseException:
            flying.cancel()
            raise
        else:
            # A cookie is one client's own, also where two have the same viewer or none.
            flying.set_result(None if answer.headers.cookies else answer)
            return answer
        finally:
            del self._flying[identity]

    async def _try(self, service: str, body: bytes, context: RequestContext, *, attempts: int) -> Reply:
        circuit = self._circuits.get(service) or self._circuits.setdefault(service, Circuit())
        while True:
            if circuit.is_open():
                raise FetchFailed(f"subgraph {service} cannot be reached")
            attempts -= 1
            try:
                answer = await self._transport.send(service, body, context)
            except FetchFailed as error:
                circuit.record(answered=not error.lost and error.code != "SUBGRAPH_TIMEOUT")
                if not error.lost or attempts == 0:
                    raise
            else:
                circuit.record(answered=True)
                return answer
