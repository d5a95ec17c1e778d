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
WORK = ROOT / ".local" / "hive"
BIN = WORK / "node_modules" / "@graphql-hive" / "gateway" / "dist" / "bin.js"


def start(supergraph: Path, port: int, log: Path, config: Path | None = None) -> subprocess.Popen[bytes]:
    """One process of Hive Gateway on 127.0.0.1; ready when GET /healthcheck answers 200."""
    command, environment = prepared(supergraph, port, config)
    with log.open("ab") as output:
        return subprocess.Popen(command, cwd=WORK, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)


def prepared(supergraph: Path, port: int, config: Path | None = None) -> tuple[list[str], dict[str, str]]:
    """Command and environment of one process; installs the packages first where they are missing."""
    command = [install(HERE, WORK), str(BIN), "supergraph", str(supergraph.resolve())]
    command += ["--host", "127.0.0.1", "--port", str(port), "--fork", "1"]
    if config is not None:
        command += ["--config-path", str(config.resolve())]
    return command, {**os.environ, "NODE_ENV": "production", "LOG_LEVEL": "warn", "CI": "1"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.hive.gateway", description=__doc__)
    parser.add_argument("--supergraph", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--config", type=Path, help="a gateway.config.mjs")
    arguments = parser.parse_args()
    command, environment = prepared(arguments.supergraph, arguments.port, arguments.config)
    # In this process's place: whoever ends it ends the gateway.
    os.execve(command[0], command, environment)


if __name__ == "__main__":
    main()
