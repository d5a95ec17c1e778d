"""A survey by whatever is done and however the clock jumps, beside a small model of what ought to be."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

import pytest

from services.feedback.domain.followup import (
    answer_survey,
    arrived_by_link,
    erase_petitioner,
    fire,
    next_timer,
    read_in_person,
    record_delivery,
)
from services.feedback.domain.survey import MOST_ANSWERS, Answer, SurveyRules
from services.feedback.events.on_grievance_declined import on_grievance_declined
from services.feedback.events.on_grievance_resolved import on_grievance_resolved
from shared.contracts.base import Contract
from shared.contracts.feedback import LINK, DeliveryRequestedV1, FedBackV1, SurveyAnsweredV1, SurveyExpiredV1, SurveyOpenedV1
from shared.contracts.intake import DeliveryAttemptedV1
from shared.contracts.routing import GrievanceDeclinedV1
from shared.identity.errors import Refusal
from tests.services.builders import AT, ID, SURVEY_RULES
from tests.services.feedback.builders import RESOLVED, arrived, asked, happy, open_one, replied, reply_to, tells, unhappy
from tests.shared.contracts.examples import EXAMPLES

LIVES, STEPS = 150, 25
HOUR = timedelta(hours=1)
CALLER = {"channel": "PHONE", "by": "CALLER 370881000000"}


@dataclass
class Model:
    """What ought to be of one round, told in words of its own: days are 24 hours."""

    opened: datetime
    reminded: bool = False
    over: bool = False
    said: list[Answer] = field(default_factory=list)

    def answers(self, answer: Answer) -> str | None:
        """The code of the refusal."""
        if not self.said:
            if self.over or answer.at >= self.opened + timedelta(days=7):
                return "SURVEY_EXPIRED"
        elif answer.by != "PETITIONER" or answer.at >= self.said[0].at + timedelta(days=1) or len(self.said) == 10:
            return "SURVEY_ALREADY_ANSWERED"
        if (not answer.resolved or "DISSATISFIED" in answer.satisfied) and not answer.reason:
            return "REASON_MISSING"
        self.said.append(answer)
        return None

    def looks(self, at: datetime) -> str | None:
        """What the clock does."""
        if self.said or self.over:
            return None
        if at >= self.opened + timedelta(days=7):
            self.over = True
            return "expired"
        if at >= self.opened + timedelta(days=3.5) and not self.reminded:
            self.reminded = True
            return "reminded"
        return None


def said(events: list[Contract]) -> list[str]:
    return [type(event).__name__ for event in events]


@pytest.mark.row("S55")
def test_a_survey_is_what_the_model_says_whatever_comes() -> None:
    came: set[str | None] = set()
    for seed in range(LIVES):
        chance, now = Random(seed), AT
        followup, model = asked(AT), Model(AT)
        for _ in range(STEPS):
            now += timedelta(hours=chance.choice([0, 1, 5, 30, 84, 170]) * chance.random())
            if chance.random() < 0.5:
                done, expected = fire(followup, now), model.looks(now)
                assert (done is not None) == (expected is not None)
                followup = done[0] if done else followup
                told = said(done[1]) if done else []
                assert told == {"reminded": ["DeliveryRequestedV1"], "expired": ["SurveyExpiredV1"], None: []}[expected]
                # Whoever looks after that finds nothing to do.
                assert fire(followup, now) is None
            else:
                made = chance.choice([happy, unhappy])(now, **chance.choice([{}, CALLER]))
                made = made.model_copy(update={"reason": chance.choice([made.reason, None])})
                before = followup
                code, expected = None, model.answers(made)
                try:
                    followup, events = answer_survey(followup, made, chance.random() < 0.5, SURVEY_RULES)
                    [event] = events
                    assert isinstance(event, SurveyAnsweredV1)
                    assert (event.change, event.reworkAsked) == (len(model.said) - 1, made.asks_rework)
                except Refusal as refused:
                    code = refused.code
                    assert followup is before
                assert code == expected
            came.add(expected)
            survey = followup.survey
            assert survey is not None
            assert survey.answers == model.said
            assert survey.state == ("ANSWERED" if model.said else "EXPIRED" if model.over else "OPEN")
            timer = next_timer(followup)
            assert (timer is None) == (survey.state != "OPEN")
            assert timer is None or timer in (AT + timedelta(days=3.5), AT + timedelta(days=7))
    assert came == {None, "reminded", "expired", "SURVEY_EXPIRED", "SURVEY_ALREADY_ANSWERED", "REASON_MISSING"}


def test_an_answer_is_changed_at_most_so_often() -> None:
    followup = asked()
    for number in range(MOST_ANSWERS):
        followup, _ = answer_survey(followup, happy(AT + number * HOUR), False, SURVEY_RULES)
    with pytest.raises(Refusal, match="SURVEY_ALREADY_ANSWERED"):
        answer_survey(followup, happy(AT + MOST_ANSWERS * HOUR), False, SURVEY_RULES)


def test_the_link_goes_where_the_reply_went_and_no_event_tells_it() -> None:
    [request] = reply_to(open_one())[1]
    assert isinstance(request, DeliveryRequestedV1)
    assert (request.purpose, request.text, request.invitation and request.invitation.count(LINK)) == ("REPLY", RESOLVED.text, 1)
    for part in ("7天", "请", "within 7 days"):
        assert part in (request.invitation or "")
    assert said(arrived(replied())[1]) == [FedBackV1.__name__, SurveyOpenedV1.__name__]
    reminded = fire(asked(), AT + 85 * HOUR)
    assert reminded is not None
    [again] = reminded[1]
    assert isinstance(again, DeliveryRequestedV1)
    assert (again.purpose, again.text.count(LINK), again.invitation) == ("SURVEY_REMINDER", 1, None)
    for part in ("370881-20200605-4820171", "2020-06-12", "请", "Tell us"):
        assert part in again.text
    assert again.deliveryId != request.deliveryId


def test_whose_grievance_was_not_accepted_is_told_and_not_asked() -> None:
    declined = next(each for each in EXAMPLES if isinstance(each, GrievanceDeclinedV1))
    ended = declined.progress.model_copy(update={"status": "NOT_ACCEPTED"})
    followup, [request] = on_grievance_declined(SURVEY_RULES, ID, open_one(), declined.model_copy(update={"progress": ended}))
    assert isinstance(request, DeliveryRequestedV1)
    assert (request.purpose, request.invitation) == ("REPLY", None)
    after, events = arrived(followup)
    assert (after.survey, events) == (None, [])


@pytest.mark.parametrize(("hours", "zh", "en"), [(24, "1天", "1 days"), (12, "12小时", "12 hours"), (36, "36小时", "36 hours")])
def test_the_invitation_says_for_how_long_by_the_rules(hours: int, zh: str, en: str) -> None:
    rules = SURVEY_RULES.model_copy(update={"open_for": timedelta(hours=hours)})
    [request] = on_grievance_resolved(rules, ID, open_one(), RESOLVED)[1]
    assert isinstance(request, DeliveryRequestedV1)
    assert all(part in (request.invitation or "") for part in (zh, en))


def test_who_was_told_in_person_is_sent_no_link_and_no_reminder() -> None:
    followup, opened = arrived(replied(), channel="VISIT")
    assert said(opened) == [FedBackV1.__name__, SurveyOpenedV1.__name__]
    assert next_timer(followup) == AT + timedelta(days=7)


def test_who_was_erased_is_not_reminded_and_the_survey_ends() -> None:
    followup = erase_petitioner(asked(), "erased:g")
    reminded = fire(followup, AT + 85 * HOUR)
    assert reminded is not None
    assert reminded[1] == []
    ended = fire(reminded[0], AT + 170 * HOUR)
    assert ended is not None
    assert said(ended[1]) == [SurveyExpiredV1.__name__]


def test_after_a_long_outage_it_ends_and_nobody_is_reminded() -> None:
    ended = fire(asked(), AT + 1000 * HOUR)
    assert ended is not None
    assert said(ended[1]) == [SurveyExpiredV1.__name__]
    assert fire(ended[0], AT + 2000 * HOUR) is None


def test_what_becomes_of_the_link_opens_no_other_survey() -> None:
    followup = asked()
    assert followup.survey is not None
    for id in (followup.survey.invitation, followup.survey.reminder):
        assert id is not None
        sent = DeliveryAttemptedV1(deliveryId=id, channel="WEB", result="sent", at=AT + HOUR, reason=None)
        after, events = record_delivery(followup, sent, SURVEY_RULES)
        assert (after.survey, after.earlier_surveys, events) == (followup.survey, [], [])
    assert arrived_by_link(followup, AT + HOUR, SURVEY_RULES) is None


def test_the_next_round_is_asked_anew_with_another_link() -> None:
    followup, _ = answer_survey(asked(), unhappy(AT + HOUR), False, SURVEY_RULES)
    again, _ = arrived(replied(followup, round=2), AT + 100 * HOUR)
    assert again.survey is not None
    assert followup.survey is not None
    assert (again.survey.round, again.survey.state, again.earlier_surveys) == (2, "OPEN", [followup.survey])
    assert {again.survey.invitation, again.survey.reminder}.isdisjoint({followup.survey.invitation, followup.survey.reminder})


def test_what_is_said_once_there_is_another_reply_is_no_answer_to_the_survey_of_the_one_before() -> None:
    followup, _ = answer_survey(asked(), unhappy(AT + HOUR), False, SURVEY_RULES)
    again = replied(followup, round=2)
    with pytest.raises(Refusal) as refused:
        answer_survey(again, happy(AT + 2 * HOUR), False, SURVEY_RULES)
    assert refused.value.code == "SURVEY_NOT_OPEN"
    read = read_in_person(again, AT + 2 * HOUR, SURVEY_RULES)
    assert read is not None
    assert said(read[1]) == [FedBackV1.__name__, SurveyOpenedV1.__name__]
    after, [event] = answer_survey(read[0], happy(AT + 2 * HOUR), False, SURVEY_RULES)
    assert isinstance(event, SurveyAnsweredV1)
    assert (event.round, event.change, after.earlier_surveys) == (2, 0, [followup.survey])


@pytest.mark.parametrize("reason", ["", " ", "\u200b", "……", "。"])
def test_who_is_not_satisfied_says_why_in_letters(reason: str) -> None:
    with pytest.raises(Refusal) as refused:
        answer_survey(asked(), happy(AT, resolved=False, reason=reason), False, SURVEY_RULES)
    assert (refused.value.code, refused.value.field) == ("REASON_MISSING", "reason")


def test_the_history_tells_that_there_was_an_answer_and_not_which() -> None:
    followup, answered = answer_survey(asked(), unhappy(AT), True, SURVEY_RULES)
    _, changed = answer_survey(followup, happy(AT), True, SURVEY_RULES)
    told = tells(*answered, *changed)
    assert not any(word in str(told) for word in ("SATISFIED", "字还是看不清"))
    assert [(entry.what, entry.what_zh) for entry in told] == [
        ("survey answered", "已答复回访"),
        ("the answer to the survey was changed", "更改回访答复"),
    ]


@pytest.mark.parametrize(("remind", "open_for", "change"), [(0, 7, 1), (7, 7, 1), (8, 7, 1), (1, 7, -1)])
def test_rules_in_which_a_survey_could_not_be_lived_are_refused(remind: int, open_for: int, change: int) -> None:
    with pytest.raises(ValueError, match="while it is open"):
        SurveyRules(open_for=timedelta(days=open_for), remind_after=timedelta(days=remind), change_for=timedelta(days=change))
