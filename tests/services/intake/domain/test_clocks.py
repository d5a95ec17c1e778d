"""The clocks of phones: what is noticed, and what is made of it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from services.intake.domain.clocks import TOLERANCE, happened, is_client_id, made_at, skew, state_of

NOW = datetime(2020, 6, 5, 4, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("017f22e2-79b0-7cc3-98c4-dc0c0c07398f", True),
        ("919108f7-52d1-4320-9bac-f847db4148a8", False),
        ("017F22E2-79B0-7CC3-98C4-DC0C0C07398F", False),
        ("0197415c-1d00-7000-c000-000000000000", False),
        ("", False),
    ],
)
def test_client_ids_are_uuid7_in_lower_case(text: str, is_one: bool) -> None:
    assert is_client_id(text) is is_one


def test_a_uuid7_tells_when_it_was_made() -> None:
    # RFC 9562, appendix A.6: 2022-02-22T19:22:22.000Z
    assert made_at("017f22e2-79b0-7cc3-98c4-dc0c0c07398f") == datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)


def test_an_id_of_a_time_that_no_calendar_has_is_of_the_end_of_days() -> None:
    assert made_at("ffffffff-ffff-7fff-bfff-ffffffffffff").year == 9999


@pytest.mark.parametrize(
    ("ahead", "off"),
    [
        (timedelta(0), timedelta(0)),
        (TOLERANCE, timedelta(0)),
        (timedelta(hours=8, seconds=20), timedelta(hours=-8)),
        (timedelta(days=-3), timedelta(days=3)),
    ],
)
def test_a_phones_clock_is_wrong_by_whole_minutes_beyond_five(ahead: timedelta, off: timedelta) -> None:
    assert skew((NOW + ahead).astimezone(timezone(timedelta(hours=8))), NOW) == off


@pytest.mark.parametrize(
    ("said", "off", "at", "state"),
    [
        (NOW - MINUTE, timedelta(0), NOW - MINUTE, "GOOD"),
        (NOW + 3 * MINUTE, timedelta(0), NOW, "GOOD"),
        (NOW + DAY, -DAY, NOW, "CORRECTED"),
        (NOW - 3 * DAY, 2 * DAY, NOW - DAY, "CORRECTED"),
        (NOW + DAY, timedelta(0), NOW, "TAKEN_AS_NOW"),
        (datetime(1970, 1, 1, tzinfo=UTC), timedelta(0), NOW, "TAKEN_AS_NOW"),
        (datetime.max.replace(tzinfo=UTC), DAY, NOW, "TAKEN_AS_NOW"),
        (NOW - 40 * DAY, timedelta(0), NOW - 40 * DAY, "LONG_AGO"),
    ],
)
def test_a_time_is_corrected_or_taken_as_now_and_what_was_noticed_is_told(said: datetime, off: timedelta, at: datetime, state: str) -> None:
    assert (happened(said, off, NOW), state_of(said, off, NOW)) == (at, state)
