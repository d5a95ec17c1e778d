"""Reads the committed rules of replies, data/reply-rules.toml."""

import tomllib
from pathlib import Path

from services.routing.domain.reply_rules import ReplyRule

RULES = Path(__file__).resolve().parents[1] / "data" / "reply-rules.toml"


def load_reply_rules(path: Path = RULES) -> tuple[ReplyRule, ...]:
    """Raises ValueError for rules that are none, or two of one code."""
    rules = tuple(ReplyRule.model_validate(row) for row in tomllib.loads(path.read_text("utf-8"))["rules"])
    codes = [rule.code for rule in rules]
    if len(set(codes)) != len(codes):
        raise ValueError(f"two rules of one code in {path.name}")
    return rules
