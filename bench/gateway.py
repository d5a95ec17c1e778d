"""python -m bench.gateway: our gateway and Hive Gateway over the same canned subgraphs, taking turns in the same run.

CPU milliseconds per request of the gateway's process, requests per second, p50 and p99, and memory, at 1, 16 and 128 connections, for a
list of 20 over three services and for one case. Each connection has a viewer of its own, so that nothing is shared between requests.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import psutil
import uvloop

from bench.requests import Load, load
from deploy.local.ports import Ports
from deploy.local.processes import ROOT
from tools.hive import gateway as hive
from tools.supergraph.compose import SUPERGRAPH, URLS

READY_SECONDS = 60.0
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
CONNECTIONS = (1, 16, 128)
QUERIES = {
    "list of 20 over three services": (
        """query($first: Int!) { grievances(first: $first) { pageInfo { hasNextPage endCursor } edges { cursor node {
          id number subject kind channel registeredAt division { code fullName } petitioner { displayName }
          status case { grade dueAt department { code name } owner { role unit } } reply { text delivery } survey { resolved satisfied }
        } } } }""",
        {"first": 20},
    ),
    "one case": (
        """query($number: String!) { grievance(number: $number) { number status subject text petitioner { displayName }
          case { department { name } dueAt } reply { text } survey { resolved satisfied } timeline { at what by } } }""",
        {"number": "370881-20200605-abcdef"},
    ),
}


@dataclass
class Contestant:
    """One gateway's process under measurement."""

    name: str
    port: int
    process: psutil.Process
    subgraphs: str
    """Where to ask how many requests they have had."""
    runs: dict[tuple[str, int], list[Run]] = field(default_factory=dict)

    def cpu(self) -> float:
        times = self.process.cpu_times()
        return times.user + times.system

    def fetches(self) -> int:
        with DIRECT.open(self.subgraphs) as response:
            return int(response.read())


@dataclass(frozen=True)
class Run:
    cpu_ms: float
    per_second: float
    p50_ms: float
    p99_ms: float
    memory_mb: float
    fetches: float
    """Requests to subgraphs per request."""


def requests_for(query: str, connections: int) -> list[bytes]:
    document, variables = QUERIES[query]
    body = orjson.dumps({"query": document, "variables": variables})
    head = "POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\naccept: application/json\r\n"
    return [f"{head}authorization: Bearer viewer-{n}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body for n in range(connections)]


def measure(contestant: Contestant, query: str, connections: int, count: int) -> Load:
    fetches, before = contestant.fetches(), contestant.cpu()
    done = uvloop.run(load(contestant.port, requests_for(query, connections), count))
    cpu = contestant.cpu() - before
    if done.failed or b'"errors"' in done.answer:
        raise SystemExit(f"{contestant.name}: {done.failed} failed; {done.answer[:300]!r}")
    memory = contestant.process.memory_info().rss / 1e6
    run = Run(
        cpu * 1000 / count,
        done.per_second,
        done.percentile(0.5) * 1000,
        done.percentile(0.99) * 1000,
        memory,
        (contestant.fetches() - fetches) / count,
    )
    contestant.runs.setdefault((query, connections), []).append(run)
    return done


def compete(contestants: list[Contestant], rounds: int, count: int) -> None:
    for query in QUERIES:
        # Warm: plans made, code compiled, and the same answer from all.
        answers = [orjson.loads(measure(each, query, 16, count).answer) for each in contestants for _ in range(2)]
        if any(each != answers[0] for each in answers):
            raise SystemExit(f"{query}: the gateways do not answer the same")
        for each in contestants:
            each.runs.clear() if query == next(iter(QUERIES)) else each.runs.pop((query, 16))
        for number in range(rounds):
            for connections in CONNECTIONS:
                for each in contestants if number % 2 == 0 else contestants[::-1]:
                    measure(each, query, connections, count if connections > 1 else count // 3)


def table(contestants: list[Contestant]) -> str:
    lines = [
        "| query | connections | gateway | CPU ms/request | requests/s | p50 ms | p99 ms | memory MB | fetches |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for query in QUERIES:
        for connections in CONNECTIONS:
            for each in contestants:
                runs = each.runs[query, connections]

                def median(of: Callable[[Run], float], runs: list[Run] = runs) -> float:
                    return statistics.median(map(of, runs))

                lines.append(
                    f"| {query} | {connections} | {each.name} | {median(lambda r: r.cpu_ms):.2f} | {median(lambda r: r.per_second):.0f} "
                    f"| {median(lambda r: r.p50_ms):.1f} | {median(lambda r: r.p99_ms):.1f} | {median(lambda r: r.memory_mb):.0f} "
                    f"| {median(lambda r: r.fetches):.2f} |"
                )
    return "\n".join(lines)


def ratios(ours: Contestant, other: Contestant) -> str:
    """CPU per request, ours over the other's: the median of the pairs of runs that took turns."""
    lines = []
    for (query, connections), runs in ours.runs.items():
        pairs = [mine.cpu_ms / theirs.cpu_ms for mine, theirs in zip(runs, other.runs[query, connections], strict=True)]
        lines.append(f"{query}, {connections} connections: {statistics.median(pairs):.2f} ({min(pairs):.2f}–{max(pairs):.2f})")
    return "\n".join(lines)


@contextmanager
def running(command: list[str], log: Path, cwd: Path = ROOT, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=cwd, stdout=output, stderr=output, env=env)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def wait_until_answers(url: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            with DIRECT.open(url, timeout=2):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def start_all(stack: ExitStack, directory: Path, *, with_hive: bool, before: Path | None = None) -> list[Contestant]:
    ports = Ports()
    subgraphs = {name: ports.any() for name in URLS}
    supergraph = directory / "supergraph.graphql"
    text = SUPERGRAPH.read_text("utf-8")
    for name, port in subgraphs.items():
        text = text.replace(URLS[name], f"http://127.0.0.1:{port}/graphql")
    supergraph.write_text(text, "utf-8")
    named = ",".join(f"{name}={port}" for name, port in subgraphs.items())
    stack.enter_context(running([sys.executable, "-m", "bench.canned", "--ports", named], directory / "canned.log"))
    counter = f"http://127.0.0.1:{subgraphs['intake']}/"
    contestants = []
    for name, checkout in {"minyi": ROOT, **({"minyi before": before} if before else {})}.items():
        port = ports.any()
        command = [sys.executable, "-m", "gateway", "--supergraph", str(supergraph), "--port", str(port), "--no-auth"]
        ours = stack.enter_context(running(command, directory / f"{name}.log", checkout))
        contestants.append(Contestant(name, port, psutil.Process(ours.pid), counter))
    if with_hive:
        port = ports.any()
        command, environment = hive.prepared(supergraph, port)
        process = stack.enter_context(running(command, directory / "hive.log", hive.WORK, environment))
        contestants.append(Contestant("hive", port, psutil.Process(process.pid), counter))
    for each in contestants:
        wait_until_answers(f"http://127.0.0.1:{each.port}/healthcheck")
    return contestants


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.gateway", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=1500, help="per run; a third of it over one connection")
    parser.add_argument("--alone", action="store_true", help="without Hive Gateway")
    parser.add_argument("--before", type=Path, help="another checkout, whose gateway takes part")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        contestants = start_all(stack, Path(temporary), with_hive=not arguments.alone, before=arguments.before)
        compete(contestants, arguments.rounds, arguments.requests)
    print(f"Python {platform.python_version()}, {arguments.rounds} rounds, medians\n\n{table(contestants)}")
    for other in contestants[1:]:
        print(f"\nCPU per request, minyi / {other.name}, median of pairs (least–most):\n{ratios(contestants[0], other)}")


if __name__ == "__main__":
    main()
