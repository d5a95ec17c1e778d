"""Who acts for a department, and on which cases."""

from __future__ import annotations

from services.routing.domain.case import Case
from services.routing.usecases.ports import Handling
from shared.contracts.intake import Owner
from shared.identity.access import Access, may_see
from shared.identity.errors import Forbidden
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.writer import NoSuchRecord

ROLES = (Role.HANDLER, Role.DEPARTMENT_HEAD)


def may_handle(viewer: Viewer, access: Access) -> bool:
    """Somebody who acts for a department that handles it."""
    return viewer.has(*ROLES) and may_see(viewer, access) and viewer.department in access.departments


def check_visible(parts: Handling, viewer: Viewer, case: Case) -> None:
    """What one may not see does not exist for one."""
    if not may_see(viewer, parts.access_of(case)):
        raise NoSuchRecord("not visible")


def check_department(parts: Handling, viewer: Viewer, case: Case) -> None:
    """The viewer must act for a department that handles the case, and that one must have the work order."""
    order = case.work_order
    if not may_handle(viewer, parts.access_of(case)) or order is None or viewer.department != order.department:
        raise Forbidden("NOT_YOUR_WORK_ORDER", "该工单不属于您所在的部门。", "This work order is not your department's.")


def staff(viewer: Viewer) -> Owner:
    """The viewer as role, unit and id."""
    role = Role.HANDLER if viewer.has(Role.HANDLER) else Role.DEPARTMENT_HEAD
    return Owner(staffId=viewer.sub, role=role, unit=viewer.department or "")
