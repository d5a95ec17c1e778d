"""What supervision has before it: orders that wait for a reply or for a decision, appeals, what was closed while nobody was satisfied; and
the cards of a month. How a case is found by that, and what it counts for. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from services.routing.domain.case import Case
from services.routing.domain.supervised import Card
from services.routing.domain.supervision import latest
from shared.identity.scopes import prefixes

Wait = Literal["REPLY", "DECISION", "APPEAL", "ORDER"]
"""For a reply to an order, for a decision on a reply, for one on an appeal, for an order at all (closed, and not satisfied)."""
TAKEN_BACK = "TAKEN_BACK"
APPEALED = "APPEALED"


def waits(case: Case) -> dict[Wait, datetime]:
    """What waits, and since or until when: in that order somebody looks at it."""
    found: dict[Wait, datetime] = {}
    if (unanswered := latest(case, "OPEN")) is not None:
        found["REPLY"] = unanswered.due_at
    elif (answered := latest(case, "REPLIED")) is not None:
        assert answered.replied_at is not None, "what is REPLIED has its time"
        found["DECISION"] = answered.replied_at
    elif case.needs_supervision and case.closed_at is not None:
        found["ORDER"] = case.closed_at
    appeals = [card.appeal.at for card in case.cards if card.appeal is not None and card.appealed]
    if appeals:
        found["APPEAL"] = min(appeals)
    return found


def entry(case: Case) -> dict[str, Any] | None:
    """The `supervision` field {slots, at} of the document: a key with what waits there, and with each month of a card; `at` orders what
    waits. None where there is neither. A department finds what waits for its reply alone."""
    found, cards = waits(case), _card_slots(case)
    if not found and not cards:
        return None
    slots = [slot(f"division:{prefix}", wait) for prefix in prefixes(case.division) for wait in found]
    unanswered = latest(case, "OPEN")
    if unanswered is not None and unanswered.department not in case.accused_departments:
        slots.append(slot(f"department:{unanswered.department}", "REPLY"))
    return {"slots": slots + cards, "at": min(found.values(), default=None)}


def slot(key: str, of: str) -> str:
    """Of what waits, or of a month."""
    return f"{key}|{of}"


def _card_slots(case: Case) -> list[str]:
    places = [f"division:{prefix}" for prefix in prefixes(case.division)]
    return sorted({slot(key, card.month) for card in case.cards for key in (f"department:{card.department}", *places)})


def card_facts(case: Case) -> dict[str, Any]:
    """What each card counts for, by what it is now: in its month, of its department, and of that in each place that holds the case."""
    return {f"card{card.ordinal}": {"at": _buckets(case, card), "n": _numbers(case, card)} for card in case.cards}


def _buckets(case: Case, card: Card) -> list[str]:
    places = [f"{place_of_cards(card.month, prefix)}{card.department}" for prefix in prefixes(case.division)]
    own = [] if card.department in case.accused_departments else [f"{cards_of_department(card.month, card.department)}{card.department}"]
    return own + places


def _numbers(case: Case, card: Card) -> dict[str, int]:
    """What accuses a department once more apart, as on desks."""
    measures = [card.colour or TAKEN_BACK, *([APPEALED] if card.appealed else [])]
    return dict.fromkeys([*measures, *(f"{accused}|{each}" for accused in case.accused_departments for each in measures)], 1)


def cards_of_department(month: str, department: str) -> str:
    """With which the bucket of a department begins; what follows is the department again."""
    return f"cards:{month}|department:{department}/"


def place_of_cards(month: str, prefix: str) -> str:
    """With which the buckets of a place begin; what follows is the department."""
    return f"cards:{month}|division:{prefix}/"


def told_to(department: str | None, buckets: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """Department → its numbers, of all the buckets together, without what accuses the viewer's own."""
    found: dict[str, dict[str, int]] = {}
    for key, numbers in buckets.items():
        held = found.setdefault(key.rpartition("/")[2], {})
        for measure, number in numbers.items():
            if "|" not in measure:
                hidden = numbers.get(f"{department}|{measure}", 0) if department else 0
                held[measure] = held.get(measure, 0) + number - hidden
    return {each: numbers for each, numbers in found.items() if any(numbers.values())}
