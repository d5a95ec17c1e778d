"""What a month's numbers say: rates with their intervals, by row, and who ranks where. Pure.

The interval is Wilson's, 95 % (E. B. Wilson, Journal of the American Statistical Association 22, 1927, 209-212): it stays within 0 and 1
and is right for few answers and for rates near their ends, where the usual one is not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from services.feedback.domain.rates import EXCLUSIONS, RATES, SURVEYED, Exclusion, Rate, counted_under

By = Literal["DIVISION", "DEPARTMENT"]
Numbers = Mapping[str, int]

Z = 1.959964
"""Of a normal distribution 95 % lie within so many deviations."""
ENOUGH_TO_RANK = 30
ENOUGH_FOR_HANDLERS = 5
"""Of fewer answers the department that is judged reads no rate: it knows these petitioners one by one."""


@dataclass(frozen=True)
class Share:
    """`met` of `of`; None: they are too few to be told. `few`: with so few the rate says little, and nobody ranks by it."""

    of: int
    met: int | None

    @property
    def few(self) -> bool:
        return self.of < ENOUGH_TO_RANK

    @property
    def rate(self) -> float | None:
        return None if self.met is None or not self.of else self.met / self.of

    @property
    def interval(self) -> tuple[float, float] | None:
        return None if self.met is None or not self.of else wilson(self.met, self.of)


@dataclass(frozen=True)
class RateOf:
    """One rate of one row. `hidden`: answered, but not for the viewer's eyes; in neither share, as what is unanswered. `excluded`: of what
    is raw, by reason. `rank`: by the adjusted rate among the rows that are not few, the highest first; equal rates share one."""

    raw: Share
    adjusted: Share
    unanswered: int
    hidden: int
    excluded: Mapping[Exclusion, int] = field(default_factory=dict)
    rank: int | None = None


@dataclass(frozen=True)
class Row:
    """`name`: a division's prefix, or a department's code."""

    name: str
    rates: Mapping[Rate, RateOf]


@dataclass(frozen=True)
class Asked:
    """Whose numbers: what stands under this key. `department`: the viewer's; they learn neither what accuses it nor what is hidden from
    those who handle it. `judged`: its people ask for its own."""

    key: str
    department: str | None
    judged: bool = False

    def parts(self, by: By) -> str:
        """How the buckets of the rows begin."""
        return f"{self.key}/{self.key.partition(':')[2] if by == 'DIVISION' else 'department:'}"

    def name_of(self, bucket: str, by: By) -> str:
        inner = bucket.removeprefix(f"{self.key}/")
        return inner if by == "DIVISION" else inner.removeprefix("department:")

    @property
    def whole(self) -> str:
        return counted_under(self.key)


def wilson(met: int, of: int) -> tuple[float, float]:
    share, spread = met / of, Z * Z / of
    middle = (share + spread / 2) / (1 + spread)
    half = Z / (1 + spread) * math.sqrt(share * (1 - share) / of + spread / (4 * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def row_of(name: str, numbers: Numbers, asked: Asked) -> Row:
    return Row(name, {rate: _rate(rate, numbers, asked) for rate in RATES})


def rows_of(buckets: Mapping[str, Numbers], asked: Asked, by: By) -> list[Row]:
    """By name, with their ranks; rows of nothing are left out."""
    rows = [row_of(asked.name_of(bucket, by), numbers, asked) for bucket, numbers in sorted(buckets.items())]
    told = [row for row in rows if any(each.raw.of or each.unanswered or each.hidden for each in row.rates.values())]
    ranks = {rate: _ranks([row.rates[rate].adjusted for row in told]) for rate in RATES}
    return [
        Row(row.name, {rate: replace(found, rank=ranks[rate][place]) for rate, found in row.rates.items()})
        for place, row in enumerate(told)
    ]


def _ranks(shares: list[Share]) -> list[int | None]:
    ranked = [None if share.few else share.rate for share in shares]
    return [None if rate is None else 1 + sum(other is not None and other > rate for other in ranked) for rate in ranked]


def _rate(rate: Rate, numbers: Numbers, asked: Asked) -> RateOf:
    met = dict.fromkeys(("", *EXCLUSIONS), 0)
    decided = dict(met)
    unanswered = hidden = 0
    for name, number in numbers.items():
        kind, _, rest = name.partition(":")
        if kind != rate or not (number := number - (numbers.get(f"{asked.department}|{name}", 0) if asked.department else 0)):
            continue
        outcome, reason, secret = rest.split(":")
        if outcome == "UNANSWERED":
            unanswered += number
        elif secret and asked.department and rate in SURVEYED:
            hidden += number
        else:
            decided[reason] += number
            met[reason] += number if outcome == "MET" else 0
    too_few = ENOUGH_FOR_HANDLERS if asked.judged and rate in SURVEYED else 0
    return RateOf(
        raw=_share(sum(met.values()), sum(decided.values()), too_few),
        adjusted=_share(met[""], decided[""], too_few),
        unanswered=unanswered,
        hidden=hidden,
        excluded={reason: decided[reason] for reason in EXCLUSIONS},
    )


def _share(met: int, of: int, too_few: int) -> Share:
    return Share(of, met if of >= too_few else None)
