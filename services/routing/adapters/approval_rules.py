"""Reads the committed rules of approval, data/approval.toml."""

import tomllib
from pathlib import Path

from services.routing.domain.approval import ApprovalRule
from services.routing.domain.categories import CategoryTree

RULES = Path(__file__).resolve().parents[1] / "data" / "approval.toml"


def load_approval_rules(tree: CategoryTree, path: Path = RULES) -> tuple[ApprovalRule, ...]:
    """Raises ValueError for rules that are none, two of one code, or a category that is not in the tree: nothing would ever meet it."""
    rules = tuple(ApprovalRule.model_validate(row) for row in tomllib.loads(path.read_text("utf-8"))["rules"])
    codes = [rule.code for rule in rules]
    if len(set(codes)) != len(codes):
        raise ValueError(f"two rules of one code in {path.name}")
    if unknown := [rule.category for rule in rules if rule.category is not None and not tree.has(rule.category)]:
        raise ValueError(f"no categories of the tree in {path.name}: {', '.join(unknown)}")
    return rules
