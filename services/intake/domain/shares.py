"""How grievances come in and what became of them, per month and year (S10 群众上访→干部下访, S42). Pure.

A grievance counts on the China day on which it was told, in each territory that holds it, for its team, and once more apart for each
department that it accuses: of a report the accused unit learns nothing, not even a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from services.intake.domain.grievance import Grievance, found_by
from services.intake.domain.households import periods
from shared.china_time import day_in_china
from shared.contracts.intake import Channel
from shared.identity.scopes import prefixes

Numbers = Mapping[str, int]

# Answered, by routing's word: what follows is the survey.
DONE = frozenset({"FED_BACK", "SURVEYED", "CLOSED"})
# Ends without an answer (domain.md, states): neither done nor open.
ENDED = frozenset({"NOT_ACCEPTED", "WITHDRAWN", "MERGED"})


@dataclass(frozen=True)
class Share:
    """Of what was registered in a period. `by_channel`: channel → number, those with none left out."""

    found_by_visit: int
    by_petition: int
    on_spot: int
    done: int
    open: int
    by_channel: dict[str, int]

    @property
    def share(self) -> float | None:
        """The part found by visit, 0 to 1; None where nothing was registered."""
        total = self.found_by_visit + self.by_petition
        return self.found_by_visit / total if total else None


def heard_key(staff: str, day: str) -> str:
    return f"{staff}:{day}"


def team_month_key(team: str, month: str) -> str:
    """What a team did in a month is found by one equality: T-370881-001:2020-06."""
    return f"{team}:{month}"


def day_of(grievance: Grievance) -> str:
    """The China day on which it was told to us, ISO."""
    return day_in_china(grievance.heard_at or grievance.registered_at).isoformat()


def facts(grievance: Grievance) -> dict[str, Any]:
    """What the projector counts (shared/projector.py)."""
    status = grievance.progress.status if grievance.progress else "REGISTERED"
    numbers: dict[str, int] = {}
    for period in periods(day_of(grievance)):
        numbers[f"found:{found_by(grievance.channel)}:{period}"] = 1
        numbers[f"channel:{grievance.channel}:{period}"] = 1
        if grievance.on_spot_answer is not None:
            numbers[f"onSpot:{period}"] = 1
        if status in DONE:
            numbers[f"done:{period}"] = 1
        elif status not in ENDED:
            numbers[f"open:{period}"] = 1
    # The province is one city's: its number is the city's.
    keys = [*prefixes(grievance.division)[1:], *([f"team:{grievance.team}"] if grievance.team else [])]
    return {"at": keys + [accused_key(department, key) for department in grievance.accused_departments for key in keys], "n": numbers}


def accused_key(department: str, key: str) -> str:
    """The bucket of what accuses this department, within the bucket `key`."""
    return f"accused:{department}:{key}"


def share_of(numbers: Numbers, hidden: Numbers, period: str) -> Share:
    """Without what is `hidden` from whoever asks: what accuses their own department."""

    def number(measure: str) -> int:
        name = f"{measure}:{period}"
        return numbers.get(name, 0) - hidden.get(name, 0)

    channels = {channel: number(f"channel:{channel}") for channel in get_args(Channel)}
    return Share(
        found_by_visit=number("found:VISIT"),
        by_petition=number("found:PETITION"),
        on_spot=number("onSpot"),
        done=number("done"),
        open=number("open"),
        by_channel={channel: count for channel, count in channels.items() if count},
    )
