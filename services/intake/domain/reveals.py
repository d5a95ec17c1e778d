"""揭示: a petitioner is masked until somebody asks to read name, phone and words in clear, for a purpose and for some minutes. Of a
confidential or anonymous one a second person has to say yes first. Pure.

PENDING → GRANTED → OPEN, or PENDING → REFUSED; where no second person is needed it is OPEN at once. `until` is real time: a lease.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.intake.domain.looks import Purpose
from shared.contracts.intake import Owner
from shared.identity.errors import Refusal

OPEN_FOR = timedelta(minutes=10)
GRANTED_FOR = timedelta(days=1)
MOST_KEPT = 50
"""Of the latest; the audit keeps them all."""


class Reveal(BaseModel):
    """`reason` is redacted; `at` and `decided_at` are business time."""

    model_config = ConfigDict(frozen=True)

    id: str
    by: Owner
    purpose: Purpose
    reason: str
    at: datetime
    state: Literal["PENDING", "GRANTED", "REFUSED", "OPEN"]
    until: datetime | None = None
    decided_by: Owner | None = None
    decided_at: datetime | None = None

    def readable(self, real_now: datetime) -> bool:
        return self.state == "OPEN" and not self.over(real_now)

    def over(self, real_now: datetime) -> bool:
        """Whether its time has passed, to read or to begin reading."""
        return self.until is not None and self.until < real_now


def asked(reveals: Sequence[Reveal], reveal: Reveal, *, second: bool, real_now: datetime) -> list[Reveal]:
    """With one more: open at once, or waiting for the `second` person. Raises Refusal where too many wait."""
    if second and sum(held.state == "PENDING" for held in reveals) >= MOST_KEPT:
        raise Refusal("TOO_MANY_REVEALS", "该诉求待审批的查看申请过多。", "Too many reveals of this grievance wait for a decision.")
    new = reveal.model_copy(update={"state": "PENDING"} if second else {"state": "OPEN", "until": real_now + OPEN_FOR})
    return _bounded([*reveals, new])


def decided(reveals: Sequence[Reveal], id: str, by: Owner, *, granted: bool, at: datetime, real_now: datetime) -> list[Reveal]:
    """With the second person's word. Raises Refusal: never the one who asked, never twice."""
    held = find(reveals, id)
    if held is None:
        raise Refusal("REVEAL_UNKNOWN", "没有这个查看申请。", "There is no such reveal.", "revealId")
    if held.by.staffId == by.staffId:
        raise Refusal("OWN_REVEAL", "不能审批本人的查看申请。", "Nobody decides their own reveal.", "revealId")
    if held.state != "PENDING":
        raise Refusal("ALREADY_DECIDED", "该查看申请已经审批。", "This reveal was decided already.", "revealId")
    word = {"state": "GRANTED", "until": real_now + GRANTED_FOR} if granted else {"state": "REFUSED"}
    return _replaced(reveals, held.model_copy(update={**word, "decided_by": by, "decided_at": at}))


def opened(reveals: Sequence[Reveal], id: str, real_now: datetime) -> list[Reveal]:
    """Whoever asked reads it now: from here on for some minutes. Raises Refusal where the time for it has passed."""
    held = find(reveals, id)
    if held is None or held.state != "GRANTED" or held.over(real_now):
        raise expired()
    return _replaced(reveals, held.model_copy(update={"state": "OPEN", "until": real_now + OPEN_FOR}))


def find(reveals: Sequence[Reveal], id: str) -> Reveal | None:
    return next((held for held in reveals if held.id == id), None)


def to_decide(reveals: Sequence[Reveal], viewer: str) -> list[Reveal]:
    """Those that wait for a second person, who is never the one who asked."""
    return [held for held in reveals if held.state == "PENDING" and held.by.staffId != viewer]


def expired() -> Refusal:
    zh, en = "查看时限已过，请用新的请求编号重新申请。", "The time to look is over; ask again with a new requestId."
    return Refusal("REVEAL_EXPIRED", zh, en, "requestId")


def refused() -> Refusal:
    return Refusal("REVEAL_REFUSED", "查看申请未获批准。", "The reveal was refused by the second person.")


def needed() -> Refusal:
    return Refusal(
        "REVEAL_NEEDED",
        "诉求人要求保密：请先以“本人查询、更正、删除”为目的申请查看，并经他人批准。",
        "The petitioner asked not to be known: reveal them first for the purpose DATA_SUBJECT, with a second person's yes.",
        "grievanceId",
    )


def _replaced(reveals: Sequence[Reveal], new: Reveal) -> list[Reveal]:
    return [new if held.id == new.id else held for held in reveals]


def _bounded(reveals: list[Reveal]) -> list[Reveal]:
    """What waits stays; of the rest the oldest go."""
    over = len(reveals) - MOST_KEPT
    gone = {held.id for held in [held for held in reveals[:-1] if held.state != "PENDING"][:over]} if over > 0 else set()
    return [held for held in reveals if held.id not in gone]
