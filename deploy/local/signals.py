"""How a person ends what runs in a terminal."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Asked(BaseException):
    """Somebody asked us to end. Not an Exception: no handler on the way may swallow it."""


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """The first Ctrl-C, SIGTERM or hang-up ends us in good order; while we stop, further ones are not heard: the stop has its own bound."""
    heard = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def ask(_number: int, _frame: FrameType | None) -> None:
        for number in heard:
            signal.signal(number, signal.SIG_IGN)
        raise Asked

    before = {number: signal.signal(number, ask) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
