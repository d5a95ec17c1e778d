"""Whose supervision is whose: what waits for a supervisor in a territory, and what for a department."""

from __future__ import annotations

import re

from services.routing.domain.supervision_desk import Wait, cards_of_department, place_of_cards
from services.routing.usecases.look_at_desk import of_watcher
from services.routing.usecases.parties import HANDLERS, SUPERVISORS, may_handle
from shared.identity.access import Access, may_see
from shared.identity.errors import Refusal
from shared.identity.roles import Role
from shared.identity.viewer import Viewer

OVERSEERS = (*SUPERVISORS, Role.COUNTY_ADMIN, Role.CITY_ADMIN)
ALL_WAITS: tuple[Wait, ...] = ("REPLY", "DECISION", "APPEAL", "ORDER")
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def keys_of_overseer(viewer: Viewer, division: str | None) -> tuple[str, ...]:
    """The territory, or a division of it. Raises Refusal."""
    viewer.require(*OVERSEERS)
    return of_watcher(viewer, division).keys


def keys_of_department(viewer: Viewer) -> tuple[str, ...]:
    viewer.require(*HANDLERS)
    return (f"department:{viewer.department}",) if viewer.department else ()


def may_oversee(viewer: Viewer, access: Access) -> bool:
    """Whether such a case, with an order of the department that handles it, may be found: the matrix is made of it."""
    if not may_see(viewer, access):
        return False
    return may_handle(viewer, access) or (viewer.has(*OVERSEERS) and viewer.covers(access.division))


def checked_month(month: str) -> str:
    """Raises Refusal."""
    if MONTH.fullmatch(month) is None:
        raise Refusal("MONTH_MALFORMED", "月份应如 2026-11。", "A month is written 2026-11.", "month")
    return month


def bucket_prefixes(keys: tuple[str, ...], month: str) -> list[str]:
    """With which the buckets of cards begin that these keys may be told."""
    kinds = [key.partition(":") for key in keys]
    return [place_of_cards(month, name) if kind == "division" else cards_of_department(month, name) for kind, _, name in kinds]
