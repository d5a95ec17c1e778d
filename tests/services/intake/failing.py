"""A writer of which the own steps fail, as by a power cut."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from shared.contracts.base import Contract
from shared.writer import Writer


class Failing(Writer):
    """`on`: the ids of the documents with which it fails; with all of them where that is left out."""

    def __init__(self, there: Writer, on: Collection[str] | None = None) -> None:
        self._there, self._on = there, on

    async def act(self, id: str, decide: Callable[[Any], tuple[Any, list[Contract]] | None]) -> bool:
        if self._on is None or id in self._on:
            raise ConnectionError("power cut")
        return await self._there.act(id, decide)
