"""One accountable person for every place at any time (S7)."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.organisation import ACCOUNTABLE_POSTS, Post, accountable_for
from shared.identity.scopes import holds, prefixes

ROOT = "370800000000"
PLACES = [ROOT, "370881000000", "370811000000", "370881001000", "370881001901", "370881001901-01", "370881001901-01-03", "370811001001"]
DAYS = [f"2020-06-{day:02}" for day in (1, 5, 15, 25)]
HOLDERS = st.sampled_from(["zhang", "wang", "li"])


@st.composite
def histories(draw: st.DrawFn) -> list[Post]:
    """Posts in any place, of any kind, handed over in any order; the dispatcher of the whole city is there from the start."""
    posts = [Post(id="P-0", post="DISPATCHER", division=ROOT, terms=[]).handed_over("root", "DISPATCHER", None)]
    kinds = st.sampled_from(["COMMUNITY_SECRETARY", "DISPATCHER", "COMMUNITY_PARTY_ORGANISATION"])
    for number in range(draw(st.integers(0, 6))):
        posts.append(Post(id=f"P-{number + 1}", post=draw(kinds), division=draw(st.sampled_from(PLACES)), terms=[]))
    for _ in range(draw(st.integers(0, 12))):
        place = draw(st.integers(0, len(posts) - 1))
        posts[place] = posts[place].handed_over(draw(HOLDERS), "COMMUNITY_SECRETARY", draw(st.sampled_from(DAYS)))
    return posts


@pytest.mark.row("S7")
@given(histories(), st.sampled_from(PLACES), st.sampled_from(DAYS), st.randoms(use_true_random=False))
def test_every_place_has_exactly_one_owner_on_every_day(posts: list[Post], place: str, day: str, shuffle: random.Random) -> None:
    rows = [row for post in posts if (row := post.row(day)) is not None]
    owner = accountable_for(place, rows)
    assert owner is not None
    again = rows[:]
    shuffle.shuffle(again)
    assert accountable_for(place, again) == owner
    held = next(row for row in rows if row.id == owner.unit)
    nearer = [
        row
        for row in rows
        if row.post in ACCOUNTABLE_POSTS and holds(row.division, place) and len(prefixes(row.division)) > len(prefixes(held.division))
    ]
    assert held.holder == owner.staffId
    assert holds(held.division, place)
    assert nearer == []


def test_a_post_keeps_its_past_and_turns_on_its_day() -> None:
    post = Post(id="P", post="DISPATCHER", division=ROOT, terms=[]).handed_over("a", "DISPATCHER", None)
    post = post.handed_over("b", "DISPATCHER", "2020-06-15")
    assert [post.term_on(day).holder for day in DAYS] == ["a", "a", "b", "b"]  # type: ignore[union-attr]
    assert (post.turns_after("2020-06-05"), post.turns_after("2020-06-15")) == ("2020-06-15", None)
    assert post.handed_over("b", "DISPATCHER", "2020-06-15") == post


def test_who_holds_a_post_already_takes_it_again_without_undoing_what_is_planned() -> None:
    post = Post(id="P", post="DISPATCHER", division=ROOT, terms=[]).handed_over("zhang", "DISPATCHER", None)
    planned = post.handed_over("wang", "DISPATCHER", "2020-06-15")
    assert planned.handed_over("zhang", "DISPATCHER", None) == planned
    assert planned.handed_over("zhang", "DISPATCHER", "2020-06-05") == planned
    assert [term.holder for term in planned.handed_over("li", "DISPATCHER", "2020-06-05").terms] == ["zhang", "li"]


def test_a_compound_whose_number_begins_alike_is_another_place() -> None:
    post = Post(id="P", post="COMMUNITY_SECRETARY", division="370881001901-01", terms=[]).handed_over("zhang", "X", None)
    row = post.row("2020-06-05")
    assert row is not None
    assert accountable_for("370881001901-01-03", [row]) is not None
    assert accountable_for("370881001901-011", [row]) is None
