"""Where the petitioner says how it went: the address of a survey's page, put into the text that asks them. Pure.

Here alone, at the moment of sending: whatever is kept or published says LINK, which opens nothing (docs/decisions/0047).
"""

from __future__ import annotations

from services.intake.domain.delivery import Delivery
from shared.contracts.feedback import LINK
from shared.identity.link_tokens import link_token

WITH_LINK = frozenset({"SURVEY", "SURVEY_REMINDER"})
"""By whose purpose the text itself has the link; a reply, which somebody wrote, has it in its invitation alone."""


def text_to_send(delivery: Delivery, grievance: str, pages_url: str, key: bytes) -> str:
    """`pages_url`: where petitioners reach the gateway; `key`: reference.key."""
    asks = delivery.text if delivery.purpose in WITH_LINK else delivery.invitation
    if asks is None:
        return delivery.text
    asks = asks.replace(LINK, f"{pages_url.rstrip('/')}/s/{link_token(key, grievance, delivery.id)}")
    return asks if delivery.purpose in WITH_LINK else f"{delivery.text}\n\n{asks}"
