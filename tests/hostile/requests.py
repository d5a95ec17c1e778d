"""Requests as somebody hostile or careless would send them: operations over the whole schema with odd values, and what is no request."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
)

ODD_STRINGS = (
    "",
    " ",
    "\x00",
    "\u202e反向",
    "😀" * 50,
    "a" * 10_001,
    "'; drop table grievances; --",
    '{"$ne": null}',
    "$where",
    "../../../../etc/passwd",
    "<script>alert(1)</script>",
    "${jndi:ldap://127.0.0.1/a}",
    "٣٧٠٨٨١",
    "2026-13-45T99:99:99Z",
    "\ufeff",
    "null",
)
ODD_NUMBERS = (0, -1, 1, 7, 100, 101, 2**31 - 1, -(2**31))


@dataclass(frozen=True)
class Hostile:
    """One HTTP request to /graphql, and who sends it."""

    who: str
    body: bytes
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    query_string: str = ""


class Attacker:
    """Draws requests from a seed. `known`: values that mean something, such as ids of grievances and codes of divisions."""

    def __init__(self, schema: GraphQLSchema, people: Sequence[str], known: Sequence[str], seed: int) -> None:
        self._schema = schema
        self._people = people
        self._known = known
        self._draw = random.Random(seed)

    def request(self) -> Hostile:
        """Mostly an operation; one in five is broken in its text, its JSON or its HTTP."""
        who = self._draw.choice(self._people)
        if self._draw.random() < 0.8:
            return Hostile(who, self._operation())
        return self._draw.choice((self._broken_text, self._broken_json, self._broken_http))(who)

    # --- operations ---

    def _operation(self) -> bytes:
        text, variables = self._document()
        return orjson.dumps({"query": text, "variables": variables})

    def _document(self) -> tuple[str, dict[str, Any]]:
        kind = "mutation" if self._draw.random() < 0.2 else "query"
        root = self._schema.mutation_type if kind == "mutation" else self._schema.query_type
        assert root is not None
        drawn = _Drawn()
        body = self._selection(root, self._draw.randint(1, 7), drawn)
        head = ", ".join(f"${name}: {type_}" for name, (type_, _) in drawn.variables.items())
        fragments = " ".join(drawn.fragments)
        variables = {name: value for name, (_, value) in drawn.variables.items()}
        return f"{kind}{f'({head})' if head else ''} {body} {fragments}", variables

    def _selection(self, kind: Any, depth: int, drawn: _Drawn) -> str:
        parts = ["__typename"] if self._draw.random() < 0.3 else []
        if isinstance(kind, GraphQLUnionType):
            parts += [f"... on {each.name} {self._selection(each, depth, drawn)}" for each in kind.types if self._draw.random() < 0.7]
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            names = list(kind.fields)
            for name in self._draw.choices(names, k=self._draw.randint(1, min(6, len(names)))):
                parts.append(self._field(name, kind.fields[name], depth, drawn))
            if self._draw.random() < 0.1:
                fragment = f"F{len(drawn.fragments)}"
                drawn.fragments.append("")
                drawn.fragments[-1] = f"fragment {fragment} on {kind.name} {self._selection(kind, depth - 1, drawn)}"
                parts.append(f"...{fragment}")
        return "{ " + " ".join(list(filter(None, parts)) or ["__typename"]) + " }"

    def _field(self, name: str, each: Any, depth: int, drawn: _Drawn) -> str:
        target = get_named_type(each.type)
        composite = isinstance(target, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType)
        if composite and depth <= 0:
            return ""
        # Mostly no two things under one name: a document that does not validate reaches no service.
        alone = bool(each.args) or composite
        alias = f"a{drawn.aliases}: " if alone and self._draw.random() < 0.95 else ""
        drawn.aliases += bool(alias)
        below = f" {self._selection(target, depth - 1, drawn)}" if composite else ""
        return f"{alias}{name}{self._arguments(each.args, drawn)}{below}"

    def _arguments(self, arguments: Mapping[str, GraphQLArgument], drawn: _Drawn) -> str:
        parts = []
        for name, argument in arguments.items():
            if isinstance(argument.type, GraphQLNonNull) or self._draw.random() < 0.5:
                variable = f"v{len(drawn.variables)}"
                drawn.variables[variable] = (str(argument.type), self._value(argument.type, 3))
                parts.append(f"{name}: ${variable}")
        return f"({', '.join(parts)})" if parts else ""

    def _value(self, kind: GraphQLInputType, depth: int) -> Any:
        if isinstance(kind, GraphQLNonNull):
            return self._value(kind.of_type, depth)
        if self._draw.random() < 0.05:
            return self._draw.choice((None, [], {}, "odd", -1, True, 1.5e300))
        if isinstance(kind, GraphQLList):
            return [self._value(kind.of_type, depth - 1) for _ in range(self._draw.choice((0, 1, 2, 25)))] if depth > 0 else []
        if isinstance(kind, GraphQLEnumType):
            return self._draw.choice(list(kind.values))
        if isinstance(kind, GraphQLInputObjectType):
            needed = [name for name, each in kind.fields.items() if isinstance(each.type, GraphQLNonNull) or self._draw.random() < 0.5]
            return {name: self._value(kind.fields[name].type, depth - 1) for name in needed}
        if str(kind) == "Boolean":
            return self._draw.random() < 0.5
        if str(kind) in ("Int", "Float"):
            return self._draw.choice(ODD_NUMBERS)
        return self._draw.choice(self._known) if self._draw.random() < 0.6 else self._draw.choice(ODD_STRINGS)

    # --- what is no request ---

    def _broken_text(self, who: str) -> Hostile:
        text, variables = self._document()
        for _ in range(self._draw.randint(1, 5)):
            at = self._draw.randrange(len(text) + 1)
            match self._draw.randrange(3):
                case 0:
                    text = text[:at] + text[at + 3 :]
                case 1:
                    text = text[:at] + self._draw.choice("{}()$@!:\"'#…\x00\\") + text[at:]
                case _:
                    text = (text[:at] + text)[:20_000]
        return Hostile(who, orjson.dumps({"query": text, "variables": variables}))

    def _broken_json(self, who: str) -> Hostile:
        whole = self._operation()
        at = self._draw.randrange(len(whole))
        bodies = (
            b"",
            b"null",
            b"[]",
            b"[[[[[[[[",
            b'"query"',
            b'{"query": 7}',
            b'{"query": null}',
            b'{"query": "{ me { sub } }", "variables": []}',
            b'{"query": "{ me { sub } }", "operationName": {}}',
            b'{"query": "{ me { sub } }", "extensions": "x"}',
            b'{"documentId": "sha256:' + b"0" * 64 + b'"}',
            b'{"query": "\\ud800"}',
            b"[" * 5_000,
            b'{"query":"' + b"{a" * 3_000 + b'"}',
            whole[:at],
            whole[:at] + bytes([self._draw.randrange(256)]) + whole[at:],
            bytes(self._draw.randrange(256) for _ in range(200)),
            b"[" + whole + b"," + whole + b"]",
        )
        return Hostile(who, self._draw.choice(bodies))

    def _broken_http(self, who: str) -> Hostile:
        body = self._operation()
        requests = (
            Hostile(who, body, "PUT"),
            Hostile(who, body, "DELETE"),
            Hostile(who, body, headers={"content-type": "text/plain"}),
            Hostile(who, body, headers={"content-type": "application/x-www-form-urlencoded"}),
            Hostile(who, body, headers={}),
            Hostile(who, body, headers={"content-type": "application/json", "accept": "image/png"}),
            Hostile(who, body, headers={"content-type": "application/json", "x-api-key": "minyi_0000000000000000_" + "A" * 43}),
            Hostile(who, body, headers={"content-type": "application/json", "minyi-after": "x:y=z"}),
            Hostile(who, body, headers={"content-type": "application/json", "traceparent": "00-\xff-zz"}),
            Hostile(who, body, headers={"content-type": "application/json", "authorization": "Bearer a.b.c"}),
            Hostile(who, body, headers={"content-type": "application/json", "authorization": "Basic " + "A" * 9_000}),
            Hostile(who, b"", "GET", {}, "query=%7B%20me%20%7B%20sub%20%7D%20%7D"),
            Hostile(who, b"", "GET", {}, "query=%7B&variables=%7B"),
            Hostile(who, b"", "GET", {}, "query=mutation+%7B+__typename+%7D"),
            Hostile(who, b"", "GET", {}, "%ff%fe=%00"),
        )
        return self._draw.choice(requests)


@dataclass
class _Drawn:
    variables: dict[str, tuple[str, Any]] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)
    aliases: int = 0
