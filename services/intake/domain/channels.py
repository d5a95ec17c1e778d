"""By which channels a petitioner is told, and in which order (S54): the policy as data. Pure.

| channel | reaches | disturbs |
| --- | --- | --- |
| WECHAT | whoever wrote to the service account | yes |
| SMS | whoever left a phone | yes |
| WEB, OPEN311 | the reply stands where they look it up: the mailbox, which is always there and always last | no |

A secretary who tells it in person (telling.py) needs no turn: they may come before any of these, and after all. Why: docs/decisions/0046.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shared.contracts.intake import Channel as Door

WECHAT: Final = "WECHAT"
SMS: Final = "SMS"
WEB: Final = "WEB"
OPEN311: Final = "OPEN311"

MAILBOX: Final = frozenset({WEB, OPEN311})
BY_PROVIDER: Final = frozenset({WECHAT, SMS})
"""What an installation has or has not; it disturbs whom it reaches."""

_IN_PERSON = (WECHAT, SMS, WEB)
ORDER: Final[dict[Door, tuple[str, ...]]] = {
    "WECHAT": (WECHAT, SMS, WEB),
    "HOTLINE": (SMS, WEB),
    "WEB": (WEB,),
    "OPEN311": (OPEN311,),
    "VISIT": _IN_PERSON,
    "SYMPOSIUM": _IN_PERSON,
    "STREET_TALK": _IN_PERSON,
    "ENTERPRISE_VISIT": _IN_PERSON,
    "WALK_IN": _IN_PERSON,
    "COMMUNITY_EVENT": _IN_PERSON,
}
"""By the door through which it came."""


@dataclass(frozen=True)
class Reach:
    """What is known of the petitioner, in clear, for this moment alone."""

    phone: str | None = None
    wechat: str | None = None

    def address(self, channel: str) -> str | None:
        return {WECHAT: self.wechat, SMS: self.phone}.get(channel)


def order_of(door: Door, reach: Reach, offered: frozenset[str]) -> tuple[str, ...]:
    """The channels by which this petitioner can be reached here; the last is always a mailbox."""
    return tuple(channel for channel in ORDER[door] if channel in MAILBOX or (channel in offered and reach.address(channel) is not None))


def look_it_up(door: Door, *, anonymous: bool, signed_in: bool, offered: frozenset[str]) -> bool:
    """Whether a reply in the mailbox has reached its petitioner: they came by it, have an account, or stay unnamed and have nothing but
    number and PIN; or the installation tells everybody so. Of anybody else it is posted, no more."""
    return door in MAILBOX or anonymous or signed_in or not offered & BY_PROVIDER


def offered_from(names: Sequence[str]) -> frozenset[str]:
    """Raises ValueError for a channel that there is not."""
    unknown = set(names) - BY_PROVIDER - MAILBOX
    if unknown:
        raise ValueError(f"no such channel: {', '.join(sorted(unknown))}; there are {', '.join(sorted(BY_PROVIDER | MAILBOX))}")
    return frozenset(names) | MAILBOX
