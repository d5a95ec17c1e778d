"""Routing's documents and indexes: the only place that knows them. Collections: cases, departments, posts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote

from services.routing.domain import boards, desks, recalculation, supervision_desk, watch
from services.routing.domain.case import Case
from services.routing.domain.ownership import DEPARTMENT_ROLES
from services.routing.domain.reckoning import Reckoning
from services.routing.store import supervision
from services.routing.store.desks import DeskRecords, migrate_desks
from shared.identity.access import Access, Visible
from shared.listing import LIST_INDEXES, SLOT_INDEXES, SLOTS, Page, listed
from shared.mongo import Database
from shared.records import Document, OwnTags, create_indexes, store_errors, tag_documents
from shared.tags import DIRTY, SCRUB, TAGS, TAKEN_BACK, with_blocked
from shared.timers import TIMER, TIMER_INDEX
from shared.writer import ModelCodec

PROVISIONAL = "provisional"


def derived(case: Case) -> Document:
    """What the store computes for its queries: who finds it, who has owned it for a department, on whose desk it stands, what it counts
    for, and whether kept events may hold words of somebody erased."""
    entry = listed(case, case.registered_at, case.status)
    hands = {_hand(each.owner.unit, each.owner.staffId) for each in case.owners if each.owner.role in DEPARTMENT_ROLES}
    asked = [under for place in case.consulted() for under in _slots_of(f"division:{place}", entry["day"], case.status)]
    entry["slots"] = [f"{hand}|{entry['day']}" for hand in sorted(hands)] + entry["slots"] + asked
    facts = {"desk": desks.facts(case), "board": boards.facts(case)} | {kind: boards.times_facts(case, kind) for kind in boards.KINDS}
    facts |= supervision_desk.card_facts(case)
    found: Document = {"listed": entry, "facts": facts, TAGS: tags(case)} | supervision.derived(case)
    if (desk := desks.entry(case)) is not None:
        found["desk"] = desk
    if (at := watch.next_timer(case)) is not None:
        found[TIMER] = at
    return found


def tags(case: Case) -> list[str]:
    found = [DIRTY, *supervision.tags(case)]
    if recalculation.provisional(case):
        found.append(PROVISIONAL)
    return [*found, SCRUB] if case.erased else found


def _slots_of(key: str, day: str, status: str) -> list[str]:
    return [f"{key}|{day}", f"{key}|{day}|{status}"]


def _hand(department: str, staff: str) -> str:
    """The key under which a list finds what this person has owned for this department."""
    return f"hand:{department}/{quote(staff, safe='')}"


CODEC = ModelCodec(Case, derived)


class Cases(DeskRecords):
    """The collection `cases`."""

    def __init__(self, database: Database, real_now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        super().__init__(database, "cases", real_now)

    async def find_many(self, ids: list[str]) -> dict[str, Case]:
        """Open or closed cases by grievance id; what is not there is left out."""
        query: Document = {"_id": {"$in": ids}} if len(ids) > 1 else {"_id": ids[0]}
        with store_errors():
            rows = await self.collection.find(query).to_list(None)
        return {row["_id"]: CODEC.load(row) for row in rows if row["registered"]}

    async def provisional(self) -> list[str]:
        """The ids of those of which a deadline was reckoned without the calendar's word."""
        with store_errors():
            rows = await self.collection.find({TAGS: PROVISIONAL}, {"_id": 1}).to_list(None)
        return [row["_id"] for row in rows]

    async def has_owned(self, department: str, staff: str) -> bool:
        """Whether this person was ever a case's owner for this department: by the months in which they were, which are few."""
        return bool(await self._has([_hand(department, staff)]))

    async def list_page(self, visible: Visible, first: int, after: str | None, status: str | None, department: str | None) -> Page:
        return await self.page(visible, first, after, status, department)


def access_of(case: Case) -> Access:
    """Who may see it, by routing's own word."""
    return Access(
        division=case.division,
        petitioner_ref=case.petitioner_ref,
        own_ref=case.own_ref,
        consulted=frozenset(case.consulted()),
        team=case.team,
        departments=frozenset(case.departments),
        handlers=frozenset(case.handlers),
        accused_departments=frozenset(case.accused_departments),
        confidential=case.confidential,
    )


async def migrate(database: Database) -> None:
    """Create the indexes. Repeating it changes nothing."""
    await create_indexes(database, ["cases"])
    with store_errors():
        await database["cases"].create_indexes([*LIST_INDEXES, TIMER_INDEX])
        await database[SLOTS].create_indexes(SLOT_INDEXES)
    await migrate_desks(database)


async def tag_cases(database: Database) -> None:
    """What is of before there were tags."""
    own: dict[str, OwnTags] = {"cases": lambda document: tags(CODEC.load(document))}
    await tag_documents(database, own, {"cases": ("provisional", "supervision")})


async def put_on_desks(database: Database) -> None:
    """Cases of before there were desks and boards; a write that comes between has put its case there itself."""
    await _bring_up_to_date(database, "facts.result", lambda case: case, ("desk", "facts", TAGS))


async def watch_over(database: Database, reckoning: Reckoning) -> None:
    """Cases of before there were warnings: their deadlines become ledgers with time nodes."""

    def watched(case: Case) -> Case:
        return case.with_deadline(result=case.deadlines.result.watched(reckoning))

    await _bring_up_to_date(database, "deadlines", watched, ("deadlines", TIMER, TAGS))


async def _bring_up_to_date(database: Database, without: str, change: Callable[[Case], Case], fields: tuple[str, ...]) -> None:
    """These fields of what is kept without one of them."""
    cases = Cases(database)
    with store_errors():
        rows = await cases.collection.find({"registered": True, without: {"$exists": False}}, {"_id": 1}).to_list(None)
    for row in rows:
        document = await cases.load(row["_id"])
        if document is not None and not _has(document, without):
            found = CODEC.dump(change(CODEC.load(document)))
            to_set: Document = {name: found[name] for name in fields if name in found}
            # All that may be up; who comes for what is not finds nothing to do.
            to_set[TAGS] = with_blocked([*found[TAGS], *(tag for tag in document.get(TAGS, []) if tag in TAKEN_BACK)], document)
            await cases.update(row["_id"], document["version"], to_set, {}, [])


def _has(document: Document, name: str) -> bool:
    """Whether there is such a field, `a.b` inside `a`."""
    outer, _, inner = name.partition(".")
    return outer in document and (not inner or inner in document[outer])
