"""What the engine raises."""

from __future__ import annotations


class Refused(Exception):
    """The engine cannot do this supergraph or operation, and says so instead of answering wrongly."""


class FetchFailed(Exception):
    """A subgraph gave no usable answer.

    `lost` is true when the connection broke before an answer: only then may a query be sent a second time.
    """

    def __init__(self, message: str, code: str = "SUBGRAPH_UNAVAILABLE", *, lost: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.lost = lost
