"""Trusted documents: what frontends have uploaded in their build, asked for by hash; in production nothing else runs.

    python -m gateway.trusted_documents make DIR                 a manifest of all operations in DIR's .graphql files, to standard output
    python -m gateway.trusted_documents upload --app web --version 1.4.0 manifest.json
    python -m gateway.trusted_documents list
    python -m gateway.trusted_documents remove --app web --version 1.3.0

The manifest is Apollo's (`apollo-persisted-query-manifest`, version 1), which the usual frontend tools write. A document is kept once,
with the versions of the apps that have it; it goes when the last of them goes. A client sends its SHA-256 either as
`extensions.persistedQuery.sha256Hash` (the hash form of automatic persisted queries; nothing is ever registered by asking) or as
`documentId` (GraphQL over HTTP, appendix on persisted documents: `sha256:<hex>`).
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import re
import sys
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    Visitor,
    parse,
    print_ast,
    validate,
    visit,
)

from gateway.api_keys import gateway_database
from gateway.settings import GatewaySettings
from gateway.supergraph_file import read_supergraph
from shared.mongo import Database
from shared.records import store_errors

COLLECTION = "trusted_documents"
FORMAT = "apollo-persisted-query-manifest"
REMEMBERED = 2_000
_HASH = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


class BadManifest(Exception):
    """The manifest cannot be taken; the message says which operation and why."""


@dataclass(frozen=True)
class Document:
    """One operation by the SHA-256 of its text."""

    hash: str
    name: str
    body: str


def hash_of(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def read_manifest(text: str, schema: GraphQLSchema) -> list[Document]:
    """Every operation of a manifest, valid against the schema and true to its hash. Raises BadManifest."""
    try:
        manifest = json.loads(text)
        if manifest["format"] != FORMAT or manifest["version"] != 1:
            raise BadManifest(f"the manifest is not {FORMAT}, version 1")
        operations = [Document(each["id"], each["name"], each["body"]) for each in manifest["operations"]]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise BadManifest(f"the manifest cannot be read: {type(error).__name__} {error}") from None
    for each in operations:
        if each.hash != hash_of(each.body):
            raise BadManifest(f"{each.name}: the id is not the SHA-256 of the body")
        try:
            faults = validate(schema, parse(each.body))
        except GraphQLError as error:
            faults = [error]
        if faults:
            raise BadManifest(f"{each.name}: {faults[0].message}")
    return operations


def make_manifest(documents: Iterable[str]) -> str:
    """The manifest of all operations in these texts, each with the fragments that it uses. Raises GraphQLError, BadManifest."""
    nodes = [definition for text in documents for definition in parse(text, no_location=True).definitions]
    fragments = {node.name.value: node for node in nodes if isinstance(node, FragmentDefinitionNode)}
    rows = []
    for node in nodes:
        if not isinstance(node, OperationDefinitionNode):
            continue
        if node.name is None:
            raise BadManifest("an operation has no name")
        used: dict[str, FragmentDefinitionNode] = {}
        _collect(node, fragments, used)
        body = print_ast(DocumentNode(definitions=(node, *used.values())))
        rows.append({"id": hash_of(body), "name": node.name.value, "type": node.operation.value, "body": body})
    return json.dumps({"format": FORMAT, "version": 1, "operations": rows}, ensure_ascii=False, indent=2)


def _collect(
    node: OperationDefinitionNode | FragmentDefinitionNode, known: Mapping[str, FragmentDefinitionNode], used: dict[str, Any]
) -> None:
    spread: list[str] = []

    class Spreads(Visitor):
        def enter_fragment_spread(self, each: FragmentSpreadNode, *_: Any) -> None:
            spread.append(each.name.value)

    visit(node, Spreads())
    for name in spread:
        if name not in known:
            raise BadManifest(f"there is no fragment {name}")
        if name not in used:
            used[name] = known[name]
            _collect(known[name], known, used)


class Documents(Protocol):
    """Where trusted documents are kept."""

    async def body_of(self, hash: str) -> str | None: ...


class MongoDocuments:
    """The collection `trusted_documents`: _id is the hash; `apps` are `app@version`."""

    def __init__(self, base: Database) -> None:
        self._documents = base[COLLECTION]

    async def upload(self, app: str, version: str, documents: Iterable[Document]) -> None:
        """Repeating it changes nothing."""
        for each in documents:
            change = {"$setOnInsert": {"name": each.name, "body": each.body}, "$addToSet": {"apps": f"{app}@{version}"}}
            with store_errors():
                await self._documents.update_one({"_id": each.hash}, change, upsert=True)

    async def remove(self, app: str, version: str) -> int:
        """How many documents were only this version's, and went with it."""
        with store_errors():
            await self._documents.update_many({"apps": f"{app}@{version}"}, {"$pull": {"apps": f"{app}@{version}"}})
            return int((await self._documents.delete_many({"apps": []})).deleted_count)

    async def all(self) -> list[dict[str, Any]]:
        with store_errors():
            return list(await self._documents.find({}, {"body": 0}).sort("_id", 1).to_list(None))

    async def body_of(self, hash: str) -> str | None:
        with store_errors():
            row = await self._documents.find_one({"_id": hash})
        return row["body"] if row else None


class Remembered:
    """A document never changes under its hash: what was found is kept in memory, what was not is looked for again."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._bodies: OrderedDict[str, str] = OrderedDict()

    async def body_of(self, hash: str) -> str | None:
        if not _HASH.fullmatch(hash):
            return None
        body = self._bodies.get(hash)
        if body is None:
            body = await self._documents.body_of(hash)
            if body is None:
                return None
            if len(self._bodies) >= REMEMBERED:
                self._bodies.popitem(last=False)
            self._bodies[hash] = body
        return body


async def run(arguments: argparse.Namespace, settings: GatewaySettings) -> int:
    if arguments.command == "make":
        print(make_manifest(path.read_text("utf-8") for path in sorted(arguments.directory.rglob("*.graphql"))))
        return 0
    base, close = gateway_database(settings)
    documents = MongoDocuments(base)
    try:
        if arguments.command == "list":
            for row in await documents.all():
                print(json.dumps({"hash": row["_id"], "name": row["name"], "apps": row["apps"]}))
        elif arguments.command == "upload":
            found = read_manifest(arguments.manifest.read_text("utf-8"), read_supergraph(settings.supergraph).public)
            await documents.upload(arguments.app, arguments.version, found)
            print(f"{len(found)} documents of {arguments.app}@{arguments.version} are trusted · 已登记 {len(found)} 个文档")
        else:
            gone = await documents.remove(arguments.app, arguments.version)
            print(f"{gone} documents went with {arguments.app}@{arguments.version} · 随之移除 {gone} 个文档")
    finally:
        close()
    return 0


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise argparse.ArgumentTypeError("letters, digits, dots, hyphens and underscores, 64 at most")
    return text


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m gateway.trusted_documents", description="What production runs.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("make", help="a manifest of a folder's .graphql files").add_argument("directory", type=Path)
    for name, told in (("upload", "trust a manifest's operations"), ("remove", "forget a version")):
        command = commands.add_parser(name, help=told)
        command.add_argument("--app", type=_name, required=True)
        command.add_argument("--version", type=_name, required=True)
        if name == "upload":
            command.add_argument("manifest", type=Path)
    commands.add_parser("list", help="all, a JSON line each")
    try:
        return asyncio.run(run(parser.parse_args(), GatewaySettings()))
    except (BadManifest, GraphQLError, OSError) as fault:
        print(f"{fault} · 无法处理", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
