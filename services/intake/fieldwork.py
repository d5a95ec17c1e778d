"""How the field half of intake is put together: territory, people, calendar, and the commands that record them; for api and worker."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Iterable
from datetime import date
from functools import partial

from services.intake.adapters.cipher import FieldCipher
from services.intake.adapters.files import FileStore
from services.intake.domain.duties import Standing, standing
from services.intake.domain.people import Member
from services.intake.domain.retention import Retention
from services.intake.domain.transfers import Kind, Outcome
from services.intake.store import archives, calendar, encounters, households, summaries, transfers
from services.intake.store.announcer import Announcer
from services.intake.store.archives import Archives
from services.intake.store.calendar import Campaigns, Duties, Receptions, seed_calendar
from services.intake.store.encounters import Diaries, Encounters, PolicyMessages
from services.intake.store.households import Households
from services.intake.store.organisation import INDEXES, Departments, Members, Posts, Teams, seed_organisation
from services.intake.store.places import PLACES, Atlas, Sites, seed_places
from services.intake.store.transfers import Transfers
from services.intake.store.uploads import UploadStore
from services.intake.usecases.archiving import Archiving
from services.intake.usecases.each_for_itself import each_for_itself
from services.intake.usecases.expect_photos import ExpectPhotos
from services.intake.usecases.expire_archives import expire_archives
from services.intake.usecases.expire_notes import ExpiringNotes
from services.intake.usecases.export_rows import Exports
from services.intake.usecases.keep_divisions import KeepDivisions
from services.intake.usecases.keep_households import KeepHouseholds
from services.intake.usecases.keep_rows import Record, RecordRows
from services.intake.usecases.record_campaign import RecordingCampaigns
from services.intake.usecases.record_department import RecordDepartment, RecordingDepartments, record_department
from services.intake.usecases.record_division import RecordingDivisions
from services.intake.usecases.record_duty import RecordingDuties
from services.intake.usecases.record_encounter import RecordingEncounters
from services.intake.usecases.record_member import RecordingMembers, RecordMember, record_member
from services.intake.usecases.record_policy_message import RecordingMessages
from services.intake.usecases.record_post import RecordingPosts, RecordPost, record_post
from services.intake.usecases.record_reception import RecordingReceptions
from services.intake.usecases.record_reception_site import RecordingSites
from services.intake.usecases.record_team import RecordingTeams, RecordTeam, record_team
from services.intake.usecases.record_visit import RecordingVisits, mark_outings
from services.intake.usecases.recording import Recording
from services.intake.usecases.run_transfer import Rows, RunTransfers
from services.intake.usecases.start_transfer import StartingTransfers
from services.intake.usecases.tell_members import Telling, tell_diary, tell_encounters
from services.intake.usecases.write_diary import WritingDiaries
from services.intake.usecases.writing import Writing
from shared.china_time import day_in_china
from shared.contracts.base import Contract
from shared.envelope import Event
from shared.mongo import Database
from shared.projector import BUCKET_INDEXES, Buckets, Projector
from shared.record import Participant
from shared.records import MongoRecords, create_indexes, store_errors
from shared.runtime import Runtime
from shared.writer import ModelCodec

ANNOUNCE_SECONDS = 1.0
TURN_SECONDS = 60.0
TRANSFER_SECONDS = 1.0
PROJECT_SECONDS = 1.0
MARK_SECONDS = 5.0
MARKED_AT_MOST = 10_000
"""In a round, of each kind: enough that what fails for good never is all that is looked at."""
TOLD_AT_ONCE = 200
SWEEP_SECONDS = 3600.0
PROJECTED = ("households", "members", "grievances", "encounters")
ALL_INDEXES = {
    **INDEXES,
    **calendar.INDEXES,
    **encounters.INDEXES,
    "households": households.INDEXES,
    "archives": archives.INDEXES,
    "transfers": transfers.INDEXES,
    "summaries": summaries.INDEXES,
}


def _no_event(_state: object, event: Event) -> tuple[object, list[Contract]]:
    raise LookupError(f"{event.type} is not about a row of the organisation")


# Rows of the organisation change by commands alone: no event of another service is about one.
ALONE = Participant("intake", _no_event, frozenset())


async def migrate_indexes(database: Database) -> None:
    """Create the indexes. Repeating it changes nothing."""
    await create_indexes(database, ["divisions", *ALL_INDEXES])
    with store_errors():
        for name, indexes in ALL_INDEXES.items():
            await database[name].create_indexes(indexes)
        for name in PROJECTED:
            await database[f"{name}_buckets"].create_indexes(BUCKET_INDEXES)
        await database["transfer_faults"].create_indexes(transfers.FAULT_INDEXES)


class Fieldwork:
    """Everything of intake that is about places and people; made inside the event loop."""

    def __init__(
        self,
        runtime: Runtime,
        cipher: FieldCipher,
        reference_key: bytes,
        uploads: UploadStore,
        files: FileStore,
        photos: ExpectPhotos,
        names_told: Callable[[str], Awaitable[list[str]]],
    ) -> None:
        """`names_told`: of an encounter's id, what those are called who told something there."""
        database = runtime.database
        self.runtime = runtime
        self.cipher = cipher
        self._key = reference_key
        self.atlas = Atlas(database, runtime.world.now)
        self.sites = Sites(database)
        self.departments = Departments(database)
        self.posts = Posts(database, self.today)
        self.teams = Teams(database)
        self.members = Members(database)
        self.campaigns = Campaigns(database)
        self.receptions = Receptions(database)
        self.duties = Duties(database)
        outbox = MongoRecords(database, "reference")
        soon = runtime.relay.watch(outbox, seldom=True)
        self.announcer = Announcer(self.departments, self.posts, self.teams, outbox, soon, runtime.world, self.today)
        divisions = self._recording(MongoRecords(database, "divisions"), PLACES)
        self.record_divisions = RecordingDivisions(divisions, self.atlas)
        self.record_sites = RecordingSites(self._recording(self.sites), self.atlas)
        self.record_departments = RecordingDepartments(self._recording(self.departments), self.atlas)
        self.record_posts = RecordingPosts(self._recording(self.posts), self.atlas, self.today)
        self.record_members = RecordingMembers(self._recording(self.members), self.atlas, self.teams, cipher, self.today)
        self.record_teams = RecordingTeams(self._recording(self.teams), self.atlas, self.members, self.campaigns)
        self.households = Households(database)
        household_writer = runtime.writer(self.households, ALONE, self.households.codec, reference_key)
        member_writer = runtime.writer(self.members, ALONE, self.members.codec, reference_key)
        self.record_campaigns = RecordingCampaigns(self._recording(self.campaigns), self.atlas, self.campaigns)
        self.record_receptions = RecordingReceptions(self._recording(self.receptions), self.atlas, self.teams, self.sites)
        self.record_duties = RecordingDuties(
            self._recording(self.duties), self.atlas, self.duties, member_writer, reference_key, self.today
        )
        self.record_visits = RecordingVisits(household_writer, member_writer, self.members, reference_key, self.today)
        self.archives = Archives(database)
        self.encounters = Encounters(database)
        self.diaries = Diaries(database)
        self.messages = PolicyMessages(database)
        encounter_writer = runtime.writer(self.encounters, ALONE, self.encounters.codec, reference_key)
        diary_writer = runtime.writer(self.diaries, ALONE, self.diaries.codec, reference_key)
        self.writing = Writing(self.atlas, self.teams, self.members, runtime.world.now)
        self.telling = Telling(encounter_writer, self.encounters, diary_writer, household_writer, member_writer, self.duties)
        self.record_encounters = RecordingEncounters(
            writing=self.writing,
            encounters=encounter_writer,
            held=self.encounters,
            households=self.households,
            messages=self.messages,
            campaigns=self.campaigns,
            receptions=self.receptions,
            archives=self.archives,
            photos=photos,
            telling=self.telling,
            cipher=cipher,
            reference_key=reference_key,
            names_told=names_told,
        )
        self.write_diaries = WritingDiaries(self.writing, diary_writer, self.diaries, self.encounters, self.telling, cipher, reference_key)
        self.record_messages = RecordingMessages(self._recording(self.messages), self.atlas, self.today)
        self.met = Buckets(database, "encounters")
        archive_writer = runtime.writer(self.archives, ALONE, self.archives.codec, reference_key)
        self.archiving = Archiving(
            writer=archive_writer,
            archives=self.archives,
            households=self.households,
            atlas=self.atlas,
            cipher=cipher,
            reference_key=reference_key,
            now=runtime.world.now,
            real_now=runtime.world.real_now,
            today=self.today,
        )
        self.coverage = Buckets(database, "households")
        self.participation = Buckets(database, "members")
        self.shares = Buckets(database, "grievances")
        self.transfers = Transfers(database, cipher)
        self.transfer_writer = runtime.writer(self.transfers, ALONE, self.transfers.codec, reference_key)
        self.start_transfers = StartingTransfers(self.transfer_writer, reference_key, self.atlas, uploads, runtime.world.now)
        self.run_transfers = RunTransfers(
            writer=self.transfer_writer,
            transfers=self.transfers,
            files=files,
            rows=self._kept_rows(),
            exports=Exports(self.atlas, self.departments, self.posts, self.teams, self.members, self.households, cipher, self.today),
            now=runtime.world.now,
            real_now=runtime.world.real_now,
            fresh_id=lambda: str(uuid.uuid4()),
        )

    def expiring_notes(self, uploads: UploadStore, files: FileStore, retention: Retention) -> ExpiringNotes:
        return ExpiringNotes(
            encounters=self.encounters,
            diaries=self.diaries,
            encounter_writer=self.record_encounters.encounters,
            diary_writer=self.write_diaries.diaries,
            uploads=uploads,
            files=files,
            retention=retention,
            today=self.today,
            real_now=self.runtime.world.real_now,
        )

    def _kept_rows(self) -> dict[Kind, Rows]:
        """Who takes the rows of each kind of import: the command of that kind, with all its rules."""

        def by(record: Callable[..., Awaitable[Outcome]], parts: object) -> Record:
            return lambda viewer, command, origin: record(parts, viewer, command, origin)

        return {
            "DIVISIONS": KeepDivisions(self.record_divisions),
            "DEPARTMENTS": RecordRows(RecordDepartment, by(record_department, self.record_departments), "code", "division"),
            "MEMBERS": RecordRows(RecordMember, by(record_member, self.record_members), "id", "unit"),
            "TEAMS": RecordRows(RecordTeam, by(record_team, self.record_teams), "code", "division"),
            "POSTS": RecordRows(RecordPost, by(record_post, self.record_posts), "id", "division"),
            "HOUSEHOLDS": KeepHouseholds(
                self._recording(self.households), self.households, self.atlas, self.cipher, self.teams, self.members
            ),
        }

    def today(self) -> str:
        """The day in China by business time, as ISO text."""
        return day_in_china(self.runtime.world.now()).isoformat()

    def contact(self, member: Member) -> tuple[str, str | None]:
        """Name and phone in clear, for a mask; never for logs or events."""
        key = self.cipher.unwrap(member.person, member.key)
        return key.decrypt("name", member.name), key.decrypt("phone", member.phone) if member.phone else None

    async def standings(self, members: Iterable[Member]) -> dict[str, list[Standing]]:
        """How each member stands today with every duty that binds them: member's id → standings. One read, however many they are."""
        today = date.fromisoformat(self.today())
        duties = [duty for duty in await self.duties.all() if duty.in_force(today)]
        return {
            member.id: [standing(duty, list(member.done.values()), member.since, today) for duty in duties if duty.binds(member.unit)]
            for member in members
        }

    async def migrate(self) -> None:
        """Indexes, the committed places, the first organisation. Repeating it changes nothing."""
        database = self.runtime.database
        await seed_places(database)
        await migrate_indexes(database)
        await seed_organisation(self.departments, self.posts)
        await seed_calendar(self.campaigns, self.duties)
        # Written down before anything is started: whoever starts relays it first, and the others know whom a grievance may go to.
        while await self.announcer.announce(soon=False):
            pass

    def projector(self, name: str) -> Projector:
        return Projector(self.runtime.database, name, str(uuid.uuid4()), self.runtime.world.real_now)

    async def recount(self) -> dict[str, int]:
        """Of each projection, the generation that is begun."""
        return {name: await self.projector(name).rebuild() for name in PROJECTED}

    def work(self) -> None:
        """The rounds of a worker."""
        self.runtime.every(ANNOUNCE_SECONDS, self.announcer.announce)
        self.runtime.every(TURN_SECONDS, self.posts.turn)
        for name in PROJECTED:
            self.runtime.every(PROJECT_SECONDS, self.projector(name).round)
        self.runtime.every(MARK_SECONDS, self.mark_outings)
        self.runtime.every(TRANSFER_SECONDS, self.run_transfers.round)
        self.runtime.every(SWEEP_SECONDS, self.run_transfers.sweep)
        self.runtime.every(SWEEP_SECONDS, lambda: expire_archives(self.archiving))

    async def mark_outings(self) -> None:
        """Visits, encounters and diaries whose members' records were not told: a crash came between, or a batch left it to us. One that
        fails keeps no other from it: the failure is raised at the end."""
        steps: dict[str, Callable[[], Awaitable[object]]] = {
            id: partial(mark_outings, self.record_visits, id) for id in await self.households.unmarked(MARKED_AT_MOST)
        }
        untold = await self.encounters.untold(MARKED_AT_MOST)
        for start in range(0, len(untold), TOLD_AT_ONCE):
            ids = untold[start : start + TOLD_AT_ONCE]
            try:
                await tell_encounters(self.telling, ids)
            except Exception:
                # One of them it is, and not all.
                steps |= {id: partial(tell_encounters, self.telling, [id]) for id in ids}
        steps |= {id: partial(tell_diary, self.telling, id) for id in await self.diaries.untold(MARKED_AT_MOST)}
        await each_for_itself(steps)

    def _recording(self, records: MongoRecords, codec: ModelCodec | None = None) -> Recording:
        chosen = codec if codec is not None else records.codec  # type: ignore[attr-defined]
        return Recording(self.runtime.writer(records, ALONE, chosen, self._key), self._key)
