from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.intake.domain.pins import FREE_TRIES, LONGEST_DELAY, Tries, pin_of, same_pin

NOW = datetime(2026, 6, 5, tzinfo=UTC)
KEY, OTHER = bytes(32), bytes([1]) * 32


def test_a_pin_is_eight_digits_of_the_grievance_and_the_key() -> None:
    pins = {pin_of(key, id) for key in (KEY, OTHER) for id in ("a", "b")}
    assert len(pins) == 4
    assert all(pin.isdigit() and len(pin) == 8 for pin in pins)
    assert pin_of(KEY, "a") == pin_of(KEY, "a")


def test_pins_are_spread_over_all_that_there_are() -> None:
    firsts = [pin_of(KEY, str(n))[0] for n in range(2_000)]
    assert all(120 < firsts.count(str(digit)) < 280 for digit in range(10))


@pytest.mark.parametrize("typed", ["12345678", "1234 5678", "1234-5678", " １２３４５６７８ "])
def test_a_pin_is_recognised_as_people_type_it(typed: str) -> None:
    assert same_pin(typed, "12345678")


@pytest.mark.parametrize("typed", ["", "1234567", "123456789", "12345679", "abcdefgh", "١٢٣٤٥٦٧٨٩"])
def test_anything_else_is_not_the_pin(typed: str) -> None:
    assert not same_pin(typed, "12345678")


def test_three_tries_are_free_and_each_further_one_waits_twice_as_long_up_to_a_day() -> None:
    tries, waits = Tries(), []
    for _ in range(20):
        tries = tries.failed(NOW)
        waits.append(tries.wait(NOW) or timedelta(0))
    assert waits[: FREE_TRIES - 1] == [timedelta(0)] * (FREE_TRIES - 1)
    assert waits[FREE_TRIES - 1 : FREE_TRIES + 3] == [timedelta(seconds=30 * 2**n) for n in range(4)]
    assert waits[-1] == LONGEST_DELAY
    assert Tries(9, NOW).wait(NOW) is None
