"""python -m tools.matrix [--check]: who may see which field, as docs/access-matrix.md: every field of the three SDL files × every role.

The cells are computed from the rules by which the schemas are held (services/<name>/subgraph/policy.py). A field without a row, or a row
without a field, ends it with an error. `--check` writes nothing and exits 1 where the committed file differs.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from graphql import GraphQLObjectType, GraphQLSchema, GraphQLUnionType, StringValueNode, build_schema, get_named_type

from shared.broker import SERVICES
from shared.identity.access import ROLES_BY_DEPARTMENT, Access
from shared.identity.roles import Role
from shared.identity.rules import TO_THE_REFUSED, Held, Rule
from shared.identity.scopes import Level, Scope
from shared.identity.viewer import ANONYMOUS, Viewer
from shared.policy import Policy, Ungoverned, object_types

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = Path("docs", "access-matrix.md")
ROOTS = ("Query", "Mutation")

ROLE_NAMES = {
    Role.RESIDENT: "群众",
    Role.SECRETARY: "民情书记",
    Role.TEAM_LEADER: "带队领导",
    Role.COMMUNITY_SECRETARY: "社区书记",
    Role.DISPATCHER: "转办员",
    Role.HANDLER: "经办人",
    Role.DEPARTMENT_HEAD: "部门负责人",
    Role.SUPERVISOR: "督查专员",
    Role.CALLER: "回访员",
    Role.AUDITOR: "审计员",
    Role.DATA_OFFICER: "数据专员",
    Role.COUNTY_ADMIN: "县级管理员",
    Role.CITY_ADMIN: "市级管理员",
    Role.OPERATOR: "运维人员",
    Role.MACHINE_CLIENT: "接入系统",
}

# One viewer per role with every claim there is, so that the role alone decides. A handler's department is the one that handles.
_HERE, _ELSEWHERE = "370881001901", "370811001001"
_TEAM, _HANDLING, _OTHER_UNIT = "T-1", "D-HANDLES", "D-OTHER"
_IN_SCOPE = Access(division=_HERE, petitioner_ref="somebody", team=_TEAM, departments=frozenset({_HANDLING}))
_ELSEWHERES = Access(division=_ELSEWHERE, petitioner_ref="somebody", team="T-2", departments=frozenset({"D-ELSEWHERE"}))


@dataclass(frozen=True)
class Relation:
    """How a grievance stands to the viewer."""

    letter: str
    zh: str
    en: str
    access: Access


def _but(access: Access, **changes: object) -> Access:
    return Access(**{**vars(access), **changes})


RELATIONS = (
    Relation("O", "本人的诉求", "the viewer's own, elsewhere", _but(_ELSEWHERES, petitioner_ref="viewer")),
    Relation("P", "本人的诉求，要求保密", "the viewer's own, confidential", _but(_ELSEWHERES, petitioner_ref="viewer", confidential=True)),
    Relation("S", "范围内：所属团队受理、所在部门承办、所辖地区", "in scope: the team's, the department's, the territory's", _IN_SCOPE),
    Relation("C", "范围内，诉求人要求保密", "in scope, the petitioner confidential", _but(_IN_SCOPE, confidential=True)),
    Relation("X", "范围外", "out of scope", _ELSEWHERES),
    Relation(
        "A",
        "涉及访问者所在部门，其余条件全部满足",
        "accuses the viewer's department, on every other ground visible",
        _but(_IN_SCOPE, petitioner_ref="viewer", accused_departments=frozenset({_HANDLING, _OTHER_UNIT})),
    ),
)
ALL = "".join(relation.letter for relation in RELATIONS)
EVER, NEVER = "✓", "–"


def viewer_of(role: Role | None) -> Viewer:
    """None: nobody is signed in."""
    if role is None:
        return ANONYMOUS
    return Viewer(
        sub="viewer",
        roles=frozenset({role}),
        scopes=(Scope(Level.VILLAGE, _HERE),),
        department=_HANDLING if role in ROLES_BY_DEPARTMENT else _OTHER_UNIT,
        team=_TEAM,
        refs=frozenset({"viewer"}),
    )


COLUMNS: tuple[Role | None, ...] = (None, *Role)


@dataclass(frozen=True)
class Row:
    """One field, entity or mutation: its rule, how a denial reads, and per column the relations in which it is given."""

    name: str
    rule: Rule
    denied: str
    cells: tuple[str, ...]


class Subgraph:
    """One subgraph's SDL and policy, and what follows from both."""

    def __init__(self, schema: GraphQLSchema, policy: Policy) -> None:
        policy.check(schema)
        self.schema, self.policy = schema, policy
        self._types = {type_.name: type_ for type_ in object_types(schema)}
        self._ways = {name: list(self._ways_to(type_)) for name, type_ in self._types.items()}

    def rows(self) -> Iterator[Row]:
        """Roots first, entities behind the queries, then the types in the order of the SDL."""
        for type_name in sorted(self._types, key=lambda name: ROOTS.index(name) if name in ROOTS else len(ROOTS)):
            for field in self._types[type_name].fields:
                rule = self.policy.rule(type_name, field)
                yield Row(f"{type_name}.{field}", rule, self._denied(type_name, field, rule), self._cells(type_name, field))
            if type_name == "Query":
                yield from self._entities()

    def _entities(self) -> Iterator[Row]:
        for name, type_ in self._types.items():
            for fields in _keys(type_):
                if name not in self.policy.objects:
                    raise Ungoverned(f"the entity {name} has no rule")
                guarded = self.policy.objects[name]
                denied = "" if guarded.rule.held is Held.OBJECT else "`null`" if guarded.quiet else "`null` + `UNAUTHENTICATED`"
                yield Row(f"_entities → {name}({fields})", guarded.rule, denied, self._cells(name))

    def _cells(self, type_name: str, field: str | None = None) -> tuple[str, ...]:
        def seen(viewer: Viewer, access: Access) -> bool:
            return self._given(type_name, viewer, access) if field is None else self._seen(type_name, field, viewer, access)

        return tuple("".join(each.letter for each in RELATIONS if seen(viewer_of(role), each.access)) for role in COLUMNS)

    def _seen(self, type_name: str, field: str, viewer: Viewer, access: Access) -> bool:
        """Whether this viewer gets a value of this field for such a grievance, in whatever way the graph leads there."""
        rule = self.policy.rule(type_name, field)
        if rule is TO_THE_REFUSED:
            return not all(self._seen(*way, viewer, access) for way in self._ways[type_name])
        if type_name not in ROOTS and not self._given(type_name, viewer, access):
            return False
        if not rule.allows(viewer, access):
            return False
        returned = self._returned(type_name, field)
        return rule.grants or returned not in self.policy.objects or self._given(returned, viewer, access)

    def _given(self, type_name: str, viewer: Viewer, access: Access) -> bool:
        """Whether an object of this type is given: by its own rule, else by any field that leads to it."""
        guarded = self.policy.objects.get(type_name)
        if guarded is not None:
            return guarded.rule.allows(viewer, access)
        return any(self._seen(*way, viewer, access) for way in self._ways[type_name])

    def _denied(self, type_name: str, field: str, rule: Rule) -> str:
        """How a denial reads; codes stand in backticks."""
        if rule.held is Held.COMMAND:
            return " ".join(f"`{code}`" for code in ("UNAUTHENTICATED", *rule.codes))
        if rule.held is Held.QUERY:
            return "不列出 · left out"
        if rule.held is Held.OBJECT:
            return ""
        if rule.quiet:
            return "`null`"
        if rule.held is Held.GRIEVANCE:
            return "`null` + `FORBIDDEN`"
        signed_in = [viewer_of(role) for role in Role]
        by_role = "" if all(rule.allows(viewer, _IN_SCOPE) for viewer in signed_in) else " or `FORBIDDEN`"
        guarded = self.policy.objects.get(self._returned(type_name, field))
        hidden = guarded is not None and guarded.rule.held is Held.GRIEVANCE
        return "`null` + `UNAUTHENTICATED`" + by_role + ("; `null`" if hidden else "")

    def _returned(self, type_name: str, field: str) -> str:
        name: str = get_named_type(self._types[type_name].fields[field].type).name
        return name

    def _ways_to(self, type_: GraphQLObjectType) -> Iterator[tuple[str, str]]:
        names = {type_.name}
        names |= {union.name for union in self.schema.type_map.values() if isinstance(union, GraphQLUnionType) and type_ in union.types}
        for other in self._types.values():
            yield from ((other.name, name) for name, field in other.fields.items() if get_named_type(field.type).name in names)


def _keys(type_: GraphQLObjectType) -> Iterator[str]:
    """The fields of each @key of a type."""
    for node in (type_.ast_node.directives if type_.ast_node else None) or ():
        for argument in node.arguments or ():
            if node.name.value == "key" and argument.name.value == "fields" and isinstance(argument.value, StringValueNode):
                yield argument.value.value


def subgraph(service: str, sdl: str | None = None) -> Subgraph:
    """The committed SDL of a service (or another one) with its policy. Raises Ungoverned."""
    text = sdl if sdl is not None else (ROOT / "services" / service / "subgraph" / "schema.graphql").read_text(encoding="utf-8")
    policy: Policy = importlib.import_module(f"services.{service}.subgraph.policy").POLICY
    return Subgraph(build_schema(text, assume_valid=True, assume_valid_sdl=True), policy)


def document() -> str:
    """The whole matrix as Markdown."""
    lines = [
        "# 谁能看到什么 · Who may see what",
        "",
        "由 SDL 和 `services/*/subgraph/policy.py` 生成（`make matrix`），并由测试逐格向真实子图询问核对。"
        "Generated from the SDL and the policies (`make matrix`); a test asks the real subgraphs for every cell.",
        "",
        "格中字母：访问者与诉求的关系，列出的关系可见。A cell names the relations of viewer and grievance in which the field is given:",
        "",
        "| | 关系 | relation |",
        "| --- | --- | --- |",
        *(f"| {relation.letter} | {relation.zh} | {relation.en} |" for relation in RELATIONS),
        f"| {EVER} | 全部 | all of these |",
        f"| {NEVER} | 均不可见 | none of these |",
        "",
        "每列一种角色，其余条件相同：同一团队、同一地区、同一本人；经办人和部门负责人属于承办部门，其他人属于另一部门。",
        "Every viewer has the same team, territory and identity; handlers and heads are of the handling department, all others of another.",
        "多重角色的权限相加；涉及本部门的诉求，任何角色都看不到。Roles add up; nobody sees what accuses their own department.",
        "列表不计入、不列出看不到的诉求。Lists neither contain nor count what one may not see.",
        "",
    ]
    heads = ["字段 · field", "规则 · rule", "被拒时 · when denied", "未登录<br>anonymous"]
    heads += [f"{ROLE_NAMES[role]}<br>{role.value}" for role in Role]
    for service in SERVICES:
        lines += [f"## {service}", "", _line(heads), _line(["---"] * len(heads))]
        for row in subgraph(service).rows():
            lines.append(_line([row.name, f"{row.rule.zh} · {row.rule.en}", row.denied, *map(_shown, row.cells)]))
        lines.append("")
    return "\n".join(lines)


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _shown(letters: str) -> str:
    return EVER if letters == ALL else letters or NEVER


@dataclass(frozen=True)
class Told:
    """One row as the document tells it: column (a role's name or `anonymous`) → relations, and the codes of a denial."""

    cells: dict[str, frozenset[str]]
    codes: frozenset[str]


def read(text: str) -> dict[str, dict[str, Told]]:
    """The document back: service → field → row. What a reader believes, for whoever holds the graph to it."""
    found: dict[str, dict[str, Told]] = {}
    columns: list[str] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if line.startswith("## "):
            rows = found.setdefault(line[3:], {})
        elif found and len(cells) > 3 and "<br>" in cells[3]:
            columns = [head.split("<br>")[1] for head in cells[3:]]
        elif found and len(cells) > 3 and cells[0] != "---":
            letters = [frozenset(ALL if cell == EVER else cell.replace(NEVER, "")) for cell in cells[3:]]
            rows[cells[0]] = Told(dict(zip(columns, letters, strict=True)), frozenset(re.findall(r"`([A-Z_]+)`", cells[2])))
    return found


def main() -> int:
    try:
        text = document()
    except Ungoverned as fault:
        print(f"the matrix cannot be written: {fault}", file=sys.stderr)
        return 1
    path = ROOT / DOCUMENT
    if "--check" in sys.argv[1:]:
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            print(f"{DOCUMENT} is not what the policies say: run `make matrix`")
            return 1
        return 0
    path.write_text(text, encoding="utf-8")
    print(f"{DOCUMENT} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
