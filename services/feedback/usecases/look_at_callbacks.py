"""Whose callbacks are whose. Who calls, and who sees of callbacks at all, has nothing to do with the matter: neither the petitioner nor
anybody of a department that handles it or has handled it, of the team that heard it, or who has answered it (0052)."""

from __future__ import annotations

from dataclasses import replace

from services.feedback.domain.callbacks import CallbackReason
from services.feedback.domain.followup import FollowUp
from services.feedback.store.callbacks import Apart
from services.feedback.store.mongo import access_of
from services.feedback.store.waiting import Desk
from services.feedback.usecases.look_at_rates import prefix_asked
from shared.identity.access import ROLES_BY_TEAM, Access, is_petitioner, may_see
from shared.identity.roles import Role
from shared.identity.scopes import widest
from shared.identity.viewer import Viewer

AT_DESK = (Role.CALLER, Role.SUPERVISOR)
OVERSEERS = (Role.SUPERVISOR, Role.COUNTY_ADMIN, Role.CITY_ADMIN)
READERS = (Role.CALLER, Role.DISPATCHER, Role.AUDITOR, *OVERSEERS)


def at_desk(viewer: Viewer, division: str | None, reason: CallbackReason | None = None) -> Desk:
    """What is to be called, in the territory or a division of it. Raises Refusal."""
    viewer.require(*AT_DESK)
    calls = apart_of(viewer, division)
    return Desk(territories(calls), ("CALLBACK",), viewer.department, calls, reason)


def of_overseer(viewer: Viewer, division: str | None) -> Apart:
    """What was not confirmed, likewise. Raises Refusal."""
    viewer.require(*OVERSEERS)
    return apart_of(viewer, division)


def apart_of(viewer: Viewer, division: str | None) -> Apart:
    """The viewer as who has no part in what is listed, in the territory or a division of it. Raises Refusal."""
    places = widest(viewer.scopes) if division is None else (prefix_asked(viewer, division),)
    team = viewer.team if viewer.has(*ROLES_BY_TEAM) else None
    return Apart(places, viewer.department, team, viewer.sub, viewer.refs if viewer.has(Role.RESIDENT) else frozenset())


def territories(calls: Apart) -> tuple[str, ...]:
    """The keys under which these stand."""
    return tuple(f"division:{prefix}" for prefix in calls.prefixes)


def access_to_call(followup: FollowUp) -> Access:
    """As access_of, with the departments of before and those who answered: who handled it is no more apart than who handles it."""
    access = access_of(followup)
    answered = {reply.by.staffId for reply in followup.replies()}
    return replace(access, departments=access.departments.union(followup.involved), handlers=access.handlers | answered)


def has_part(viewer: Viewer, access: Access) -> bool:
    """Of a department that handles it or has, of the team that heard it, or who has handled or answered it themselves. `access`: as
    access_to_call has it."""
    of_team = viewer.has(*ROLES_BY_TEAM) and viewer.team is not None and viewer.team == access.team
    return viewer.department in access.departments or of_team or viewer.sub in access.handlers


def is_apart(viewer: Viewer, access: Access) -> bool:
    """Of the territory, and without a part in the matter. `access`: as access_to_call has it."""
    concerned = has_part(viewer, access) or is_petitioner(viewer, access)
    return may_see(viewer, access) and viewer.covers(access.division) and not concerned


def may_find(viewer: Viewer, access: Access) -> bool:
    """Whether such a grievance may stand in a list of callbacks: the matrix is made of it."""
    return viewer.has(*AT_DESK, *OVERSEERS) and is_apart(viewer, access)


def may_read(viewer: Viewer, access: Access) -> bool:
    return viewer.has(*READERS) and is_apart(viewer, access)
