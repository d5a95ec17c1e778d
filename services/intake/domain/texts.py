"""What people type into one line: a name, an address, an id of somebody. Trimmed; no control characters, never only blanks. Pure."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator

# Control characters, lone surrogates, line and paragraph separators: they break feeds, sheets and the store's encoding.
_REFUSED = frozenset({"Cc", "Cs", "Zl", "Zp"})


def trimmed(text: str) -> str:
    """The text without blanks at its ends. Raises ValueError for characters that no line has."""
    if any(unicodedata.category(each) in _REFUSED for each in text):
        raise ValueError("control characters are not allowed")
    return text.strip()


def filled(text: str) -> str:
    """As `trimmed`, and not empty."""
    kept = trimmed(text)
    if not kept:
        raise ValueError("must not be blank")
    return kept


Line = Annotated[str, AfterValidator(filled)]
"""A name or an id."""
LineOrNothing = Annotated[str, AfterValidator(trimmed)]
"""What may be left empty: an address."""
