"""What the tests of all services are made of: viewers of every role, a clock that stands still, one service's writer in memory."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import orjson

from services.feedback.adapters.callback_rules import load_callback_rules
from services.feedback.adapters.survey_rules import load_survey_rules
from services.feedback.domain.draw import Draw
from shared.contracts.base import Contract
from shared.envelope import Event, encode
from shared.identity.roles import Role
from shared.identity.scopes import Level, from_code
from shared.identity.viewer import Viewer
from shared.record import Document, Outcome, Participant
from shared.records import Records
from shared.tags import TAGS
from shared.writer import Codec, Writer, event_of
from tests.shared.model.parts import MemoryRecords, Tables
from tests.shared.model.world import Process

KEY = bytes(range(32))
SURVEY_RULES = load_survey_rules()
CALLBACK_RULES = load_callback_rules()
DRAW = Draw(KEY, CALLBACK_RULES.draw)
AT = datetime(2020, 6, 5, 2, 0, tzinfo=UTC)
"""Friday, 5 June 2020, 10:00 in China: the day of the sign-board case."""

COUNTY, VILLAGE = "370881000000", "370881001901"
LUCHENG = "D-370881001-DGW"
TEAM = "T-370881-001"
REF = "ab" * 32
ID = "5b1f6a52-0000-5000-8000-000000000001"

SCOPES = {
    Role.COMMUNITY_SECRETARY: (from_code(VILLAGE, Level.VILLAGE),),
    Role.SECRETARY: (from_code(VILLAGE, Level.VILLAGE),),
    Role.TEAM_LEADER: (from_code(COUNTY, Level.COUNTY),),
    Role.DISPATCHER: (from_code(COUNTY, Level.COUNTY),),
    Role.CALLER: (from_code(COUNTY, Level.COUNTY),),
    Role.SUPERVISOR: (from_code(COUNTY, Level.COUNTY),),
    Role.COUNTY_ADMIN: (from_code(COUNTY, Level.COUNTY),),
    Role.CITY_ADMIN: (from_code("370800000000", Level.CITY),),
    Role.AUDITOR: (from_code("370800000000", Level.CITY),),
    Role.DATA_OFFICER: (from_code("370800000000", Level.CITY),),
    Role.MACHINE_CLIENT: (from_code("370800000000", Level.CITY),),
}


def viewer(role: Role, **changes: Any) -> Viewer:
    """Somebody of this role whose place, team, department or reference is that of the sign-board case."""
    fields: dict[str, Any] = {"sub": f"{role.lower()}-1", "roles": frozenset({role}), "scopes": SCOPES.get(role, ())}
    if role in (Role.HANDLER, Role.DEPARTMENT_HEAD):
        fields["department"] = LUCHENG
    if role in (Role.SECRETARY, Role.TEAM_LEADER):
        fields["team"] = TEAM
    if role is Role.RESIDENT:
        fields["refs"] = frozenset({REF})
    return Viewer(**(fields | changes))


class StillWorld:
    """Business and real time stand still until a test moves them; ids count."""

    def __init__(self, at: datetime = AT) -> None:
        self.at = at
        self.ids = 0

    def now(self) -> datetime:
        return self.at

    real_now = now

    def event_id(self) -> str:
        self.ids += 1
        return f"e{self.ids}"

    def later(self, **by: float) -> datetime:
        self.at += timedelta(**by)
        return self.at

    async def point(self, _process: Process, _what: str, _trouble: type[Exception] | None = None) -> None:
        """The simulated store's points: nobody stops here."""


class Desk:
    """One service's documents in memory, with the one writer over them, and what it has to send."""

    def __init__(self, participant: Participant, codec: Codec, world: StillWorld | None = None) -> None:
        self.world = world or StillWorld()
        self.participant = participant
        self.own = participant.own
        self.tables = Tables()
        self.codec = codec
        self._start("worker")

    def _start(self, process: str) -> None:
        self.records: Records = MemoryRecords(self.world, Process(self.own, process), self.tables)
        self.writer = Writer(self.records, self.participant, self.codec, self.world, lambda _id: None, KEY)

    def beside(self) -> Self:
        """Another process of the service, over the same documents."""
        other = copy.copy(self)
        other._start("another")
        return other

    def apart(self) -> Self:
        """The same documents by themselves, where time stands still: what happens to them from here on happens nowhere else."""
        other = copy.copy(self)
        other.world, other.tables = StillWorld(self.world.now()), copy.deepcopy(self.tables)
        other._start("worker")
        return other

    def document(self, id: str = ID) -> Document:
        return self.tables.documents[id]

    def state(self, id: str = ID) -> Any:
        return self.codec.load(self.document(id))

    def put(self, state: Any, id: str = ID, **protocol: Any) -> None:
        """A document in this state, as earlier writes have left it."""
        fields = {"version": 7, "registered": True, "seen": {}, "seenIds": {}, "waiting": [], "sequence": 0, "outbox": []}
        self.tables.documents[id] = {"_id": id, **fields, TAGS: [], "requests": [], **protocol, **self.codec.dump(state)}

    def events(self, id: str = ID) -> list[Event]:
        """What this service has to send for the document, in order."""
        return [event_of(entry["row"]) for entry in self.document(id)["outbox"] if entry["kind"] == "event"]

    def said(self, id: str = ID) -> list[str]:
        return [event.type for event in self.events(id)]

    async def receive(self, event: Event) -> Outcome:
        return await self.writer.receive(event, may_wait=True)


def event(contract: Contract, sequence: int, *, id: str = ID, at: datetime = AT, extra: dict[str, Any] | None = None) -> Event:
    """The event as it arrives from its producer; `extra` fields are ones that this build does not know."""
    source = contract.type.partition(".")[0]
    event_id = f"{source}-{sequence}"
    body = encode(contract, id=event_id, source=source, subject=id, sequence=sequence, after={}, at=at, traceparent="")
    made = Event(event_id, contract.type, source, id, sequence, {}, (contract.version(),), body)
    return made if extra is None else made.again(body=_with(body, extra))


def _with(body: bytes, extra: dict[str, Any]) -> bytes:
    document = orjson.loads(body)
    document["data"] |= extra
    return orjson.dumps(document)
