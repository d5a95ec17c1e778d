"""The errors that a stand-in provider makes on purpose: which, how often, and of which messages by a seed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

Fault = Literal["silent", "lost", "busy", "down", "broken", "nonsense", "nobody"]
"""silent: accepted, and the answer does not come in time · lost: the answer does not come, and nothing was accepted · busy: 429 with
Retry-After · down: 503 · broken: accepted, and 500 · nonsense: accepted, and an answer that means nothing · nobody: no such number, or
nobody who follows the service account"""
FAULTS: tuple[Fault, ...] = get_args(Fault)


def rates_from(text: str) -> dict[Fault, float]:
    """`silent=0.05,busy=0.1`: shares of all requests, together 1 at most. Raises ValueError."""
    rates: dict[Fault, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, share = part.partition("=")
        known = next((fault for fault in FAULTS if fault == name), None)
        if known is None:
            raise ValueError(f"no such fault: {name}; there are {', '.join(FAULTS)}")
        rates[known] = float(share)
    if any(rate < 0 for rate in rates.values()) or sum(rates.values()) > 1:
        raise ValueError("the shares of faults are from 0 to 1, and 1 together at most")
    return rates


@dataclass
class Faults:
    rates: Mapping[Fault, float]
    seed: int
    _seen: Counter[str] = field(default_factory=Counter)

    def next(self, reference: str) -> Fault | None:
        """Of this request. By reference, and how often it came since the process began; that a number does not exist is so for ever."""
        self._seen[reference] += 1
        if self._draw(reference, 0) < self.rates.get("nobody", 0):
            return "nobody"
        draw, floor = self._draw(reference, self._seen[reference]), 0.0
        for fault, rate in self.rates.items():
            if fault != "nobody":
                floor += rate
                if draw < floor:
                    return fault
        return None

    def _draw(self, reference: str, time: int) -> float:
        digest = hashlib.sha256(f"{self.seed}:{reference}:{time}".encode()).digest()
        return int.from_bytes(digest[:8], "big") / 2**64
