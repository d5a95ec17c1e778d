"""The PIN with which a petitioner opens their grievance: told once, at registration, and never stored. Pure.

It is derived from the grievance's id under reference.key, so that a repeated registration tells the same one, and whoever reads the store
finds nothing to guess at: eight digits behind a hash would be found in seconds (docs/decisions/0030).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

DIGITS = 8
FREE_TRIES = 3
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(days=1)


def pin_of(key: bytes, grievance: str) -> str:
    """Eight digits."""
    digest = hmac.new(key, f"pin:{grievance}".encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8], 'big') % 10**DIGITS:0{DIGITS}d}"


def same_pin(typed: str, pin: str) -> bool:
    """As people type it: full-width digits, blanks and hyphens are accepted. In constant time."""
    digits = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", typed))
    return hmac.compare_digest(digits.encode(), pin.encode())


@dataclass(frozen=True)
class Tries:
    """Wrong tries on one number, in real time. `version` guards the write: two tries at once are one."""

    failures: int = 0
    not_before: datetime | None = None
    version: int = 0

    def wait(self, now: datetime) -> timedelta | None:
        """How long until the next try is heard; None when it is heard now."""
        return self.not_before - now if self.not_before is not None and self.not_before > now else None

    def failed(self, now: datetime) -> Tries:
        """After one more wrong try: three are free, then each waits twice as long as the one before, a day at most."""
        failures = self.failures + 1
        over = failures - FREE_TRIES
        delay = min(FIRST_DELAY * 2 ** min(over, 20), LONGEST_DELAY) if over >= 0 else timedelta(0)
        return Tries(failures, now + delay, self.version + 1)
