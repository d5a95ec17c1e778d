"""AnswerSurvey 回访 (S55): the petitioner says whether it is resolved and how satisfied, by an account, by number and PIN, by the link that
was sent, or to a caller on the phone. Nobody answers for the petitioner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

from services.feedback.domain.followup import FollowUp, answer_survey, arrived_by_link, read_in_person
from services.feedback.domain.survey import PETITIONER, Answer, AnswerChannel, SurveyRules
from services.feedback.usecases.look_at_callbacks import access_to_call, has_part, is_apart
from shared.commands import request_of
from shared.contracts.feedback import Satisfaction
from shared.erasure import ERASED
from shared.identity.access import Access, is_petitioner, may_see
from shared.identity.errors import Forbidden, Refusal
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.redaction.marks import redact_marked
from shared.writer import Decision, NoSuchRecord, Writer

ROLES = (Role.RESIDENT, Role.CALLER)
REASON_LENGTH = 2_000
BY_THEMSELVES: frozenset[AnswerChannel] = frozenset({"ACCOUNT", "PIN"})
"""Whoever answers so has the reply before them. A link has opened the survey already; a caller reads out what is told there."""


@dataclass(frozen=True)
class Said:
    """What the petitioner says. `anonymous`: the departments that handle it are not to know."""

    resolved: bool
    satisfied: Satisfaction
    reason: str | None = None
    anonymous: bool = False


@dataclass(frozen=True)
class Surveying:
    writer: Writer
    reference_key: bytes
    now: Callable[[], datetime]
    access_of: Callable[[FollowUp], Access]
    rules: SurveyRules


def may_answer(viewer: Viewer, access: Access) -> bool:
    """The petitioner, or a caller of the territory who has no part in the matter. `access`: as access_to_call has it."""
    if not may_see(viewer, access):
        return False
    return is_petitioner(viewer, access) or (viewer.has(Role.CALLER) and is_apart(viewer, access))


def hidden_from(viewer: Viewer, access: Access) -> bool:
    """Whether the viewer is of those to whom the petitioner may be anonymous: who handles, has handled, answered or heard it."""
    return has_part(viewer, access) and not is_petitioner(viewer, access)


async def answer(
    parts: Surveying, viewer: Viewer, request_id: str, grievance: str, said: Said, origin: str, *, by_link: bool = False
) -> None:
    """The petitioner, or a caller who asks by phone and has no part in the matter. Raises Refusal or NoSuchRecord."""
    viewer.require(*ROLES)
    check_reason(said.reason)
    request = request_of(parts.reference_key, viewer, request_id, "AnswerSurvey", {"grievance": grievance, **asdict(said)}, origin)

    def admit(followup: FollowUp) -> None:
        # Who handled it before sees it no more by that.
        if not may_see(viewer, parts.access_of(followup)):
            raise NoSuchRecord("not visible")
        access = access_to_call(followup)
        if may_answer(viewer, access):
            return
        if has_part(viewer, access):
            raise handler_may_not_survey()
        raise Forbidden("NOT_YOUR_SURVEY", "只有诉求人本人或回访员可以答复回访。", "Only the petitioner or a caller may answer the survey.")

    def decide(followup: FollowUp) -> Decision:
        channel, by = ("LINK", PETITIONER) if by_link else _spoken(viewer, parts.access_of(followup))
        reason = kept_reason(parts, grievance, followup, said.reason)
        given = Answer(at=parts.now(), channel=channel, by=by, resolved=said.resolved, satisfied=said.satisfied, reason=reason)
        read = read_in_person(followup, given.at, parts.rules) if channel in BY_THEMSELVES else None
        arrived, asked = read or (followup, [])
        answered, events = answer_survey(arrived, given, said.anonymous, parts.rules)
        return Decision(answered, [*asked, *events], {"id": grievance})

    await parts.writer.command(grievance, request, decide, admit)


async def open_by_link(parts: Surveying, grievance: str) -> None:
    """Somebody has the link that went with the reply, so that the reply has arrived: the survey is open, if it was not."""
    await parts.writer.act(grievance, lambda followup: arrived_by_link(followup, parts.now(), parts.rules))


def check_reason(reason: str | None) -> None:
    """Raises Refusal."""
    if reason is not None and len(reason) > REASON_LENGTH:
        raise Refusal(
            "REASON_TOO_LONG", f"原因不能超过{REASON_LENGTH}字。", f"The reason is longer than {REASON_LENGTH} characters.", "reason"
        )


def kept_reason(parts: Surveying, grievance: str, followup: FollowUp, reason: str | None) -> str | None:
    """As it is kept: without what is personal."""
    if not reason:
        return None
    return ERASED if followup.erased else redact_marked(reason, followup.name_marks, parts.reference_key, grievance).text


def handler_may_not_survey() -> Forbidden:
    return Forbidden(
        "HANDLER_MAY_NOT_SURVEY",
        "承办、答复或听取该诉求的单位和人员不能回访。",
        "Who handles, answered or heard it may not run its survey.",
    )


def _spoken(viewer: Viewer, access: Access) -> tuple[AnswerChannel, str]:
    """By which way, and who."""
    if is_petitioner(viewer, access):
        return ("PIN" if access.own_ref in viewer.refs else "ACCOUNT"), PETITIONER
    return "PHONE", as_caller(viewer, access)


def as_caller(viewer: Viewer, access: Access) -> str:
    """Role and unit: their department or their territory."""
    covering = [scope for scope in viewer.scopes if scope.covers(access.division)]
    unit = viewer.department or max(covering, key=lambda scope: len(scope.prefix)).code
    return f"{Role.CALLER} {unit}"
