"""Runs a plan: fetches as soon as what they need is there, merged into one data tree."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from gateway.engine.entities import (
    Batch,
    Object,
    client_path_below,
    client_paths,
    compile_representers,
    merge_deep,
    merge_extensions,
    objects_at,
)
from gateway.engine.errors import MESSAGES_ZH, FetchFailed
from gateway.engine.plan import Fetch, Lookup, Plan
from gateway.engine.response_headers import ResponseHeaders, merge_headers
from gateway.engine.transport import Dispatcher, RequestContext

# A list of a thousand rows whose subgraph is down needs no thousand errors to say so.
MAX_ERRORS_PER_FETCH = 100
GraphQLErrorDict = dict[str, Any]


class CompiledFetch:
    """A fetch with everything computed that does not depend on the request."""

    __slots__ = ("body", "fetch", "is_query", "lookups", "releases", "variables")

    def __init__(self, fetch: Fetch) -> None:
        self.fetch = fetch
        self.is_query = fetch.kind == "query"
        self.variables = tuple((name, orjson.dumps(name) + b":") for name in fetch.variables)
        self.lookups = [(each, compile_representers(each.branches), orjson.dumps(each.variable) + b":") for each in fetch.lookups]
        head = b'{"query":' + orjson.dumps(fetch.document)
        self.body = head + (b',"variables":{' if self.variables or self.lookups else b"}")
        # Positions of the fetches that may become ready when this one has ended.
        self.releases: list[int] = []

    def request(self, variables: Mapping[str, Any], batches: list[Batch]) -> bytes:
        if not self.variables and not batches:
            return self.body
        parts = [name + orjson.dumps(variables[key]) for key, name in self.variables if key in variables]
        parts += [name + batch.representations for (_, _, name), batch in zip(self.lookups, batches, strict=True)]
        return self.body + b",".join(parts) + b"}}"


class CompiledPlan:
    __slots__ = ("fetches", "first", "plan", "waits")

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.fetches = [CompiledFetch(fetch) for fetch in plan.fetches]
        self.waits = [len(fetch.needs) for fetch in plan.fetches]
        for position, fetch in enumerate(plan.fetches):
            for need in fetch.needs:
                self.fetches[need - 1].releases.append(position)
        self.first = [position for position, waits in enumerate(self.waits) if waits == 0]


class Execution:
    """One run of a plan. Afterwards `data` holds what came, by data keys, `errors` what failed, in the client's terms,
    `extensions` and `headers` what the subgraphs said beside it (None: no subgraph answered)."""

    __slots__ = ("_context", "_dispatcher", "_plan", "_variables", "_waits", "data", "errors", "extensions", "headers")

    def __init__(self, plan: CompiledPlan, dispatcher: Dispatcher, variables: Mapping[str, Any], context: RequestContext) -> None:
        self.data: Object = {}
        self.errors: list[GraphQLErrorDict] = []
        self.extensions: Object = {}
        self.headers: ResponseHeaders | None = None
        self._plan = plan
        self._dispatcher = dispatcher
        self._variables = variables
        # What follows a mutation must not be shared with reads that began before it.
        self._context = context if plan.plan.kind == "query" else replace(context, reader=None)
        self._waits = plan.waits.copy()

    async def run(self) -> None:
        first = self._plan.first
        if len(self._plan.fetches) == 1:
            await self._perform(self._plan.fetches[0])
        elif first:
            async with asyncio.TaskGroup() as group:
                await self._follow(group, first)

    async def _follow(self, group: asyncio.TaskGroup, ready: list[int]) -> None:
        """Perform the ready fetches and what they release: the first one here, each other in a task of its own."""
        while ready:
            for other in ready[1:]:
                group.create_task(self._follow(group, [other]))
            fetch = self._plan.fetches[ready[0]]
            await self._perform(fetch)
            ready = []
            for position in fetch.releases:
                self._waits[position] -= 1
                if self._waits[position] == 0:
                    ready.append(position)

    async def _perform(self, compiled: CompiledFetch) -> None:
        fetch = compiled.fetch
        batches = [Batch(objects_at(self.data, lookup.path), representers, lookup.typed) for lookup, representers, _ in compiled.lookups]
        targets = [] if batches else objects_at(self.data, fetch.path)
        if not targets and not any(batch.targets for batch in batches):
            return
        body = compiled.request(self._variables, batches)
        try:
            reply = await self._dispatcher.send(fetch.service, body, self._context, query=compiled.is_query)
            self.headers = merge_headers(self.headers, reply.headers)
            answer = _read(reply.body, fetch, batches)
        except FetchFailed as failure:
            self._report_failure(fetch, targets, batches, failure)
            return
        data, errors, extensions = answer.get("data"), answer.get("errors"), answer.get("extensions")
        if type(extensions) is dict:
            merge_extensions(self.extensions, extensions)
        if errors:
            self._report_errors(fetch, targets, batches, errors)
        if data is None:
            return
        for lookup, batch in zip(fetch.lookups, batches, strict=True):
            batch.merge(data[lookup.alias], lookup.deep)
        for target in targets:
            if fetch.deep:
                merge_deep(target, data)
            else:
                target.update(data)

    # --- errors ----------------------------------------------------------------------------------------------------

    def _report_failure(self, fetch: Fetch, targets: list[Object], batches: list[Batch], failure: FetchFailed) -> None:
        extensions = {"code": failure.code, "service": fetch.service, "messageZh": MESSAGES_ZH[failure.code]}
        places = [(fetch, targets)] if targets else list(zip(fetch.lookups, map(_targets, batches), strict=True))
        for place, objects in places:
            prefixes = self._prefixes(place, objects)
            paths = [[*prefix, key] for prefix in prefixes for key in place.client_keys] or prefixes
            for path in paths[:MAX_ERRORS_PER_FETCH]:
                self.errors.append({"message": failure.message, "path": path, "extensions": extensions})

    def _report_errors(self, fetch: Fetch, targets: list[Object], batches: list[Batch], errors: Any) -> None:
        count = 0
        for error in errors if isinstance(errors, list) else [errors]:
            if not isinstance(error, dict):
                error = {"message": str(error)}
            path = error.get("path")
            if not isinstance(path, list):
                path = []
            extensions = {**(error.get("extensions") or {})}
            extensions.setdefault("service", fetch.service)
            for place, objects, rest in _concerned(fetch, targets, batches, path):
                below = client_path_below(place.location, rest)
                for prefix in self._prefixes(place, objects):
                    count += 1
                    if count <= MAX_ERRORS_PER_FETCH:
                        shown = {"message": str(error.get("message", "")), "path": [*prefix, *below], "extensions": extensions}
                        self.errors.append(shown)

    def _prefixes(self, place: Fetch | Lookup, targets: list[Object]) -> list[list[str | int]]:
        """Where the client sees the objects."""
        if not place.path:
            return [[]]
        known = client_paths(self.data, self._plan.plan.root, place.path)
        unique = {id(each): each for each in targets}
        return [path for each in unique for path in known.get(each, ())]


def _targets(batch: Batch) -> list[Object]:
    return batch.targets


def _concerned(
    fetch: Fetch, targets: list[Object], batches: list[Batch], path: list[str | int]
) -> list[tuple[Fetch | Lookup, list[Object], list[str | int]]]:
    """What an error of a subgraph is about: places, the objects there, and the rest of the path below them."""
    if not batches:
        return [(fetch, targets, path)]
    pairs = list(zip(fetch.lookups, batches, strict=True))
    for lookup, batch in pairs:
        if path and path[0] == lookup.alias:
            objects = batch.targets
            if len(path) >= 2:
                objects = [each for each, at in zip(batch.targets, batch.positions, strict=True) if at == path[1]]
            return [(lookup, objects, path[2:])]
    return [(lookup, batch.targets, []) for lookup, batch in pairs if batch.targets]


def _read(body: bytes, fetch: Fetch, batches: list[Batch]) -> dict[str, Any]:
    """A subgraph's answer. Raises FetchFailed when it is not what the specification says an answer is."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise FetchFailed("the subgraph's answer is not JSON", "SUBGRAPH_MALFORMED") from error
    data = answer.get("data") if type(answer) is dict else answer
    if data is None and type(answer) is dict and answer.get("errors"):
        return answer
    if type(data) is not dict or type(answer) is not dict:
        raise FetchFailed("the subgraph's answer is not GraphQL", "SUBGRAPH_MALFORMED")
    for lookup, batch in zip(fetch.lookups, batches, strict=True):
        entities = data.get(lookup.alias)
        if type(entities) is not list or len(entities) <= max(batch.positions, default=-1):
            raise FetchFailed("the subgraph's answer has no entity for each representation", "SUBGRAPH_MALFORMED")
    return answer
