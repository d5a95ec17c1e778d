"""The limits: which rule decides on which day, and the file in which an installation writes them."""

from __future__ import annotations

from datetime import date
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.adapters.limits import FIRST, first_limits
from services.routing.domain.catalogue import Grade
from services.routing.domain.limits import LimitRule, Limits, Term
from services.routing.domain.limits_file import GRADES, KINDS, BadLimits, read_limits, written
from shared.contracts.intake import Kind
from tests.services.routing.builders import TREE

HEADER = "id,since,category,kind,grade,response,result\n"
LAST = "rest,,,,,1d,5d\n"
REST = LimitRule("rest", None, None, None, None, Term(days=1), Term(days=5))
HEATING = "城乡建设/城市建设和市政管理/冬季采暖"


def limits(*lines: str) -> Limits:
    return Limits(7, read_limits(HEADER + "".join(f"{line}\n" for line in lines) + LAST, TREE))


@pytest.mark.row("S52")
@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize(
    ("grade", "response", "result"),
    [
        ("CONSULTATION", Term(days=1), Term(days=1)),
        ("ORDINARY", Term(days=1), Term(days=5)),
        ("COMPLEX", Term(days=1), Term(days=15)),
        ("URGENT", Term(hours=2), Term(hours=24)),
    ],
)
def test_the_first_limits_are_those_of_the_rules_of_practice(kind: Kind, grade: Grade, response: Term, result: Term) -> None:
    terms = first_limits(TREE).of(kind, grade, None, date(2020, 6, 5))
    assert (terms.version, terms.response, terms.result) == (1, response, result)


def test_the_first_limits_are_written_as_they_are_read() -> None:
    assert written(first_limits(TREE).rules) == FIRST.read_text(encoding="utf-8")


@pytest.mark.row("S48", "S52")
@pytest.mark.parametrize(
    ("kind", "grade", "category", "on", "rule"),
    [
        # the longest category decides, be it for any kind and grade
        ("REPORT", "COMPLEX", HEATING, "2026-11-15", "heating"),
        ("REPORT", "COMPLEX", HEATING, "2026-11-14", "building"),
        ("HELP", "ORDINARY", HEATING, "2026-11-14", "building"),
        ("HELP", "ORDINARY", "城乡建设/安全生产", "2030-01-01", "building"),
        # a name that begins alike is no path below
        ("HELP", "ORDINARY", "城乡建设类", "2030-01-01", "rest"),
        # what is urgent is decided by what says so, however long the others' category
        ("REPORT", "URGENT", HEATING, "2026-11-15", "both"),
        ("HELP", "URGENT", HEATING, "2026-11-15", "urgent"),
        # then a named kind, then a named grade
        ("REPORT", "URGENT", None, "2020-06-05", "both-always"),
        ("REPORT", "ORDINARY", None, "2020-06-05", "report"),
        ("HELP", "URGENT", None, "2020-06-05", "urgent"),
        ("HELP", "ORDINARY", None, "2020-06-05", "rest"),
        # then the latest that is in force on the day
        ("HELP", "COMPLEX", None, "2025-12-31", "complex"),
        ("HELP", "COMPLEX", None, "2026-01-01", "complex-2026"),
        ("HELP", "COMPLEX", None, "2026-12-31", "complex-2026"),
        ("HELP", "COMPLEX", None, "2027-01-01", "complex-2027"),
    ],
)
def test_urgency_decides_then_the_longest_category_then_a_named_kind_then_a_named_grade_then_the_latest(
    kind: Kind, grade: Grade, category: str | None, on: str, rule: str
) -> None:
    made = limits(
        "complex-2027,2027-01-01,,,COMPLEX,1d,10d",
        "complex-2026,2026-01-01,,,COMPLEX,1d,12d",
        "complex,,,,COMPLEX,1d,15d",
        "urgent,,,,URGENT,2h,24h",
        "report,,,REPORT,,1d,20d",
        "both-always,,,REPORT,URGENT,1h,12h",
        "building,,城乡建设,,,1d,7d",
        "both,,城乡建设,REPORT,URGENT,1h,10h",
        f"heating,2026-11-15,{HEATING},,,4h,2d",
    )
    terms = made.of(kind, grade, category, date.fromisoformat(on))
    assert (terms.rule, terms.version) == (rule, 7)


def test_without_a_rule_that_fits_there_is_no_limit() -> None:
    with pytest.raises(LookupError):
        Limits(1, (LimitRule("late", date(2027, 1, 1), None, None, None, Term(days=1), Term(days=5)),)).of(
            "HELP", "ORDINARY", None, date(2026, 12, 31)
        )


@pytest.mark.parametrize(("text", "term"), [("1d", Term(days=1)), ("15d", Term(days=15)), ("2h", Term(hours=2)), ("720h", Term(hours=720))])
def test_a_term_is_working_days_or_hours(text: str, term: Term) -> None:
    assert Term.of(text) == term
    assert str(term) == text


@pytest.mark.parametrize("text", ["", "d", "0d", "-1d", "1", "1.5d", "1D", " 1d", "1w", "１d", "01d", "99999h"])
def test_what_is_no_term(text: str) -> None:
    with pytest.raises(ValueError, match="not a term"):
        Term.of(text)


IDS = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=64).filter(lambda text: text == text.strip())
TERMS = st.builds(lambda n: Term(days=n), st.integers(1, 60)) | st.builds(lambda n: Term(hours=n), st.integers(1, 1440))
RULES = st.builds(
    LimitRule,
    IDS,
    st.none() | st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    st.sampled_from([None, "城乡建设", "城乡建设/安全生产", HEATING]),
    st.sampled_from([None, *KINDS.values()]),
    st.sampled_from([None, *GRADES.values()]),
    TERMS,
    TERMS,
)


def decides(rule: LimitRule) -> tuple[object, ...]:
    return rule.since, rule.category, rule.kind, rule.grade


FILES = st.lists(RULES, max_size=20, unique_by=(decides, lambda rule: rule.id)).map(
    lambda rules: (*(rule for rule in rules if rule.id != REST.id and decides(rule) != decides(REST)), REST)
)


@given(FILES)
def test_a_file_that_is_shown_is_read_as_the_same_rules_and_written_as_the_same_file(rules: tuple[LimitRule, ...]) -> None:
    text = written(rules)
    assert read_limits(text, TREE) == rules
    assert read_limits("\ufeff" + text.replace("\n", "\r\n"), TREE) == rules
    assert written(read_limits(text, TREE)) == text


@given(
    FILES,
    st.sampled_from(list(KINDS.values())),
    st.sampled_from(list(GRADES.values())),
    st.sampled_from([None, "城乡建设", HEATING, "教育文体"]),
    st.dates(date(2000, 1, 1), date(2099, 12, 31)),
)
def test_whatever_is_published_gives_everything_a_limit_whatever_the_order_of_its_lines(
    rules: tuple[LimitRule, ...], kind: Kind, grade: Grade, category: str | None, on: date
) -> None:
    assert Limits(1, rules).of(kind, grade, category, on) == Limits(1, rules[::-1]).of(kind, grade, category, on)


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", ["line 1: the columns"]),
        ("id,since\n", ["line 1: the columns"]),
        (HEADER + LAST + ",,,REPORT,,1d,5d\n", ["line 3, id: 1 to 64"]),
        (HEADER + LAST + f"{'x' * 65},,,REPORT,,1d,5d\n", ["line 3, id"]),
        (HEADER + LAST + "a,2027-02-29,,,,1d,5d\n", ["line 3, since: a day"]),
        (HEADER + LAST + "a,soon,,,,1d,5d\n", ["line 3, since"]),
        (HEADER + LAST + "a,,没有的类别,,,1d,5d\n", ["line 3, category"]),
        (HEADER + LAST + "a,,,GIFT,,1d,5d\n", ["line 3, kind: one of"]),
        (HEADER + LAST + "a,,,,SOMETIMES,1d,5d\n", ["line 3, grade: one of"]),
        (HEADER + LAST + "a,,,HELP,,,5d\n", ["line 3, response: working days"]),
        (HEADER + LAST + "a,,,HELP,,1d,\n", ["line 3, result: working days"]),
        (HEADER + LAST + "a,,,HELP,,0d,61d\n", ["line 3, response", "line 3, result"]),
        (HEADER + LAST + "a,,,HELP,,1441h,soon\n", ["line 3, response", "line 3, result"]),
        (HEADER + LAST + "rest,,,HELP,,1d,5d\n", ["line 3, id: there twice"]),
        (HEADER + LAST + "again,,,,,2d,6d\n", ["line 3, grade: there twice"]),
        (HEADER + LAST + "a,,,HELP,,1d,5d,more\n", ["line 3, id: more cells"]),
        (HEADER + LAST + "a,soon,没有,GIFT,,1d,5d\n", ["line 3, since", "line 3, category", "line 3, kind"]),
    ],
)
def test_each_fault_of_a_file_is_told_by_its_line_and_column_in_both_languages(text: str, faults: list[str]) -> None:
    with pytest.raises(BadLimits) as bad:
        read_limits(text, TREE)
    assert len(bad.value.faults) == len(faults)
    for told, expected in zip(bad.value.faults, faults, strict=True):
        assert told.startswith(expected)
        english, chinese = told.split(" · ")
        assert chinese.startswith("第3行" if "line 3" in english else "第1行")


ALL = [(kind, grade) for kind in KINDS for grade in GRADES]


@pytest.mark.parametrize(
    ("lines", "missing"),
    [
        ("", ALL),
        ("late,2027-01-01,,,,1d,5d\n", ALL),
        ("building,,城乡建设,,,1d,5d\n", ALL),
        ("urgent,,,,URGENT,2h,24h\nhelp,,,HELP,,1d,5d\n", [each for each in ALL if each[1] != "URGENT" and each[0] != "HELP"]),
    ],
)
def test_what_has_no_limit_for_any_category_always_is_named(lines: str, missing: list[tuple[str, str]]) -> None:
    faults = [
        f"no limit for {kind}, {grade} for any category, always · 缺少{kind}、{grade}适用于任何类别且一直有效的时限"
        for kind, grade in missing
    ]
    with pytest.raises(BadLimits) as bad:
        read_limits(HEADER + lines, TREE)
    assert bad.value.faults == faults
