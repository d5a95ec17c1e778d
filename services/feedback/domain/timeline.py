"""全程记录: one history of a grievance, from the events of all three services. Pure.

An entry knows the number of its event and what the event's producer had seen of the others: by these the order is the same whatever came
first, and agrees with what caused what. Among what did not know of one another the earlier comes first. So a history that is made
anew from all events (rebuild.py) equals the one that was kept as they came.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from services.feedback.domain.history_words import OF_BEFORE, words_of
from shared.contracts.intake import Owner
from shared.envelope import read_seen

Source = Literal["intake", "routing", "feedback"]
SOURCES: tuple[Source, ...] = ("intake", "routing", "feedback")
Numbers = tuple[int, ...]


class Entry(BaseModel):
    """One thing that happened. `kind` and `about` say what (history_words.py); `by` is role and unit, never a name. `sequence` and `after`
    are those of the event that tells it: entries of before kept neither, and came in their order."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    service: Source
    kind: str
    about: list[str] = []
    by: str
    status: str | None = None
    sequence: int = 0
    after: str = ""

    @model_validator(mode="before")
    @classmethod
    def _of_before(cls, held: Any) -> Any:
        """Entries of before kept their words."""
        if isinstance(held, dict) and "what" in held:
            return {**held, "kind": OF_BEFORE, "about": [held["what"], held["what_zh"]]}
        return held

    @property
    def what(self) -> str:
        return words_of(self.kind, self.about)[0]

    @property
    def what_zh(self) -> str:
        return words_of(self.kind, self.about)[1]

    def numbers(self) -> Numbers:
        """How far each service had come when it happened, itself included: of what caused it none had come further."""
        seen = {**read_seen(self.after), self.service: self.sequence}
        return tuple(seen.get(source, 0) for source in SOURCES)

    def numbered(self, sequence: int, after: str) -> Self:
        return self.model_copy(update={"sequence": sequence, "after": after})


def spoken(owner: Owner) -> str:
    """Role and unit of staff, as the timeline shows them."""
    return f"{owner.role} {owner.unit}".strip()


def with_entries(timeline: list[Entry], new: Iterable[Entry]) -> list[Entry]:
    """With what has just come."""
    for entry in new:
        # Later than all that is there, it stands behind them whatever has caused it.
        timeline = [*timeline, entry] if all(held.at < entry.at for held in timeline) else ordered([*timeline, entry])
    return timeline


def ordered(entries: list[Entry]) -> list[Entry]:
    """In causal order; entries of one event stay as they are. An effect is never before its cause, though its clock may have been: it
    counts as of the latest time among its causes."""
    before = [entry for entry in entries if not entry.sequence]
    known = [(entry.numbers(), entry) for entry in entries if entry.sequence]
    placed = []
    for numbers, entry in known:
        time = max(cause.at for before_it, cause in known if all(map(int.__le__, before_it, numbers)))
        placed.append(((time, sum(numbers), entry.service, entry.sequence), entry))
    return [*before, *(entry for _, entry in sorted(placed, key=lambda each: each[0]))]
