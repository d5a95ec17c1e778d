"""What a hostile query cannot do: take long to plan, fill memory, or bring the engine down."""

from __future__ import annotations

import gc
import time
from contextlib import suppress

import pytest
from graphql import GraphQLError

from gateway.engine import engine as engine_module
from gateway.engine.engine import Engine
from gateway.engine.errors import Refused
from tests.gateway.cases import ALL


def nested(body: str, depth: int, leaf: str) -> str:
    """`body` with itself at every @, `depth` times."""
    text = leaf
    for _ in range(depth):
        text = body.replace("@", text)
    return text


def fragments(count: int, body: str, on: str, leaf: str) -> str:
    """Fragments of which each spreads the one before several times: the written-out operation doubles with each."""
    made = [f"fragment F0 on {on} {{ {leaf} }}"]
    made += [f"fragment F{n} on {on} {{ {body.replace('@', f'...F{n - 1}').replace('#', str(n))} }}" for n in range(1, count + 1)]
    return "\n".join(made)


HOSTILE = {
    "deep": ("circle", "{ humans { " + nested("friend { @ }", 90, "name code motto") + " } }"),
    "deeper than the parser takes": ("circle", "{ humans { " + nested("friend { @ }", 400, "name") + " } }"),
    "branching": ("circle", "{ humans { " + nested("a: friend { @ } b: boss { @ } c: likes { @ }", 5, "name code") + " } }"),
    "wide": ("circle", "{ humans { " + " ".join(f"a{n}: friend {{ b{n}: boss {{ code motto }} }}" for n in range(300)) + " } }"),
    "one field many times": ("circle", "{ humans { " + "name " * 4900 + "} }"),
    "one object many times": ("circle", "{ humans { " + "friend { name } " * 1200 + "} }"),
    "many spreads": ("circle", "{ humans { " + "...F0 " * 2000 + "} } " + fragments(0, "", "Human", "name code")),
    "doubling fragments": ("circle", "{ humans { ...F30 } } " + fragments(30, "a#: friend { @ } b#: boss { @ }", "Human", "name")),
    "doubling, just small enough": (
        "io_two",
        "{ animals { ...F8 } } "
        + fragments(8, "friend { @ diet } m#: meals { eater { @ species ... on Lion { mane } } }", "Animal", "health diet"),
    ),
    "doubling over types": (
        "abstract_types",
        "{ products { ...F8 } } "
        + fragments(8, "... on Book { similar { @ delivery { fastest } } } ... on Magazine { similar { @ } }", "Product", "id"),
    ),
    "a fragment in itself": ("circle", "{ humans { ...F } } fragment F on Human { name friend { ...F } }"),
    "long ways": ("keys_hops", "{ " + " ".join(f"a{n}: stops {{ inE line {{ ends {{ inE inD }} }} }}" for n in range(100)) + " }"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_is_planned_or_refused_within_a_second(name: str) -> None:
    case, query = HOSTILE[name]
    federation = ALL[case].start()
    # What all tests before it left in memory is not walked in the planner's time.
    gc.collect()
    gc.freeze()
    began = time.thread_time()
    with suppress(GraphQLError, Refused):
        federation.engine.plan(query)
    assert time.thread_time() - began < 1


async def test_refuses_what_has_too_many_fields() -> None:
    answer = await ALL["circle"].start().ask(HOSTILE["doubling fragments"][1])
    message = "The operation asks for more than 5000 fields, or for one of them more than 200 times."
    zh = "请求的文档或变量无效。"
    assert answer == {"errors": [{"message": message, "extensions": {"code": "GRAPHQL_VALIDATION_FAILED", "messageZh": zh}}]}


async def test_refuses_what_needs_too_many_fetches() -> None:
    answer = await ALL["keys_hops"].start().ask(HOSTILE["long ways"][1])
    extensions = {"code": "OPERATION_REFUSED", "messageZh": "网关无法执行此操作。"}
    assert answer == {"errors": [{"message": "the operation needs too many fetches", "extensions": extensions}]}


async def test_keeps_plans_of_as_many_documents_as_it_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    planned: list[str] = []
    real = engine_module.Document
    monkeypatch.setattr(
        engine_module, "Document", lambda graph, text, *more, **how: planned.append(text) or real(graph, text, *more, **how)
    )
    federation = ALL["shop"].start()
    engine = Engine(federation.supergraph, federation, documents=3)
    for name in ("a", "b", "c", "a", "d", "a", "b"):
        await engine.execute(f"{{ {name}: me {{ id }} }}")
    # `b` was the one longest unused when `d` came.
    assert [text[2] for text in planned] == ["a", "b", "c", "d", "b"]


async def test_plans_once_per_document_and_conditions() -> None:
    federation = ALL["shop"].start()
    query = "query($x: Boolean!) { me { id name @include(if: $x) } }"
    first = federation.engine.plan(query, variables={"x": True})
    assert federation.engine.plan(query, variables={"x": True}) is first
    assert federation.engine.plan(query, variables={"x": False}) is not first
