"""The reply on its way, channel after channel, as feedback learns it (S54, S55)."""

from __future__ import annotations

import pytest

from services.feedback.domain.followup import FollowUp, arrived_by_link, record_delivery, record_reply
from shared.contracts.feedback import FedBackV1, SurveyOpenedV1
from shared.contracts.intake import DeliveryAttemptedV1, DeliveryResult, Owner
from tests.services.builders import AT, ID, REF, SURVEY_RULES, VILLAGE
from tests.services.feedback.builders import tells

BY = Owner(staffId="handler-1", role="HANDLER", unit="D-1")


def replied() -> tuple[FollowUp, str]:
    """With a reply on its way; and its delivery's id."""
    made = FollowUp(
        number="n", division=VILLAGE, petitioner_ref=REF, team=None, accused_departments=[], confidential=False, registered_at=AT
    )
    followup, _events = record_reply(made, ID, 1, "已更换。", BY, None, AT, SURVEY_RULES)
    assert followup.reply is not None
    return followup, followup.reply.delivery_id


def attempted(id: str, channel: str, result: DeliveryResult, *, reason: str | None = None, final: bool = True) -> DeliveryAttemptedV1:
    return DeliveryAttemptedV1(deliveryId=id, channel=channel, result=result, at=AT, reason=reason, attempt=1, final=final)


@pytest.mark.row("S54")
@pytest.mark.parametrize("result", ["failed", "unknown"])
def test_while_another_channel_is_tried_the_reply_is_still_on_its_way(result: DeliveryResult) -> None:
    followup, id = replied()
    tried = attempted(id, "SMS", result, reason="no_such_number", final=False)
    after, events = record_delivery(followup, tried, SURVEY_RULES)
    assert after.reply is not None
    assert (after.reply.delivery, after.survey, events) == ("REQUESTED", None, [])
    [entry] = tells(tried)
    assert (entry.by, "another is tried" in entry.what, "改用其他方式" in entry.what_zh) == ("CHANNEL SMS", True, True)
    sent, events = record_delivery(after, attempted(id, "WECHAT", "sent"), SURVEY_RULES)
    assert sent.reply is not None
    assert sent.reply.delivery == "SENT"
    assert [type(event) for event in events] == [FedBackV1, SurveyOpenedV1]


@pytest.mark.parametrize(("result", "state"), [("failed", "FAILED"), ("unknown", "UNKNOWN")])
def test_a_reply_that_is_only_posted_asks_nobody_whether_they_are_satisfied(result: DeliveryResult, state: str) -> None:
    followup, id = replied()
    posted = attempted(id, "WEB", result, reason="posted")
    after, events = record_delivery(followup, posted, SURVEY_RULES)
    assert after.reply is not None
    assert (after.reply.delivery, after.survey, events) == (state, None, [])
    assert "looked up" in tells(posted)[0].what


@pytest.mark.row("S55")
def test_who_opens_the_link_has_been_reached_whatever_is_known_of_the_reply() -> None:
    """A provider that did not answer may have sent it, and a phone rings sooner than we have written down that it went."""
    followup, id = replied()
    for held in (followup, record_delivery(followup, attempted(id, "SMS", "unknown"), SURVEY_RULES)[0]):
        opened = arrived_by_link(held, AT, SURVEY_RULES)
        assert opened is not None
        after, events = opened
        assert [type(event) for event in events] == [FedBackV1, SurveyOpenedV1]
        assert (after.reply and after.reply.delivery, after.survey and after.survey.invitation) == ("SENT", id)
        assert arrived_by_link(after, AT, SURVEY_RULES) is None
        # What intake says later opens nothing twice, and takes nothing back.
        for result in ("sent", "failed", "unknown"):
            later, events = record_delivery(after, attempted(id, "SMS", result), SURVEY_RULES)
            assert (later.reply and later.reply.delivery, later.survey, events) == ("SENT", after.survey, [])


@pytest.mark.parametrize("result", ["failed", "unknown"])
def test_a_reminder_that_intake_did_not_send_any_more_changes_and_tells_nothing(result: DeliveryResult) -> None:
    followup, id = replied()
    followup, _events = record_delivery(followup, attempted(id, "SMS", "sent"), SURVEY_RULES)
    assert followup.survey is not None
    assert followup.survey.reminder is not None
    over = attempted(followup.survey.reminder, "SMS", result, reason="survey_over").model_copy(update={"purpose": "SURVEY_REMINDER"})
    assert record_delivery(followup, over, SURVEY_RULES) == (followup, [])
    assert tells(over) == []


def test_an_intake_of_before_says_only_what_is_final() -> None:
    followup, id = replied()
    before = DeliveryAttemptedV1.read({"deliveryId": id, "channel": "WEB", "result": "failed", "at": AT.isoformat(), "reason": None})
    after, _events = record_delivery(followup, before, SURVEY_RULES)
    assert after.reply is not None
    assert after.reply.delivery == "FAILED"
