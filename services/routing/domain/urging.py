"""催办 (S53): whoever waits for a result, or watches over it, urges whoever has it in hand, who answers. It moves nothing. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.routing.domain.case import Case
from services.routing.domain.lifecycle import Action
from services.routing.domain.waits import Meeting, Urge
from shared.china_time import day_in_china
from shared.contracts.base import Contract
from shared.contracts.intake import Owner
from shared.contracts.routing import GrievanceMovedV1
from shared.identity.errors import Refusal

AGAIN = timedelta(hours=24)
"""So long after they have urged somebody may urge the same case again."""


def hindrance(case: Case, action: Action, by: str, at: datetime) -> Refusal | None:
    """Why this person may not do it now although the state allows it; a petitioner is known as such, not by name."""
    if action == "URGE" and any(each.by.staffId == by and at < each.at + AGAIN for each in case.urges if each.meeting is None):
        return Refusal("URGED_TODAY", "24小时内已催办过。", "You urged this less than 24 hours ago.")
    if action == "ANSWER_URGE" and not waiting(case):
        return Refusal("NOTHING_TO_ANSWER", "没有待答复的催办。", "Nobody urges without an answer.")
    return None


def waiting(case: Case) -> list[Urge]:
    return [each for each in case.urges if each.answered_at is None]


def urge(case: Case, words: str | None, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    urged = case.moved("URGE", at, by).with_(urges=[*case.urges, Urge(at=at, by=by, words=words)])
    return urged, [GrievanceMovedV1(action="URGE", by=by, progress=urged.progress(at))]


def meeting_refused(case: Case, meeting: Meeting, at: datetime) -> Refusal | None:
    """One meeting urges a case once, and before anybody tells of it it was held."""
    if meeting.day > day_in_china(at).isoformat():
        return Refusal("MEETING_NOT_HELD", "会议日期不能晚于今天。", "The meeting has not been held yet.", "meeting")
    if any(each.meeting == meeting for each in case.urges):
        return Refusal("URGED_BY_THIS_MEETING", "该会议已催办过此件。", "This meeting has urged it already.", "meeting")
    return None


def urge_by_meeting(case: Case, meeting: Meeting, words: str, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    urges = [*case.urges, Urge(at=at, by=by, words=words, meeting=meeting)]
    urged = case.moved("URGE_BY_MEETING", at, by).with_(urges=urges)
    return urged, [GrievanceMovedV1(action="URGE_BY_MEETING", by=by, progress=urged.progress(at))]


def answer_urges(case: Case, answer: str, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """One answer for all who wait for one."""
    urges = [each if each.answered_at else each.answered(answer, by, at) for each in case.urges]
    answered = case.moved("ANSWER_URGE", at, by).with_(urges=urges)
    return answered, [GrievanceMovedV1(action="ANSWER_URGE", by=by, progress=answered.progress(at))]
