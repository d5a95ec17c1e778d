"""An import or export: a job that any worker may take up where another has left it (leased, with a checkpoint per chunk). Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from shared.identity.roles import known_roles
from shared.identity.scopes import from_code
from shared.identity.viewer import Viewer

Kind = Literal["DIVISIONS", "DEPARTMENTS", "MEMBERS", "TEAMS", "POSTS", "HOUSEHOLDS"]
Direction = Literal["IMPORT", "EXPORT"]
State = Literal["QUEUED", "RUNNING", "DONE", "FAILED"]
Outcome = Literal["added", "changed", "unchanged", "refused"]
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN_FAULTS = 20
TRIES = 3
MOST_REFUSED = 20_000
FILES_FOR = timedelta(days=7)
"""So long a file that came in, went out or tells of refused rows is kept: it holds what people are called."""


class Asker(BaseModel):
    """Who asked for the job: what it may do is what they may do."""

    model_config = ConfigDict(frozen=True)

    sub: str
    roles: list[str]
    scopes: list[tuple[str, str]]

    @classmethod
    def of(cls, viewer: Viewer) -> Self:
        return cls(sub=viewer.sub, roles=sorted(viewer.roles), scopes=[(scope.level, scope.code) for scope in viewer.scopes])

    def viewer(self) -> Viewer:
        return Viewer(self.sub, known_roles(self.roles), tuple(from_code(code, level) for level, code in self.scopes))


class Fault(BaseModel):
    """Why a row of the file was not taken: line (the header is 1), column, words; never the value."""

    model_config = ConfigDict(frozen=True)

    line: int
    column: str
    code: str
    reason: str
    reason_zh: str


class Transfer(BaseModel):
    """`line` is the last line of the file that is done with; counts are of rows. `sha256` is the file that came in or went out, `report`
    that of the rows that were refused."""

    model_config = ConfigDict(frozen=True)

    id: str
    direction: Direction
    kind: Kind
    division: str
    content_type: str
    asker: Asker
    asked_at: datetime
    state: State = "QUEUED"
    sha256: str | None = None
    line: int = 1
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    faults: list[Fault] = []
    failure: str | None = None
    failure_zh: str | None = None
    report: str | None = None
    ended_at: datetime | None = None
    tries: int = 0
    """How often it was taken up since its last checkpoint: one that ends its worker each time is given up."""
    holder: str | None = None
    held_until: datetime | None = None
    """Real time: a lease is no business time."""

    @property
    def open(self) -> bool:
        return self.state in ("QUEUED", "RUNNING")

    def free(self, now: datetime) -> bool:
        return self.open and (self.holder is None or self.held_until is None or self.held_until <= now)

    def taken(self, holder: str, now: datetime, lease: timedelta) -> Self:
        return self.model_copy(update={"state": "RUNNING", "holder": holder, "held_until": now + lease, "tries": self.tries + 1})

    def advanced(self, line: int, outcomes: list[Outcome], faults: list[Fault], until: datetime) -> Self:
        """One chunk further, and the lease with it."""
        counts = {name: getattr(self, name) + outcomes.count(name) for name in ("added", "changed", "unchanged", "refused")}
        shown = [*self.faults, *faults][:SHOWN_FAULTS]
        return self.model_copy(update={"line": line, **counts, "faults": shown, "held_until": until, "tries": 0})

    def done(self, at: datetime, *, report: str | None = None, sha256: str | None = None) -> Self:
        change = {"state": "DONE", "ended_at": at, "report": report, "sha256": sha256 or self.sha256, "holder": None}
        return self.model_copy(update=change)

    def failed(self, at: datetime, words: str, words_zh: str) -> Self:
        change = {"state": "FAILED", "ended_at": at, "failure": words, "failure_zh": words_zh, "holder": None}
        return self.model_copy(update=change)
