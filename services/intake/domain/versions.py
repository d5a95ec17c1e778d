"""Versions of what people write together and apart from the network. Pure.

Each version names those that it was made on. What was made on a version that somebody else has gone on from stands beside theirs: both are
kept, both are shown, and until somebody makes one of the two, the one that was written first counts. So the same versions give the same
state, whatever the order in which they arrive.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

MOST_VERSIONS = 100
Content = TypeVar("Content", bound=BaseModel)


class Version(BaseModel, Generic[Content]):
    """`id`: the request that made it; `base`: the versions it was made on, none for the first; `at`: when it was written."""

    model_config = ConfigDict(frozen=True)

    id: str
    base: list[str]
    by: str
    at: datetime
    content: Content


class BaseNotHere(Exception):
    """A version on which this one was made has not arrived yet: send it again after that one."""


class TooManyVersions(Exception):
    """A document keeps at most MOST_VERSIONS."""


def added(versions: Sequence[Version[Content]], new: Version[Content]) -> list[Version[Content]]:
    """With the new one; one that is there already changes nothing. Raises BaseNotHere, TooManyVersions."""
    known = {version.id for version in versions}
    if new.id in known:
        return list(versions)
    if not new.base or not known.issuperset(new.base):
        raise BaseNotHere(new.id)
    if len(versions) >= MOST_VERSIONS:
        raise TooManyVersions(new.id)
    # Kept in an order of their own: documents with the same versions are equal.
    return sorted([*versions, new], key=lambda version: (version.at, version.id))


def heads(versions: Sequence[Version[Content]]) -> list[Version[Content]]:
    """Those that nobody has gone on from, the one that counts first; more than one where two wrote on the same."""
    built_on = {base for version in versions for base in version.base}
    return sorted((version for version in versions if version.id not in built_on), key=lambda version: (version.at, version.id))


def current(versions: Sequence[Version[Content]]) -> Version[Content]:
    """The one that counts."""
    return heads(versions)[0]
