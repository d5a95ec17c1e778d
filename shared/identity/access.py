"""Who may see a grievance: one rule for one grievance, and the same rule as a filter for lists. Both read ROLES_BY_*; a property test
holds them together.

The rules, in order (domain.md, rules of practice): who belongs to an accused department sees nothing of it, whatever else they are. Then
any of: the petitioner; the team that heard it; a department that handles it; an office whose territory holds its division, or which is
asked what it thinks of it. Operators see none.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from shared.identity.roles import Role
from shared.identity.viewer import Viewer

ROLES_BY_REFERENCE = frozenset({Role.RESIDENT})
ROLES_BY_TEAM = frozenset({Role.SECRETARY, Role.TEAM_LEADER})
ROLES_BY_DEPARTMENT = frozenset({Role.HANDLER, Role.DEPARTMENT_HEAD})
ROLES_BY_DIVISION = frozenset(
    {
        Role.COMMUNITY_SECRETARY,
        Role.DISPATCHER,
        Role.CALLER,
        Role.SUPERVISOR,
        Role.AUDITOR,
        Role.COUNTY_ADMIN,
        Role.CITY_ADMIN,
        Role.DATA_OFFICER,
        Role.MACHINE_CLIENT,
    }
)

AccessField = Literal["petitioner_ref", "team", "departments", "division", "consulted", "accused_departments"]


@dataclass(frozen=True)
class Access:
    """What a service needs to know of a grievance to authorise alone; it travels in events (architecture.md, sections 1 and 3).

    `petitioner_ref` and `own_ref` are keyed hashes (refs.py): of the petitioner, and of whoever told this one grievance. `handlers` are
    staff ids; departments, team and division are codes. `consulted`: divisions below its own whose offices are asked for their opinion now.
    """

    division: str
    petitioner_ref: str | None = None
    team: str | None = None
    departments: frozenset[str] = frozenset()
    handlers: frozenset[str] = frozenset()
    accused_departments: frozenset[str] = frozenset()
    confidential: bool = False
    own_ref: str | None = None
    consulted: frozenset[str] = frozenset()


@dataclass(frozen=True)
class AnyOf:
    """The field equals, or as a list holds, one of `values`."""

    field: AccessField
    values: frozenset[str]


@dataclass(frozen=True)
class Within:
    """`start <= field < end` in plain text order."""

    field: AccessField
    start: str
    end: str


@dataclass(frozen=True)
class Visible:
    """What a viewer may list: any one of the clauses holds, and `not_accused` is not among the accused departments.

    With no clause the viewer may list nothing. `prefixes` says the same as `ranges` for a store that keeps scopes.prefixes(division).
    What a number and PIN have opened is read by its id or number and never listed: `own_ref` has no clause.
    """

    refs: frozenset[str] = frozenset()
    team: str | None = None
    departments: frozenset[str] = frozenset()
    ranges: tuple[tuple[str, str], ...] = ()
    prefixes: frozenset[str] = frozenset()
    not_accused: str | None = None

    @property
    def nothing(self) -> bool:
        return not (self.refs or self.team or self.departments or self.ranges)

    def clauses(self) -> list[AnyOf | Within]:
        """The alternatives, for the store to join by OR; AND the field `accused_departments` must not hold `not_accused`."""
        found: list[AnyOf | Within] = []
        if self.refs:
            found.append(AnyOf("petitioner_ref", self.refs))
        if self.team:
            found.append(AnyOf("team", frozenset({self.team})))
        if self.departments:
            found.append(AnyOf("departments", self.departments))
        if self.prefixes:
            found.append(AnyOf("consulted", self.prefixes))
        return found + [Within("division", start, end) for start, end in self.ranges]

    def admits(self, access: Access) -> bool:
        """The filter applied to one grievance: what a query built from it must answer."""
        if self.not_accused is not None and self.not_accused in access.accused_departments:
            return False
        return any(_holds(clause, access) for clause in self.clauses())


def is_petitioner(viewer: Viewer, access: Access) -> bool:
    """Whether the viewer is, as a resident, the person whose grievance it is."""
    return viewer.has(*ROLES_BY_REFERENCE) and not viewer.refs.isdisjoint({access.petitioner_ref, access.own_ref} - {None})


def may_see(viewer: Viewer, access: Access) -> bool:
    """Whether the viewer may see this grievance at all."""
    if viewer.department is not None and viewer.department in access.accused_departments:
        return False
    if is_petitioner(viewer, access):
        return True
    if viewer.has(*ROLES_BY_TEAM) and viewer.team and viewer.team == access.team:
        return True
    if viewer.has(*ROLES_BY_DEPARTMENT) and viewer.department and viewer.department in access.departments:
        return True
    return viewer.has(*ROLES_BY_DIVISION) and (viewer.covers(access.division) or is_consulted(viewer, access))


def is_consulted(viewer: Viewer, access: Access) -> bool:
    """Whether an office of the viewer's is asked for its opinion now: of exactly that division, none above it."""
    return any(scope.prefix in access.consulted for scope in viewer.scopes)


def may_know_petitioner(viewer: Viewer, access: Access) -> bool:
    """Whether the (masked) identity of the petitioner may be shown. Of a confidential one it is known only to the petitioner and to the
    team that heard it; everybody else needs the reveal that states its purpose."""
    if not may_see(viewer, access):
        return False
    if not access.confidential:
        return True
    if is_petitioner(viewer, access):
        return True
    return bool(viewer.has(*ROLES_BY_TEAM) and viewer.team and viewer.team == access.team)


def access_filter(viewer: Viewer) -> Visible:
    """What the viewer may list, for the stores to build their query from: lists are filtered in the query, not after it."""
    scopes = viewer.scopes if viewer.has(*ROLES_BY_DIVISION) else ()
    return Visible(
        refs=viewer.refs if viewer.has(*ROLES_BY_REFERENCE) else frozenset(),
        team=viewer.team or None if viewer.has(*ROLES_BY_TEAM) else None,
        departments=frozenset({viewer.department}) if viewer.department and viewer.has(*ROLES_BY_DEPARTMENT) else frozenset(),
        ranges=tuple(scope.range() for scope in scopes),
        prefixes=frozenset(scope.prefix for scope in scopes),
        not_accused=viewer.department,
    )


def _holds(clause: AnyOf | Within, access: Access) -> bool:
    value: str | Collection[str] | None = getattr(access, clause.field)
    if isinstance(clause, Within):
        return isinstance(value, str) and clause.start <= value < clause.end
    return value in clause.values if isinstance(value, str) else not clause.values.isdisjoint(value or ())
