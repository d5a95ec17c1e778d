"""The readable number: made, read, and mistyped."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.numbers import DRAWS, BadNumber, GrievanceNumber, check_digit, is_number, mint, parse

AT = datetime(2020, 6, 5, 1, 30, tzinfo=UTC)
NUMBERS = st.builds(
    GrievanceNumber,
    county=st.sampled_from(["370881", "370811", "370812", "370829"]),
    day=st.dates(min_value=date(2020, 1, 1), max_value=date(2099, 12, 31)),
    draw=st.integers(0, DRAWS - 1),
)


@pytest.mark.parametrize(("digits", "expected"), [("0794", "5"), ("", "1"), ("0", "2"), ("9", "4")])
def test_check_digit_is_iso_7064_mod_11_10(digits: str, expected: str) -> None:
    """0794 5 is the standard's own example; the others were worked by hand from its recursion."""
    assert check_digit(digits) == expected


@pytest.mark.row("S45")
def test_number_tells_county_day_and_draw() -> None:
    number = mint("370881001901-01", AT, 482017)
    assert str(number) == f"370881-20200605-482017{check_digit('37088120200605482017')}"
    assert parse(str(number)) == GrievanceNumber("370881", date(2020, 6, 5), 482017)


def test_day_of_the_number_is_the_day_in_china() -> None:
    assert mint("370881000000", datetime(2020, 6, 4, 16, 0, tzinfo=UTC), 0).day == date(2020, 6, 5)
    assert mint("370881000000", datetime(2020, 6, 4, 15, 59, 59, tzinfo=UTC), 0).day == date(2020, 6, 4)


@given(NUMBERS)
def test_what_is_written_is_read_again(number: GrievanceNumber) -> None:
    assert parse(str(number)) == number


@given(NUMBERS, st.integers(0, 20), st.integers(1, 9))
def test_any_single_wrong_digit_is_found(number: GrievanceNumber, place: int, by: int) -> None:
    digits = str(number).replace("-", "")
    wrong = digits[:place] + str((int(digits[place]) + by) % 10) + digits[place + 1 :]
    assert not is_number(wrong)


def test_nearly_all_swaps_of_neighbours_are_found() -> None:
    """The standard leaves about one swap in fifty; none of them may become many."""
    swaps = missed = 0
    for draw in range(0, DRAWS, 997):
        digits = str(mint("370881", AT, draw)).replace("-", "")
        for place in range(14, 20):
            if digits[place] != digits[place + 1]:
                swaps += 1
                swapped = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
                missed += is_number(swapped)
    assert swaps > 5000
    assert missed / swaps < 0.03


@pytest.mark.parametrize("form", ["{0}{1}{2}", "{0} {1} {2}", " {0}-{1}-{2}\n", "{0}–{1}—{2}", "{0}－{1}－{2}"])
def test_is_read_as_people_type_it(form: str) -> None:
    number = str(mint("370881", AT, 7))
    assert str(parse(form.format(*number.split("-")))) == number


def test_full_width_digits_are_read() -> None:
    number = str(mint("370881", AT, 7))
    assert str(parse(number.translate({ord(digit): chr(ord(digit) - ord("0") + ord("０")) for digit in "0123456789"}))) == number


def _with_check(digits: str) -> str:
    return digits + check_digit(digits)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "NUMBER_MALFORMED"),
        ("37088120200605", "NUMBER_MALFORMED"),
        ("37O881-20200605-4820175", "NUMBER_MALFORMED"),
        ("٣٧٠٨٨١-20200605-4820175", "NUMBER_MALFORMED"),
        (_with_check("37088120200605482017") + "0", "NUMBER_MALFORMED"),
        (str(mint("370881", AT, 482017))[:-1] + str((int(str(mint("370881", AT, 482017))[-1]) + 1) % 10), "NUMBER_MISTYPED"),
        (_with_check("37088120200230482017"), "NUMBER_NO_DATE"),
        (_with_check("37080020200605482017"), "NUMBER_NO_COUNTY"),
    ],
)
def test_a_bad_number_says_what_is_wrong(text: str, code: str) -> None:
    with pytest.raises(BadNumber) as raised:
        parse(text)
    assert raised.value.code == code
    assert raised.value.message.isascii()
    assert not raised.value.message_zh.isascii()


@pytest.mark.parametrize("division", ["370800000000", "370000000000", "", "37088", "abcdef"])
def test_only_a_place_within_a_county_gets_a_number(division: str) -> None:
    with pytest.raises(ValueError, match="county"):
        mint(division, AT, 0)


@pytest.mark.parametrize("draw", [-1, DRAWS])
def test_refuses_a_draw_out_of_range(draw: int) -> None:
    with pytest.raises(ValueError, match="draw"):
        mint("370881", AT, draw)


def test_the_example_in_the_refusal_is_itself_a_number() -> None:
    with pytest.raises(BadNumber) as raised:
        parse("12")
    assert "370881-20200605-4820171" in raised.value.message
    assert "370881-20200605-4820171" in raised.value.message_zh
    assert is_number("370881-20200605-4820171")


def test_refuses_a_naive_time() -> None:
    with pytest.raises(ValueError, match="time zone"):
        mint("370881", AT.replace(tzinfo=None), 0)
