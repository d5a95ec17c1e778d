"""The Viewer: who asks. Every use case begins with `viewer.require(...)`."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.identity.errors import Forbidden, Unauthenticated
from shared.identity.roles import Role
from shared.identity.scopes import Scope


@dataclass(frozen=True)
class Viewer:
    """A verified person or machine client. `refs` are the keyed hashes under which a grievance may name them as petitioner (refs.py)."""

    sub: str
    roles: frozenset[Role] = frozenset()
    scopes: tuple[Scope, ...] = ()
    department: str | None = None
    team: str | None = None
    refs: frozenset[str] = frozenset()
    name: str | None = None
    openid: str | None = field(default=None, repr=False)
    """By which WeChat knows them, where they signed in by it."""

    @property
    def anonymous(self) -> bool:
        return not self.sub

    def has(self, *roles: Role) -> bool:
        """Whether the viewer has one of `roles`."""
        return not self.roles.isdisjoint(roles)

    def require(self, *roles: Role) -> None:
        """Let pass who has one of `roles`; without roles, anybody who is signed in. Raises Unauthenticated or Forbidden."""
        if self.anonymous:
            raise Unauthenticated()
        if roles and not self.has(*roles):
            raise Forbidden("ROLE_MISSING", "您的角色不能进行此操作。", "Your role may not do this.")

    def covers(self, division_code: str) -> bool:
        """Whether one of the viewer's scopes holds the division."""
        return any(scope.covers(division_code) for scope in self.scopes)

    def require_cover(self, division_code: str, field: str = "division") -> None:
        """Raises Forbidden where `covers` says no; `field` is what the division was named by."""
        if not self.covers(division_code):
            raise Forbidden("OUT_OF_SCOPE", "该地区不在您的管辖范围内。", "This division is outside your scope.", field)


ANONYMOUS = Viewer(sub="")
