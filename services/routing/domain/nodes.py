"""时间节点 (S52, S53): when who is warned of a deadline, before it and after. Policy as data; pure.

Of a limit in working days: YELLOW one working day before it is due, RED on the first day over, then 提级 up the line, each step a working
day after the one before. Round the clock: in parts of the limit (domain.md, rules of practice).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.routing.domain.reckoning import Reckoning
from shared.china_time import day_after, day_in_china

NodeName = Literal["REMIND", "YELLOW", "RED", "TO_HEAD", "TO_SUPERVISOR", "TO_CITY"]

BEFORE: dict[NodeName, int] = {"REMIND": 2, "YELLOW": 1}
"""Working days before it is due, at the close of work."""
AFTER: dict[NodeName, int] = {"TO_HEAD": 1, "TO_SUPERVISOR": 2, "TO_CITY": 3}
"""Working days after it was due, at the close of work."""
IN_PARTS: dict[NodeName, float] = {"YELLOW": 0.5, "RED": 1.0, "TO_HEAD": 1.25, "TO_SUPERVISOR": 1.5, "TO_CITY": 2.0}
"""Of a limit round the clock: so much of it has passed."""


class Node(BaseModel):
    """UTC."""

    model_config = ConfigDict(frozen=True)

    name: NodeName
    at: datetime


def in_working_days(due: datetime, from_: datetime, department: str, reckoning: Reckoning, *, starts: bool) -> list[Node]:
    """The nodes of a deadline as it stands from then on. Where all warnings would have been before then, the last of them is at once; but
    where the limit only `starts`, nobody is warned of a day that they have just got."""
    before = [Node(name=name, at=reckoning.days_before(due, days, department)) for name, days in BEFORE.items()]
    coming, gone = [node for node in before if node.at > from_], [node for node in before if node.at <= from_]
    if gone and not coming and not starts:
        coming = [Node(name=gone[-1].name, at=from_)]
    red = Node(name="RED", at=day_after(day_in_china(due)))
    return [*coming, red, *(Node(name=name, at=reckoning.days(due, days, department).at) for name, days in AFTER.items())]


def round_the_clock(due: datetime, minutes: int, from_: datetime) -> list[Node]:
    """Of a limit of so many minutes that is due then."""
    start = due - timedelta(minutes=minutes)
    nodes = [Node(name=name, at=start + timedelta(minutes=minutes * part)) for name, part in IN_PARTS.items()]
    return [node if node.at > from_ else Node(name=node.name, at=from_) for node in nodes]
