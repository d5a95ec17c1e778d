"""Whose rates are whose: by role, of which territory or department, and which of their grievances may be listed.

Whoever is of a department learns of no answer that is hidden from those who handle it (0047): it is counted beside, and in neither
share. Of its own grievances a department lists who answered and who did not, never who said what (0048).
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from services.feedback.domain.rates import SURVEYED, by_department, has_departments, month_of
from services.feedback.domain.shares import Asked, By
from services.feedback.store.rates import Wanted
from shared.identity.access import Access, may_see
from shared.identity.errors import Forbidden, Refusal
from shared.identity.roles import Role
from shared.identity.scopes import prefixes
from shared.identity.viewer import Viewer

WATCHERS = (Role.DISPATCHER, Role.SUPERVISOR, Role.COUNTY_ADMIN, Role.CITY_ADMIN)
JUDGED = (Role.HANDLER, Role.DEPARTMENT_HEAD)
_MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])", re.ASCII)


def of_watcher(viewer: Viewer, division: str | None) -> Asked:
    """Of the viewer's territory, or of a division of it."""
    viewer.require(*WATCHERS)
    if division is None:
        codes = {scope.code for scope in viewer.scopes}
        if len(codes) != 1:
            raise Refusal("DIVISION_MISSING", "请指定一个区划。", "Name one division.", "division")
        (division,) = codes
    prefix = prefix_asked(viewer, division)
    return Asked(f"division:{prefix}", viewer.department)


def prefix_asked(viewer: Viewer, division: str) -> str:
    """Of a division of the viewer's territory. Raises Refusal."""
    own = prefixes(division)
    if not own:
        raise Refusal("DIVISION_UNKNOWN", "没有这个区划代码。", "There is no such division.", "division")
    if not viewer.covers(division):
        raise Forbidden("OUT_OF_SCOPE", "该地区不在您的管辖范围内。", "This division is outside your scope.", "division")
    return own[-1]


def parts_of(asked: Asked, by: By) -> By:
    """Raises Refusal where it is not counted by department."""
    if by == "DEPARTMENT" and not has_departments(asked.key):
        raise Refusal("NO_CITY_OR_COUNTY", "按部门统计，请指定一个市或县。", "By department: name a city or a county.", "division")
    return by


def at_department(asked: Asked, department: str) -> Asked:
    """A department's row: the department in that city or county."""
    parts_of(asked, "DEPARTMENT")
    return replace(asked, key=by_department(asked.key, department))


def of_department(viewer: Viewer) -> Asked:
    """Of the viewer's own department."""
    viewer.require(*JUDGED)
    if not viewer.department:
        raise Refusal("NO_DEPARTMENT", "您不属于任何部门。", "You are of no department.")
    return Asked(f"department:{viewer.department}", viewer.department, judged=True)


def listed(wanted: Wanted) -> Wanted:
    """Raises Refusal for what a department is not told of single grievances."""
    if wanted.asked.judged and wanted.rate in SURVEYED and wanted.which in ("MET", "NOT_MET"):
        raise Refusal(
            "GRADES_NOT_HERE",
            "承办部门不能按评价结果查看诉求。",
            "A department does not list its grievances by what was answered.",
            "which",
        )
    return wanted


def may_list(viewer: Viewer, access: Access) -> bool:
    """Whether such a grievance may stand in a list of rates of the viewer's: the matrix is made of it."""
    if not may_see(viewer, access):
        return False
    watches = viewer.has(*WATCHERS) and viewer.covers(access.division)
    return watches or (viewer.has(*JUDGED) and viewer.department in access.departments)


def month_asked(month: str | None, now: datetime) -> str:
    """The month now, in China, where none is named."""
    if month is not None and not _MONTH.fullmatch(month):
        raise Refusal("BAD_MONTH", "月份应为 2020-06。", "A month reads 2020-06.", "month")
    return month or month_of(now)
