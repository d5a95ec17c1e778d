"""What would break a frontend is named, unless it was marked as deprecated in the release before."""

from __future__ import annotations

import subprocess
import sys

import pytest
from graphql import build_schema

from tests.world import ROOT
from tools.schema_check import difference

SCHEMA = """
type Query { case(id: ID, number: String): Case cases: [Case!]! }
type Case { id: ID! grade: Grade owner: Owner }
type Owner { role: String }
enum Grade { ORDINARY URGENT }
input Filter { grade: Grade team: String }
"""
REMOVALS = [
    ("Case.grade", "grade: Grade owner", "owner", "grade: Grade @deprecated owner"),
    ("Query.case(number:)", "id: ID, number: String", "id: ID", "id: ID, number: String @deprecated"),
    ("Grade.URGENT", "ORDINARY URGENT", "ORDINARY", "ORDINARY URGENT @deprecated"),
    ("Filter.team", "grade: Grade team: String", "grade: Grade", "grade: Grade team: String @deprecated"),
]


@pytest.mark.parametrize(("coordinate", "before", "after", "marked"), REMOVALS)
def test_what_goes_without_notice_breaks_and_what_was_marked_may_go(coordinate: str, before: str, after: str, marked: str) -> None:
    now = build_schema(SCHEMA.replace(before, after))
    found = difference(build_schema(SCHEMA), now)
    assert len(found.broken) == 1
    assert coordinate in found.broken[0]
    found = difference(build_schema(SCHEMA.replace(before, marked)), now)
    assert found.broken == []
    assert coordinate in found.allowed[0]


def test_a_type_may_go_with_the_last_field_that_led_to_it() -> None:
    now = build_schema(SCHEMA.replace("owner: Owner", "").replace("type Owner { role: String }", ""))
    assert any("Owner was removed" in line for line in difference(build_schema(SCHEMA), now).broken)
    marked = build_schema(SCHEMA.replace("owner: Owner", "owner: Owner @deprecated"))
    assert difference(marked, now).broken == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("id: ID!", "id: ID"),
        ("id: ID!", "id: Int!"),
        ("input Filter { ", "input Filter { new: ID! "),
        ("id: ID, number", "id: ID!, number"),
    ],
)
def test_a_changed_type_or_a_new_demand_breaks_whatever_was_marked(before: str, after: str) -> None:
    marked = SCHEMA.replace("id: ID!", "id: ID! @deprecated")
    assert difference(build_schema(marked), build_schema(SCHEMA.replace(before, after))).broken


def test_additions_pass_and_what_may_surprise_is_told() -> None:
    grown = SCHEMA.replace("ORDINARY URGENT", "ORDINARY URGENT COMPLEX").replace("role: String", "role: String unit: String")
    found = difference(build_schema(SCHEMA), build_schema(grown))
    assert (found.broken, found.allowed) == ([], [])
    assert any("COMPLEX" in line for line in found.surprising)


def test_nothing_that_was_released_is_broken_now() -> None:
    ran = subprocess.run([sys.executable, "-m", "tools.schema_check"], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
