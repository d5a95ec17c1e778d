"""Requests that are refused, full of personal data where it does not belong: what is wrong with a request must not carry it into a log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLList, GraphQLNonNull, GraphQLScalarType, GraphQLSchema

from tests.journeys.planting import Garden


@dataclass(frozen=True)
class Wrong:
    """`what`: for the reader of a find."""

    what: str
    body: bytes = b""
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    query_string: str = ""


def wrong_requests(schema: GraphQLSchema, garden: Garden) -> Iterator[Wrong]:
    """Every mutation in five ways, and what is wrong with every request alike."""
    fields = schema.mutation_type.fields if schema.mutation_type else {}
    for name, mutation in fields.items():
        kind = mutation.args["input"].type
        text = f"mutation($input: {kind}) {{ {name}(input: $input) {{ __typename }} }}"
        ok, everywhere = _value(kind, garden, everywhere=False), _value(kind, garden, everywhere=True)
        yield _asked(f"{name}: an unknown field", text, {"input": {**ok, "note2": garden.words(garden.name())}})
        yield _asked(f"{name}: words for everything", text, {"input": everywhere})
        yield _asked(f"{name}: words for the input", text, {"input": garden.words(garden.name())})
        inline = json.dumps(garden.words(garden.name()), ensure_ascii=False)
        yield _asked(f"{name}: words for a literal", f"mutation {{ {name}(input: {inline}) {{ __typename }} }}", {})
        yield _asked(f"{name}: no syntax", f"mutation {{ {name}(input: {{ {garden.name()}: {inline} }} {{ __typename", {})
    yield from _wrong_alike(garden)


def refusable_requests(schema: GraphQLSchema, garden: Garden) -> Iterator[Wrong]:
    """Every mutation with an input of the right types and nothing but personal data in its texts: to be sent by who may do nothing."""
    for name, mutation in (schema.mutation_type.fields if schema.mutation_type else {}).items():
        kind = mutation.args["input"].type
        text = f"mutation($input: {kind}) {{ {name}(input: $input) {{ __typename{_refused(mutation)} }} }}"
        yield _asked(f"{name}: texts", text, {"input": _value(kind, garden, everywhere=False)})


def _refused(mutation: Any) -> str:
    union = mutation.type.of_type if isinstance(mutation.type, GraphQLNonNull) else mutation.type
    return "".join(f" ... on {each.name} {{ code message messageZh field }}" for each in union.types if each.name.endswith("Refused"))


def _asked(what: str, query: str, variables: dict[str, Any]) -> Wrong:
    return Wrong(what, json.dumps({"query": query, "variables": variables}).encode())


def _value(kind: Any, garden: Garden, *, everywhere: bool) -> Any:
    """An input in which each text is planted, or, `everywhere`, what is no text too."""
    if isinstance(kind, GraphQLNonNull):
        return _value(kind.of_type, garden, everywhere=everywhere)
    if isinstance(kind, GraphQLList):
        return [_value(kind.of_type, garden, everywhere=everywhere)]
    if isinstance(kind, GraphQLInputObjectType):
        return {name: _value(each.type, garden, everywhere=everywhere) for name, each in kind.fields.items()}
    name = garden.name()
    if everywhere or (isinstance(kind, GraphQLScalarType) and kind.name in ("String", "ID")):
        return garden.words(name)
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    return {"Int": 1, "Float": 1.0, "Boolean": True, "Date": "2026-06-05", "DateTime": "2026-06-05T00:00:00Z"}[kind.name]


def _wrong_alike(garden: Garden) -> Iterator[Wrong]:
    """Wrong whatever is asked."""
    json_type = {"content-type": "application/json"}
    words, me = garden.words(garden.name()), json.dumps({"query": "{ me { sub } }"}).encode()
    yield Wrong("no JSON", words.encode())
    yield Wrong("broken JSON", json.dumps({"query": words}, ensure_ascii=False).encode()[:-3])
    yield Wrong("words for an operation's name", json.dumps({"query": "query A { me { sub } }", "operationName": words}).encode())
    yield Wrong("words for variables", json.dumps({"query": "query A { me { sub } }", "variables": words}).encode())
    yield Wrong("a variable too many", json.dumps({"query": "query A { me { sub } }", "variables": {words: words}}).encode())
    yield Wrong("words for a field", json.dumps({"query": f"{{ {garden.name()} }}"}).encode())
    yield Wrong("words in a comment", json.dumps({"query": f"{{ me {{ sub }} # {words}\n ?"}).encode())
    yield Wrong("words for a document's id", json.dumps({"documentId": words}).encode())
    yield Wrong("an unknown number", json.dumps({"query": f'{{ grievance(number: "{words}") {{ id }} }}'}).encode())
    yield Wrong("an unknown place", json.dumps({"query": f'{{ locate(text: "{words}") {{ __typename }} }}'}).encode())
    entity = {"r": [{"__typename": garden.name(), "id": words}, {"__typename": "Grievance", "id": words}]}
    asked = {"query": "query($r: [_Any!]!) { _entities(representations: $r) { __typename } }", "variables": entity}
    yield Wrong("words for an entity", json.dumps(asked).encode())
    yield Wrong("a token that is none", me, headers={**json_type, "authorization": f"Bearer {garden.mail()}.{garden.phone()}.x"})
    yield Wrong("words for a request's id", me, headers={**json_type, "x-request-id": garden.phone(), "traceparent": garden.mail()})
    yield Wrong("words for what was written", me, headers={**json_type, "minyi-after": f"{garden.mail()}:{garden.phone()}"})
    yield Wrong("words for a key", me, headers={**json_type, "x-api-key": garden.phone()})
    yield Wrong("words for a user agent", me, headers={**json_type, "user-agent": quote(words), "referer": f"http://a/{garden.phone()}"})
    for query_string in (f"query={quote(words)}", f"{quote(garden.name())}={garden.phone()}", f"query=%7Bme%7Bsub%7D%7D&variables={words}"):
        yield Wrong("words in an address", b"", "GET", {}, query_string)
