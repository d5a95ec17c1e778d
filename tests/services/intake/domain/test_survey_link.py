"""The link is put in where a text is sent, and nowhere before."""

from __future__ import annotations

import pytest

from services.intake.domain.delivery import Delivery
from services.intake.domain.survey_link import text_to_send
from shared.contracts.feedback import LINK
from shared.identity.link_tokens import link_token
from tests.services.builders import ID, KEY


@pytest.mark.row("S55")
@pytest.mark.parametrize("purpose", ["SURVEY", "SURVEY_REMINDER"])
@pytest.mark.parametrize("base", ["https://min.example.cn", "https://min.example.cn/"])
def test_who_is_asked_is_sent_an_address_of_their_own(purpose: str, base: str) -> None:
    delivery = Delivery(id="d-1", purpose=purpose, text=f"请评价：{LINK}")
    sent = text_to_send(delivery, ID, base, KEY)
    assert sent == f"请评价：https://min.example.cn/s/{link_token(KEY, ID, 'd-1')}"
    assert delivery.text == f"请评价：{LINK}"


@pytest.mark.parametrize("invitation", [None, f"请评价：{LINK}"])
def test_a_reply_is_sent_as_it_was_written_and_its_invitation_after_it(invitation: str | None) -> None:
    reply = Delivery(id="d-1", purpose="REPLY", text=f"已更换 {LINK}。", invitation=invitation)
    after = "" if invitation is None else f"\n\n请评价：https://min.example.cn/s/{link_token(KEY, ID, 'd-1')}"
    assert text_to_send(reply, ID, "https://min.example.cn", KEY) == f"已更换 {LINK}。{after}"
