"""python -m bench.loads [NAME …] [--scale 1.0]: the large sizes, each on a system of its own, with its figures.

A load is a module of this folder with `SIZE`, what it is at full size, and `main(scale)`, which prints its figures and answers whether all
is as it must be. The tests run each at 1/20.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import time

import bench.loads


def names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(bench.loads.__path__) if not module.name.startswith("_"))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.loads", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all of {', '.join(names())}")
    parser.add_argument("--scale", type=float, default=1.0, help="1 is the full size")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(names())
    if unknown:
        parser.error(f"no such load: {', '.join(sorted(unknown))}; there are {', '.join(names())}")
    failed = []
    for name in arguments.names or names():
        load = importlib.import_module(f"bench.loads.{name}")
        print(f"=== {name}: {load.SIZE}, at {arguments.scale:g}", flush=True)
        begun = time.monotonic()
        if not load.main(arguments.scale):
            failed.append(name)
        print(f"=== {name}: {'FAILED' if name in failed else 'passed'} ({time.monotonic() - begun:.0f} s)\n", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
