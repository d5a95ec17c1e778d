"""Whose desk is whose: which open cases somebody has before them, by role, and how they may narrow that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from services.routing.domain.catalogue import Grade
from services.routing.domain.desks import FOR_DISPATCHERS, IN_HAND, Wanted
from services.routing.usecases.parties import DISPATCHERS, HANDLERS, may_dispatch, may_handle
from shared.contracts.intake import Owner
from shared.contracts.routing import Status
from shared.identity.access import ROLES_BY_TEAM, Access, is_consulted, may_see
from shared.identity.errors import Forbidden, Refusal
from shared.identity.roles import Role
from shared.identity.scopes import prefixes, range_of, widest
from shared.identity.viewer import Viewer

SECRETARIES = (Role.SECRETARY, Role.TEAM_LEADER, Role.COMMUNITY_SECRETARY)
WATCHERS = (Role.DISPATCHER, Role.SUPERVISOR, Role.COUNTY_ADMIN, Role.CITY_ADMIN)


def of_dispatcher(viewer: Viewer, division: str | None) -> Wanted:
    """What waits for a dispatcher in their territory, or in a division of it."""
    viewer.require(*DISPATCHERS)
    return replace(_of_territory(viewer, division), statuses=FOR_DISPATCHERS)


def of_department(viewer: Viewer) -> Wanted:
    """The open work orders of the viewer's department."""
    viewer.require(*HANDLERS)
    return _wanted(viewer, [f"department:{viewer.department}"] if viewer.department else [])


def of_secretary(viewer: Viewer) -> Wanted:
    """What the viewer's team heard; of a community's secretary, who is of no team, what is in the village."""
    viewer.require(*SECRETARIES)
    if viewer.has(*ROLES_BY_TEAM):
        return _wanted(viewer, [f"team:{viewer.team}"] if viewer.team else [])
    return _of_territory(viewer, None)


def of_watcher(viewer: Viewer, division: str | None) -> Wanted:
    """All that is open in the viewer's territory, or in a division of it."""
    viewer.require(*WATCHERS)
    return _of_territory(viewer, division)


def may_find(viewer: Viewer, access: Access) -> bool:
    """Whether such a case may stand on a desk of the viewer's: the matrix is made of it."""
    if may_dispatch(viewer, access) or may_handle(viewer, access):
        return True
    if not may_see(viewer, access):
        return False
    if viewer.has(*ROLES_BY_TEAM) and viewer.team and viewer.team == access.team:
        return True
    return viewer.has(*WATCHERS, Role.COMMUNITY_SECRETARY) and (viewer.covers(access.division) or is_consulted(viewer, access))


@dataclass(frozen=True)
class Narrowing:
    """What a viewer asks for of a desk; all that is named must hold. `department` has it in hand as the lead."""

    status: Status | None = None
    category: str | None = None
    grade: Grade | None = None
    overdue: bool = False
    division: str | None = None
    due_from: datetime | None = None
    due_before: datetime | None = None
    department: str | None = None
    owner: Owner | None = None


def narrowed(wanted: Wanted, by: Narrowing, categories: frozenset[str], now: datetime) -> Wanted:
    """Raises Refusal for what no such desk can have. `categories`: those of the first level."""
    if by.department is not None:
        wanted = replace(wanted, statuses=tuple(each for each in IN_HAND if not wanted.statuses or each in wanted.statuses))
    if by.status is not None:
        if wanted.statuses and by.status not in wanted.statuses:
            names = "、".join(wanted.statuses)
            raise Refusal("STATUS_NOT_HERE", f"本工作台只有：{names}。", f"This desk has {', '.join(wanted.statuses)}.", "status")
        wanted = replace(wanted, statuses=(by.status,))
    if by.category is not None and by.category not in categories:
        raise Refusal("CATEGORY_UNKNOWN", "没有这个一级类别。", "There is no such first-level category.", "category")
    for name, limit in (("dueFrom", by.due_from), ("dueBefore", by.due_before)):
        if limit is not None and limit.tzinfo is None:
            raise Refusal("TIME_WITHOUT_ZONE", "时间应带时区。", "The time must carry a time zone.", name)
    limits = [limit for limit in (by.due_before, now if by.overdue else None) if limit is not None]
    within = range_of(_prefix(by.division)) if by.division is not None else None
    return replace(
        wanted,
        category=by.category,
        grade=by.grade,
        within=within,
        since=by.due_from,
        before=min(limits, default=None),
        department=by.department,
        owner=by.owner,
    )


def _wanted(viewer: Viewer, keys: list[str]) -> Wanted:
    return Wanted(tuple(keys), not_accused=viewer.department)


def _of_territory(viewer: Viewer, division: str | None) -> Wanted:
    if division is not None:
        prefix = _prefix(division)
        if not viewer.covers(division):
            raise Forbidden("OUT_OF_SCOPE", "该地区不在您的管辖范围内。", "This division is outside your scope.", "division")
        return _wanted(viewer, [f"division:{prefix}"])
    return _wanted(viewer, [f"division:{prefix}" for prefix in widest(viewer.scopes)])


def _prefix(division: str) -> str:
    found = prefixes(division)
    if not found:
        raise Refusal("DIVISION_UNKNOWN", "没有这个区划代码。", "There is no such division.", "division")
    return found[-1]
