"""The dispatch catalogue as the text of a CSV file: what an installation edits, publishes, and is shown. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from services.routing.domain.catalogue import DispatchRule
from services.routing.domain.categories import CategoryTree
from services.routing.domain.csv_table import MOST_DAYS, BadTable, Cells, Fault, Form, between, one_of, written_table
from services.routing.domain.targets import HOTLINE
from shared.contracts.intake import Kind

COLUMNS = ("id", "category", "division", "kind", "department", "co", "days")
BETWEEN = ";"
KINDS: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
MOST_RULES = 5_000


class BadCatalogue(BadTable):
    """Of a file of dispatch rules."""


def read_rules(text: str, tree: CategoryTree) -> tuple[DispatchRule, ...]:
    """Raises BadCatalogue, which names every line and column that is wrong."""
    form = Form(COLUMNS, lambda cells: _faults(cells, tree), _rule, once=(("id",),), most=MOST_RULES)
    rules, faults = form.read(text)
    if not faults and not any((rule.category, rule.kind) == (None, None) and not rule.division for rule in rules):
        # Every grievance has somebody, wherever and whatever it is.
        faults.append("no rule for any category, division and kind · 缺少适用于任何类别、区划和类型的兜底规则")
    if faults:
        raise BadCatalogue(faults)
    return rules


def written(rules: tuple[DispatchRule, ...]) -> str:
    """The file that `read_rules` reads as these rules."""
    return written_table(
        COLUMNS,
        (
            [rule.id, rule.category or "", rule.division, rule.kind or "", rule.department, BETWEEN.join(rule.co), rule.days or ""]
            for rule in rules
        ),
    )


def _faults(cells: Cells, tree: CategoryTree) -> Iterator[Fault]:
    for column in ("id", "department"):
        yield from between(cells, column, 1)
    if cells["category"] and not tree.has(cells["category"]):
        yield Fault("category", "not a path of the category tree", "不是类别树中的路径")
    if not (cells["division"] == "" or (cells["division"].isascii() and cells["division"].replace("-", "").isdigit())):
        yield Fault("division", "a division code's beginning, or nothing", "须为区划代码的前缀，或留空")
    yield from one_of(cells, "kind", KINDS)
    co = _co(cells)
    if "" in co or len(set(co)) != len(co) or not {cells["department"], HOTLINE}.isdisjoint(co):
        yield Fault(
            "co",
            f"codes with {BETWEEN} between them, each once, without the lead and {HOTLINE}",
            f"以{BETWEEN}分隔，不重复，不含主办部门和{HOTLINE}",
        )
    if co and cells["department"] == HOTLINE:
        yield Fault("co", f"nobody beside {HOTLINE}", f"转{HOTLINE}时没有协办部门")
    if cells["days"] and not (cells["days"].isascii() and cells["days"].isdigit() and 1 <= int(cells["days"]) <= MOST_DAYS):
        yield Fault("days", f"1 to {MOST_DAYS} working days, or nothing", f"须为1至{MOST_DAYS}个工作日，或留空")


def _rule(cells: Cells) -> DispatchRule:
    return DispatchRule(
        id=cells["id"],
        category=cells["category"] or None,
        division=cells["division"],
        department=cells["department"],
        kind=KINDS.get(cells["kind"]),
        co=_co(cells),
        days=int(cells["days"]) if cells["days"] else None,
    )


def _co(cells: Cells) -> tuple[str, ...]:
    return tuple(each.strip() for each in cells["co"].split(BETWEEN)) if cells["co"] else ()
