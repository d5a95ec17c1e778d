"""Whose desk of follow-ups is whose: what waits in a territory, of a team, of a department. Who is several of these has the widest.

Callbacks are for those who oversee a territory, and of these for who has no part in the matter (0052).
"""

from __future__ import annotations

from services.feedback.domain.waiting import BUT_CALLBACKS, EVERYTHING, What
from services.feedback.store.waiting import Desk
from services.feedback.usecases.look_at_callbacks import apart_of, territories
from services.feedback.usecases.look_at_rates import JUDGED, WATCHERS
from shared.identity.access import Access, may_see
from shared.identity.errors import Refusal
from shared.identity.roles import Role
from shared.identity.viewer import Viewer

OF_TEAMS = (Role.SECRETARY, Role.TEAM_LEADER)
ROLES = (*WATCHERS, *OF_TEAMS, *JUDGED)


def desk_of(viewer: Viewer, division: str | None) -> Desk:
    """The viewer's; of a territory also that of a division of it. Raises Refusal."""
    viewer.require(*ROLES)
    if viewer.has(*WATCHERS):
        calls = apart_of(viewer, division)
        return Desk(territories(calls), EVERYTHING, viewer.department, calls)
    if division is not None:
        raise Refusal("NO_TERRITORY", "您的工作台不分区划。", "Your desk has no divisions.", "division")
    return Desk(_own_keys(viewer), BUT_CALLBACKS, viewer.department)


def _own_keys(viewer: Viewer) -> tuple[str, ...]:
    if viewer.has(*OF_TEAMS):
        return (f"team:{viewer.team}",) if viewer.team else ()
    return (f"department:{viewer.department}",) if viewer.department else ()


def asked_of(desk: Desk, what: What) -> What:
    """Raises Refusal for what this desk does not list."""
    if what not in desk.asked:
        raise Refusal("CALLBACKS_NOT_HERE", "您的工作台不列电话回访。", "Your desk does not list callbacks.", "what")
    return what


def may_find(viewer: Viewer, access: Access) -> bool:
    """Whether such a grievance may stand on the viewer's desk, whatever it waits for but a call: the matrix is made of it."""
    if not may_see(viewer, access):
        return False
    if viewer.has(*WATCHERS):
        return viewer.covers(access.division)
    if viewer.has(*OF_TEAMS):
        return viewer.team is not None and viewer.team == access.team
    return viewer.has(*JUDGED) and viewer.department in access.departments
