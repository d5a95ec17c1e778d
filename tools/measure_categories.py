"""Measures the keyword classifier on labelled messages: `python -m tools.measure_categories [labelled.jsonl]`.

The rules were written while reading one half of the messages only; the other half was held out. Which half a message belongs to follows
from its id, so both figures can be printed again. The messages are not part of the project; without them there is nothing to measure
(exit 2).
"""

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from services.routing.adapters.categories import load_categories, load_classifier

LABELLED = Path(__file__).resolve().parents[2] / "shared" / "data" / "labelled.jsonl"


@dataclass(frozen=True, slots=True)
class Message:
    """A labelled message: `category` is the first-level category that a person chose."""

    id: int
    subject: str
    text: str
    category: str

    @property
    def held_out(self) -> bool:
        return hashlib.sha256(str(self.id).encode()).digest()[0] % 2 == 1


@dataclass(frozen=True, slots=True)
class Measure:
    """`decided` messages got a category, `right` of them the person's. `matrix` counts (label, decision or None)."""

    total: int
    decided: int
    right: int
    matrix: Counter[tuple[str, str | None]]


def measure(messages: Iterable[Message]) -> Measure:
    """Runs the committed rules over the messages."""
    classifier = load_classifier(load_categories())
    matrix: Counter[tuple[str, str | None]] = Counter()
    for message in messages:
        decision = classifier.classify(message.subject, message.text)
        matrix[message.category, decision.category if decision else None] += 1
    return Measure(
        total=matrix.total(),
        decided=sum(count for (_, decision), count in matrix.items() if decision is not None),
        right=sum(count for (label, decision), count in matrix.items() if label == decision),
        matrix=matrix,
    )


def read(path: Path) -> list[Message]:
    """Messages from JSON lines with id, subject, text, category."""
    with path.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [Message(row["id"], row["subject"], row["text"], row["category"]) for row in rows]


def _print(title: str, result: Measure) -> None:
    print(
        f"{title}: {result.total} messages, decided {result.decided / result.total:.1%}, "
        f"right of all {result.right / result.total:.1%}, right of decided {result.right / max(1, result.decided):.1%}"
    )
    for label in sorted({label for label, _ in result.matrix}):
        row = {decision or "none": count for (each, decision), count in result.matrix.most_common() if each == label}
        total = sum(row.values())
        print(f"  {label}: {row.get(label, 0)}/{total}  " + ", ".join(f"{name} {n}" for name, n in row.items() if name != label))


def main(arguments: list[str]) -> int:
    path = Path(arguments[0]) if arguments else LABELLED
    if not path.is_file():
        print(f"no labelled messages at {path}", file=sys.stderr)
        return 2
    messages = read(path)
    _print("read while writing the rules", measure(message for message in messages if not message.held_out))
    _print("held out", measure(message for message in messages if message.held_out))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
