"""Whose board is whose: by role, and of which territory it may be."""

from __future__ import annotations

import re
from datetime import date, datetime

from services.routing.domain.boards import Asked, By, has_departments, has_owners
from services.routing.domain.reckoning import Reckoning
from services.routing.domain.times import month_of
from services.routing.usecases import look_at_desk
from shared.china_time import day_in_china
from shared.identity.errors import Refusal
from shared.identity.viewer import Viewer

_MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])", re.ASCII)


def of_watcher(viewer: Viewer, division: str | None, by: By) -> Asked:
    """Of the viewer's territory, or of a division of it."""
    wanted = look_at_desk.of_watcher(viewer, division)
    if len(wanted.keys) != 1:
        raise Refusal("DIVISION_MISSING", "请指定一个区划。", "Name one division.", "division")
    (key,) = wanted.keys
    if by == "DEPARTMENT" and not has_departments(key):
        raise Refusal("NO_CITY_OR_COUNTY", "按部门统计，请指定一个市或县。", "By department: name a city or a county.", "division")
    if by == "OWNER" and not has_owners(key):
        raise Refusal("NO_COUNTY", "按责任人统计，请指定一个县。", "By owner: name a county.", "division")
    return Asked(key, by, wanted.not_accused)


def of_department(viewer: Viewer) -> Asked:
    """Of the viewer's department, by owner."""
    wanted = look_at_desk.of_department(viewer)
    if not wanted.keys:
        raise Refusal("NO_DEPARTMENT", "您不属于任何部门。", "You are of no department.")
    return Asked(wanted.keys[0], "OWNER", wanted.not_accused)


def month_asked(month: str | None, now: datetime) -> str:
    """The month now, in China, where none is named."""
    if month is not None and not _MONTH.fullmatch(month):
        raise Refusal("BAD_MONTH", "月份应为 2020-06。", "A month reads 2020-06.", "month")
    return month or month_of(now)


def soon_until(now: datetime, reckoning: Reckoning) -> date:
    """The next working day after today."""
    return day_in_china(reckoning.days(now, 1).at)
