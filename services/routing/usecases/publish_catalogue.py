"""PublishCatalogue: the rules in a file become the newest version; what was dispatched before keeps the version that sent it there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.routing.domain.catalogue import DispatchRule
from services.routing.domain.catalogue_file import BadCatalogue, read_rules
from services.routing.domain.categories import CategoryTree
from services.routing.domain.targets import TARGETS, Departments


class Versions(Protocol):
    async def publish(self, rules: tuple[DispatchRule, ...], at: datetime, by: str) -> int: ...


@dataclass(frozen=True)
class Publishing:
    versions: Versions
    tree: CategoryTree
    known: Departments


async def publish_catalogue(parts: Publishing, text: str, at: datetime, by: str) -> int:
    """The new version. Raises BadCatalogue, also for a department that is not recorded: a rule that leads to nobody helps nobody."""
    rules = read_rules(text, parts.tree)
    named = {department: rule.id for rule in rules for department in (rule.department, *rule.co)}
    unknown = {department: rule for department, rule in named.items() if department not in (*TARGETS, *parts.known)}
    if unknown:
        raise BadCatalogue([f"rule {rule}: no department {code} · 规则 {rule}：没有部门 {code}" for code, rule in unknown.items()])
    return await parts.versions.publish(rules, at, by)
