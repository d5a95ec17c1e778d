"""What is personal stays with intake: personal data that is said in every door of a running system is looked for everywhere it could go."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from deploy.local.parts import Parts
from deploy.local.service import PROVIDER, Service, command_of
from gateway.supergraph_file import read_supergraph
from shared.broker import SERVICES, Broker
from shared.identity.development import DevelopmentIssuer
from shared.mongo import Client, connect, database
from shared.settings import CommonSettings
from shared.writer import event_of
from tests.journeys.haystacks import Tap, dead, logs, metrics, sought, store, stream, told_by
from tests.journeys.planted_refusals import refusable_requests, wrong_requests
from tests.journeys.planted_story import Caller, Story
from tests.journeys.planting import Garden
from tests.journeys.system import System, running
from tests.waiting import until
from tools.supergraph.compose import SUPERGRAPH

SCHEMA = read_supergraph(SUPERGRAPH).public
ENVIRONMENT = {
    "MINYI_LOG_LEVEL": "DEBUG",
    "MINYI_RETRY_SECONDS": "[0.2, 0.3, 0.5]",
    "MINYI_CHANNELS": "WECHAT WEB",
    "MINYI_QUIET_HOURS": "",
}


@pytest.fixture(scope="module")
def refusing(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A provider by which nobody is reached: replies are posted, not delivered."""
    argv = [*command_of(PROVIDER, ""), "--ledger", str(tmp_path_factory.mktemp("provider") / "ledger"), "--faults", "nobody=1"]
    process = Service(PROVIDER, "", dict(os.environ), parts.local_dir / "logs", parts.ports.any(), label="planted", argv=argv)
    process.start()
    process.wait_ready()
    yield process
    process.stop()


@pytest.fixture(scope="module")
def system(parts: Parts, refusing: Service, issuer: DevelopmentIssuer, keys_dir: Path) -> Iterator[System]:
    with running(parts, "planted", issuer, keys_dir, ENVIRONMENT | {"MINYI_PROVIDER_URL": refusing.url}) as started:
        started.start_all()
        yield started


@pytest.fixture(scope="module")
def gateway(system: System) -> Iterator[Service]:
    subgraphs = ",".join(f"{name}={system.process(name, 'api').url}/graphql" for name in SERVICES)
    process = system.parts.service("gateway", "", {**system.environment, "MINYI_SUBGRAPHS": subgraphs}, label=system.prefix)
    process.start()
    process.wait_ready()
    yield process
    process.stop()


@pytest.fixture
def of_system(system: System, settings: CommonSettings) -> CommonSettings:
    return settings.model_copy(update={"prefix": system.prefix, "retry_seconds": (0.2, 0.3, 0.5)})


@pytest.fixture
async def connected(of_system: CommonSettings) -> AsyncIterator[Client]:
    client = connect(of_system)
    yield client
    client.close()


@pytest.fixture
async def broker(of_system: CommonSettings) -> AsyncIterator[Broker]:
    started = Broker(of_system.rabbitmq_url, of_system.prefix, of_system.retry_seconds)
    await started.start()
    yield started
    await started.stop()


async def test_what_is_said_in_any_door_stands_in_clear_nowhere(
    system: System, gateway: Service, connected: Client, broker: Broker, of_system: CommonSettings
) -> None:
    tap, caller = Tap(), Caller(system, gateway.url, SCHEMA)
    async with tap.on(broker):
        id = await Story(caller, Garden()).tell()
        assert caller.taken == set(caller.mutations), "every mutation has its place in the story"
        await _park_words(broker, connected, of_system, id)
        await _settled(connected, of_system)
    urls = [gateway.url, *(process.url for process in system.processes.values())]
    parked = [(f"{service}.dead", about) for service in SERVICES for _message, about in await dead(broker, service)]
    assert parked
    assert any(line["event"] == "event parked" for line in lines_of(system, "routing", "worker"))
    events = await stream(broker)
    assert len(events) >= len(tap.messages) > 30
    assert any(b"not_subscribed" in said for _event, said in events), "no openid was used"
    environment = system.process("intake", "api").process.env
    commands = [await told_by(environment, "shared.deadletters", "list")]
    commands += [await told_by(environment, f"services.{service}", "verify-audit") for service in SERVICES]
    commands += [rebuilt := await _histories_anew(environment, system.prefix)]
    # What was kept as it happened is what its events say, of all that people do.
    assert b", 0 of them changed" in rebuilt[1], rebuilt
    kept = [place async for place in store(connected, of_system)]
    told = [*logs(system.parts.local_dir / "logs"), *await metrics(urls), *commands, *caller.answers]
    assert sought([*tap.messages, *events, *parked, *kept, *told]) == []


async def _histories_anew(environment: dict[str, str], prefix: str) -> tuple[str, bytes]:
    for service in ("intake", "routing"):
        await told_by(environment, f"services.{service}", "republish", "--from", "2000-01-01", "--queue", f"{prefix}.feedback.rebuild")
    return await told_by(environment, "services.feedback", "rebuild")


def lines_of(system: System, service: str, kind: str) -> list[dict[str, Any]]:
    """What a process has logged, each line of it under the process's own name."""
    lines = [json.loads(line) for line in system.process(service, kind).process.log.read_text().splitlines()]
    assert {line["service"] for line in lines} == {service}
    return lines


async def _park_words(broker: Broker, client: Client, settings: CommonSettings, id: str) -> None:
    """An event in which words stand where a word of ours should be: it is parked, with a reason that tells no words."""
    row = await database(client, settings, "intake")["events"].find_one({"subject": id, "sequence": 1})
    assert row is not None
    event = event_of(row)
    body = json.loads(event.body)
    words = Garden().words(Garden().name())
    body["data"] |= {"kind": words, "division": words, words: words}
    case = await database(client, settings, "routing")["cases"].find_one({"_id": id})
    assert case is not None
    ahead = case["seen"]["intake"] + 1
    poison = event.again(id=f"{event.id[:-4]}beef", sequence=ahead, after={}, body=json.dumps(body, ensure_ascii=False).encode())
    await broker.publish_to(broker.names.queue("routing"), poison)

    async def parked() -> Any:
        return await dead(broker, "routing")

    await until(parked, what="the event in .dead")


async def _settled(client: Client, settings: CommonSettings) -> None:
    """Everything that was to be sent is sent."""

    async def quiet() -> bool:
        rows = []
        for service, collection in {"intake": "grievances", "routing": "cases", "feedback": "followups"}.items():
            rows += await database(client, settings, service)[collection].find({}, {"tags": 1}).to_list(None)
        return not any("unsent" in row["tags"] for row in rows)

    await until(quiet, within=40, what="empty outboxes")


async def test_what_is_refused_leaves_nothing_of_what_it_said(system: System, gateway: Service, connected: Client, broker: Broker) -> None:
    """Of every mutation, by the gateway and by the subgraph, by who may do all of it and by who may do nothing."""
    garden, tap = Garden(), Tap()
    subgraphs = {name: f"{system.process(name, 'api').url}/graphql" for name in SERVICES}
    directory = system.parts.local_dir / "logs"
    sent = 0
    async with tap.on(broker), aiohttp.ClientSession() as session:
        for url in (f"{gateway.url}/graphql", *subgraphs.values()):
            asked = [(who, wrong) for wrong in wrong_requests(SCHEMA, garden) for who in ("city-admin", "secretary")]
            asked += [("anybody", wrong) for wrong in refusable_requests(SCHEMA, garden)]
            for who, wrong in asked:
                headers = {"authorization": f"Bearer {system.token(who)}", **wrong.headers}
                async with session.request(
                    wrong.method, f"{url}?{wrong.query_string}".rstrip("?"), data=wrong.body, headers=headers
                ) as response:
                    answer = await response.text()
                assert response.status < 500, (wrong.what, answer)
                sent += 1
    assert SCHEMA.mutation_type is not None
    assert sent > 5 * len(SCHEMA.mutation_type.fields) * 4
    urls = [gateway.url, *(process.url for process in system.processes.values())]
    assert sought([*tap.messages, *logs(directory), *await metrics(urls)]) == []


async def test_the_search_finds_what_is_somewhere(system: System, connected: Client, broker: Broker, of_system: CommonSettings) -> None:
    """Of each kind of place: were it not looked into, nothing would ever be found there."""
    garden, tap = Garden(), Tap()
    words = garden.words(garden.name())
    held = database(connected, of_system, "feedback")["found_by_the_search"]
    row = await database(connected, of_system, "intake")["events"].find_one({})
    assert row is not None
    event = event_of(row).again(id="0190a5a0-0000-7000-8000-00000000f00d", body=json.dumps({"data": words}).encode())
    log = system.parts.local_dir / "logs" / "found-by-the-search.log"
    await held.insert_one({"_id": "planted", "list": [{"bytes": words.encode()}]})
    log.write_text(json.dumps({"event": words}))
    async with tap.on(broker):
        await broker.publish(event)

        async def came() -> bool:
            return bool(tap.messages)

        await until(came, what="the event at the tap")
    try:
        for places in (tap.messages, await stream(broker), logs(log.parent), [place async for place in store(connected, of_system)]):
            assert sought(places)
    finally:
        log.unlink()
        await held.drop()
