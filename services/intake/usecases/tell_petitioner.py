"""TellPetitioner 反馈 (S51, S54): a secretary of the team that heard it told the petitioner in person what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain.grievance import Grievance
from services.intake.domain.records import Told
from services.intake.domain.rhythms import refuse_past
from services.intake.domain.shares import day_of
from services.intake.domain.telling import tell
from services.intake.store.mongo import Grievances, access_of
from services.intake.usecases.check_day_summary import ROLES, author
from services.intake.usecases.ports import Persons
from shared import ids
from shared.commands import request_of
from shared.identity.access import Access, may_see
from shared.identity.errors import Refusal
from shared.identity.viewer import Viewer
from shared.redaction import redact
from shared.writer import Decision, NoSuchRecord, Writer

WORDS_LENGTH = 1_000


class TellPetitioner(BaseModel):
    """`on`: the day in China on which it was told, today when left out."""

    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    grievance_id: str = Field(min_length=1, max_length=100)
    words: str = Field(max_length=WORDS_LENGTH)
    on: date | None = None


@dataclass(frozen=True)
class Telling:
    writer: Writer
    grievances: Grievances
    persons: Persons
    reference_key: bytes
    now: Callable[[], datetime]
    today: Callable[[], str]


def of_the_team(viewer: Viewer, access: Access) -> bool:
    """Whether the viewer is of the team that heard it, and of no unit that it accuses."""
    return may_see(viewer, access) and viewer.team is not None and viewer.team == access.team


def admit(viewer: Viewer, id: str, grievance: Grievance) -> None:
    """A grievance of another team is, to the viewer, not there. Raises NoSuchRecord."""
    if not of_the_team(viewer, access_of(grievance)):
        raise NoSuchRecord(id)


async def tell_petitioner(parts: Telling, viewer: Viewer, command: TellPetitioner, origin: str) -> str:
    """Record it, and return the grievance's id. Raises Refusal."""
    viewer.require(*ROLES)
    if not command.words.strip():
        raise Refusal("WORDS_EMPTY", "请填写反馈内容。", "Say what the petitioner was told.", "words")
    today = date.fromisoformat(parts.today())
    refusal = refuse_past(command.on or today, today, "on")
    if refusal is not None:
        raise refusal
    id, on = command.grievance_id, (command.on or today).isoformat()
    request = request_of(parts.reference_key, viewer, command.request_id, "TellPetitioner", command.model_dump(mode="json"), origin)
    words = redact(command.words, await _names(parts, viewer, id)).text

    def decide(grievance: Grievance) -> Decision:
        if on < day_of(grievance):
            raise Refusal("BEFORE_REGISTERED", "日期不能早于登记之日。", "That is before it was registered.", "on")
        told = Told(id=ids.document_id(viewer.sub, command.request_id), text=words, on=on, at=parts.now(), by=author(viewer))
        state, events = tell(grievance, told)
        return Decision(state, events, {"id": id})

    await parts.writer.command(id, request, decide, lambda grievance: admit(viewer, id, grievance))
    return id


async def _names(parts: Telling, viewer: Viewer, id: str) -> list[str]:
    """The petitioner's name, which the words may hold and which does not stay in them."""
    held = (await parts.grievances.find_many([id])).get(id)
    if held is None:
        return []
    admit(viewer, id, held)
    return [each.name for each in await parts.persons.contacts([held.person]) if each.name]
