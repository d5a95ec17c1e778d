"""RecordDuty and RecordDutyDone “七个一” (S39): which duties there are, each with its period; and that a member has done one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain.duties import Done, Duty, Period, period_of
from services.intake.domain.people import Member
from services.intake.domain.rhythms import refuse_past
from services.intake.domain.texts import Line
from services.intake.domain.transfers import Outcome
from services.intake.store.calendar import Duties
from services.intake.store.places import Atlas
from services.intake.usecases.in_force import InForce, keep_in_force
from services.intake.usecases.recording import ROLES, Recording
from shared.commands import request_of
from shared.identity.errors import Refusal
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.writer import Decision, NoSuchRecord, Writer

DOERS = (Role.SECRETARY, Role.TEAM_LEADER)


class RecordDuty(InForce):
    code: str = Field(min_length=1, max_length=40, pattern=r"^[A-Z][A-Z0-9_]*$")
    name: Line = Field(max_length=60)
    name_en: Line = Field(max_length=120)
    period: Period


class RecordDutyDone(BaseModel):
    """`on`: the day in China, today when left out."""

    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    duty: str = Field(min_length=1, max_length=40)
    on: date | None = None


@dataclass(frozen=True)
class RecordingDuties:
    recording: Recording
    atlas: Atlas
    duties: Duties
    members: Writer
    reference_key: bytes
    today: Callable[[], str]


async def record_duty(parts: RecordingDuties, viewer: Viewer, command: RecordDuty, origin: str) -> Outcome:
    viewer.require(*ROLES)
    return await keep_in_force(parts.recording, await parts.atlas.current(), parts.today(), viewer, command, Duty, origin)


async def record_duty_done(parts: RecordingDuties, viewer: Viewer, command: RecordDutyDone, origin: str) -> str:
    """The viewer did it; returns the viewer's id as a member. Raises Refusal."""
    viewer.require(*DOERS)
    on = command.on.isoformat() if command.on else parts.today()
    refusal = refuse_past(date.fromisoformat(on), date.fromisoformat(parts.today()), "on")
    if refusal is not None:
        raise refusal
    duty = await parts.duties.find(command.duty)
    if duty is None or not duty.in_force(date.fromisoformat(on)):
        raise Refusal("DUTY_UNKNOWN", "当日没有这项职责。", "There is no such duty on that day.", "duty")
    done = Done(duty=duty.code, on=on, period=period_of(date.fromisoformat(on), duty.period))
    request = request_of(parts.reference_key, viewer, command.request_id, "RecordDutyDone", command.model_dump(mode="json"), origin)

    def decide(member: Member) -> Decision:
        return Decision(member.did(done), [], {"period": done.period})

    try:
        await parts.members.command(viewer.sub, request, decide)
    except NoSuchRecord:
        raise Refusal("NOT_A_MEMBER", "您尚未录入为团队成员。", "You are not recorded as a member of a team.") from None
    return viewer.sub
