"""What can be found in words, and how a rule is written: a pattern whose group `it` is what is taken, and a second look at a match."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    PHONE = "PHONE"
    ID_NUMBER = "ID_NUMBER"
    NAME = "NAME"
    ROOM = "ROOM"
    EMAIL = "EMAIL"
    BANK_CARD = "BANK_CARD"
    PLATE = "PLATE"
    CHAT_ID = "CHAT_ID"


PLACEHOLDERS = {
    Kind.PHONE: "〔电话〕",
    Kind.ID_NUMBER: "〔证件号〕",
    Kind.NAME: "〔姓名〕",
    Kind.ROOM: "〔门牌〕",
    Kind.EMAIL: "〔邮箱〕",
    Kind.BANK_CARD: "〔银行卡〕",
    Kind.PLATE: "〔车牌〕",
    Kind.CHAT_ID: "〔社交账号〕",
}


@dataclass(frozen=True)
class Finding:
    """`text[start:end]` is of this kind."""

    kind: Kind
    start: int
    end: int


Accept = Callable[[re.Match[str]], bool]
Rule = tuple[Kind, re.Pattern[str], Accept | None]


def before(match: re.Match[str]) -> str:
    start = match.start("it")
    return match.string[max(0, start - 16) : start]


def rules(*rows: tuple[Kind, str, Accept | None]) -> tuple[Rule, ...]:
    """Texts come with full-width digits, letters and signs made narrow."""
    return tuple((kind, re.compile(pattern), accept) for kind, pattern, accept in rows)
