"""Whether the client still waits for its answer; when it does not, the work for it is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType

from starlette.types import Message

from gateway.http_form import ClientGone

# Most answers are there sooner, and looking costs a task.
LOOK_AFTER_SECONDS = 0.05


class WhileAttended:
    """A block of work for one client. It is cancelled, and raises ClientGone, when the client closes its connection.

    The request's body must have been read: what `receive` says next is that the client has gone.
    """

    def __init__(self, receive: Callable[[], Awaitable[Message]]) -> None:
        self._receive = receive
        self._gone = False
        self._looking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._working = asyncio.current_task()
        self._timer = self._loop.call_later(LOOK_AFTER_SECONDS, self._look)

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._timer.cancel()
        if self._looking is not None:
            self._looking.cancel()
        if self._gone and kind is asyncio.CancelledError:
            assert self._working is not None
            if self._working.uncancel() == 0:
                raise ClientGone from error

    def _look(self) -> None:
        self._looking = self._loop.create_task(self._wait())

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        assert self._working is not None
        self._working.cancel()
