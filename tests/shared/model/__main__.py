"""python -m tests.shared.model [--walks 10000] [--seed 1]: the long search, with what it saw."""

from __future__ import annotations

import argparse
import sys
import time

from tests.shared.model.scenarios import BUDGET, ONE_FAULT, SCENARIOS
from tests.shared.model.search import departures, walks


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.shared.model")
    parser.add_argument("--walks", type=int, default=10_000, help="random runs per scenario")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    for name, scenario in SCENARIOS.items():
        for kind, search in (
            ("every single departure", lambda s=scenario: departures(s, ONE_FAULT)),
            ("random", lambda s=scenario: walks(arguments.walks, s, BUDGET, seed=arguments.seed)),
        ):
            begun = time.monotonic()
            found = search()
            seen = f"{found.runs} runs, {found.steps} steps, {time.monotonic() - begun:.0f} s"
            print(f"{name}, {kind}: {seen}: {found.violation or 'no law broken'}", flush=True)
            if found.violation:
                print("\n".join(found.trace))
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
