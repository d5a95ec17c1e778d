"""Hive Gateway as a process beside ours: `python -m tools.hive.gateway --supergraph FILE --port N`.

Another federation engine to compare answers and costs with; the npm packages go to `.local/hive`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
from pathlib import Path

from tools.node import install

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
CONFIG = "gateway.config.mjs"
WORK = ROOT / ".local" / "hive"
BIN = WORK / "node_modules" / "@graphql-hive" / "gateway" / "dist" / "bin.js"


def start(supergraph: Path, port: int, log: Path) -> subprocess.Popen[bytes]:
    """One process of Hive Gateway on 127.0.0.1; ready when GET /healthcheck answers 200."""
    command, environment = prepared(supergraph, port)
    with log.open("ab") as output:
        return subprocess.Popen(command, cwd=WORK, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)


def prepared(supergraph: Path, port: int) -> tuple[list[str], dict[str, str]]:
    """Command and environment of one process, to be run in WORK; installs the packages first where they are missing."""
    command = [install(HERE, WORK, [CONFIG]), str(BIN), "supergraph", str(supergraph.resolve())]
    command += ["--host", "127.0.0.1", "--port", str(port), "--fork", "1", "--config-path", CONFIG]
    return command, {**os.environ, "NODE_ENV": "production", "LOG_LEVEL": "warn", "CI": "1"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.hive.gateway", description=__doc__)
    parser.add_argument("--supergraph", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    command, environment = prepared(arguments.supergraph, arguments.port)
    # In this process's place: whoever ends it ends the gateway.
    os.chdir(WORK)
    os.execve(command[0], command, environment)


if __name__ == "__main__":
    main()
