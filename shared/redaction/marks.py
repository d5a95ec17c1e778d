"""Names that are known by their marks alone: who holds a mark finds the name in a text, and never learns it otherwise (0036). Pure.

A mark is `<length>.<keyed hash>` of a name in its plain form. The grievance salts it, so that two grievances of one name are not told to
be of one name. Whoever keeps marks hashes every stretch of a text that is as long as the name.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Collection

from shared.redaction import Redacted, redact
from shared.redaction.names import plain


def name_marks(key: bytes, subject: str, name: str | None) -> list[str]:
    """The mark of a declared name, for the grievance `subject`; none where there is no name, or one that `redact` would not look for."""
    form = _form(name or "")
    return [f"{len(form)}.{_hasher(key, subject)(form)}"] if len(form) >= 2 else []


def redact_marked(text: str, marks: Collection[str], key: bytes, subject: str) -> Redacted:
    """As `redact`, where the names behind the marks are the declared ones."""
    return redact(text, _names(text, marks, key, subject))


def _names(text: str, marks: Collection[str], key: bytes, subject: str) -> set[str]:
    """The names that the text holds, or parts of other words that spell one: `redact` tells a word from a part."""
    hashed = _hasher(key, subject)
    lengths = {int(mark.partition(".")[0]) for mark in marks}
    found = set()
    for latin in (False, True):
        form = _spaced(text) if latin else _closed(text)
        for length in lengths:
            stretches = {form[at : at + length] for at in range(len(form) - length + 1)}
            found |= {each for each in stretches if each.isascii() is latin and f"{length}.{hashed(each)}" in marks}
    return found


def _form(name: str) -> str:
    """In a Latin name spaces part words, in a Chinese one they are nothing."""
    spaced = _spaced(name)
    return spaced if spaced.isascii() else _closed(name)


def _spaced(text: str) -> str:
    return " ".join(plain(text).lower().split())


def _closed(text: str) -> str:
    return "".join(plain(text).lower().split())


def _hasher(key: bytes, subject: str) -> Callable[[str], str]:
    """Keyed once and copied: thousands are asked of a text, and an HMAC of each would take thrice the time."""
    keyed = hashlib.blake2b(key=hmac.digest(key, f"names of {subject}".encode(), "sha256"), digest_size=16)

    def hashed(form: str) -> str:
        made = keyed.copy()
        made.update(form.encode())
        return made.hexdigest()

    return hashed
