"""The dispatch catalogue as the text of a CSV file: what an installation edits, publishes, and is shown. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import get_args

from services.routing.domain.catalogue import DispatchRule
from services.routing.domain.categories import CategoryTree
from services.routing.domain.targets import HOTLINE
from shared.contracts.intake import Kind

COLUMNS = ("id", "category", "division", "kind", "department", "co", "days")
BETWEEN = ";"
KINDS: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
MOST_RULES = 5_000
MOST_DAYS = 60
# Rule ids travel in events and stand in answers.
LONGEST = 64


class BadCatalogue(ValueError):
    """What is wrong, line by line, in both languages; nothing was published."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def read_rules(text: str, tree: CategoryTree) -> tuple[DispatchRule, ...]:
    """Raises BadCatalogue, which names every line and column that is wrong."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise BadCatalogue([f"line 1: the columns are {','.join(COLUMNS)} · 第1行：列名应为 {','.join(COLUMNS)}"])
    rules, faults, ids = list[DispatchRule](), list[str](), set[str]()
    for line, row in enumerate(reader, start=2):
        cells = {column: (row[column] or "").strip() for column in COLUMNS}
        found = [*_faults(cells, tree)]
        if None in row:
            found.append(("id", "more cells than columns", "单元格多于列数"))
        if cells["id"] in ids:
            found.append(("id", "there twice", "重复"))
        ids.add(cells["id"])
        faults += [f"line {line}, {column}: {en} · 第{line}行 {column}：{zh}" for column, en, zh in found]
        if not found:
            rules.append(_rule(cells))
    if len(rules) > MOST_RULES:
        faults.append(f"more than {MOST_RULES} rules · 规则不能超过{MOST_RULES}条")
    if not faults and not any((rule.category, rule.kind) == (None, None) and not rule.division for rule in rules):
        # Every grievance has somebody, wherever and whatever it is.
        faults.append("no rule for any category, division and kind · 缺少适用于任何类别、区划和类型的兜底规则")
    if faults:
        raise BadCatalogue(faults)
    return tuple(rules)


def written(rules: tuple[DispatchRule, ...]) -> str:
    """The file that `read_rules` reads as these rules."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for rule in rules:
        days = "" if rule.days is None else rule.days
        writer.writerow([rule.id, rule.category or "", rule.division, rule.kind or "", rule.department, BETWEEN.join(rule.co), days])
    return file.getvalue()


def _faults(cells: dict[str, str], tree: CategoryTree) -> Iterator[tuple[str, str, str]]:
    """Column, and what is wrong with it, in English and Chinese."""
    for column in ("id", "department"):
        if not cells[column] or len(cells[column]) > LONGEST:
            yield column, f"1 to {LONGEST} characters", f"须为1至{LONGEST}个字符"
    if cells["category"] and not tree.has(cells["category"]):
        yield "category", "not a path of the category tree", "不是类别树中的路径"
    if not (cells["division"] == "" or (cells["division"].isascii() and cells["division"].replace("-", "").isdigit())):
        yield "division", "a division code's beginning, or nothing", "须为区划代码的前缀，或留空"
    if cells["kind"] and cells["kind"] not in KINDS:
        yield "kind", f"one of {', '.join(KINDS)}, or nothing", f"须为{'、'.join(KINDS)}之一，或留空"
    co = _co(cells)
    if "" in co or len(set(co)) != len(co) or not {cells["department"], HOTLINE}.isdisjoint(co):
        yield (
            "co",
            f"codes with {BETWEEN} between them, each once, without the lead and {HOTLINE}",
            f"以{BETWEEN}分隔，不重复，不含主办部门和{HOTLINE}",
        )
    if co and cells["department"] == HOTLINE:
        yield "co", f"nobody beside {HOTLINE}", f"转{HOTLINE}时没有协办部门"
    if cells["days"] and not (cells["days"].isascii() and cells["days"].isdigit() and 1 <= int(cells["days"]) <= MOST_DAYS):
        yield "days", f"1 to {MOST_DAYS} working days, or nothing", f"须为1至{MOST_DAYS}个工作日，或留空"


def _rule(cells: dict[str, str]) -> DispatchRule:
    return DispatchRule(
        id=cells["id"],
        category=cells["category"] or None,
        division=cells["division"],
        department=cells["department"],
        kind=KINDS.get(cells["kind"]),
        co=_co(cells),
        days=int(cells["days"]) if cells["days"] else None,
    )


def _co(cells: dict[str, str]) -> tuple[str, ...]:
    return tuple(each.strip() for each in cells["co"].split(BETWEEN)) if cells["co"] else ()
