"""Departments, posts, teams and members: one document each, with the indexes of their queries."""

from __future__ import annotations

from collections.abc import Callable

from services.intake.domain.organisation import Department, Post
from services.intake.domain.people import Member, Team
from services.intake.domain.places import lineage
from services.intake.seed import DEPARTMENTS, POSTS
from services.intake.store.registry import UNANNOUNCED, WITHIN, Registry, any_of
from shared.contracts.intake import PostRow
from shared.mongo import ASCENDING, Database, IndexModel
from shared.record import stub
from shared.records import MongoRecords, store_errors
from shared.tags import DIRTY, TAGS

INDEXES = {
    "sites": [WITHIN],
    "departments": [UNANNOUNCED, WITHIN],
    "posts": [
        UNANNOUNCED,
        IndexModel([("division", ASCENDING)], name="division"),
        IndexModel([("turns_on", ASCENDING)], name="turns_on"),
    ],
    "teams": [
        UNANNOUNCED,
        WITHIN,
        IndexModel([("leader", ASCENDING)], name="leader"),
        IndexModel([("contact_units", ASCENDING)], name="contact_units"),
    ],
    "members": [WITHIN, IndexModel([("team", ASCENDING)], name="team")],
}


class Departments(Registry[Department]):
    def __init__(self, database: Database) -> None:
        super().__init__(database, "departments", Department, lambda row: [row.division], lambda _row: {"unannounced": True})


class Posts(Registry[Post]):
    """Posts; `today` gives the ISO day by which a term is current."""

    def __init__(self, database: Database, today: Callable[[], str]) -> None:
        super().__init__(
            database,
            "posts",
            Post,
            lambda row: [row.division],
            lambda row: {"unannounced": True, "turns_on": row.turns_after(today())},
        )
        self._today = today

    async def of_place(self, division: str, day: str | None = None) -> list[PostRow]:
        """The posts, held on that day (today), of this division and of all that hold it (port Posts)."""
        found = await self.where({"division": any_of(lineage(division))})
        rows = (post.row(day or self._today()) for post in found)
        return [row for row in rows if row is not None]

    async def turn(self) -> None:
        """Terms that begin: announced anew, as a newer revision. Safe to run anywhere, any time."""
        with store_errors():
            found = await self.collection.find({"turns_on": {"$lte": self._today()}}, {"outbox": 0, "requests": 0}).to_list(None)
        for row in found:
            change = {"unannounced": True, "turns_on": self.codec.load(row).turns_after(self._today())}
            with store_errors():
                await self.collection.update_one({"_id": row["_id"], "version": row["version"]}, {"$set": change, "$inc": {"version": 1}})


class Teams(Registry[Team]):
    def __init__(self, database: Database) -> None:
        super().__init__(database, "teams", Team, lambda row: row.places, lambda _row: {"unannounced": True})

    async def led_by(self, member: str) -> list[Team]:
        return await self.where({"leader": member})

    async def in_contact_with(self, village: str) -> list[Team]:
        return await self.where({"contact_units": village})


class Members(Registry[Member]):
    def __init__(self, database: Database) -> None:
        super().__init__(database, "members", Member, lambda row: [row.unit], lambda row: {"facts": row.facts(), TAGS: [DIRTY]})

    async def of_teams(self, teams: list[str]) -> dict[str, list[Member]]:
        found: dict[str, list[Member]] = {}
        for member in await self.where({"team": any_of(teams)}):
            found.setdefault(member.team or "", []).append(member)
        return found


async def seed_organisation(departments: Departments, posts: Posts) -> None:
    """The first departments and posts, where their id is not there yet: what was recorded since stays."""
    for department in DEPARTMENTS:
        await _keep(departments, department.code, departments.codec.dump(Department(**department.model_dump())))
    for post in POSTS:
        begun = Post(id=post.id, post=post.post, division=post.division, terms=[]).handed_over(post.holder, post.role, None)
        await _keep(posts, post.id, posts.codec.dump(begun))


async def _keep(records: MongoRecords, id: str, dumped: dict[str, object]) -> None:
    if await records.load(id) is None:
        await records.insert({**stub(id), "version": 1, "registered": True, **dumped})
