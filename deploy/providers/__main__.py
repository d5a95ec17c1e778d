"""python -m deploy.providers [--ledger FILE] [--faults silent=0.05,busy=0.1] [--seed 1] [--no-lookup SMS] [--dedupes SMS] [--delay 0.1]

A stand-in for the providers of WeChat messages and SMS, for development and tests: nobody is told of anything, but a ledger says who would
have been. Where it listens it reads as our own processes do, MINYI_HOST and MINYI_PORT; never on an address that others reach.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

import uvicorn

from deploy.providers.app import Conduct, app_of
from deploy.providers.faults import FAULTS, Faults, rates_from
from deploy.providers.ledger import Ledger

CHANNELS = ("WECHAT", "SMS")
LOOPBACK = "127.0.0.1"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.providers", description=__doc__)
    parser.add_argument("--ledger", type=Path, default=Path(os.environ.get("MINYI_LOCAL_DIR", ".local")) / "provider" / "ledger.sqlite")
    parser.add_argument("--faults", type=rates_from, default={}, help=f"shares of {', '.join(FAULTS)}")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-lookup", action="append", choices=CHANNELS, default=[], help="this channel forgets our references")
    parser.add_argument("--dedupes", action="append", choices=CHANNELS, default=[], help="this channel sends no reference twice")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before it accepts, and again before it answers")
    arguments = parser.parse_args()
    host = os.environ.get("MINYI_HOST", LOOPBACK)
    if host != LOOPBACK:
        sys.exit(f"the stand-in provider listens on {LOOPBACK} alone: unset MINYI_HOST · 模拟通道仅限本机")
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format='{"level":"%(levelname)s","event":"%(message)s"}')
    conduct = Conduct(frozenset(CHANNELS) - frozenset(arguments.no_lookup), frozenset(arguments.dedupes), arguments.delay)
    ledger = Ledger(arguments.ledger)
    app = app_of(ledger, Faults(arguments.faults, arguments.seed), conduct)
    try:
        uvicorn.run(app, host=host, port=int(os.environ.get("MINYI_PORT", "8120")), log_level="warning", access_log=False)
    finally:
        ledger.close()


if __name__ == "__main__":
    main()
