"""Composes the cases' supergraphs with the npm library: `python -m tests.gateway.compose`. Run after a change of a case's SDL."""

from __future__ import annotations

import sys

from tests.gateway.cases import ALL
from tools.supergraph.compose import CompositionFailed, Subgraph, compose


def main() -> int:
    failed = 0
    for case in ALL.values():
        head = f"# {case.digest}\n"
        if case.file.exists() and case.file.read_text("utf-8").startswith(head):
            continue
        try:
            text = compose([Subgraph(name, f"http://{name}/graphql", sdl) for name, sdl in case.sdls.items()])
        except CompositionFailed as error:
            failed += 1
            sys.stdout.write(f"{case.name}: {error}\n")
            continue
        case.file.write_text(head + text, "utf-8")
        sys.stdout.write(f"{case.name}: composed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
