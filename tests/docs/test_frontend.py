"""docs/frontend.md, run from top to bottom as a reader would, on a whole system."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from deploy.local.parts import Parts
from deploy.local.service import Service
from gateway.costs import FILE, MAX_PAGE, CostMap, read_costs
from gateway.limits import Limits
from gateway.settings import GatewaySettings
from gateway.supergraph_file import read_supergraph
from gateway.trusted_documents import MongoDocuments, make_manifest, read_manifest
from shared.china_time import CHINA
from shared.mongo import connect, database
from shared.read_your_writes import HEADER
from shared.settings import CommonSettings
from tests.docs.frontend_examples import PAGE, Example, examples
from tests.journeys.system import System, gateway_of


@pytest.fixture
def system(journey: System) -> System:
    return journey


@pytest.fixture(scope="module")
def gateway(journey: System) -> Iterator[Service]:
    """As in production, but that ad hoc documents run: the page says where they do not."""
    with gateway_of(journey, {"MINYI_TRUSTED_DOCUMENTS_ONLY": "false"}) as started:
        yield started


def found_at(data: Any, path: str) -> Any:
    for name in path.split("."):
        data = data[int(name)] if name.isdigit() else data[name]
    return data


def reasons(answer: dict[str, Any]) -> list[str]:
    """Why a query was refused; no reason is none that the page gives."""
    return [error.get("extensions", {}).get("reason", "") for error in answer.get("errors", [])]


def answer_shown() -> Any:
    """What the page says is answered to a refused query."""
    shown = re.search(r"is answered:\n\n```json\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert shown is not None
    return json.loads(shown[1])


class Reader:
    """Follows the page: keeps what answers name, and sends `after` with each next request."""

    def __init__(self, system: System, url: str, session: aiohttp.ClientSession) -> None:
        # What a reader says themselves.
        self.kept = {"inThreeDays": (datetime.now(CHINA) + timedelta(days=3)).date().isoformat()}
        self._system, self._url, self._session = system, url, session
        self._after: list[str] = []

    async def follow(self, example: Example) -> dict[str, Any]:
        headers = {HEADER: ",".join(self._after)} if self._after else {}
        if example.who != "anonymous":
            headers["authorization"] = f"Bearer {self._system.token(example.who)}"
        body = {"query": example.query, "variables": example.with_values(self.kept)}
        async with self._session.post(f"{self._url}/graphql", json=body, headers=headers) as response:
            answer = dict(await response.json())
        assert reasons(answer) in ([], [example.refused]), (example.query, answer["errors"])
        self._after += answer.get("extensions", {}).get("minyi", {}).get("after", [])
        self.kept |= {name: found_at(answer["data"], path) for name, path in example.keep.items()}
        return answer


async def test_every_example_of_the_page_does_what_it_says(system: System, gateway: Service) -> None:
    answers: dict[str, Any] = {}
    async with aiohttp.ClientSession() as session:
        reader = Reader(system, gateway.url, session)
        for example in examples():
            answer = await reader.follow(example)
            name = re.search(r"(?:query|mutation) (\w+)", example.query)
            assert name is not None
            answers[name[1]] = answer["data"]
            codes = [value["code"] for value in answer["data"].values() if isinstance(value, dict) and "code" in value]
            assert [*codes, *reasons(answer)] == ([example.refused] if example.refused else [])
            if name[1] == "NoSuchMonth":
                assert answer == answer_shown()
    assert answers["Me"]["me"]["roles"] == ["SECRETARY"]
    assert answers["Register"]["registerGrievance"]["grievance"]["petitioner"] == {"displayName": "孔*莹", "phone": "138****0001"}
    assert answers["Open"]["openByPin"]["grievanceId"] == reader.kept["id"]
    # What the registration's answer named had been seen by all services when this was asked.
    assert answers["One"]["grievance"]["case"]["department"]["name"] == "鲁城街道党工委"
    assert answers["One"]["grievance"]["timeline"]
    assert answers["Upload"]["createUpload"]["method"] == "PUT"
    assert "更正诉求人信息" in [entry["whatZh"] for entry in answers["Corrected"]["grievance"]["timeline"]]
    assert len(answers) == len(examples())


async def test_trusted_documents_run_by_hash_as_the_page_says(system: System, gateway: Service, parts: Parts) -> None:
    schema = read_supergraph(GatewaySettings().supergraph).public
    documents = read_manifest(make_manifest(example.query for example in examples()), schema)
    settings = CommonSettings(prefix=system.prefix, mongodb_url=parts.mongodb_url, mongodb_retry_writes=parts.retry_writes)
    client = connect(settings)
    await MongoDocuments(database(client, settings, "gateway")).upload("web", "1.4.0", documents)
    client.close()
    grades = next(document for document in documents if document.name == "Grades")
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": grades.hash}}
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{gateway.url}/graphql?{urlencode({'extensions': json.dumps(extensions)})}") as response:
            assert len((await response.json())["data"]["satisfactionGrades"]) == 5
            assert response.headers["cache-control"] == "public, max-age=300"
        async with session.post(f"{gateway.url}/graphql", json={"documentId": f"sha256:{grades.hash}"}) as response:
            assert "errors" not in await response.json()


def test_the_numbers_on_the_page_are_those_in_force() -> None:
    text, limits = PAGE.read_text("utf-8"), Limits()
    told = [f"{limits.characters:,} characters", f"{limits.tokens:,} tokens", f"{limits.depth} levels", f"{limits.aliases} aliases"]
    told += [f"{limits.root_fields} root fields", f"{MAX_PAGE} rows a page", f"{limits.cost:,} points of cost"]
    assert [words for words in told if words not in text.replace("\n", " ")] == []


def test_what_the_page_marks_as_public_is_public() -> None:
    public = CostMap(read_costs(FILE.read_text("utf-8")), read_supergraph(GatewaySettings().supergraph).public).public
    marked = [example.query for example in examples() if example.public]
    assert marked
    assert all(any(name in query for name in public) for query in marked)
