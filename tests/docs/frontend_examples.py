"""The examples of docs/frontend.md, as its readers see them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from tests.world import ROOT

PAGE = ROOT / "docs" / "frontend.md"
_EXAMPLE = re.compile(r"<!-- (?P<how>.*?) -->\n```graphql\n(?P<query>.*?)```\n(?:```json\n(?P<variables>.*?)```\n)?", re.DOTALL)


@dataclass(frozen=True)
class Example:
    """`keep`: name → path in `data`, for later examples; `refused`: the code of the refusal that it shows."""

    who: str
    query: str
    variables: str
    keep: dict[str, str] = field(default_factory=dict)
    refused: str | None = None
    public: bool = False

    def with_values(self, kept: dict[str, str]) -> dict[str, Any]:
        """The variables, `$name` replaced by what an earlier answer named."""
        text = re.sub(r'"\$(\w+)"', lambda match: json.dumps(kept[match[1]]), self.variables)
        return dict(json.loads(text))


def examples() -> list[Example]:
    found = []
    for match in _EXAMPLE.finditer(PAGE.read_text("utf-8")):
        how: dict[str, str] = {}
        for part in match["how"].split(";"):
            name, _, value = part.strip().partition(": ")
            how[name] = value
        keep = dict(pair.strip().split("=") for pair in how["keep"].split(",")) if "keep" in how else {}
        found.append(Example(how["as"], match["query"], match["variables"] or "{}", keep, how.get("refused"), "public" in how))
    return found


def documents() -> list[str]:
    return [example.query for example in examples()]
