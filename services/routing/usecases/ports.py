"""What routing's commands need of the world."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from services.routing.domain.approval import ApprovalRule
from services.routing.domain.case import Case
from services.routing.domain.catalogue import Catalogue
from services.routing.domain.reckoning import Reckoning
from services.routing.domain.reply_rules import ReplyRule
from services.routing.domain.targets import Departments
from shared.identity.access import Access
from shared.writer import Writer


@dataclass(frozen=True)
class Handling:
    """One writer, the business clock, how a case is authorised, the limits and the timetable in force, the departments by code, whether
    somebody has owned a case for a department, by (department, staff id), the newest dispatch catalogue, the path of the one category
    that a text means, what a reply is held against, and which replies are approved."""

    writer: Writer
    reference_key: bytes
    now: Callable[[], datetime]
    access_of: Callable[[Case], Access]
    reckoning: Callable[[], Reckoning]
    departments: Callable[[], Awaitable[Departments]]
    has_owned: Callable[[str, str], Awaitable[bool]]
    catalogue: Callable[[], Awaitable[Catalogue]]
    category_of: Callable[[str], str | None]
    reply_rules: tuple[ReplyRule, ...]
    approval_rules: tuple[ApprovalRule, ...]
