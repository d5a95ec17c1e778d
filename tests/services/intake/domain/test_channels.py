"""Whom a reply reaches by which channel, and when nobody is disturbed. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from services.intake.domain.channels import MAILBOX, ORDER, Reach, look_it_up, offered_from, order_of
from services.intake.domain.quiet import QuietHours
from services.intake.settings import IntakeSettings
from shared.china_time import CHINA
from shared.contracts.intake import Channel

ALL = offered_from(["WECHAT", "SMS"])
BOTH = Reach(phone="13800004001", wechat="o-1")


@pytest.mark.row("S54")
@pytest.mark.parametrize(
    ("door", "reach", "offered", "order"),
    [
        ("VISIT", BOTH, ALL, ("WECHAT", "SMS", "WEB")),
        ("VISIT", Reach(phone="13800004001"), ALL, ("SMS", "WEB")),
        ("VISIT", Reach(), ALL, ("WEB",)),
        ("WECHAT", BOTH, offered_from(["SMS"]), ("SMS", "WEB")),
        ("HOTLINE", BOTH, ALL, ("SMS", "WEB")),
        ("WEB", BOTH, ALL, ("WEB",)),
        ("OPEN311", BOTH, ALL, ("OPEN311",)),
        ("VISIT", BOTH, offered_from([]), ("WEB",)),
    ],
)
def test_the_order_follows_the_door_and_what_is_known_of_the_petitioner(
    door: Channel, reach: Reach, offered: frozenset[str], order: tuple[str, ...]
) -> None:
    assert order_of(door, reach, offered) == order


@pytest.mark.parametrize("door", get_args(Channel))
def test_every_door_has_an_order_and_its_last_is_a_mailbox_which_refuses_nobody(door: Channel) -> None:
    assert ORDER[door][-1] in MAILBOX
    assert MAILBOX.isdisjoint(ORDER[door][:-1])


@pytest.mark.parametrize(
    ("door", "anonymous", "signed_in", "offered", "looks"),
    [
        ("WEB", False, False, ALL, True),
        ("OPEN311", False, False, ALL, True),
        ("VISIT", False, False, ALL, False),
        ("VISIT", True, False, ALL, True),
        ("WECHAT", False, True, ALL, True),
        ("VISIT", False, False, offered_from(["WEB"]), True),
    ],
)
def test_what_is_posted_has_reached_only_who_looks_there(
    door: Channel, anonymous: bool, signed_in: bool, offered: frozenset[str], looks: bool
) -> None:
    assert look_it_up(door, anonymous=anonymous, signed_in=signed_in, offered=offered) is looks


NIGHT = QuietHours.of("21:00-08:00")
NOON = QuietHours.of("12:00-14:30")


@pytest.mark.parametrize(
    ("quiet", "at", "over"),
    [
        (NIGHT, "2020-06-05 20:59:59", None),
        (NIGHT, "2020-06-05 21:00:00", "2020-06-06 08:00"),
        (NIGHT, "2020-06-05 23:59:59", "2020-06-06 08:00"),
        (NIGHT, "2020-06-06 00:00:00", "2020-06-06 08:00"),
        (NIGHT, "2020-06-06 07:59:59", "2020-06-06 08:00"),
        (NIGHT, "2020-06-06 08:00:00", None),
        (NIGHT, "2020-12-31 22:00:00", "2021-01-01 08:00"),
        (NOON, "2020-06-05 11:59:59", None),
        (NOON, "2020-06-05 12:00:00", "2020-06-05 14:30"),
        (NOON, "2020-06-05 14:30:00", None),
    ],
)
def test_quiet_hours_are_by_chinas_clock_and_end_at_their_end(quiet: QuietHours, at: str, over: str | None) -> None:
    instant = datetime.fromisoformat(at).replace(tzinfo=CHINA).astimezone(UTC)
    expected = datetime.fromisoformat(over).replace(tzinfo=CHINA) if over else None
    assert quiet.over_at(instant) == expected
    if expected is not None:
        assert quiet.over_at(expected) is None
        assert quiet.over_at(expected - timedelta(microseconds=1)) == expected


def test_without_quiet_hours_everybody_is_told_at_once() -> None:
    assert QuietHours.of("") is None


@pytest.mark.parametrize("written", ["21-8", "21:00", "24:00-08:00", "08:00-08:00", "21:60-08:00"])
def test_refuses_to_start_with_hours_that_are_none(written: str) -> None:
    with pytest.raises(ValueError, match="21:00-08:00"):
        IntakeSettings(quiet_hours=written)


@pytest.mark.parametrize("name", ["channels", "provider_lookups"])
def test_refuses_to_start_with_a_channel_that_there_is_not(name: str) -> None:
    with pytest.raises(ValueError, match="no such channel: PIGEON"):
        IntakeSettings(**{name: "SMS PIGEON"})
