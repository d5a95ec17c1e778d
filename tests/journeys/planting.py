"""Personal data that exists nowhere else, and how it is found again in any bytes, as it was written or as it was encoded on the way.

Everything planted bears one of a few marks, and no mask that the product shows does: 爨龘焱 is shown as 爨*焱. So one pattern finds them
all, and what stands around a find tells which one it is.
"""

from __future__ import annotations

import base64
import itertools
import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

NAME, PHONE, PLATE, MAIL, OPENID = "爨龘", "19988764", "鲁H9ZQX", "yinsi.mimi", "oYinSi_mimi-"
ID_NUMBER, CARD = "370881193102", "62284803"
ROOM = "7319"
SIGNS = 20_000
"""Chinese signs that follow one another in Unicode."""
_DIGITS = (PHONE, ID_NUMBER, CARD)
_AROUND = 40


class Garden:
    """Where planted things come from: each is made once, and its number stands in it."""

    def __init__(self) -> None:
        self._number = itertools.count(1)

    def name(self) -> str:
        more, last = divmod(next(self._number), SIGNS)
        return NAME + (chr(0x4E00 + more) if more else "") + chr(0x4E00 + last)

    def phone(self) -> str:
        return f"{PHONE}{next(self._number) % 1000:03}"

    def openid(self) -> str:
        return f"{OPENID}{next(self._number):016}"

    def id_number(self) -> str:
        """With its check digit, GB 11643-1999."""
        body = f"{ID_NUMBER}14{next(self._number) % 1000:03}"
        weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
        return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11]

    def card(self) -> str:
        """With its check digit, ISO/IEC 7812-1."""
        body = f"{CARD}{next(self._number):010}"
        doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(body))]
        return body + str(-sum(digit // 10 + digit % 10 for digit in doubled) % 10)

    def plate(self) -> str:
        return PLATE + "ABCDEFGHJK"[next(self._number) % 10]

    def mail(self) -> str:
        return f"{MAIL}{next(self._number)}@example.cn"

    def room(self) -> str:
        return f"6号楼2单元{ROOM}室"

    def words(self, *names: str) -> str:
        """A sentence with everything that names or finds a person; `names` are those that the form declares beside it."""
        told = "".join(f"{name}也在场，" for name in names)
        return (
            f"{told}家住{self.room()}，电话{self.phone()}，身份证号{self.id_number()}，车牌{self.plate()}，"
            f"银行卡号{self.card()}，邮箱{self.mail()}，请尽快处理。"
        )


def finds(raw: bytes) -> list[str]:
    """What stands around each mark in these bytes: in clear, escaped for JSON and URLs, in base64, in digits of any width and grouping."""
    found = [_around(raw, match) for match in _ENCODED.finditer(raw)]
    text = unicodedata.normalize("NFKC", raw.decode("utf-8", "replace"))
    return found + [text[max(0, match.start() - _AROUND) : match.end() + _AROUND] for match in _GROUPED.finditer(text)]


def leaves(value: Any) -> Iterator[bytes]:
    """All that a document says, its names included, as bytes."""
    match value:
        case dict():
            for name, each in value.items():
                yield str(name).encode()
                yield from leaves(each)
        case list() | tuple() | set():
            for each in value:
                yield from leaves(each)
        case bytes():
            yield value
        case _:
            yield str(value).encode()


def _around(raw: bytes, match: re.Match[bytes]) -> str:
    return raw[max(0, match.start() - _AROUND) : match.end() + _AROUND].decode("utf-8", "replace")


def _encodings(mark: str) -> Iterator[bytes]:
    """As it may stand somewhere. Of base64 only the letters that the mark alone decides, at each of three places in a group."""
    raw = mark.encode()
    yield raw
    yield mark.encode("utf-16-le")
    if not mark.isascii():
        yield json.dumps(mark)[1:-1].encode()
        yield quote(mark).encode()
        yield quote(mark).lower().encode()
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw)
        inner = encoded[(before * 8 + 5) // 6 : (before + len(raw)) * 8 // 6]
        yield inner
        yield inner.translate(bytes.maketrans(b"+/", b"-_"))


_ENCODED = re.compile(
    b"|".join(re.escape(each) for mark in (NAME, PLATE, MAIL, OPENID, f"{ROOM}室", *_DIGITS) for each in _encodings(mark))
)
_GROUPED = re.compile("|".join(r"[\s·.-]?".join(mark) for mark in _DIGITS))
