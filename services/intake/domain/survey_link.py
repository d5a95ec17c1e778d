"""Where the petitioner says how it went: the address of a survey's page, put into the text that asks them. Pure.

Here alone, at the moment of sending: whatever is kept or published says LINK, which opens nothing (docs/decisions/0047). The page shows the
whole reply: a channel whose messages are short gets the beginning.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.intake.domain.delivery import Delivery
from shared.contracts.feedback import LINK
from shared.identity.link_tokens import link_token

WITH_LINK = frozenset({"SURVEY", "SURVEY_REMINDER"})
"""By whose purpose the text itself has the link; a reply, which somebody wrote, has it in its invitation alone."""
BEGINNING = "……（以上为答复开头，全文请打开下方链接查看。This is the beginning of the reply; all of it is behind the link below.）"
BEGINNING_ALONE = (
    "……（以上为答复开头，全文请凭诉求编号查询。This is the beginning of the reply; look all of it up by the number of your grievance.）"
)
"""Of a reply without an invitation, and so without a link."""


def text_to_send(delivery: Delivery, grievance: str, pages_url: str, key: bytes, longest: Mapping[str, int]) -> str:
    """For the channel in whose hand it is. `pages_url`: where petitioners reach the gateway; `key`: reference.key; `longest`: of channels
    that do not take any length, how many characters a message may have."""
    asks = delivery.text if delivery.purpose in WITH_LINK else delivery.invitation
    if asks is not None:
        asks = asks.replace(LINK, f"{pages_url.rstrip('/')}/s/{link_token(key, grievance, delivery.id)}")
        if delivery.purpose in WITH_LINK:
            return asks
    after = "" if asks is None else f"\n\n{asks}"
    room = longest.get(delivery.hand)
    if room is None or len(delivery.text) + len(after) <= room:
        return f"{delivery.text}{after}"
    # The link stays whole, whatever is left of the reply.
    after = f"{BEGINNING_ALONE if asks is None else BEGINNING}{after}"
    return f"{delivery.text[: max(room - len(after), 0)].rstrip()}{after}"
