"""python -m tools.schemas [--check]: what outsiders read of us, from the code: the subgraphs' SDL, the JSON Schema of every event, and one
AsyncAPI 3 document of all of them.

`--check` writes nothing and exits 1 where a committed file differs, or where there is a schema of an event that is no more.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from shared.broker import SERVICES
from shared.contracts.hotline import HotlineReportV1
from shared.graphql_server import sdl
from tools.asyncapi import asyncapi, contracts_of

ROOT = Path(__file__).resolve().parents[1]
CONTRACTS = Path("shared", "contracts")
SCHEMAS = CONTRACTS / "schemas"


def generated() -> dict[Path, str]:
    """Path below the root → content."""
    files = {CONTRACTS / "asyncapi.json": _json(asyncapi())}
    files[SCHEMAS / f"{HotlineReportV1.type}.json"] = _json(HotlineReportV1.model_json_schema())
    for service in SERVICES:
        schema = importlib.import_module(f"services.{service}.subgraph.schema").build_schema(production=False)
        files[Path("services", service, "subgraph", "schema.graphql")] = sdl(schema)
        for contract in contracts_of(service):
            files[SCHEMAS / f"{contract.type}.json"] = _json(contract.model_json_schema())
    return files


def differing(root: Path = ROOT) -> list[Path]:
    """Committed files that are not what the code says, and schemas of events that are no more."""
    wanted = generated()
    stale = [path for path, text in wanted.items() if not (root / path).exists() or (root / path).read_text(encoding="utf-8") != text]
    return stale + left_over(root, wanted)


def left_over(root: Path, wanted: dict[Path, str]) -> list[Path]:
    """Event schemas that no contract asks for."""
    return sorted(SCHEMAS / path.name for path in (root / SCHEMAS).glob("*.json") if SCHEMAS / path.name not in wanted)


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def main() -> int:
    if "--check" in sys.argv[1:]:
        stale = differing()
        for path in stale:
            print(f"{path} is not what the code says: run `make schemas`")
        return 1 if stale else 0
    wanted = generated()
    for path, text in wanted.items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text, encoding="utf-8")
    for path in left_over(ROOT, wanted):
        (ROOT / path).unlink()
    print(f"{len(wanted)} files written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
