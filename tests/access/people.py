"""Who asks: one person per role, every claim alike, so that the role alone makes the difference; and nobody."""

from __future__ import annotations

from typing import Any

from shared.identity.roles import Role

ANONYMOUS = "anonymous"
COLUMNS = (ANONYMOUS, *(role.value for role in Role))

SUB = "wang-all-roles"
TEAM = "T-370881-001"
HERE, ELSEWHERE = "370881001901", "370811002001"
HANDLING, OTHER_UNIT, ELSEWHERE_UNIT, THIRD_UNIT = "D-370881001-DGW", "D-3708-SJJ", "D-3708-JTJ", "D-3708-ZJJ"


def claims(*roles: str, **changes: Any) -> dict[str, Any]:
    """A token's claims. Handlers and heads are of the handling department, all others of another one."""
    handles = bool({"HANDLER", "DEPARTMENT_HEAD"} & set(roles))
    return {
        "sub": SUB,
        "roles": list(roles),
        "team": TEAM,
        "department": HANDLING if handles else OTHER_UNIT,
        "scopes": [{"level": "VILLAGE", "code": HERE}],
        **changes,
    }
