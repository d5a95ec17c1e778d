"""python -m tools.flows [--check]: docs/flows/lifecycle.md, the life of a grievance drawn from the transition table.

`--check` writes nothing and exits 1 where the committed file differs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from services.routing.domain.lifecycle import MOVES, STATUS_NAMES, Move
from services.routing.usecases.parties import PARTIES

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = Path("docs", "flows", "lifecycle.md")

HEAD = """# The life of a grievance · 诉求的一生

Written by `python -m tools.flows` from `services/routing/domain/lifecycle.py`, the only transition table. What has no arrow here is
refused, with the moves that are possible. `Case.allowedActions` tells a viewer which of those that people make they may make now, and why
not the rest.
"""


def document() -> str:
    lines = [HEAD, "```mermaid", "stateDiagram-v2", *_states(), *_arrows(), "```", ""]
    lines += [
        "| 动作 action | 从 from | 到 to | 谁 by | 时限 within | 事件 event |",
        "| --- | --- | --- | --- | --- | --- |",
        *map(_row, MOVES),
        "",
    ]
    told = "SYSTEM: by rule, or because another service found it out. `=`: the state stays."
    lines += [f"RESULT: 由时限规则规定 by the limits that are published (`services/routing/data/limits.csv`). {told}", ""]
    return "\n".join(lines)


def _states() -> Iterator[str]:
    used = {status for move in MOVES for status in (*move.origins, move.target)} - {None}
    for status, name in STATUS_NAMES.items():
        if status in used:
            yield f'    state "{name} {status}" as {status}'


def _arrows() -> Iterator[str]:
    yield f"    [*] --> {next(iter(STATUS_NAMES))}"
    for move in MOVES:
        for origin in move.origins:
            yield f"    {origin} --> {move.target or origin}: {move.zh} {move.en}"
    ends = {move.target for move in MOVES} - {origin for move in MOVES for origin in move.origins}
    for status in STATUS_NAMES:
        if status in ends:
            yield f"    {status} --> [*]"


def _row(move: Move) -> str:
    roles = ", ".join(PARTIES[move.by].roles) if move.by in PARTIES else move.by
    event = f"`{move.emits.type}`" if move.emits is not None else "–"
    return f"| {move.zh} `{move.action}` | {', '.join(move.origins)} | {move.target or '='} | {roles} | {move.within or '–'} | {event} |"


def main() -> None:
    made, file = document(), ROOT / DOCUMENT
    if "--check" in sys.argv[1:]:
        if not file.exists() or file.read_text(encoding="utf-8") != made:
            sys.exit(f"{DOCUMENT} is not what the transition table says: python -m tools.flows")
        return
    file.parent.mkdir(exist_ok=True)
    file.write_text(made, encoding="utf-8")
    print(f"{DOCUMENT} written")


if __name__ == "__main__":
    main()
