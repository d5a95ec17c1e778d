"""Rules by which a field of the graph is given or denied. A subgraph's policy.py names one for every field, `Policy` holds the schema
to it, and the matrix field × role (docs/access-matrix.md) is computed from the same rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum

from shared.identity.access import Access, may_know_petitioner, may_see
from shared.identity.roles import Role
from shared.identity.viewer import Viewer


class Held(Enum):
    """Where a rule is held."""

    OBJECT = "by the object that the field belongs to: who has that has this"
    VIEWER = "before the field is resolved, by the viewer alone"
    GRIEVANCE = "before the field is resolved, by the viewer and the grievance"
    QUERY = "in the store's query, and for each node by the rule of its type"
    COMMAND = "by the use case, whose refusal is a value"


@dataclass(frozen=True)
class Rule:
    """`allows` is the whole rule, for one viewer and one grievance. Who is denied reads null, with an error unless `quiet`.

    `codes` are those of a command's refusals, beside UNAUTHENTICATED. `grants`: the rule of the returned object's type is not asked.
    """

    zh: str
    en: str
    held: Held
    allows: Callable[[Viewer, Access], bool]
    quiet: bool = False
    codes: tuple[str, ...] = ()
    grants: bool = False


EVERYBODY = Rule("人人可见", "everybody", Held.OBJECT, lambda _viewer, _access: True)
OF_OBJECT = Rule("随所属对象", "with its object", Held.OBJECT, lambda _viewer, _access: True)
TO_THE_REFUSED = Rule("被拒者本人", "whoever was refused", Held.OBJECT, lambda _viewer, _access: True)
TO_ITS_AUTHOR = Rule("提交者本人", "its author, in the answer", Held.OBJECT, lambda _viewer, _access: True, grants=True)
HOLDS_PIN = Rule("持编号和查询码者", "whoever shows its number and PIN", Held.OBJECT, lambda _viewer, _access: True)
SIGNED_IN = Rule("已登录", "signed in", Held.VIEWER, lambda viewer, _access: not viewer.anonymous)
SEES = Rule("可见该诉求", "may see the grievance", Held.GRIEVANCE, may_see)
LISTED = Rule("仅列可见诉求", "lists what one may see", Held.QUERY, may_see)
KNOWS_PETITIONER = Rule("可知诉求人", "may know the petitioner", Held.GRIEVANCE, may_know_petitioner, quiet=True)


def officials(zh: str, en: str, roles: Iterable[Role]) -> Rule:
    """A query for these roles alone; of which territory or team they may ask, the query itself looks at."""
    allowed = tuple(roles)
    return Rule(zh, en, Held.VIEWER, lambda viewer, _access: viewer.has(*allowed))


def quietly(rule: Rule) -> Rule:
    """The same rule, whose denial reads as nothing there."""
    return replace(rule, quiet=True)


def command(zh: str, en: str, roles: Iterable[Role], ground: Callable[[Viewer, Access], bool], codes: str) -> Rule:
    """A mutation: one of `roles`, and of the grievance what `ground` says; the use case itself begins with both."""
    allowed = tuple(roles)
    return Rule(zh, en, Held.COMMAND, lambda viewer, access: viewer.has(*allowed) and ground(viewer, access), codes=tuple(codes.split()))
