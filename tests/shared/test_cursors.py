"""A cursor leads back to its place; what is none of a list's is refused, with the field named."""

from __future__ import annotations

import pytest

from shared.cursors import cursor_at, read_cursor
from shared.identity.errors import Refusal


def test_a_cursor_leads_to_its_place() -> None:
    for place in (("2020-06-05T01:00:00Z", "g1"), ("2020-06-05", "", "00000000:编号")):
        assert read_cursor(cursor_at(*place), len(place)) == place


@pytest.mark.parametrize("text", ["", "x", "民", "!!!!", "////", cursor_at("a"), cursor_at("a", "b", "c")])
def test_what_is_no_cursor_of_this_list_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_cursor(text, 2)
    assert (refused.value.code, refused.value.field) == ("BAD_CURSOR", "after")
