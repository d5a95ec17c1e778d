"""Departments and posts: who is there to handle and to answer for a place (S7, S21, S22, S46). Pure."""

from __future__ import annotations

from collections.abc import Iterable

from shared.contracts.intake import Owner, PostRow

# Who answers for a place where nobody heard the grievance in person, the nearest first.
ACCOUNTABLE_POSTS = ("COMMUNITY_SECRETARY", "DISPATCHER")


def accountable_for(division: str, posts: Iterable[PostRow]) -> Owner | None:
    """The one who owns a grievance of this place until it is dispatched: the nearest holder of an accountable post."""
    best: tuple[int, int, PostRow] | None = None
    for post in posts:
        prefix = significant(post.division)
        if post.post in ACCOUNTABLE_POSTS and division.startswith(prefix):
            rank = (len(prefix), -ACCOUNTABLE_POSTS.index(post.post), post)
            if best is None or rank[:2] > best[:2]:
                best = rank
    return Owner(staffId=best[2].holder, role=best[2].role, unit=best[2].id) if best else None


def significant(division: str) -> str:
    """The part of a division's code that its descendants share: whole pairs or triples by level, zeros of absent levels left out."""
    for end in (2, 4, 6, 9):
        if not division[end:].strip("0"):
            return division[:end]
    return division
