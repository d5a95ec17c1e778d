"""A cursor leads back to its place; what is none of a list's is refused, with the field named."""

from __future__ import annotations

import pytest

from shared.cursors import cursor_at, read_cursor, read_cursor_in_time
from shared.identity.errors import Refusal


def test_a_cursor_leads_to_its_place() -> None:
    for place in (("2020-06-05T01:00:00Z", "g1"), ("2020-06-05", "", "00000000:编号")):
        assert read_cursor(cursor_at(*place), len(place)) == place


@pytest.mark.parametrize("text", ["", "x", "民", "!!!!", "////", cursor_at("a"), cursor_at("a", "b", "c")])
def test_what_is_no_cursor_of_this_list_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_cursor(text, 2)
    assert (refused.value.code, refused.value.field) == ("BAD_CURSOR", "after")


def test_a_place_in_time_is_as_the_order_writes_it() -> None:
    for at in ("2020-06-05T01:00:00.000Z", "2020-06-05T09:00:00+08:00"):
        assert read_cursor_in_time(cursor_at(at, "g1"), 2) == ("2020-06-05T01:00:00.000Z", "g1")


NO_TIMES = ["zzz", "", "2020-06-05", "2020-06-05T02:00", "0001-01-01T00:00+23:00", "9999-12-31T23:59:59+00:00"]


@pytest.mark.parametrize("text", ["nonsense", cursor_at("2020-06-05T01:00:00Z"), *(cursor_at(at, "x") for at in NO_TIMES)])
def test_what_is_no_place_in_time_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_cursor_in_time(text, 2)
    assert (refused.value.code, refused.value.field) == ("BAD_CURSOR", "after")
