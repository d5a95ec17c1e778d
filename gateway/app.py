"""The gateway's ASGI application."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.api_keys import KeyExchange, MongoApiKeys, gateway_database
from gateway.costs import FILE as COSTS
from gateway.costs import CostMap, MeasuredAdmission, read_costs
from gateway.endpoint import Capacity, GraphQLEndpoint
from gateway.engine.admission import Admission
from gateway.engine.engine import Engine
from gateway.engine.supergraph import Supergraph
from gateway.guard import Doorkeeper, Guard, OpenDoor, Rules
from gateway.limits import Limits
from gateway.pages import PLACES, Pages
from gateway.rates import rates_of
from gateway.settings import GatewaySettings
from gateway.subgraph_client import SubgraphClient
from gateway.supergraph_file import read_supergraph
from gateway.trusted_documents import MongoDocuments, Remembered
from gateway.warm_up import read_documents
from shared import telemetry
from shared.identity.issuers import GATEWAY
from shared.identity.tokens import verifier_of

CORS_HEADERS = ["authorization", "content-type", "minyi-after", "traceparent", "x-api-key"]
PAGE = Path(__file__).resolve().parent / "graphiql.html"


@dataclass(frozen=True)
class Door:
    """How requests are let in, and how that is closed at the end."""

    guard: Guard
    admission: Admission | None = None
    close: Callable[[], None] = lambda: None


def platform_door(settings: GatewaySettings, supergraph: Supergraph) -> Door:
    """The platform's own: tokens and API keys, trusted documents, limits, costs, rates. Raises Uncosted, KeyMissing."""
    base, close_base = gateway_database(settings)
    rates = rates_of(settings)
    costs = CostMap(read_costs(COSTS.read_text("utf-8")), supergraph.public)
    rules = Rules(settings.trusted_only, frozenset(settings.ad_hoc_roles), costs.public, settings.forwarded_by)
    # The gateway asks only whether a token holds, never whose grievance something is: it needs no key of references.
    verify = verifier_of(settings, secrets.token_bytes(32)).viewer_of
    keys = KeyExchange(MongoApiKeys(base), GATEWAY.signer(settings.keys_dir, settings.audience))

    def close() -> None:
        rates.close()
        close_base()

    doorkeeper = Doorkeeper(verify, keys, Remembered(MongoDocuments(base)), rates, rules)
    return Door(doorkeeper, MeasuredAdmission(Limits(), costs), close)


class Gateway:
    """The endpoint at /graphql, without the framework's layers in between, and pages of services; everything else by the framework."""

    def __init__(self, endpoint: GraphQLEndpoint, pages: Mapping[str, Pages], others: ASGIApp) -> None:
        self._endpoint = endpoint
        self._pages = pages
        self._others = others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/graphql":
            await self._endpoint(scope, receive, send)
        else:
            await self._beside(scope)(scope, receive, send)

    def _beside(self, scope: Scope) -> ASGIApp:
        """What stands at this address beside the graph: pages, by how their address begins; else the framework's."""
        path = scope["path"] if scope["type"] == "http" else ""
        return next((pages for prefix, pages in self._pages.items() if path.startswith(prefix)), self._others)


def check(settings: GatewaySettings, *, authenticate: bool) -> None:
    """Whether a gateway can be built: told before the server starts, in one line.

    Raises Refused, Uncosted, KeyMissing, ValueError, OSError.
    """
    supergraph = read_supergraph(settings.supergraph)
    settings.subgraph_urls()
    if settings.warm_up is not None:
        read_documents(settings.warm_up)
    if authenticate:
        CostMap(read_costs(COSTS.read_text("utf-8")), supergraph.public)
        rates_of(settings).close()
        GATEWAY.signer(settings.keys_dir, settings.audience)


def build_app(settings: GatewaySettings, *, authenticate: bool = True) -> ASGIApp:
    """Call it inside the running loop: the pool of connections belongs to it.

    Raises Refused for a supergraph that the engine cannot serve, ValueError for settings that do not fit.
    """
    supergraph = read_supergraph(settings.supergraph)
    urls = {name: graph.url for name, graph in supergraph.subgraphs.items()} | settings.subgraph_urls()
    client = SubgraphClient(
        urls, timeout=settings.subgraph_timeout_seconds, connections=settings.subgraph_connections, max_bytes=settings.max_answer_bytes
    )
    development = settings.env == "development"
    door = platform_door(settings, supergraph) if authenticate else Door(OpenDoor())
    engine = Engine(
        supergraph,
        client,
        documents=settings.documents,
        introspection=development or not authenticate,
        suggestions=development or not authenticate,
        admission=door.admission,
    )

    if settings.warm_up is not None:
        for problem in engine.warm(read_documents(settings.warm_up)):
            telemetry.log().warning("a document to warm up with cannot be planned", problem=problem)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await client.close()
        door.close()

    app = FastAPI(title="minyi gateway", lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    capacity = Capacity(settings.max_requests, settings.max_request_bytes, settings.request_timeout_seconds)
    endpoint = GraphQLEndpoint(engine, door.guard, PAGE.read_bytes() if development else None, capacity)
    _add_health(app, client, list(supergraph.subgraphs))
    if development:
        # Not even imported elsewhere: it signs tokens for anybody.
        from gateway.dev_issuer import build_router

        app.include_router(build_router(settings))
    pages = {place.prefix: Pages(client, place, door.guard) for place in PLACES if place.service in urls}
    gateway = Gateway(endpoint, pages, app)
    if not settings.origins():
        return gateway
    return CORSMiddleware(gateway, list(settings.origins()), ["GET", "POST"], CORS_HEADERS, expose_headers=["retry-after"])


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
