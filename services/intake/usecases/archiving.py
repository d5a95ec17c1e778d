"""What the commands of archives share (S41): who may propose, decide and read; under which names values are sealed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from services.intake.adapters.cipher import FieldCipher
from services.intake.store.archives import Archives
from services.intake.store.households import Households
from services.intake.store.places import Atlas
from shared.identity.errors import Refusal
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.writer import Writer

PROPOSERS = (Role.SECRETARY, Role.TEAM_LEADER)
DECIDING_OFFICES = (Role.COMMUNITY_SECRETARY, Role.COUNTY_ADMIN)
DECIDERS = (Role.TEAM_LEADER, *DECIDING_OFFICES)
READING_OFFICES = (*DECIDING_OFFICES, Role.CITY_ADMIN, Role.DATA_OFFICER)
READERS = (*PROPOSERS, *READING_OFFICES)


@dataclass(frozen=True)
class Archiving:
    writer: Writer
    archives: Archives
    households: Households
    atlas: Atlas
    cipher: FieldCipher
    reference_key: bytes
    now: Callable[[], datetime]
    real_now: Callable[[], datetime]
    today: Callable[[], str]

    @property
    def day(self) -> date:
        return date.fromisoformat(self.today())


def may_propose(viewer: Viewer, team: str | None) -> bool:
    return viewer.has(*PROPOSERS) and viewer.team is not None and viewer.team == team


def may_decide(viewer: Viewer, team: str | None, village: str) -> bool:
    """The team's leader, or an office whose territory holds the village."""
    leads = viewer.has(Role.TEAM_LEADER) and viewer.team is not None and viewer.team == team
    return leads or (viewer.has(*DECIDING_OFFICES) and viewer.covers(village))


def may_read(viewer: Viewer, team: str | None, village: str) -> bool:
    return may_propose(viewer, team) or (viewer.has(*READING_OFFICES) and viewer.covers(village))


def value_name(resident: str | None, field: str) -> str:
    """The name under which a value is sealed: in another's or another field's place it does not open."""
    return f"{resident or ''}.{field}"


def note_name(proposal: str) -> str:
    return f"note {proposal}"


def reason_name(proposal: str) -> str:
    return f"reason {proposal}"


def not_yours() -> Refusal:
    return Refusal("NOT_FOUND", "没有这份档案，或不属于您的范围。", "There is no such archive, or it is not yours.", "archiveId")
