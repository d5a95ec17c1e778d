"""`python -m gateway [--supergraph FILE] [--port N] [--no-auth]`"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.app import build_app, check
from gateway.costs import Uncosted
from gateway.engine.errors import Refused
from gateway.settings import GatewaySettings
from shared import telemetry
from shared.identity.keys import KeyMissing
from shared.settings import known_names, report_misspelt

SHUTDOWN_SECONDS = 20


class _Lazy:
    """Builds the app at the first ASGI call, which is the lifespan's start inside the running loop."""

    def __init__(self, settings: GatewaySettings, authenticate: bool) -> None:
        self._settings = settings
        self._authenticate = authenticate
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is None:
            self._app = build_app(self._settings, authenticate=self._authenticate)
        await self._app(scope, receive, send)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m gateway", description="Serve one graph over the subgraphs of a supergraph.")
    parser.add_argument("--supergraph", type=Path, help="composed supergraph SDL; default: the committed one")
    parser.add_argument("--port", type=int, help="default: MINYI_PORT, else 8000")
    parser.add_argument("--no-auth", action="store_true", help="verify no tokens; they are still forwarded")
    arguments = parser.parse_args()
    chosen = {"supergraph": arguments.supergraph, "port": arguments.port}
    settings = GatewaySettings(**{name: value for name, value in chosen.items() if value is not None})
    telemetry.configure_logging("gateway", settings.log_level)
    report_misspelt(os.environ, known_names(GatewaySettings))
    try:
        check(settings, authenticate=not arguments.no_auth)
    except (Refused, Uncosted, KeyMissing, ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    config = uvicorn.Config(
        _Lazy(settings, authenticate=not arguments.no_auth),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        lifespan="on",
        loop="uvloop",
        http="httptools",
        # Whose word on the client's address counts is guard.py's to say.
        proxy_headers=False,
        server_header=False,
    )
    uvicorn.Server(config).run()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
