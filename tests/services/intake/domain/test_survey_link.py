"""The link is put in where a text is sent, and nowhere before."""

from __future__ import annotations

import pytest

from services.intake.domain.delivery import Delivery
from services.intake.domain.survey_link import BEGINNING, BEGINNING_ALONE, text_to_send
from shared.contracts.feedback import LINK
from shared.identity.link_tokens import link_token
from tests.services.builders import AT, ID, KEY

BASE = "https://min.example.cn"
LONGEST = {"SMS": 400}
ASKS = f"请评价。How did it go? {LINK}"
WITH_ADDRESS = f"请评价。How did it go? {BASE}/s/{link_token(KEY, ID, 'd-1')}"


@pytest.mark.row("S55")
@pytest.mark.parametrize("purpose", ["SURVEY", "SURVEY_REMINDER"])
@pytest.mark.parametrize("base", ["https://min.example.cn", "https://min.example.cn/"])
def test_who_is_asked_is_sent_an_address_of_their_own(purpose: str, base: str) -> None:
    delivery = Delivery(id="d-1", purpose=purpose, text=f"请评价：{LINK}")
    sent = text_to_send(delivery, ID, base, KEY, LONGEST)
    assert sent == f"请评价：https://min.example.cn/s/{link_token(KEY, ID, 'd-1')}"
    assert delivery.text == f"请评价：{LINK}"


@pytest.mark.parametrize("invitation", [None, f"请评价：{LINK}"])
def test_a_reply_is_sent_as_it_was_written_and_its_invitation_after_it(invitation: str | None) -> None:
    reply = Delivery(id="d-1", purpose="REPLY", text=f"已更换 {LINK}。", invitation=invitation)
    after = "" if invitation is None else f"\n\n请评价：https://min.example.cn/s/{link_token(KEY, ID, 'd-1')}"
    assert text_to_send(reply, ID, "https://min.example.cn", KEY, LONGEST) == f"已更换 {LINK}。{after}"


def reply(length: int, channel: str, invitation: str | None = ASKS) -> Delivery:
    made = Delivery(id="d-1", purpose="REPLY", text="答" * length, invitation=invitation)
    return made.claimed(channel, "claim", AT)


@pytest.mark.row("S54")
@pytest.mark.parametrize(("invitation", "says", "after"), [(ASKS, BEGINNING, f"\n\n{WITH_ADDRESS}"), (None, BEGINNING_ALONE, "")])
def test_of_a_long_reply_a_short_message_has_the_beginning_and_where_the_whole_stands(
    invitation: str | None, says: str, after: str
) -> None:
    sent = text_to_send(reply(10_000, "SMS", invitation), ID, BASE, KEY, LONGEST)
    assert len(sent) == 400
    assert sent == "答" * (400 - len(says + after)) + says + after
    assert [text_to_send(reply(10_000, each, invitation), ID, BASE, KEY, LONGEST) for each in ("WECHAT", "WEB")] == [
        "答" * 10_000 + after
    ] * 2


@pytest.mark.parametrize(("more", "whole"), [(0, True), (1, False)])
def test_a_reply_that_just_fits_is_sent_whole(more: int, whole: bool) -> None:
    length = 400 - len(f"\n\n{WITH_ADDRESS}") + more
    sent = text_to_send(reply(length, "SMS"), ID, BASE, KEY, LONGEST)
    assert (sent == "答" * length + f"\n\n{WITH_ADDRESS}", BEGINNING in sent) == (whole, not whole)


def test_the_link_is_whole_where_nothing_else_has_room() -> None:
    assert text_to_send(reply(10_000, "SMS"), ID, BASE, KEY, {"SMS": 10}) == f"{BEGINNING}\n\n{WITH_ADDRESS}"


def test_what_reminds_is_never_shortened() -> None:
    reminder = Delivery(id="d-1", purpose="SURVEY_REMINDER", text="评" * 500 + ASKS).claimed("SMS", "claim", AT)
    assert text_to_send(reminder, ID, BASE, KEY, LONGEST).endswith(WITH_ADDRESS)
