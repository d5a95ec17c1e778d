"""The readable number of a grievance: `370881-20200605-4820171`.

Six digits of the county (GB/T 2260), the day of registration in China, six drawn digits and one check digit over all twenty before it by
ISO/IEC 7064 MOD 11,10. Digits only, because people read it out over the telephone. The check digit finds every single wrong digit and all
swaps of neighbours but the few that the standard leaves.

A draw says nothing about order or count. Uniqueness is not made here: the number is claimed in the collection `numbers` and minted again on
collision.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from shared.china_time import day_in_china

DRAWS: Final = 1_000_000
_DIGITS: Final = re.compile(r"[0-9]{21}")
_SEPARATORS: Final = re.compile(r"[\s\-‐-―−]+")


class BadNumber(ValueError):
    """A text is no readable number. `code` is stable, `message` English, `message_zh` Chinese."""

    def __init__(self, code: str, message: str, message_zh: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.message_zh = message_zh


@dataclass(frozen=True, slots=True)
class GrievanceNumber:
    """The parts of a number; `str()` gives the canonical form, the only one that is stored and compared."""

    county: str
    day: date
    draw: int

    def __str__(self) -> str:
        digits = f"{self.county}{self.day:%Y%m%d}{self.draw:06d}"
        return f"{digits[:6]}-{digits[6:14]}-{digits[14:]}{check_digit(digits)}"


def check_digit(digits: str) -> str:
    """The ISO/IEC 7064 MOD 11,10 check digit of a text of ASCII digits."""
    product = 10
    for digit in digits:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return str((11 - product) % 10)


def mint(division: str, at: datetime, draw: int) -> GrievanceNumber:
    """The number of a grievance of this division (any level from the county down), registered at `at` (aware).

    `draw` is random, 0 <= draw < DRAWS. Raises ValueError for a naive time, a draw out of range or a division above the county.
    """
    if at.tzinfo is None:
        raise ValueError("the time of registration must carry a time zone")
    if not 0 <= draw < DRAWS:
        raise ValueError(f"the draw must be in 0..{DRAWS - 1}")
    if not re.fullmatch(r"[0-9]{6}", division[:6]) or division[4:6] == "00":
        raise ValueError(f"a number belongs to a county; {division!r} names none")
    return GrievanceNumber(division[:6], day_in_china(at), draw)


def parse(text: str) -> GrievanceNumber:
    """Reads a number as people type it: full-width digits, blanks and any hyphens, or none, are accepted. Raises BadNumber."""
    digits = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text))
    if not _DIGITS.fullmatch(digits):
        raise BadNumber(
            "NUMBER_MALFORMED",
            "A number has 21 digits, like 370881-20200605-4820171.",
            "编号应为21位数字，例如 370881-20200605-4820171。",
        )
    if check_digit(digits[:20]) != digits[20]:
        raise BadNumber("NUMBER_MISTYPED", "The number's check digit does not fit: compare it again.", "编号校验位不符，请核对后重新输入。")
    try:
        day = date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))
    except ValueError:
        raise BadNumber("NUMBER_NO_DATE", "The number contains no valid date.", "编号中的日期无效。") from None
    if digits[4:6] == "00":
        raise BadNumber("NUMBER_NO_COUNTY", "The number names no county.", "编号中的县（市、区）代码无效。")
    return GrievanceNumber(digits[:6], day, int(digits[14:20]))


def is_number(text: str) -> bool:
    """Whether `parse` would take the text."""
    try:
        parse(text)
    except BadNumber:
        return False
    return True
