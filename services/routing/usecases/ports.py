"""What routing's commands need of the world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.routing.domain.case import Case
from shared.identity.access import Access
from shared.writer import Writer


@dataclass(frozen=True)
class Handling:
    """One writer, the business clock, and how a case is authorised."""

    writer: Writer
    reference_key: bytes
    now: Callable[[], datetime]
    access_of: Callable[[Case], Access]
