"""Every query of people, transfers and coverage: by which index, and growing how, with ten times the rows of each kind. Sites and
departments are found as teams are, by `within`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.local.parts import Parts
from services.intake.adapters.files import FileStore
from services.intake.adapters.retention import load_retention
from services.intake.domain.looks import look
from services.intake.domain.transfers import CSV
from services.intake.service import Service
from services.intake.settings import IntakeSettings
from services.intake.store.access_log import AccessLog
from services.intake.store.archives import Archives
from services.intake.store.calendar import Receptions
from services.intake.store.encounters import Diaries, Encounters, PolicyMessages
from services.intake.store.households import Households
from services.intake.store.mongo import CODEC, ERASING, Grievances, Notices
from services.intake.store.organisation import Members, Posts, Teams
from services.intake.store.persons import MongoPersons
from services.intake.store.registry import within
from services.intake.store.summaries import Summaries, handed_slot
from services.intake.store.transfers import Transfers
from services.intake.store.uploads import UploadStore
from shared.mongo import Database
from shared.projector import Buckets
from shared.record import stub
from shared.tags import DIRTY, SCRUB, TAGS
from tests.services.builders import AT
from tests.services.growth import MOST, TIMEOUT, Ask, Pair, insert, pair_of
from tests.services.intake.builders import CIPHER, NOW, ticket
from tests.services.intake.test_shares import OWNER, grievance

PER_VILLAGE, PER_TEAM = 20, 25

pytestmark = pytest.mark.timeout(TIMEOUT)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pair(parts: Parts, keys_dir: Path) -> AsyncIterator[Pair]:
    async with pair_of(parts, keys_dir, lambda settings: Service(IntakeSettings(**settings)), fill, 200) as made:
        yield made


async def fill(database: Database, count: int) -> None:
    """`count` rows of each kind; the same small territory, team and asker in both sizes, and few raised flags."""

    def base(id: str) -> dict[str, object]:
        return {**stub(id), "version": 1, "registered": True, "unannounced": False}

    def village(number: int) -> str:
        return f"3708{11 + number // 2_000:02}{1 + number // 200 % 10:03}{1 + number // PER_VILLAGE % 10:03}"

    def bucket(id: str) -> dict[str, object]:
        return {"_id": id, "key": id, "n": {"households": 1}}

    few = 5
    for name in ("teams", "members", "receptions"):
        rows = [
            base(f"{name}{n}") | {"within": within([village(n)]), "unannounced": n < few, TAGS: [DIRTY] if n < few else []}
            for n in range(count)
        ]
        for n, row in enumerate(rows):
            row |= {"team": f"T-{n // PER_TEAM}", "leader": f"m-{n}", "contact_units": [village(n)]}
        await insert(database, name, rows)
    posts = [base(f"posts{n}") | {"division": village(n), "turns_on": "2099-01-01" if n % 100 else "2020-01-01"} for n in range(count)]
    await insert(database, "posts", posts)
    homes = [
        base(f"h{n}") | {"village": village(n), "team": f"T-{n // PER_TEAM}", "unmarked": n < few, TAGS: [DIRTY] if n < few else []}
        for n in range(count)
    ]
    await insert(database, "households", homes)
    told = [
        CODEC.dump(grievance(registered_at=AT + timedelta(days=n // 2_000), encounter=f"e-{n // 5}")) | base(f"g{n}") for n in range(count)
    ]
    for n, row in enumerate(told):
        # What a list is found by is asked of routing, and costs ten entries a document.
        del row["listed"]
        tags = [f"heard:s-{n // 10}:2020-06-05", f"team:T-{n // PER_TEAM}:2020-06", f"encounter:e-{n // 5}"]
        tags += [f"account:{n // 5:064x}", f"person:p-{n // 5}"]
        raised = ["reveal:37", "reveal:3708", "reveal:370811", ERASING, DIRTY, SCRUB]
        row |= {"person": f"p-{n // 5}", TAGS: [*tags, *(raised if n < few else [])]}
        row |= {"delivery_due": AT, "timer": AT} if n < few else {}
    await insert(database, "grievances", told)
    # Few are to be looked at; most were, and some will be later.
    kept: list[dict[str, object]] = [
        {"_id": f"p-{n}", "phone_index": f"ref-{n // 2}", "due": "2020-01-01" if n < few else "2031-06-05"} for n in range(count)
    ]
    for n, row in enumerate(kept):
        row |= {"look_at": AT + timedelta(days=36_500 * (n >= few))} if n % 3 == 0 or n < few else {}
    await insert(database, "persons", kept)
    await insert(database, "notices", [{"_id": f"n-{n}", "at": AT + timedelta(days=1)} for n in range(count)])
    files = [
        asdict(ticket(b"", size=1, id=f"u{n}", grievance=f"g{n}" if n >= few else None, sha256=f"{n // 2:064x}")) for n in range(count)
    ]
    state = {"state": "STORED", "tries": 1, "stored_at": AT, "swept": True}
    await insert(database, "uploads", [{"_id": file.pop("id"), **file, **state} for file in files])
    looked = [look(f"d-{n // 20}", ["3708", "370811"], f"p-{n}", "CONTACT", None) | {"grievances": [f"g-{n}"]} for n in range(count)]
    entry = {"actor": "s", "role": "CALLER", "what": "RevealPetitioner", "when": "2020-06-05T02:00:00.000Z", "origin": ""}
    rows = [{"_id": f"g{n}:2", "subject": f"g{n}", "request_id": f"r-{n}", "result": {"look": each}} for n, each in enumerate(looked)]
    await insert(database, "audit", [row | entry for row in rows])
    days = [
        base(f"s{n}") | {"id": f"s{n}", "day": "2020-06-05", "by": OWNER.model_dump(), "handed": [handed_slot(village(n), "2020-06-05")]}
        for n in range(count)
    ]
    await insert(database, "summaries", [row | {"unnoted": n < few} for n, row in enumerate(days)])
    # Diaries are found as encounters are, messages as posts: a tenth of them tells.
    for name, number in (("encounters", count), ("diaries", count // 10)):
        rows = [base(f"{name}{n}") | {"team_month": f"T-{n // PER_TEAM}:2020-06", "untold": n < few} for n in range(number)]
        for n, row in enumerate(rows):
            row |= {"household": f"h{n // 5}", "enterprise": f"e{n // 5}", TAGS: [DIRTY] if n < few else []}
            row |= {"member": f"m-{n // 10}", "on": f"2020-0{5 + n % 2}-05", "words_on": "2020-01-01" if n < few else "2020-06-05"}
        await insert(database, name, rows)
    await insert(database, "messages", [base(f"M-{n}") | {"division": village(n)} for n in range(count // 10)])
    archives = [
        base(f"a{n}") | {"village": village(n), "team": None if n % 10 else f"T-{n // PER_TEAM}", "expires": "2031-06-05"}
        for n in range(count)
    ]
    for n, row in enumerate(archives):
        row |= {"proposed_village": row["village"] if n < few else None} | ({"expires": "2026-06-05"} if n < few else {})
    await insert(database, "archives", archives)
    ages = [AT + timedelta(days=n < few) for n in range(count)]
    jobs = [base(f"j{n}") | {"open": n < few, "ended_at": ages[n], "asker": {"sub": f"a-{n // 10}"}} for n in range(count)]
    # Photos are what grows: files that came in or went out are there for some days.
    contents = [{"_id": f"c{n}", "file": f"f{n}", "content_type": CSV if n < few else "image/png", "stored_at": AT} for n in range(count)]
    await insert(database, "fs.contents", contents)
    await insert(database, "fs.files", [{"_id": f"f{n}", "filename": f"c{n}", "uploadDate": AT} for n in range(count)])
    await insert(database, "transfers", jobs)
    await insert(database, "transfer_faults", [{"_id": f"j{n // 5}:{n:09}", "transfer": f"j{n // 5}", "chunk": n} for n in range(count)])
    await insert(database, "households_buckets", [bucket(f"1|{village(n)}-{n}") for n in range(count)])


VILLAGE = "370811001001"
QUESTIONS: dict[str, tuple[Ask, set[str]]] = {
    "team ids of a village": (lambda db: ids(db, "teams", {"within": VILLAGE, "registered": True}), {"teams.within"}),
    "teams led": (lambda db: Teams(db)._found({"leader": "m-7"}), {"teams.leader"}),
    "teams in contact": (lambda db: Teams(db)._found({"contact_units": VILLAGE}), {"teams.contact_units"}),
    "members of a team": (lambda db: Members(db)._found({"team": "T-3"}), {"members.team"}),
    "receptions of a team": (lambda db: Receptions(db)._found({"team": "T-3"}), {"receptions.team"}),
    "receptions of a place": (lambda db: Receptions(db)._found({"within": VILLAGE}), {"receptions.within"}),
    "posts of a place": (
        lambda db: Posts(db, lambda: "2020-06-05")._found({"division": {"$in": [VILLAGE, "370811001000"]}}),
        {"posts.division"},
    ),
    "households of a village": (lambda db: Households(db).listed({"village": VILLAGE}), {"households.village"}),
    "households of a team": (lambda db: Households(db).listed({"team": "T-3"}), {"households.team"}),
    "households by id": (lambda db: Households(db).digests(["h1", "h2", "h3"]), {"households._id_"}),
    "unmarked visits": (lambda db: Households(db).unmarked(100), {"households.unmarked"}),
    "a team's month of encounters": (lambda db: Encounters(db)._found({"team_month": "T-3:2020-06"}), {"encounters.team_month"}),
    "encounters of a household": (lambda db: Encounters(db)._found({"household": "h3"}), {"encounters.household"}),
    "encounters of an enterprise": (lambda db: Encounters(db)._found({"enterprise": "e3"}), {"encounters.enterprise"}),
    "encounters that have something to tell": (lambda db: Encounters(db).untold(200), {"encounters.untold"}),
    "dirty encounters": (lambda db: ids(db, "encounters", {TAGS: DIRTY}), {"encounters.tags"}),
    "a team's month of diaries": (lambda db: Diaries(db)._found({"team_month": "T-3:2020-06"}), {"diaries.team_month"}),
    "an author's month of diaries": (
        lambda db: Diaries(db)._found({"member": "m-3", "on": {"$gte": "2020-06", "$lt": "2020-06-99"}}),
        {"diaries.member_on"},
    ),
    "diaries that have something to tell": (lambda db: Diaries(db).untold(100), {"diaries.untold"}),
    "messages of a place": (
        lambda db: PolicyMessages(db)._found({"division": {"$in": [VILLAGE, "370811001000"]}}),
        {"messages.division"},
    ),
    "archives of a village": (lambda db: Archives(db).listed({"village": VILLAGE}), {"archives.village"}),
    "archives of a team": (lambda db: Archives(db).listed({"team": "T-3"}), {"archives.team"}),
    "archives by id": (lambda db: Archives(db).listed({"_id": {"$in": [f"a{n}" for n in range(25)]}}), {"archives._id_"}),
    "archives with something to decide": (lambda db: Archives(db).listed({"proposed_village": VILLAGE}), {"archives.proposed_village"}),
    "archives that are due": (lambda db: Archives(db).due("2026-06-06"), {"archives.expires"}),
    "open transfers": (lambda db: Transfers(db, CIPHER).open_ids(20), {"transfers.open"}),
    "transfers of an asker": (lambda db: Transfers(db, CIPHER)._found({"asker.sub": "a-7"}), {"transfers.asker"}),
    "files that jobs need": (
        lambda db: Transfers(db, CIPHER).files_needed(AT + timedelta(hours=1)),
        {"transfers.open", "transfers.ended_at"},
    ),
    "files of an age": (lambda db: FileStore(db, CIPHER).of_types_before((CSV,), AT + timedelta(hours=1), 200), {"fs.contents.age"}),
    "files of a content that is forgotten": (
        lambda db: FileStore(db, CIPHER).forget("nobody's", AT),
        {"fs.contents._id_", "fs.files.filename_uploadDate"},
    ),
    "encounters with words of before": (lambda db: Encounters(db).with_words_before("2020-01-05", 20), {"encounters.words_on"}),
    "diaries with words of before": (lambda db: Diaries(db).with_words_before("2020-01-05", 20), {"diaries.words_on"}),
    "told by an account": (lambda db: Grievances(db).of_accounts([f"{3:064x}"]), {"grievances.tags"}),
    "looks by an export": (lambda db: ids(db, "audit", {"result.look.grievances": "g-7"}), {"audit.look_grievances"}),
    "refused rows": (lambda db: ids(db, "transfer_faults", {"transfer": "j3"}), {"transfer_faults.transfer"}),
    "dirty households": (lambda db: ids(db, "households", {TAGS: DIRTY}), {"households.tags"}),
    "dirty members": (lambda db: ids(db, "members", {TAGS: DIRTY}), {"members.tags"}),
    "heard by a secretary": (lambda db: Grievances(db).heard_by("s-7", "2020-06-05"), {"grievances.tags"}),
    "a team's month": (lambda db: Grievances(db).of_team("T-3", "2020-06"), {"grievances.tags"}),
    "a team's year": (lambda db: Grievances(db).of_team("T-3", "2020"), {"grievances.tags"}),
    "heard in encounters": (lambda db: Grievances(db).of_encounters(["e-3", "e-4"]), {"grievances.tags"}),
    "told by people": (lambda db: Grievances(db).of_people(["p-3", "p-4"]), {"grievances.tags"}),
    "reveals that wait": (lambda db: Grievances(db).with_pending_reveals(["370811"], "D-1"), {"grievances.tags"}),
    "who answers a phone": (lambda db: ids(db, "persons", {"phone_index": "ref-3"}), {"persons.phone_index"}),
    "looks of a day": (lambda db: AccessLog(db).of_day("370811", "d-3", 10, None), {"audit.look_keys", "audit._id_"}),
    "looked at and accusing": (lambda db: Grievances(db).accusing("D-1", ["g3", "g4"]), {"grievances._id_"}),
    "looks at a grievance": (
        lambda db: AccessLog(db).of_grievances(["g3", "g4"]),
        {"audit.subject_request", "audit.subject_number", "audit.look_grievances"},
    ),
    "persons of whom something may be over": (lambda db: persons_of(db).over("2026-06-05", 500), {"persons.due"}),
    "persons to look at": (lambda db: persons_of(db).to_look_at(100), {"persons.look_at"}),
    "erasures to carry on with": (lambda db: Grievances(db).with_open_erasure(100), {"grievances.tags"}),
    "documents to scrub": (lambda db: ids(db, "grievances", {TAGS: SCRUB}), {"grievances.tags"}),
    "files of a grievance": (lambda db: UploadStore(db["uploads"]).tied("g7"), {"uploads.grievance_expires"}),
    "files of nothing": (lambda db: UploadStore(db["uploads"]).untied(NOW + timedelta(days=1), 200), {"uploads.grievance_expires"}),
    "files of a content": (lambda db: UploadStore(db["uploads"]).others(f"{3:064x}"), {"uploads.sha256"}),
    "replies to send": (lambda db: Grievances(db).to_send(AT + timedelta(days=1), 200), {"grievances.delivery_due"}),
    "replies that wait": (lambda db: Grievances(db).waiting(100), {"grievances.timer"}),
    "replies whose time has come": (lambda db: ids(db, "grievances", {"timer": {"$lte": AT}}), {"grievances.timer"}),
    "notices of long ago": (lambda db: Notices(db, None).forget_before(AT), {"notices.at"}),
    "dirty grievances": (lambda db: ids(db, "grievances", {TAGS: DIRTY}), {"grievances.tags"}),
    "handed up from a village": (
        lambda db: Summaries(db).handed_up(VILLAGE, "2020-06-05", 20, None),
        {"summaries.handed", "summaries._id_"},
    ),
    "summaries that grievances do not know": (lambda db: Summaries(db).unnoted(100), {"summaries.unnoted"}),
    "unannounced teams": (lambda db: ids(db, "teams", {"unannounced": True}), {"teams.unannounced"}),
    "coverage by name": (lambda db: Buckets(db, "households").read(["3708", "370811"]), {"households_buckets._id_", "projections._id_"}),
    "coverage as a range": (lambda db: Buckets(db, "households").under("370811001001"), {"households_buckets.key", "projections._id_"}),
}


def persons_of(database: Database) -> MongoPersons:
    return MongoPersons(database, CIPHER, load_retention(), lambda: "2026-06-05", lambda: AT + timedelta(days=1))


async def ids(database: Database, collection: str, query: dict[str, object]) -> object:
    return await database[collection].find(query, {"_id": 1}).to_list(None)


@pytest.mark.slow
@pytest.mark.parametrize("question", QUESTIONS)
async def test_is_served_by_its_index_and_does_not_grow_with_the_rest(pair: Pair, question: str) -> None:
    ask, indexes = QUESTIONS[question]
    growth = await pair.ask(ask)
    assert growth.indexes <= indexes, growth
    assert growth.ratio < MOST, growth
