"""Versions of what people write together and apart from the network. Pure.

Each version names those that it was made on. What was made on a version that somebody else has gone on from stands beside theirs: both are
kept, both are shown, and until somebody makes one of the two, the branch that was begun first counts. So the same versions give the same
state, whatever the order in which they arrive.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

MOST_VERSIONS = 100
MOST_CHARACTERS = 1_000_000
"""Of all versions together, as they are kept: a document has an end, and each write carries it whole."""
Content = TypeVar("Content", bound=BaseModel)


class Version(BaseModel, Generic[Content]):
    """`id`: the request that made it; `base`: the versions it was made on, none for the first; `at`: when it was written.

    `said`: that time as its clock said, also where nobody can believe it: it orders versions, and does not depend on when they arrive.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    base: list[str]
    by: str
    at: datetime
    said: str
    content: Content


class BaseNotHere(Exception):
    """A version on which this one was made is not here (yet)."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__()
        self.missing = missing


class TooManyVersions(Exception):
    """A document keeps at most MOST_VERSIONS of MOST_CHARACTERS."""


def added(versions: Sequence[Version[Content]], new: Version[Content]) -> list[Version[Content]]:
    """With the new one; one that is there already changes nothing. Raises BaseNotHere, TooManyVersions."""
    known = {version.id for version in versions}
    if new.id in known:
        return list(versions)
    missing = [base for base in new.base if base not in known]
    if missing or not new.base:
        raise BaseNotHere(missing)
    kept = [*versions, new]
    if len(kept) > MOST_VERSIONS or sum(len(version.content.model_dump_json()) for version in kept) > MOST_CHARACTERS:
        raise TooManyVersions(new.id)
    # Kept in an order of their own: documents with the same versions are equal.
    return sorted(kept, key=_order)


def heads(versions: Sequence[Version[Content]]) -> list[Version[Content]]:
    """Those that nobody has gone on from, the one that counts first; more than one where two wrote on the same.

    It is the branch that counts, by its oldest version that is not common to all: who goes on from the head that counts stays the one.
    """
    built_on = {base for version in versions for base in version.base}
    found = [version for version in versions if version.id not in built_on]
    if len(found) == 1:
        return found
    by_id = {version.id: version for version in versions}
    lines = {head.id: _line(head, by_id) for head in found}
    common = set.intersection(*lines.values())
    return sorted(found, key=lambda head: min(_order(by_id[id]) for id in lines[head.id] - common))


def current(versions: Sequence[Version[Content]]) -> Version[Content]:
    """The one that counts."""
    return heads(versions)[0]


def _order(version: Version[Content]) -> tuple[str, str]:
    return version.said, version.id


def _line(head: Version[Content], by_id: dict[str, Version[Content]]) -> set[str]:
    """The head and all that it was made on."""
    line: set[str] = set()
    waiting = [head.id]
    while waiting:
        id = waiting.pop()
        if id not in line:
            line.add(id)
            waiting += by_id[id].base
    return line
