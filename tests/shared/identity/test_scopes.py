from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.identity.scopes import Level, MalformedScope, Scope, from_code, is_code, prefixes, widest

ROOT = Path(__file__).parents[3]
SOURCES = (ROOT / "services/intake/data/divisions-jining.csv", ROOT.parent / "shared/data/divisions-jining.csv")
CUTS = {"PROVINCE": 2, "CITY": 4, "COUNTY": 6, "TOWN": 9, "VILLAGE": 12}


@pytest.fixture(scope="module")
def divisions() -> list[tuple[str, str]]:
    source = next(path for path in SOURCES if path.exists())
    with source.open(encoding="utf-8-sig", newline="") as stream:
        return [(row["code"], row["level"]) for row in csv.DictReader(line for line in stream if not line.startswith("#"))]


def in_range(scope: Scope, code: str) -> bool:
    start, end = scope.range()
    return start <= code < end


@pytest.mark.row("S27")
def test_every_division_is_covered_by_all_its_ancestors_and_by_nobody_else(divisions: list[tuple[str, str]]) -> None:
    official = [(code, level) for code, level in divisions if "-" not in code and level in CUTS]
    assert len(official) >= 5099
    scopes = {code: from_code(code, level) for code, level in official}
    pairs = 0
    for code, level in official:
        lineage = {code[:cut].ljust(12, "0") for cut in CUTS.values() if cut <= CUTS[level]}
        assert lineage <= scopes.keys(), f"{code} has an ancestor outside the list"
        for ancestor in lineage:
            assert scopes[ancestor].covers(code)
            assert in_range(scopes[ancestor], code)
            pairs += 1
        assert set(prefixes(code)) == {scopes[ancestor].prefix for ancestor in lineage}
    assert pairs > 25_000
    # Non-ancestors: every scope above the village against every division; among villages, nobody covers another.
    for code, scope in scopes.items():
        if scope.level is Level.VILLAGE:
            continue
        expected = {other for other, level in official if other[: CUTS[scope.level]] == scope.prefix and CUTS[level] >= CUTS[scope.level]}
        assert {other for other in scopes if scope.covers(other)} == expected
        assert {other for other in scopes if in_range(scope, other)} == expected, code


def test_no_village_covers_another_division(divisions: list[tuple[str, str]]) -> None:
    codes = sorted(code for code, _ in divisions)
    for position, code in enumerate(codes):
        if code.endswith("000") or "-" in code:
            continue
        scope = from_code(code, Level.VILLAGE)
        neighbours = codes[max(0, position - 3) : position] + [other for other in codes[position + 1 : position + 4] if "-" not in other]
        assert not any(scope.covers(other) or in_range(scope, other) for other in neighbours)


@pytest.mark.row("S28")
@pytest.mark.parametrize(
    ("level", "code", "inside", "outside"),
    [
        ("VILLAGE", "370881001901", ["370881001901", "370881001901-01", "370881001901-01-03-02-501"], ["370881001902", "370881001902-01"]),
        (
            "COMPOUND",
            "370881001901-01",
            ["370881001901-01", "370881001901-01-01", "370881001901-01-99"],
            ["370881001901", "370881001901-02", "370881001901-011", "370881001901-011-01", "370881001901-010"],
        ),
        ("BUILDING", "370881001901-01-03", ["370881001901-01-03", "370881001901-01-03-02"], ["370881001901-01", "370881001901-01-031"]),
        ("UNIT", "370881001901-01-03-02", ["370881001901-01-03-02-501"], ["370881001901-01-03-021-501", "370881001901-01-03"]),
        ("HOUSEHOLD", "370881001901-01-03-02-501", ["370881001901-01-03-02-501"], ["370881001901-01-03-02-5011", "370881001901-01-03-02"]),
    ],
)
def test_local_levels_end_at_their_segment(level: str, code: str, inside: list[str], outside: list[str]) -> None:
    scope = from_code(code, level)
    for other in inside:
        assert scope.covers(other), other
        assert in_range(scope, other), other
    for other in outside:
        assert not scope.covers(other), other
        assert not in_range(scope, other), other
    assert scope.prefix == code


@pytest.mark.parametrize(("level", "digits"), [("PROVINCE", 2), ("CITY", 4), ("COUNTY", 6), ("TOWN", 9)])
def test_official_scopes_reach_down_to_households(level: str, digits: int) -> None:
    scope = from_code("370881001901"[:digits].ljust(12, "0"), level)
    assert scope.covers("370881001901-01-03-02-501")
    assert in_range(scope, "370881001901-01-03-02-501")


def test_a_part_that_ends_in_zero_is_kept() -> None:
    town = from_code("370881100000", "TOWN")
    assert town.prefix == "370881100"
    assert not town.covers("370881101001")
    assert from_code("370881001010", "VILLAGE").prefix == "370881001010"


@pytest.mark.parametrize(
    ("code", "level"),
    [
        ("370881000000", "TOWN"),
        ("370881001000", "COUNTY"),
        ("370881001000", "VILLAGE"),
        ("370881001901", "COMPOUND"),
        ("370881001901-01", "VILLAGE"),
        ("370881001901-01", "BUILDING"),
        ("370881001901-1", "COMPOUND"),
        ("37088100190", "VILLAGE"),
        ("", "CITY"),
        ("000000000000", "PROVINCE"),
        ("370881001901", "COUNTRY"),
        ("３７0881000000", "COUNTY"),
        ("370881000000\n", "COUNTY"),
    ],
)
def test_refuses_a_code_that_is_not_of_its_level(code: str, level: str) -> None:
    with pytest.raises(MalformedScope):
        from_code(code, level)


@pytest.mark.parametrize(
    "code", ["", "3708", "370881001901-", "370881001901-01-", "370881001901-x1", "370881001901-01; drop", "370881001901 "]
)
def test_a_malformed_code_is_in_nobodys_scope(code: str) -> None:
    assert not from_code("370800000000", "CITY").covers(code)
    assert not from_code("370881001901", "VILLAGE").covers(code)
    assert prefixes(code) == ()


# Few digits, so that random codes are often relatives.
parts = st.sampled_from(["01", "02", "10", "11"])
codes = st.builds(
    lambda city, county, town, village, tail: f"37{city}{county}{town}{village}" + "".join(f"-{segment}" for segment in tail),
    parts,
    parts,
    st.sampled_from(["001", "010", "100"]),
    st.sampled_from(["001", "010", "100", "901"]),
    st.lists(st.sampled_from(["01", "011", "10", "0101"]), max_size=4),
)


@st.composite
def scopes(draw: st.DrawFn) -> Scope:
    code = draw(codes)
    level = draw(st.sampled_from(list(Level)))
    base, *tail = code.split("-")
    if level.value in CUTS:
        return Scope(level, base[: CUTS[level.value]].ljust(12, "0"))
    wanted = list(Level).index(level) - 4
    return Scope(level, "-".join([base, *(tail + ["01"] * 4)[:wanted]]))


@given(scopes(), codes)
def test_covers_range_and_prefixes_say_the_same(scope: Scope, code: str) -> None:
    assert is_code(code)
    assert scope.covers(code) == in_range(scope, code) == (scope.prefix in prefixes(code))


@given(st.lists(scopes(), max_size=6))
def test_the_widest_cover_what_all_cover_and_none_of_them_lies_in_another(held: list[Scope]) -> None:
    found = widest(held)
    assert all(any(prefix in prefixes(scope.code) for prefix in found) for scope in held)
    codes_of = {scope.prefix: scope.code for scope in held}
    assert all(prefix in codes_of and set(prefixes(codes_of[prefix])) & set(found) == {prefix} for prefix in found)
    assert len(found) == len(set(found))
