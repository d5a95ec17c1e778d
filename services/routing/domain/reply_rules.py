"""答复规范 (S54): what a reply is held against before its petitioner reads it. Rules are data; a finding is advice, or the reply is not
taken. Pure. Nobody but officials is shown what was found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from shared.erasure import ERASED
from shared.identity.errors import Refusal

TESTS = ("shortest", "wants", "wants_not", "near")


class ReplyRule(BaseModel):
    """One test, and what is said to whoever has written what fails it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(pattern=r"^[A-Z_]+$")
    zh: str
    en: str
    refused: bool = False
    shortest: int | None = Field(default=None, gt=0)
    """Characters, without spaces."""
    wants: str | None = None
    wants_not: str | None = None
    near: float | None = Field(default=None, gt=0, le=1)
    """The share of the subject's pairs of characters that come back in the reply."""

    @field_validator("wants", "wants_not")
    @classmethod
    def _is_pattern(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from error
        return pattern

    @model_validator(mode="after")
    def _has_one_test(self) -> Self:
        if sum(getattr(self, test) is not None for test in TESTS) != 1:
            raise ValueError(f"{self.code}: a rule has one of {', '.join(TESTS)}")
        return self

    def found(self, text: str, subject: str) -> str | None:
        """None: it is as it should be. Else the phrase that is in the way, empty where something is missing."""
        if self.shortest is not None:
            return "" if len("".join(text.split())) < self.shortest else None
        if self.wants is not None:
            return "" if re.search(self.wants, text, re.IGNORECASE) is None else None
        if self.wants_not is not None:
            hit = re.search(self.wants_not, text, re.IGNORECASE)
            return hit[0] if hit else None
        pairs, there = _pairs(subject), _pairs(text)
        return "" if pairs and self.near is not None and len(pairs & there) < self.near * len(pairs) else None


class Finding(BaseModel):
    """`phrase`: the words of the reply that are in the way; None where something is missing."""

    model_config = ConfigDict(frozen=True)

    code: str
    zh: str
    en: str
    refused: bool
    phrase: str | None


def findings(text: str, subject: str, rules: Sequence[ReplyRule]) -> list[Finding]:
    """In the order of the rules. Of what was erased nothing is found."""
    if ERASED in (text, subject):
        return []
    found = [(rule, rule.found(text, subject)) for rule in rules]
    return [Finding(code=r.code, zh=r.zh, en=r.en, refused=r.refused, phrase=hit or None) for r, hit in found if hit is not None]


def check_reply(text: str, subject: str, rules: Sequence[ReplyRule]) -> None:
    """Raises Refusal for the first rule by which it is not taken."""
    for finding in findings(text, subject, rules):
        if finding.refused:
            said = f"“{finding.phrase}”" if finding.phrase else ""
            raise Refusal(f"REPLY_{finding.code}", f"{finding.zh}{said}", f"{finding.en} {said}".strip(), "text")


def _pairs(text: str) -> set[str]:
    """Of neighbouring characters, letters and digits alone."""
    kept = "".join(sign for sign in text.casefold() if sign.isalnum())
    return {kept[at : at + 2] for at in range(len(kept) - 1)}
