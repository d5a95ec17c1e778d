"""Departments and posts: who is there to handle and to answer for a place (S7, S21, S22, S46). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from pydantic import BaseModel, ConfigDict

from shared.contracts.intake import DepartmentRow, Owner, PostKind, PostRow
from shared.identity.scopes import holds, prefixes

# Who answers for a place where nobody heard the grievance in person, the nearest first.
ACCOUNTABLE_POSTS = ("COMMUNITY_SECRETARY", "DISPATCHER")


class Department(BaseModel):
    """A unit that handles grievances; `head` is its first responsible person (S22 区直部门主要负责人), `receiver` takes its work orders.
    `committee`: the party committee of its division (S23 上级党工委)."""

    model_config = ConfigDict(frozen=True)

    code: str
    name: str
    division: str
    head: str
    receiver: str
    committee: bool = False

    def row(self) -> DepartmentRow:
        return DepartmentRow(**self.model_dump())


class Term(BaseModel):
    """Who holds a post from a day on (ISO text; None: from the beginning) until the next term begins."""

    model_config = ConfigDict(frozen=True)

    holder: str
    role: str
    since: str | None = None


class Post(BaseModel):
    """A post in the territory. It is handed over and never left: from its first term on there is exactly one holder at any time (S7)."""

    model_config = ConfigDict(frozen=True)

    id: str
    post: PostKind
    division: str
    terms: list[Term]

    def term_on(self, day: str) -> Term | None:
        """Who holds it on that day; None before its first term."""
        begun = [term for term in self.terms if (term.since or "") <= day]
        return begun[-1] if begun else None

    def turns_after(self, day: str) -> str | None:
        """The day on which the next term begins."""
        return next((term.since for term in self.terms if (term.since or "") > day), None)

    def handed_over(self, holder: str, role: str, since: str | None) -> Self:
        """From `since` on the post is `holder`'s; what was planned for later days is replaced, unless this is what holds there already."""
        there = self.term_on(since or "")
        if there is not None and (there.holder, there.role) == (holder, role):
            return self
        kept = [term for term in self.terms if (term.since or "") < (since or "")]
        return self.model_copy(update={"terms": [*kept, Term(holder=holder, role=role, since=since)]})

    def row(self, day: str) -> PostRow | None:
        """As others need it; None before its first term."""
        term = self.term_on(day)
        return PostRow(id=self.id, post=self.post, division=self.division, holder=term.holder, role=term.role) if term else None


def accountable_for(division: str, posts: Iterable[PostRow]) -> Owner | None:
    """The one who owns a grievance of this place until it is dispatched: the nearest holder of an accountable post (S7).

    Never two: between posts of one kind for one division the first by id answers, in whatever order they come.
    """
    near = [post for post in posts if post.post in ACCOUNTABLE_POSTS and holds(post.division, division)]
    if not near:
        return None
    best = min(near, key=lambda post: (-len(prefixes(post.division)), ACCOUNTABLE_POSTS.index(post.post), post.id))
    return Owner(staffId=best.holder, role=best.role, unit=best.id)
