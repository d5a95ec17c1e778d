"""The limits as the text of a CSV file: what an installation edits, publishes, and is shown. Pure.

id,since,category,kind,grade,response,result
ordinary,,,,ORDINARY,1d,5d
heating,2026-11-15,城乡建设/城市建设和市政管理/冬季采暖,,,4h,2d
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from services.routing.domain.catalogue import Grade
from services.routing.domain.catalogue_file import KINDS
from services.routing.domain.categories import CategoryTree
from services.routing.domain.csv_table import MOST_DAYS, BadTable, Cells, Fault, Form, between, day_of, one_of, written_table
from services.routing.domain.limits import LimitRule, Term

COLUMNS = ("id", "since", "category", "kind", "grade", "response", "result")
GRADES: dict[str, Grade] = {grade: grade for grade in get_args(Grade)}
MOST_RULES = 5_000
MOST_HOURS = 24 * MOST_DAYS
# Two lines with the same of these would decide the same grievances, and neither first.
DECIDES = ("since", "category", "kind", "grade")


class BadLimits(BadTable):
    """Of a file of limits."""


def read_limits(text: str, tree: CategoryTree) -> tuple[LimitRule, ...]:
    """Raises BadLimits, which names every line and column that is wrong, and whatever has no limit."""
    form = Form(COLUMNS, lambda cells: _faults(cells, tree), _rule, once=(("id",), DECIDES), most=MOST_RULES)
    rules, faults = form.read(text)
    if not faults:
        faults = [
            f"no limit for {kind}, {grade} for any category, always · 缺少{kind}、{grade}适用于任何类别且一直有效的时限"
            for kind in KINDS.values()
            for grade in GRADES.values()
            if not any(rule.holds_everywhere(kind, grade) for rule in rules)
        ]
    if faults:
        raise BadLimits(faults)
    return rules


def written(rules: tuple[LimitRule, ...]) -> str:
    """The file that `read_limits` reads as these rules."""
    return written_table(
        COLUMNS,
        ([rule.id, rule.since or "", rule.category or "", rule.kind or "", rule.grade or "", rule.response, rule.result] for rule in rules),
    )


def _faults(cells: Cells, tree: CategoryTree) -> Iterator[Fault]:
    yield from between(cells, "id", 1)
    if cells["since"] and day_of(cells["since"]) is None:
        yield Fault("since", "a day as YYYY-MM-DD, 2000 to 2099, or nothing", "须为2000至2099年的日期，格式YYYY-MM-DD，或留空")
    if cells["category"] and not tree.has(cells["category"]):
        yield Fault("category", "not a path of the category tree", "不是类别树中的路径")
    yield from one_of(cells, "kind", KINDS)
    yield from one_of(cells, "grade", GRADES)
    for column in ("response", "result"):
        if not _is_term(cells[column]):
            en = f"working days as 5d, at most {MOST_DAYS}d, or hours round the clock as 24h, at most {MOST_HOURS}h"
            yield Fault(column, en, f"须为工作日（如5d，至多{MOST_DAYS}d）或小时（如24h，昼夜连续，至多{MOST_HOURS}h）")


def _is_term(text: str) -> bool:
    try:
        term = Term.of(text)
    except ValueError:
        return False
    return (term.days or 0) <= MOST_DAYS and (term.hours or 0) <= MOST_HOURS


def _rule(cells: Cells) -> LimitRule:
    return LimitRule(
        id=cells["id"],
        since=day_of(cells["since"]),
        category=cells["category"] or None,
        kind=KINDS.get(cells["kind"]),
        grade=GRADES.get(cells["grade"]),
        response=Term.of(cells["response"]),
        result=Term.of(cells["result"]),
    )
