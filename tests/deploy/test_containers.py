"""A dry run of every container of ours: its command, in the files of its image, with its variables and nothing else.

No engine is asked. Broker and store are those of the tests, the ports are free ones, the keys' volume is a folder; all the rest is what
docker-compose.yml says. What the images do not install cannot be imported.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from deploy.local.parts import Parts
from deploy.local.processes import ROOT, Process, run_once, wait_for
from deploy.local.service import answers
from shared.broker import SERVICES, Broker, remove_topology
from shared.mongo import Client
from shared.settings import CommonSettings
from tests.deploy import dockerfile
from tests.deploy.builders import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
STAGES = dockerfile.parse((ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8"))
# Modules of the extras `local` and `dev`: on this machine, but in no image.
ABSENT = ("psutil", "rich", "typer", "PIL", "secantus", "pytest", "holidays", "hypothesis", "httpx", "jsonschema", "yaml", "ruff", "mypy")


@dataclass
class Engine:
    """Starts containers' commands as processes."""

    directory: Path
    parts: Parts
    prefix: str
    ports: dict[str, int] = field(default_factory=dict)
    started: list[Process] = field(default_factory=list)

    def container(self, name: str, number: int = 1) -> Process:
        """The process of one container, not started. `number` tells those apart that `--scale` makes."""
        service = COMPOSE["services"][name]
        image = self.directory / service["image"]
        if not image.exists():
            dockerfile.build(STAGES[-1], service["build"]["args"], image)
        label = name if number == 1 else f"{name}-{number}"
        environment = {**self._base(), **{key: self._here(str(value)) for key, value in service["environment"].items()}}
        if "MINYI_PORT" in environment:
            self.ports.setdefault(label, self.parts.ports.any())
            environment["MINYI_PORT"] = str(self.ports[label])
        argv = [sys.executable, *(self._here(word) for word in service["command"][1:])]
        process = Process(label, argv, environment, self.directory / "logs" / f"{label}.log", cwd=image)
        self.started.append(process)
        return process

    def _base(self) -> dict[str, str]:
        """The image's ENV. The place on PYTHONPATH keeps out what its virtual environment does not have."""
        image = dict(word.split("=", 1) for env in STAGES[-1].all("ENV") for word in env.words if not word.startswith("PATH="))
        return {**image, "PATH": "", "PYTHONPATH": str(self.directory / "absent")}

    def _here(self, value: str) -> str:
        """What stands in the file, with its defaults, and with the names of its network as the addresses of this machine."""
        value = re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: {"MINYI_PREFIX": self.prefix}.get(found[1], found[2]), value)
        value = value.replace("/keys", str(self.directory / "keys"))
        if value.startswith("amqp://"):
            assert re.fullmatch(r"amqp://minyi:[^@]+@rabbitmq:5672/", value)
            return self.parts.rabbitmq_url
        if value.startswith("mongodb://"):
            assert value == "mongodb://mongodb:27017/?replicaSet=minyi"
            return self.parts.mongodb_url
        return re.sub(r"http://([a-z]+-api):\d+", lambda found: f"http://127.0.0.1:{self.ports[found[1]]}", value)

    def url(self, process: Process) -> str:
        return f"http://127.0.0.1:{self.ports[process.name]}"


@pytest.fixture
async def engine(tmp_path: Path, parts: Parts, prefix: str, client: Client) -> AsyncIterator[Engine]:
    (tmp_path / "absent").mkdir()
    (tmp_path / "keys").mkdir()
    hide = f"import sys\nfor name in {ABSENT!r}:\n    sys.modules[name] = None\n"
    (tmp_path / "absent" / "sitecustomize.py").write_text(hide, encoding="ascii")
    made = Engine(tmp_path, parts, prefix)
    yield made
    for process in made.started:
        process.stop()
    await remove_topology(parts.rabbitmq_url, prefix, CommonSettings().retry_seconds)
    for name in (*SERVICES, "gateway"):
        await client.drop_database(f"{prefix}_{name}")
    shutil.rmtree(tmp_path, ignore_errors=True)


def files(place: Path) -> set[Path]:
    return {path for path in place.rglob("*") if path.is_file()}


async def test_every_container_starts_in_its_image_with_its_variables(engine: Engine, parts: Parts, prefix: str) -> None:
    # In the order of depends_on: the keys, the migrations, then all that stay.
    for name in ("keys", *(f"{service}-migrate" for service in SERVICES)):
        run_once(engine.container(name), 60)
    processes = [engine.container(f"{service}-{kind}") for service in SERVICES for kind in ("api", "worker")]
    # As `docker compose up --scale routing-worker=2`.
    processes += [engine.container("routing-worker", 2), engine.container("gateway")]
    before = {place: files(place) for place in (engine.directory / "minyi-intake", engine.directory / "minyi-gateway")}
    for process in processes:
        process.start()
    for process in processes:
        wait_for(lambda url=engine.url(process): answers(f"{url}/readyz"), 60, process, "ready")
    for process in processes:
        check_health(process)
    async with aiohttp.ClientSession() as session:
        answer = await session.post(f"{engine.url(processes[-1])}/graphql", json={"query": "{ __typename }"})
        assert (await answer.json())["data"] == {"__typename": "Query"}
    broker = Broker(parts.rabbitmq_url, prefix, CommonSettings().retry_seconds)
    await broker.start()
    async with broker.channel(confirms=False) as channel:
        found = await channel.declare_queue(f"{prefix}.routing", passive=True)
        assert found.declaration_result.consumer_count == 2
    await broker.stop()
    # Their file systems are read-only: nothing was written beside the keys.
    assert {place: files(place) for place in before} == before
    for process in processes:
        process.stop()
        until(lambda ended=process: ended.returncode is not None)
        assert process.returncode in (0, -15), process.last_lines()


def check_health(process: Process) -> None:
    """By the very command that the engine would run inside."""
    service = COMPOSE["services"][re.sub(r"-\d+$", "", process.name)]
    kind, python, *words = service["healthcheck"]["test"]
    assert (kind, python) == ("CMD", "python")
    run_once(Process(f"{process.name}-health", [sys.executable, *words], process.env, process.log.with_suffix(".health")), 10)


def test_what_the_images_lack_is_what_they_do_not_install() -> None:
    installed = {name.split("==")[0].lower() for name in (ROOT / "constraints.txt").read_text(encoding="utf-8").split()}
    aliases = {"pil": "pillow", "yaml": "pyyaml", "secantus": "secantusdb"}
    assert {aliases.get(name.lower(), name.lower()) for name in ABSENT} <= installed
