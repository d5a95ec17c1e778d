"""The gateway's ASGI application."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from gateway.endpoint import GraphQLEndpoint, Verify
from gateway.engine.engine import Engine
from gateway.engine.errors import Refused
from gateway.engine.supergraph import Supergraph, load_supergraph
from gateway.settings import GatewaySettings
from gateway.subgraph_client import SubgraphClient
from shared.identity.tokens import verifier_of

PAGE = Path(__file__).resolve().parent / "graphiql.html"


def read_supergraph(path: Path) -> Supergraph:
    """Raises Refused with a way out when there is none."""
    try:
        return load_supergraph(path.read_text("utf-8"))
    except OSError as error:
        raise Refused(f"no supergraph at {path}: compose it (make supergraph) or name one (--supergraph FILE)") from error


def token_verifier(settings: GatewaySettings) -> Verify:
    # The gateway asks only whether a token holds, never whose grievance something is: it needs no key of references.
    return verifier_of(settings, secrets.token_bytes(32)).viewer_of


def build_app(settings: GatewaySettings, *, authenticate: bool = True) -> FastAPI:
    """Call it inside the running loop: the pool of connections belongs to it.

    Raises Refused for a supergraph that the engine cannot serve, ValueError for settings that do not fit.
    """
    supergraph = read_supergraph(settings.supergraph)
    urls = {name: graph.url for name, graph in supergraph.subgraphs.items()} | settings.subgraph_urls()
    client = SubgraphClient(urls, timeout=settings.subgraph_timeout_seconds, connections=settings.subgraph_connections)
    development = settings.env == "development"
    engine = Engine(supergraph, client, documents=settings.documents, introspection=development or not authenticate)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await client.close()

    app = FastAPI(title="minyi gateway", lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    verify = token_verifier(settings) if authenticate else None
    endpoint = GraphQLEndpoint(engine, verify, PAGE.read_bytes() if development else None, settings.max_request_bytes)
    app.add_route("/graphql", endpoint, methods=["GET", "POST"])  # type: ignore[arg-type]
    _add_health(app, client, list(supergraph.subgraphs))
    if development:
        # Not even imported elsewhere: it signs tokens for anybody.
        from gateway.dev_issuer import build_router

        app.include_router(build_router(settings))
    return app


def _add_health(app: FastAPI, client: SubgraphClient, services: list[str]) -> None:
    @app.get("/livez")
    @app.get("/healthcheck")
    async def livez() -> dict[str, bool]:
        return {"live": True}

    @app.get("/readyz")
    async def readyz(response: Response) -> dict[str, bool]:
        """Ready when any subgraph answers: the others' parts are null with an error, which is better than nothing."""
        found = dict(zip(services, await asyncio.gather(*map(client.answers, services)), strict=True))
        if not any(found.values()):
            response.status_code = 503
        return found

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
