"""Takes from people's words what names or finds a person, before the words travel (architecture.md, sections 1 and 3). Pure.

Each finding becomes a typed placeholder. Dates, amounts, document numbers, service numbers such as 12345 and the names of places stay:
whoever handles the matter needs them. A pattern that alone could be anything (seven digits, a chat id, a card that fails its check) needs
a word before it that says what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from shared.redaction import homes, numbers
from shared.redaction.kinds import PLACEHOLDERS, Finding, Kind
from shared.redaction.names import NARROW, plain, said_names, spelled

__all__ = ["PLACEHOLDERS", "Finding", "Kind", "Redacted", "find", "redact"]


@dataclass(frozen=True)
class Redacted:
    """The words without what names a person, and the kinds found, each once, in order of first appearance."""

    text: str
    kinds: tuple[Kind, ...]


def redact(text: str, declared_names: Iterable[str] = ()) -> Redacted:
    """`declared_names` are names that the petitioner or the form has given; they are taken out wherever they stand.

    Redacting twice changes nothing more: it is looked again until nothing is found, as a placeholder may move a word away from a number.
    """
    names, kinds = list(declared_names), []
    while findings := find(text, names):
        pieces, at = [], 0
        for finding in findings:
            pieces += [text[at : finding.start], PLACEHOLDERS[finding.kind]]
            at = finding.end
        text = "".join([*pieces, text[at:]])
        kinds += [finding.kind for finding in findings]
    return Redacted(text, tuple(dict.fromkeys(kinds)))


def find(text: str, declared_names: Iterable[str] = ()) -> list[Finding]:
    """What `redact` would take out at first, in order of place, without overlaps."""
    # Full-width digits, letters and signs are read as their narrow forms, one for one: places stay the same.
    narrow = text.translate(NARROW)
    findings: list[Finding] = []
    taken = [False] * len(text)

    def take(kind: Kind, start: int, end: int) -> None:
        if start < end and not any(taken[start:end]):
            taken[start:end] = [True] * (end - start)
            findings.append(Finding(kind, start, end))

    for placeholder in _PLACEHOLDER.finditer(text):
        taken[placeholder.start() : placeholder.end()] = [True] * len(placeholder[0])
    for kind, pattern, accept in (*numbers.RULES, *homes.RULES):
        for match in pattern.finditer(narrow):
            if accept is None or accept(match):
                take(kind, *match.span("it"))
    # A home's code that stood beside a word once means the home everywhere, a name that was said once the person.
    codes = (homes.CODE.match(narrow, one.start, one.end) for one in findings if one.kind is Kind.ROOM)
    for code in _first(code[0] for code in codes if code):
        for match in re.finditer(rf"(?<![0-9A-Za-z.-]){re.escape(code)}(?![\d.-])", narrow):
            take(Kind.ROOM, *match.span())
    spelt = plain(text)
    said = list(said_names(spelt))
    names = {plain(name.strip()) for name in declared_names} | set(_first(match["it"] for match in said))
    for name in sorted((name for name in names if len(name) >= 2), key=len, reverse=True):
        for match in re.finditer(spelled(name), spelt, re.IGNORECASE):
            take(Kind.NAME, *match.span())
    for match in said:
        take(Kind.NAME, *match.span("it"))
    return sorted(findings, key=lambda finding: finding.start)


def _first(found: Iterable[str]) -> Iterable[str]:
    """Each is looked for in the whole text, so that a text of nothing but names would take the square of its length."""
    return islice(dict.fromkeys(found), 50)


_PLACEHOLDER = re.compile("|".join(map(re.escape, PLACEHOLDERS.values())))
