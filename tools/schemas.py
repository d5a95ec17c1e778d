"""python -m tools.schemas [--check]: the subgraphs' SDL and the JSON Schema of every event, from the code.

`--check` writes nothing and exits 1 where a committed file differs.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

from shared.contracts import feedback, intake, routing
from shared.graphql_server import sdl

ROOT = Path(__file__).resolve().parents[1]
SERVICES = ("intake", "routing", "feedback")
EVENTS = (*intake.EVENTS, *routing.EVENTS, *feedback.EVENTS)


def generated() -> dict[Path, str]:
    """Path below the root → content."""
    files = {}
    for service in SERVICES:
        schema = importlib.import_module(f"services.{service}.subgraph.schema").build_schema(production=False)
        files[Path("services", service, "subgraph", "schema.graphql")] = sdl(schema)
    for contract in EVENTS:
        text = json.dumps(contract.model_json_schema(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"
        files[Path("shared", "contracts", "schemas", f"{contract.type}.json")] = text
    return files


def differing() -> list[Path]:
    """Committed files that are not what the code says."""
    wanted = generated()
    return [path for path, text in wanted.items() if not (ROOT / path).exists() or (ROOT / path).read_text(encoding="utf-8") != text]


def main() -> int:
    if "--check" in sys.argv[1:]:
        stale = differing()
        for path in stale:
            print(f"{path} is not what the code says: run `make schemas`")
        return 1 if stale else 0
    for path, text in generated().items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text, encoding="utf-8")
    print(f"{len(generated())} files written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
