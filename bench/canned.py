"""Subgraphs that answer at once: `python -m bench.canned --ports intake=8101,routing=8102,feedback=8103`.

The first time that a request comes it is executed against the service's committed SDL with made-up, plausible values; after that its
bytes are answered from memory. So what a bench measures is the gateway before it, not they.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
from functools import partial
from typing import Any

import httptools
import orjson
import uvloop
from graphql import GraphQLEnumType, GraphQLList, GraphQLNonNull, GraphQLResolveInfo, GraphQLSchema, build_ast_schema, execute_sync, parse

from tools.supergraph.compose import committed_subgraphs

ROWS = 20
WORDS = {
    "subject": "小区指示牌破损",
    "text": "后作街小区门口的指示牌破旧，看不清字，老人和外来的车辆常常走错路，希望尽快更换。" * 2,
    "fullName": "济宁市曲阜市鲁城街道鼓楼社区",
    "displayName": "孔*莹",
    "name": "鲁城街道党工委",
    "what": "the work order was accepted",
    "whatZh": "部门已接单办理",
    "by": "HANDLER D-370881001-DGW",
}


def value(info: GraphQLResolveInfo[Any], kind: Any, seed: str) -> Any:
    """Something plausible of this type; the same for the same place."""
    if isinstance(kind, GraphQLNonNull):
        kind = kind.of_type
    digest = hashlib.sha256(seed.encode()).hexdigest()
    if isinstance(kind, GraphQLList):
        rows = ROWS if info.field_name == "edges" else 3
        return [value(info, kind.of_type, f"{seed}.{index}") for index in range(rows)]
    if isinstance(kind, GraphQLEnumType):
        return list(kind.values)[int(digest[:4], 16) % len(kind.values)]
    name = kind.name
    plain = {"Int": int(digest[:3], 16), "Float": 0.5, "Boolean": int(digest[0], 16) % 2 == 0, "DateTime": "2020-06-05T09:00:00+08:00"}
    if name in plain:
        return plain[name]
    if name == "ID":
        return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"
    if name == "String":
        return WORDS.get(info.field_name, f"370881-20200605-{digest[:6]}")
    return {"__seed": seed}


class Canned:
    """One subgraph: request bytes → answer bytes. `asked` counts requests to all of them."""

    asked = 0

    def __init__(self, sdl: str) -> None:
        self._schema: GraphQLSchema = build_ast_schema(parse(sdl), assume_valid_sdl=True)
        self._known: dict[bytes, bytes] = {}

    def answer(self, body: bytes) -> bytes:
        Canned.asked += 1
        known = self._known.get(body)
        if known is None:
            known = self._known[body] = self._execute(orjson.loads(body))
        return known

    def _execute(self, request: dict[str, Any]) -> bytes:
        result = execute_sync(
            self._schema,
            parse(request["query"]),
            root_value={"__seed": "root"},
            variable_values=request.get("variables"),
            field_resolver=self._resolve,
            type_resolver=lambda source, *_: source["__typename"],
        )
        return orjson.dumps(result.formatted)

    def _resolve(self, source: dict[str, Any], info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        if info.field_name == "_entities":
            return [{**each, "__seed": str(sorted(each.items()))} for each in arguments["representations"]]
        if info.field_name in source:
            return source[info.field_name]
        return value(info, info.return_type, f"{source['__seed']}.{info.field_name}")


class Connection(asyncio.Protocol):
    """One keep-alive connection of a gateway. No pipelining; a GET asks how many requests there were."""

    def __init__(self, canned: Canned) -> None:
        self._canned = canned
        self._parser = httptools.HttpRequestParser(self)
        self._chunks: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, chunk: bytes) -> None:
        self._chunks.append(chunk)

    def on_message_complete(self) -> None:
        answer = b"%d" % Canned.asked if self._parser.get_method() == b"GET" else self._canned.answer(b"".join(self._chunks))
        self._chunks.clear()
        self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(answer), answer))


async def serve(ports: dict[str, int]) -> None:
    sdls = {each.name: each.sdl for each in committed_subgraphs()}
    loop = asyncio.get_running_loop()
    for name, port in ports.items():
        canned = Canned(sdls[name])
        await loop.create_server(partial(Connection, canned), "127.0.0.1", port)
    print("ready", flush=True)
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.canned", description=__doc__)
    parser.add_argument("--ports", required=True, help="name=port,…")
    pairs = (part.partition("=") for part in parser.parse_args().ports.split(","))
    uvloop.run(serve({name: int(port) for name, _, port in pairs}))


if __name__ == "__main__":
    main()
