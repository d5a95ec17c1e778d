"""A day's items, looked at one by one and handed up: pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.summaries import DaySummary, Look, town_above
from shared.contracts.intake import Owner
from shared.identity.errors import Refusal
from shared.identity.scopes import Level, from_code
from tests.services.builders import AT, VILLAGE

BY = Owner(staffId="s", role="SECRETARY", unit="T-1")
COMMUNITY = (from_code(VILLAGE, Level.VILLAGE),)
HEARD = {"a": VILLAGE, "b": VILLAGE, "c": "370881001002"}


def day(**items: bool) -> DaySummary:
    """Of HEARD, what was kept (True) and struck out (False)."""
    looks = [Look(grievance=id, keep=keep, remark="重复。") for id, keep in items.items()]
    return DaySummary(id="d", day="2020-06-05", by=BY).checked("一天的事。", looks, HEARD)


@pytest.mark.row("S51")
def test_one_may_be_struck_out_with_a_reason_and_is_not_handed_up() -> None:
    handed = day(a=True, b=False, c=True).handed_up(HEARD, COMMUNITY, AT)
    assert [(item.grievance, item.to) for item in handed.unnoted()] == [("a", "370881001000"), ("c", "370881001000")]
    assert [item.grievance for item in handed.handed_up_from(VILLAGE, "2020-06-05")] == ["a"]
    assert [item.grievance for item in handed.handed_up_from("370881001000", "2020-06-05")] == ["a", "c"]


@pytest.mark.row("S23")
def test_the_town_finds_what_was_handed_up_to_it_from_a_wider_place_by_the_day_of_handing_up() -> None:
    heard = {"a": "370881000000"}
    looked = DaySummary(id="d", day="2020-06-05", by=BY).checked(None, [Look(grievance="a", keep=True)], heard)
    handed = looked.handed_up(heard, COMMUNITY, datetime(2020, 6, 6, 17, 0, tzinfo=UTC))
    found = [
        handed.handed_up_from(division, day)
        for division in ("370881000000", "370881001000", VILLAGE)
        for day in ("2020-06-05", "2020-06-06", "2020-06-07")
    ]
    assert [len(items) for items in found] == [0, 0, 1, 0, 0, 1, 0, 0, 0]


def test_the_remark_on_the_whole_stays_as_it_was_handed_up() -> None:
    handed = day(a=True, b=False, c=False).handed_up(HEARD, COMMUNITY, AT)
    assert handed.checked("一天的事。", [], HEARD) == handed
    with pytest.raises(Refusal) as refused:
        handed.checked("改了。", [], HEARD)
    assert (refused.value.code, refused.value.field) == ("ALREADY_HANDED_UP", "remark")


@pytest.mark.parametrize(
    ("look", "code"),
    [
        (Look(grievance="a", keep=False), "REASON_MISSING"),
        (Look(grievance="a", keep=False, remark="  "), "REASON_MISSING"),
        (Look(grievance="of-somebody-else", keep=True), "NOT_HEARD"),
    ],
)
def test_refuses_a_look(look: Look, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        day().checked(None, [look], HEARD)
    assert (refused.value.code, refused.value.field) == (code, "items")


@pytest.mark.row("S51")
def test_nothing_goes_up_while_an_item_is_not_looked_at_and_the_refusal_says_how_many() -> None:
    with pytest.raises(Refusal, match="UNCHECKED_ITEMS: Items not checked yet: 2"):
        day(a=True).handed_up(HEARD, COMMUNITY, AT)
    with pytest.raises(Refusal, match="NOTHING_TO_HAND_UP"):
        day(a=False, b=False, c=False).handed_up(HEARD, COMMUNITY, AT)
    with pytest.raises(Refusal, match="NOTHING_TO_HAND_UP"):
        day().handed_up({}, COMMUNITY, AT)


def test_what_comes_later_is_open_again_and_alone_goes_up() -> None:
    first = day(a=True, b=True, c=False).handed_up(HEARD, COMMUNITY, AT)
    later = HEARD | {"d": VILLAGE}
    assert first.unchecked(later) == ["d"]
    second = first.checked(None, [Look(grievance="d", keep=True)], later).handed_up(later, COMMUNITY, AT.replace(hour=9))
    at = {item.grievance: item.handed_up_at for item in second.items}
    assert at == {"a": AT, "b": AT, "c": None, "d": AT.replace(hour=9)}
    with pytest.raises(Refusal, match="ALREADY_HANDED_UP"):
        second.checked(None, [Look(grievance="a", keep=False, remark="重复。")], later)


@given(st.lists(st.tuples(st.sampled_from(["look", "strike", "hand up", "hear"]), st.integers(0, 5)), max_size=30))
def test_each_goes_up_at_most_once_and_only_what_was_kept(steps: list[tuple[str, int]]) -> None:
    summary, heard, went_up = DaySummary(id="d", day="2020-06-05", by=BY), dict[str, str](), list[str]()
    for what, number in steps:
        id = f"g{number}"
        before: DaySummary = summary
        try:
            if what == "hear":
                heard[id] = VILLAGE
            elif what == "hand up":
                summary = summary.handed_up(heard, COMMUNITY, AT)
                went_up += [item.grievance for item in before.items if item.waits]
            else:
                summary = summary.checked(None, [Look(grievance=id, keep=what == "look", remark="因")], heard)
        except Refusal:
            assert summary == before
    assert sorted(went_up) == sorted(item.grievance for item in summary.items if item.handed_up_at)
    assert len(went_up) == len(set(went_up))
    assert all(item.keep for item in summary.items if item.handed_up_at)


@pytest.mark.row("S23")
@pytest.mark.parametrize(
    ("division", "scopes", "town"),
    [
        (VILLAGE, (), "370881001000"),
        (f"{VILLAGE}-01", (), "370881001000"),
        ("370881001000", (), "370881001000"),
        ("370881000000", COMMUNITY, "370881001000"),
        ("370881000000", (from_code("370881000000", Level.COUNTY),), None),
    ],
)
def test_above_a_place_is_its_town_else_the_secretarys_own(division: str, scopes: Any, town: str | None) -> None:
    assert town_above(division, scopes) == town


def test_what_has_no_town_above_is_named_and_does_not_go_up() -> None:
    summary = DaySummary(id="d", day="2020-06-05", by=BY).checked(None, [Look(grievance="a", keep=True)], {"a": "370881000000"})
    with pytest.raises(Refusal, match="NO_SUPERIOR"):
        summary.handed_up({"a": "370881000000"}, (), AT)
