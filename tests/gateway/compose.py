"""Composes the cases' supergraphs with the npm library: `python -m tests.gateway.compose [--check]`. Run after a change of a
case's SDL; with --check it only says whether that was done."""

from __future__ import annotations

import sys

from tests.gateway.cases import ALL as ANYBODYS
from tests.gateway.cases import protected
from tests.gateway.federation import Case
from tools.supergraph.compose import CompositionFailed, Subgraph, compose

ALL = {**ANYBODYS, **{case.name: case for case in protected.CASES}}


def head(case: Case) -> str:
    return f"# {case.digest}\n"


def is_current(case: Case) -> bool:
    return case.file.exists() and case.file.read_text("utf-8").startswith(head(case))


def main() -> int:
    if "--check" in sys.argv[1:]:
        stale = [case.name for case in ALL.values() if not is_current(case)]
        sys.stdout.write(f"stale: {', '.join(stale)}\n" if stale else f"{len(ALL)} supergraphs of tests are current\n")
        return 1 if stale else 0
    failed = 0
    for case in ALL.values():
        if is_current(case):
            continue
        try:
            text = compose([Subgraph(name, f"http://{name}/graphql", sdl) for name, sdl in case.sdls.items()])
        except CompositionFailed as error:
            failed += 1
            sys.stdout.write(f"{case.name}: {error}\n")
            continue
        case.file.write_text(head(case) + text, "utf-8")
        sys.stdout.write(f"{case.name}: composed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
