"""Callbacks by whatever happens and whenever somebody calls, beside a small model of what ought to be; and the draw, drawn again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import sqrt
from random import Random
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from services.feedback.domain.callbacks import Attempt, AttemptResult, CallbackRules
from services.feedback.domain.calling import Told, record_call
from services.feedback.domain.draw import DrawRate, commitment_of, is_drawn, seed_of
from services.feedback.domain.followup import FollowUp, answer_survey, arrived_by_link, erase_petitioner, fire, record_delivery
from services.feedback.events.on_grievance_declined import on_grievance_declined
from services.feedback.events.on_grievance_moved import on_grievance_moved
from shared.contracts.base import Contract
from shared.contracts.intake import DeliveryAttemptedV1
from shared.contracts.routing import GrievanceDeclinedV1, GrievanceMovedV1, Status
from shared.identity.errors import Refusal
from tests.services.builders import AT, CALLBACK_RULES, DRAW, ID, KEY, SURVEY_RULES
from tests.services.feedback.builders import arrived, asked, happy, open_one, replied, tells, unhappy
from tests.shared.contracts.examples import EXAMPLES

LIVES, STEPS = 200, 25
BY = "CALLER 370881000000"
MOVED = next(each for each in EXAMPLES if isinstance(each, GrievanceMovedV1))
DECLINED = next(each for each in EXAMPLES if isinstance(each, GrievanceDeclinedV1))
RESULTS = get_args(AttemptResult)
SAYS: dict[str, Told] = {
    "NOT_REACHED": Told(resolved=True, satisfied="SATISFIED"),
    "IN_PERSON": Told(resolved=False, satisfied="DISSATISFIED", reason="字还是看不清。"),
    "DRAWN": Told(confirmed=False),
}
DRAWN_ID = next(id for id in map(str, range(1000)) if DRAW.draws(id, "2020-06"))
LEFT_ID = next(id for id in map(str, range(1000)) if not DRAW.draws(id, "2020-06"))


def failed(followup: FollowUp, at: datetime = AT, result: Any = "failed") -> FollowUp:
    """No channel has delivered the reply."""
    assert followup.reply is not None
    event = DeliveryAttemptedV1(deliveryId=followup.reply.delivery_id, channel="WEB", result=result, at=at, reason="posted")
    return record_delivery(followup, event, SURVEY_RULES)[0]


def moved(followup: FollowUp, status: Status, at: datetime = AT, id: str = DRAWN_ID) -> FollowUp:
    progress = MOVED.progress.model_copy(update={"status": status, "at": at})
    return on_grievance_moved(DRAW, id, followup, MOVED.model_copy(update={"progress": progress}))[0]


def closed(followup: FollowUp | None = None, at: datetime = AT, id: str = DRAWN_ID) -> FollowUp:
    """Answered, and closed."""
    answered = answer_survey(followup or asked(at), happy(at), False, SURVEY_RULES)[0]
    return moved(answered, "CLOSED", at, id)


def call(followup: FollowUp, at: datetime, result: AttemptResult, told: Told = Told()) -> tuple[FollowUp, list[Contract]]:
    return record_call(followup, Attempt(at=at, by=BY, result=result), told, CALLBACK_RULES, SURVEY_RULES)


def state_of(followup: FollowUp) -> str | None:
    return followup.state_of(followup.callback) if followup.callback else None


def said(events: list[Contract]) -> list[str]:
    return [type(event).__name__ for event in events]


@dataclass
class Model:
    """What ought to be of one callback, in words of its own: 8, 12, 18 and 21 o'clock are those of the wall in Beijing."""

    reason: str
    tried: list[int] = field(default_factory=list)
    latest: datetime | None = None
    state: str = "OPEN"

    def calls(self, at: datetime, result: str) -> str | None:
        """The code of the refusal."""
        hour = at.astimezone(ZoneInfo("Asia/Shanghai")).hour
        if self.state != "OPEN":
            return "CALLBACK_NOT_OPEN"
        third = 0 if hour < 12 else 1 if hour < 18 else 2
        if result in ("NO_ANSWER", "BUSY"):
            if hour < 8 or hour >= 21:
                return "TOO_EARLY_OR_LATE"
            if third in self.tried and len(set(self.tried)) < 3:
                return "TRY_ANOTHER_TIME"
            # What is told is the minute.
            if self.latest and at - self.latest.replace(second=0, microsecond=0) < timedelta(hours=2):
                return "TOO_SOON"
        self.tried.append(third)
        self.latest = at
        if result == "REACHED":
            self.state = "DONE"
        elif result in ("WRONG_NUMBER", "REFUSED") or len(self.tried) == 3:
            self.state = "GIVEN_UP"
        return None

    def lapses(self) -> None:
        if self.state == "OPEN":
            self.state = "LAPSED"


BEGINNINGS = {"NOT_REACHED": lambda: failed(replied()), "IN_PERSON": lambda: asked(channel="VISIT"), "DRAWN": closed}
ENDINGS: dict[str, list[Any]] = {
    "NOT_REACHED": [
        lambda followup, at: (arrived_by_link(followup, at, SURVEY_RULES) or (followup, []))[0],
        lambda followup, at: arrived(followup, at)[0],
    ],
    "IN_PERSON": [
        lambda followup, at: answer_survey(followup, happy(at), False, SURVEY_RULES)[0],
        lambda followup, _at: (fire(followup, AT + timedelta(days=7)) or (followup, []))[0],
    ],
    "DRAWN": [lambda followup, at: moved(followup, "REWORK", at)],
}
FOR_ALL = [lambda followup, _at: erase_petitioner(followup, "erased:g"), lambda followup, _at: replied(followup, round=2)]


@pytest.mark.row("S55")
def test_a_callback_is_what_the_model_says_whatever_comes() -> None:
    came: set[str | None] = set()
    for seed in range(LIVES):
        chance, now = Random(seed), AT
        reason = chance.choice(list(BEGINNINGS))
        followup, model = BEGINNINGS[reason](), Model(reason)
        for _ in range(STEPS):
            now += timedelta(minutes=chance.choice([1, 60, 240, 700]) * chance.random())
            if chance.random() < 0.04 and model.state == "OPEN" and now < AT + timedelta(days=7):
                followup = chance.choice(ENDINGS[reason] + FOR_ALL)(followup, now)
                model.lapses()
                came.add(model.state)
            else:
                # What the petitioner says ends it at any time: seldom, or no life would come to the rest.
                result = chance.choice([*RESULTS, *(["NO_ANSWER", "BUSY"] * 20)])
                expected = model.calls(now, result)
                try:
                    followup, events = call(followup, now, result, SAYS[reason] if result == "REACHED" else Told())
                    code = None
                    told = ["SurveyAnsweredV1"] if result == "REACHED" and reason != "DRAWN" else []
                    before = ["FedBackV1", "SurveyOpenedV1"] if result == "REACHED" and reason == "NOT_REACHED" else []
                    over = model.state in ("DONE", "GIVEN_UP")
                    called = ["PetitionerCalledV1"] if reason != "DRAWN" or over else []
                    assert said(events) == called + before + told
                except Refusal as refusal:
                    code = refusal.code
                assert code == expected
                came.add(code)
            latest = next(each for each in reversed(followup.callbacks()) if each.reason == reason)
            assert followup.state_of(latest) == model.state
            assert len(latest.attempts) == len(model.tried)
        came.add(model.state)
    codes = {"CALLBACK_NOT_OPEN", "TOO_EARLY_OR_LATE", "TRY_ANOTHER_TIME", "TOO_SOON"}
    assert came == {None, *codes, "OPEN", "DONE", "GIVEN_UP", "LAPSED"}


def in_china(clock: str, day: int = 8) -> datetime:
    return datetime.fromisoformat(f"2020-06-{day:02}T{clock}+08:00")


def test_calls_in_vain_lie_hours_apart_from_the_minute_on_that_is_told() -> None:
    followup, _ = call(failed(replied()), in_china("11:59:30"), "NO_ANSWER")
    for clock in ("12:00:00", "13:58:59"):
        with pytest.raises(Refusal) as refused:
            call(followup, in_china(clock), "BUSY")
        assert refused.value.code == "TOO_SOON"
        assert "2020-06-08 13:59" in refused.value.zh
        assert "2020-06-08 13:59" in refused.value.en
    followup, _ = call(followup, in_china("13:59:00"), "NO_ANSWER")
    assert state_of(call(followup, in_china("18:00:00"), "NO_ANSWER")[0]) == "GIVEN_UP"


def test_too_soon_late_in_the_evening_is_until_callers_call_again() -> None:
    rules = CALLBACK_RULES.model_copy(update={"parts": {"day": (8, 21)}})
    followup, _ = record_call(failed(replied()), Attempt(at=in_china("19:30"), by=BY, result="BUSY"), Told(), rules, SURVEY_RULES)
    with pytest.raises(Refusal, match="2020-06-09 08:00") as refused:
        record_call(followup, Attempt(at=in_china("20:30"), by=BY, result="BUSY"), Told(), rules, SURVEY_RULES)
    assert refused.value.code == "TOO_SOON"


@pytest.mark.parametrize("result", ["REACHED", "REFUSED", "WRONG_NUMBER"])
@pytest.mark.parametrize("clock", ["07:59", "09:30", "21:01", "23:59"])
def test_what_the_petitioner_says_is_taken_whenever_they_say_it(result: AttemptResult, clock: str) -> None:
    """Who rings back before callers call, in the part of the day that was tried, or is still talking after it."""
    followup, _ = call(failed(replied()), in_china("09:00"), "NO_ANSWER")
    day = 9 if clock < "09:00" else 8
    said = SAYS["NOT_REACHED"] if result == "REACHED" else Told()
    assert state_of(call(followup, in_china(clock, day), result, said)[0]) == ("DONE" if result == "REACHED" else "GIVEN_UP")


@pytest.mark.parametrize("clock", ["07:59", "21:00"])
def test_nobody_is_tried_before_or_after_the_hours(clock: str) -> None:
    with pytest.raises(Refusal) as refused:
        call(failed(replied()), in_china(clock), "NO_ANSWER")
    assert refused.value.code == "TOO_EARLY_OR_LATE"


@pytest.mark.parametrize("result", ["failed", "unknown"])
def test_whom_no_channel_reached_is_told_by_phone_and_answers_at_once(result: str) -> None:
    followup, events = call(failed(replied(), result=result), AT, "REACHED", SAYS["NOT_REACHED"])
    assert followup.reply is not None
    assert followup.survey is not None
    assert followup.survey.answer is not None
    assert (followup.reply.delivery, followup.reply.delivered_at) == ("SENT", AT)
    assert (followup.survey.answer.channel, followup.survey.answer.by, followup.survey.invitation) == ("PHONE", BY, None)
    told = tells(*events)
    assert [entry.by for entry in told] == [BY, BY, "SYSTEM feedback", "PETITIONER"]
    assert "SATISFIED" not in str(told)


def test_who_is_told_that_it_is_not_accepted_is_asked_nothing() -> None:
    ended = DECLINED.progress.model_copy(update={"status": "NOT_ACCEPTED"})
    followup = failed(on_grievance_declined(SURVEY_RULES, ID, open_one(), DECLINED.model_copy(update={"progress": ended}))[0])
    with pytest.raises(Refusal) as refused:
        call(followup, AT, "REACHED", SAYS["NOT_REACHED"])
    assert (refused.value.code, refused.value.field) == ("NOT_ASKED_HERE", "resolved")
    followup, events = call(followup, AT, "REACHED")
    assert followup.reply is not None
    assert (said(events), followup.reply.delivery, followup.survey, state_of(followup)) == (["PetitionerCalledV1"], "SENT", None, "DONE")


@pytest.mark.parametrize(
    ("reason", "told", "code", "name"),
    [
        ("NOT_REACHED", Told(), "ANSWER_MISSING", "resolved"),
        ("IN_PERSON", Told(resolved=True), "ANSWER_MISSING", "satisfied"),
        ("IN_PERSON", Told(resolved=True, satisfied="DISSATISFIED"), "REASON_MISSING", "reason"),
        ("IN_PERSON", Told(resolved=True, satisfied="SATISFIED", confirmed=True), "NOT_ASKED_HERE", "confirmed"),
        ("DRAWN", Told(), "ANSWER_MISSING", "confirmed"),
        ("DRAWN", Told(confirmed=True, satisfied="SATISFIED"), "NOT_ASKED_HERE", "satisfied"),
        ("DRAWN", Told(confirmed=True, reason="好。"), "NOT_ASKED_HERE", "reason"),
        ("DRAWN", Told(confirmed=True, anonymous=True), "NOT_ASKED_HERE", "anonymousToHandlers"),
    ],
)
def test_who_was_reached_has_said_all_that_is_asked_and_nothing_else_is_taken(reason: str, told: Told, code: str, name: str) -> None:
    with pytest.raises(Refusal) as refused:
        call(BEGINNINGS[reason](), AT, "REACHED", told)
    assert (refused.value.code, refused.value.field) == (code, name)


@pytest.mark.parametrize(("told", "name"), [(SAYS["IN_PERSON"], "resolved"), (Told(anonymous=True), "anonymousToHandlers")])
def test_who_was_not_reached_has_said_nothing(told: Told, name: str) -> None:
    with pytest.raises(Refusal) as refused:
        call(asked(channel="VISIT"), AT, "BUSY", told)
    assert (refused.value.code, refused.value.field) == ("NOT_ASKED_HERE", name)


def test_a_caller_changes_no_answer_and_says_only_whether_it_is_so() -> None:
    followup = closed()
    after, events = call(followup, AT, "REACHED", Told(confirmed=False))
    assert after.callback is not None
    assert (after.survey, said(events), after.callback.confirmed) == (followup.survey, ["PetitionerCalledV1"], False)


def test_the_history_tells_of_one_drawn_only_once_nobody_will_call_again() -> None:
    called, events = call(closed(), AT, "NO_ANSWER")
    assert events == []
    _, events = call(called, AT + timedelta(hours=4), "REFUSED")
    assert [(entry.by, entry.status) for entry in tells(*events)] == [(BY, None)]
    _, events = call(asked(channel="VISIT"), AT, "NO_ANSWER")
    assert [entry.by for entry in tells(*events)] == [BY]


def test_what_was_told_in_person_after_all_is_called_about_for_that() -> None:
    followup, _ = arrived(failed(replied()), channel="VISIT")
    assert [followup.state_of(each) for each in followup.callbacks()] == ["LAPSED", "OPEN"]
    assert followup.callback is not None
    assert followup.callback.reason == "IN_PERSON"


def test_who_was_sent_a_link_is_not_called() -> None:
    assert asked().callback is None


def test_what_no_part_of_the_day_has_left_to_try_is_tried_in_any() -> None:
    rules = CALLBACK_RULES.model_copy(update={"most_attempts": 4})
    followup = asked(channel="VISIT")
    for hours in (0, 4, 9, 24):
        followup, _ = record_call(followup, Attempt(at=AT + timedelta(hours=hours), by=BY, result="BUSY"), Told(), rules, SURVEY_RULES)
    assert state_of(followup) == "GIVEN_UP"


def test_it_is_drawn_once_in_a_round_and_again_in_the_next() -> None:
    followup = moved(moved(closed(), "CLOSED"), "CLOSED", AT + timedelta(days=40))
    assert len(followup.callbacks()) == 1
    reworked = arrived(replied(moved(answer_survey(followup, unhappy(AT), False, SURVEY_RULES)[0], "REWORK"), round=2))[0]
    assert len(closed(reworked, AT + timedelta(days=1)).callbacks()) == 2
    assert closed(id=LEFT_ID).callback is None


def test_who_was_erased_is_drawn_like_anybody_and_not_called() -> None:
    followup = moved(erase_petitioner(answer_survey(asked(), happy(AT), False, SURVEY_RULES)[0], "erased:g"), "CLOSED")
    assert (len(followup.callbacks()), state_of(followup)) == (1, "LAPSED")


def test_a_card_a_month_after_it_was_closed_draws_nothing() -> None:
    id = next(id for id in map(str, range(1000)) if DRAW.draws(id, "2020-07") and not DRAW.draws(id, "2020-06"))
    assert moved(closed(id=id), "CLOSED", AT + timedelta(days=40), id).callback is None


def test_an_auditor_who_has_the_seed_draws_exactly_those_again() -> None:
    """From seed, rate and ids alone, of months whose days are China's: 30 June, 23:30 and 1 July, 00:30."""
    ids = [f"5b1f6a52-0000-5000-8000-{number:012}" for number in range(400)]
    for month, at in (("2020-06", datetime(2020, 6, 30, 15, 30, tzinfo=UTC)), ("2020-07", datetime(2020, 6, 30, 16, 30, tzinfo=UTC))):
        called = {id for id in ids if (held := closed(asked(at), at, id).callback) and (held.reason, held.month) == ("DRAWN", month)}
        seed = DRAW.seed(month)
        assert called == {id for id in ids if is_drawn(seed, id, 50)}
        assert called
        assert commitment_of(seed) == commitment_of(seed_of(KEY, month))
    assert DRAW.seed("2020-06") != DRAW.seed("2020-07")


@pytest.mark.parametrize(("at", "over"), [("2020-06-30T23:59:59+08:00", False), ("2020-07-01T00:00:00+08:00", True)])
def test_a_month_is_over_when_it_is_in_china(at: str, over: bool) -> None:
    assert DRAW.is_over("2020-06", datetime.fromisoformat(at)) is over
    assert not DRAW.is_over("2020-07", datetime.fromisoformat(at))


@pytest.mark.parametrize("per_mille", [0, 1, 50, 500, 1000])
def test_the_share_that_is_drawn_is_the_rate(per_mille: int) -> None:
    number, rate = 20_000, per_mille / 1000
    for month in ("2020-06", "2020-07", "2020-08"):
        drawn = sum(is_drawn(seed_of(KEY, month), str(id), per_mille) for id in range(number))
        assert abs(drawn - number * rate) <= 4 * sqrt(number * rate * (1 - rate))


def test_a_rate_is_that_of_whole_months_from_the_one_on_that_it_names() -> None:
    draw = type(DRAW)(KEY, (DrawRate(since="2020-03", per_mille=10), DrawRate(since="2020-07", per_mille=20)))
    assert [draw.per_mille(month) for month in ("2020-02", "2020-03", "2020-06", "2020-07", "2021-01")] == [0, 10, 10, 20, 20]


@pytest.mark.parametrize(
    "wrong",
    [
        {"parts": {"morning": (8, 12), "afternoon": (11, 18)}},
        {"parts": {"morning": (12, 12)}},
        {"parts": {}},
        {"parts": {"night": (20, 25)}},
        {"most_attempts": 0},
        {"hours_between": -1},
        {"draw": [{"since": "2020-07", "per_mille": 1}, {"since": "2020-06", "per_mille": 2}]},
        {"draw": [{"since": "2020-13", "per_mille": 1}]},
        {"draw": [{"since": "2020-06", "per_mille": 1001}]},
        {"scripts": {}},
    ],
)
def test_rules_by_which_nobody_could_call_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"validation error"):
        CallbackRules.model_validate(CALLBACK_RULES.model_dump() | wrong)
