"""Reads the committed rules of callbacks, data/callbacks.toml."""

import tomllib
from pathlib import Path

from services.feedback.domain.callbacks import CallbackRules

RULES = Path(__file__).resolve().parents[1] / "data" / "callbacks.toml"


def load_callback_rules(path: Path = RULES) -> CallbackRules:
    """Raises ValueError for rules that are none."""
    return CallbackRules.model_validate(tomllib.loads(path.read_text("utf-8")))
