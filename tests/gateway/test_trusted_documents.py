"""Trusted documents over the real store: a manifest is made, taken or refused, found by hash, and goes with its version."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema

from gateway.settings import GatewaySettings
from gateway.supergraph_file import read_supergraph
from gateway.trusted_documents import BadManifest, MongoDocuments, Remembered, hash_of, make_manifest, read_manifest
from shared.mongo import Database
from tests.world import ROOT

MINE = "query Mine { grievances(first: 5) { edges { node { ...Line } } } }"
LINE = "fragment Line on Grievance { number ...Status } fragment Status on Grievance { status }"
ME = "query Me { me { sub } }"


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return read_supergraph(GatewaySettings().supergraph).public


def manifest(**changes: Any) -> str:
    made = json.loads(make_manifest([ME]))
    made["operations"][0] |= changes
    return json.dumps(made)


def test_each_operation_takes_the_fragments_that_it_uses(schema: GraphQLSchema) -> None:
    mine, me = read_manifest(make_manifest([MINE, LINE, ME]), schema)
    assert (mine.name, me.name) == ("Mine", "Me")
    assert "fragment Line" in mine.body
    assert "fragment Status" in mine.body
    assert "fragment" not in me.body
    assert mine.hash == hash_of(mine.body)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "cannot be read"),
        ('{"format": "other", "version": 1, "operations": []}', "is not apollo-persisted-query-manifest"),
        (manifest(id="0" * 64), "Me: the id is not the SHA-256"),
        (manifest(body="query Me { you }", id=hash_of("query Me { you }")), "Me: Cannot query field 'you'"),
        (manifest(body="query {", id=hash_of("query {")), "Me: Syntax Error"),
    ],
)
def test_a_manifest_that_cannot_be_trusted_is_refused_with_its_operation(schema: GraphQLSchema, text: str, why: str) -> None:
    with pytest.raises(BadManifest, match=why):
        read_manifest(text, schema)


@pytest.mark.parametrize("texts", [["{ me { sub } }"], ["query A { me { ...Nowhere } }"]])
def test_an_operation_without_a_name_or_a_fragment_that_is_not_there_makes_no_manifest(texts: list[str]) -> None:
    with pytest.raises(BadManifest):
        make_manifest(texts)


async def test_a_document_stays_until_the_last_version_that_has_it_goes(schema: GraphQLSchema, mongo: Database) -> None:
    documents, both = MongoDocuments(mongo), read_manifest(make_manifest([MINE, LINE, ME]), schema)
    for _ in range(2):
        await documents.upload("web", "1", both)
    await documents.upload("web", "2", both[1:])
    assert {row["name"]: row["apps"] for row in await documents.all()} == {"Mine": ["web@1"], "Me": ["web@1", "web@2"]}
    assert await documents.remove("web", "1") == 1
    assert await documents.body_of(both[0].hash) is None
    assert await documents.body_of(both[1].hash) == both[1].body
    assert await documents.remove("web", "1") == 0


async def test_what_was_found_is_remembered_and_what_was_not_is_looked_for_again(schema: GraphQLSchema, mongo: Database) -> None:
    (me,) = read_manifest(make_manifest([ME]), schema)
    documents = MongoDocuments(mongo)
    remembered = Remembered(documents)
    assert await remembered.body_of(me.hash) is None
    await documents.upload("web", "1", [me])
    assert await remembered.body_of(me.hash) == me.body
    await documents.remove("web", "1")
    assert await remembered.body_of(me.hash) == me.body
    assert await remembered.body_of("../../etc/passwd") is None


def test_the_folder_of_a_frontend_becomes_a_manifest_by_the_command(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "mine.graphql").write_text(MINE)
    (tmp_path / "below" / "line.graphql").write_text(LINE)
    command = [sys.executable, "-m", "gateway.trusted_documents", "make", str(tmp_path)]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [each["name"] for each in json.loads(made)["operations"]] == ["Mine"]
