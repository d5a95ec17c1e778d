"""What routing's commands need of the world."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.routing.domain.case import Case, Limit
from services.routing.domain.catalogue import Catalogue
from shared.contracts.intake import DepartmentRow
from shared.identity.access import Access
from shared.writer import Writer


@dataclass(frozen=True)
class Handling:
    """One writer, the business clock, how a case is authorised, the working calendar, the departments by code, the dispatch
    catalogue, and the path of the one category that a text means."""

    writer: Writer
    reference_key: bytes
    now: Callable[[], datetime]
    access_of: Callable[[Case], Access]
    limit: Limit
    departments: Callable[[], Awaitable[Mapping[str, DepartmentRow]]]
    catalogue: Catalogue
    category_of: Callable[[str], str | None]
