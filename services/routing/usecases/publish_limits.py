"""PublishLimits: the limits in a file become the newest version; what is due already stays due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.routing.domain.categories import CategoryTree
from services.routing.domain.limits import LimitRule
from services.routing.domain.limits_file import read_limits


class Versions(Protocol):
    async def publish(self, rows: tuple[LimitRule, ...], at: datetime, by: str) -> int: ...


@dataclass(frozen=True)
class Publishing:
    versions: Versions
    tree: CategoryTree


async def publish_limits(parts: Publishing, text: str, at: datetime, by: str) -> int:
    """The new version. Raises BadLimits."""
    return await parts.versions.publish(read_limits(text, parts.tree), at, by)
