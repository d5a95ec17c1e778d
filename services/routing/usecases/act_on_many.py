"""BulkAct 批量办理: one action on many cases, each as the command that it would have been alone, each answered for itself.

The bulk's request id is that of each of its commands, and each case remembers it: the same bulk sent again does what is left, and nothing
twice. Where the store fails or the time is over, what is done stays done, and the rest is answered TRY_AGAIN.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from services.routing.domain.waits import Meeting
from services.routing.usecases.accept_work_order import accept
from services.routing.usecases.adjudicate_return import adjudicate
from services.routing.usecases.parties import roles_of
from services.routing.usecases.ports import Handling
from services.routing.usecases.reassign_work_order import send_elsewhere
from services.routing.usecases.return_work_order import send_back
from services.routing.usecases.urge_grievance import urge_of_meeting
from services.routing.usecases.words import REASON_LENGTH, check_words
from shared import telemetry
from shared.commands import checked_request_id, refusal_of
from shared.identity.errors import Refusal
from shared.identity.viewer import Viewer
from shared.records import StoreTrouble

BulkAction = Literal["ACCEPT_WORK_ORDER", "RETURN_WORK_ORDER", "GRANT_RETURN", "REFUSE_RETURN", "REASSIGN", "URGE_BY_MEETING"]
"""Of which the same words may be meant for many."""
MOST = 500
MEETING_NAME = 100
AT_ONCE = 8
LONGEST_SECONDS = 5.0
"""After which no more are begun: the gateway waits ten seconds, and what is under way and the answer take their time too."""

TRY_AGAIN = Refusal("TRY_AGAIN", "这一件尚未办理，请以同一请求编号重发。", "This one is not done yet: send the same bulk again.")


@dataclass(frozen=True)
class Told:
    """What is said once, of all."""

    reason: str = ""
    department: str = ""
    meeting: Meeting | None = None


Command = Callable[[Handling, Viewer, str, str, Told, str], Awaitable[None]]


@dataclass(frozen=True)
class Bulkable:
    """`command` is given one grievance; `reason`, `department` and `meeting`: whether they have to be told."""

    command: Command
    reason: bool = False
    department: bool = False
    meeting: bool = False


COMMANDS: dict[BulkAction, Bulkable] = {
    "ACCEPT_WORK_ORDER": Bulkable(lambda parts, who, request, id, _told, origin: accept(parts, who, request, id, origin)),
    "RETURN_WORK_ORDER": Bulkable(
        lambda parts, who, request, id, told, origin: send_back(parts, who, request, id, told.reason, origin), reason=True
    ),
    "GRANT_RETURN": Bulkable(
        lambda parts, who, request, id, told, origin: adjudicate(parts, who, request, id, True, told.department, told.reason, origin),
        reason=True,
        department=True,
    ),
    "REFUSE_RETURN": Bulkable(
        lambda parts, who, request, id, told, origin: adjudicate(parts, who, request, id, False, None, told.reason, origin), reason=True
    ),
    "REASSIGN": Bulkable(
        lambda parts, who, request, id, told, origin: send_elsewhere(parts, who, request, id, told.department, told.reason, origin),
        reason=True,
        department=True,
    ),
    "URGE_BY_MEETING": Bulkable(
        lambda parts, who, request, id, told, origin: urge_of_meeting(parts, who, request, id, _of(told), told.reason, origin),
        reason=True,
        meeting=True,
    ),
}


async def act_on_many(
    parts: Handling,
    viewer: Viewer,
    request_id: str,
    action: BulkAction,
    grievances: list[str],
    told: Told,
    origin: str,
) -> dict[str, Refusal | None]:
    """Of each grievance, in the order in which they were named, why it was not done; None where it was. Raises Refusal for a bulk that is
    none: no rights, nothing named, too many, one twice, words too few or too many."""
    viewer.require(*roles_of(action))
    checked_request_id(request_id)
    _check_named(grievances)
    bulkable = COMMANDS[action]
    _check_told(bulkable, told)
    loop = asyncio.get_running_loop()
    until = loop.time() + LONGEST_SECONDS
    in_trouble = False

    async def one(id: str) -> Refusal | None:
        nonlocal in_trouble
        if in_trouble or loop.time() >= until:
            return TRY_AGAIN
        try:
            await bulkable.command(parts, viewer, request_id, id, told, origin)
        except StoreTrouble:
            # It would fail, and wait, for each of the others too.
            in_trouble = True
            return TRY_AGAIN
        except Exception as error:
            if refusal := refusal_of(error):
                return refusal
            # One that we cannot take holds up no other.
            telemetry.log().error("one of a bulk failed", action=action, grievance=id, fault=type(error).__name__)
            return Refusal("INTERNAL", "系统内部出错，已记录。", "Something went wrong on our side; it was recorded.")
        return None

    return await _few_at_once(grievances, one)


def _check_named(grievances: list[str]) -> None:
    if not 1 <= len(grievances) <= MOST:
        raise Refusal("BULK_SIZE", f"每批1至{MOST}件。", f"A bulk is of 1 to {MOST} grievances.", "grievances")
    if len(set(grievances)) < len(grievances):
        raise Refusal("GRIEVANCE_REPEATED", "同一诉求在一批中只能出现一次。", "A grievance is named once in a bulk.", "grievances")


def _check_told(bulkable: Bulkable, told: Told) -> None:
    if bulkable.reason:
        check_words(told.reason, "reason", REASON_LENGTH)
    elif told.reason:
        raise Refusal("REASON_UNASKED", "此操作不填理由。", "This action takes no reason.", "reason")
    if bulkable.department and not told.department:
        raise Refusal("DEPARTMENT_MISSING", "须指定改派的部门。", "Name the department to which they go.", "department")
    if bulkable.meeting:
        _check_meeting(told.meeting)
    elif told.meeting is not None:
        raise Refusal("MEETING_UNASKED", "此操作不填会议。", "This action names no meeting.", "meeting")
    if told.department and not bulkable.department:
        raise Refusal("DEPARTMENT_UNASKED", "此操作不指定部门。", "This action names no department.", "department")


def _check_meeting(meeting: Meeting | None) -> None:
    if meeting is None:
        raise Refusal("MEETING_MISSING", "须指明会议。", "Name the meeting.", "meeting")
    if not 1 <= len(meeting.name.strip()) <= MEETING_NAME:
        raise Refusal("MEETING_NAME", f"会议名称为1至{MEETING_NAME}字。", f"Its name has 1 to {MEETING_NAME} characters.", "meeting")


def _of(told: Told) -> Meeting:
    assert told.meeting is not None, "it was checked"
    return told.meeting


async def _few_at_once(ids: list[str], one: Callable[[str], Awaitable[Refusal | None]]) -> dict[str, Refusal | None]:
    """The answer to each, in the order of the ids; AT_ONCE at a time, begun in that order."""
    answers: dict[str, Refusal | None] = {}
    left = iter(ids)

    async def worker() -> None:
        for id in left:
            answers[id] = await one(id)

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    return {id: answers[id] for id in ids}
