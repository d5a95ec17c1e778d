"""How the field half of intake is put together: territory, people, and the commands that record them; for api and worker."""

from __future__ import annotations

from datetime import timedelta

from services.intake.adapters.cipher import FieldCipher
from services.intake.domain.people import Member
from services.intake.store.announcer import Announcer
from services.intake.store.organisation import INDEXES, Departments, Members, Posts, Teams, seed_organisation
from services.intake.store.places import PLACES, Atlas, Sites, seed_places
from services.intake.usecases.record_department import RecordingDepartments
from services.intake.usecases.record_division import RecordingDivisions
from services.intake.usecases.record_member import RecordingMembers
from services.intake.usecases.record_post import RecordingPosts
from services.intake.usecases.record_reception_site import RecordingSites
from services.intake.usecases.record_team import RecordingTeams
from services.intake.usecases.recording import Recording
from shared.contracts.base import Contract
from shared.envelope import Event
from shared.record import Participant
from shared.records import MongoRecords, create_indexes, store_errors
from shared.runtime import Runtime
from shared.writer import ModelCodec

CHINA = timedelta(hours=8)
ANNOUNCE_SECONDS = 0.5
TURN_SECONDS = 60.0


def _no_event(_state: object, event: Event) -> tuple[object, list[Contract]]:
    raise LookupError(f"{event.type} is not about a row of the organisation")


# Rows of the organisation change by commands alone: no event of another service is about one.
ALONE = Participant("intake", _no_event, frozenset())


class Fieldwork:
    """Everything of intake that is about places and people; made inside the event loop."""

    def __init__(self, runtime: Runtime, cipher: FieldCipher, reference_key: bytes) -> None:
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
        outbox = MongoRecords(database, "reference")
        self.announcer = Announcer(self.departments, self.posts, self.teams, outbox, runtime.relay.watch(outbox), runtime.world, self.today)
        divisions = self._recording(MongoRecords(database, "divisions"), PLACES)
        self.record_divisions = RecordingDivisions(divisions, self.atlas)
        self.record_sites = RecordingSites(self._recording(self.sites), self.atlas)
        self.record_departments = RecordingDepartments(self._recording(self.departments), self.atlas)
        self.record_posts = RecordingPosts(self._recording(self.posts), self.atlas, self.today)
        self.record_members = RecordingMembers(self._recording(self.members), self.atlas, self.teams, cipher)
        self.record_teams = RecordingTeams(self._recording(self.teams), self.atlas, self.members)

    def today(self) -> str:
        """The day in China by business time, as ISO text."""
        return (self.runtime.world.now() + CHINA).date().isoformat()

    def contact(self, member: Member) -> tuple[str, str | None]:
        """Name and phone in clear, for a mask; never for logs or events."""
        key = self.cipher.unwrap(member.person, member.key)
        return key.decrypt("name", member.name), key.decrypt("phone", member.phone) if member.phone else None

    async def migrate(self) -> None:
        """Indexes, the committed places, the first organisation. Repeating it changes nothing."""
        database = self.runtime.database
        await create_indexes(database, ["divisions", *INDEXES])
        with store_errors():
            for name, indexes in INDEXES.items():
                await database[name].create_indexes(indexes)
        await seed_places(database)
        await seed_organisation(self.departments, self.posts)

    def work(self) -> None:
        """The rounds of a worker."""
        self.runtime.every(ANNOUNCE_SECONDS, self.announcer.announce)
        self.runtime.every(TURN_SECONDS, self.posts.turn)

    def _recording(self, records: MongoRecords, codec: ModelCodec | None = None) -> Recording:
        chosen = codec if codec is not None else records.codec  # type: ignore[attr-defined]
        return Recording(self.runtime.writer(records, ALONE, chosen, self._key), self._key)
