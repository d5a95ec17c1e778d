"""Where the petitioner says how it went: the address of a survey's page, put into the text that asks them. Pure.

Here alone, at the moment of sending: whatever is kept or published says LINK, which opens nothing (docs/decisions/0047).
"""

from __future__ import annotations

from services.intake.domain.delivery import Delivery
from shared.contracts.feedback import LINK
from shared.identity.link_tokens import link_token

WITH_LINK = frozenset({"SURVEY", "SURVEY_REMINDER"})


def text_to_send(delivery: Delivery, grievance: str, pages_url: str, key: bytes) -> str:
    """`pages_url`: where petitioners reach the gateway; `key`: reference.key."""
    if delivery.purpose not in WITH_LINK:
        return delivery.text
    return delivery.text.replace(LINK, f"{pages_url.rstrip('/')}/s/{link_token(key, grievance, delivery.id)}")
