"""Which test shows which row of the source at work: `python -m tools.rows`.

The rows stand in tests/rows.csv; a test names its row by `@pytest.mark.row("S23")`, by a module's or class's `pytestmark`, or in the marks
of a parameter. The tests are read, not run. Exit 1 for a row that is named but unknown, a row's name that is no literal, or a list of rows
that does not agree with the design text where that is at hand.
"""

import ast
import csv
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DESIGN = ROOT.parent / "shared" / "design" / "domain.md"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the source: id, English title in our words, the source's own term."""

    id: str
    title: str
    chinese: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A test, class or module that names a row. `row` is None when the mark's argument is no literal text."""

    row: str | None
    file: str
    line: int
    test: str


def read_rows(path: Path) -> dict[str, Row]:
    """The rows by id, in file order. Raises ValueError for a doubled id or an empty cell, KeyError for a missing column."""
    rows: dict[str, Row] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            row = Row(line["row"], line["title"], line["chinese"])
            if row.id in rows or not (row.id and row.title and row.chinese):
                raise ValueError(f"{path.name}: doubled or empty row {row}")
            rows[row.id] = row
    return rows


def design_rows(text: str) -> set[str]:
    """The row ids that a design text defines: S or L and a number, at the start of a paragraph or behind a `·` or a bold heading."""
    return set(re.findall(r"(?:^|·|\*\*)\s*([SL][0-9]+)\s", text, re.MULTILINE))


def mentions(source: str, file: str) -> Iterator[Mention]:
    """Every row mark in a test file's source, with the test, class or module that it marks."""
    for owner, name in _owners(ast.parse(source, file), ""):
        for node in _own_nodes(owner):
            if isinstance(node, ast.Call) and _is_row_mark(node.func):
                arguments = [*node.args, *(keyword.value for keyword in node.keywords)] or [node]
                for argument in arguments:
                    literal = isinstance(argument, ast.Constant) and isinstance(argument.value, str)
                    yield Mention(argument.value if literal else None, file, node.lineno, name)  # type: ignore[attr-defined]


def _owners(node: ast.AST, name: str) -> Iterator[tuple[ast.AST, str]]:
    yield node, name
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _owners(child, f"{name}::{child.name}")


def _own_nodes(owner: ast.AST) -> Iterator[ast.AST]:
    """The nodes of an owner without those that belong to a class or function inside it."""
    for child in ast.iter_child_nodes(owner):
        if not isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
            yield from _own_nodes(child)


def _is_row_mark(function: ast.expr) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and function.attr == "row"
        and isinstance(function.value, ast.Attribute)
        and function.value.attr == "mark"
    )


def collect(tests: Path) -> list[Mention]:
    """All mentions below a folder, in order of file and line."""
    files = sorted(tests.rglob("test_*.py"))
    return [mention for path in files for mention in mentions(path.read_text(encoding="utf-8"), path.relative_to(tests.parent).as_posix())]


def report(rows: dict[str, Row], found: list[Mention]) -> tuple[list[str], list[str]]:
    """Lines to print, and errors."""
    errors = []
    by_row: dict[str, set[str]] = {id: set() for id in rows}
    for mention in found:
        if mention.row in by_row:
            by_row[mention.row].add(mention.file + mention.test)
        else:
            what = f"unknown row {mention.row!r}" if mention.row is not None else "a row's name must be a literal text"
            errors.append(f"{mention.file}:{mention.line}: {what}")
    lines = []
    for id, row in rows.items():
        lines.append(f"{id:<4} {row.title} · {row.chinese}" + ("" if by_row[id] else "  (no test)"))
        lines += [f"       {test}" for test in sorted(by_row[id])]
    shown = sum(1 for tests in by_row.values() if tests)
    lines.append(f"{shown} of {len(rows)} rows shown by {len(set().union(*by_row.values()))} tests")
    return lines, errors


def main(root: Path = ROOT, design: Path = DESIGN) -> int:
    rows = read_rows(root / "tests" / "rows.csv")
    lines, errors = report(rows, collect(root / "tests"))
    if design.is_file():
        wanted = design_rows(design.read_text(encoding="utf-8"))
        errors += [f"tests/rows.csv: row {id} is missing" for id in sorted(wanted - set(rows))]
        errors += [f"tests/rows.csv: row {id} is not in the design text" for id in sorted(set(rows) - wanted)]
    print("\n".join(lines))
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
