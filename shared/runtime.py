"""One process of one service: its connections, its relay and sweeper, and the HTTP surface that every process has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from fastapi import APIRouter, FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import ASGIApp, Receive, Scope, Send

from shared import ids, telemetry
from shared.broker import Broker
from shared.clock import Clock, clock_from
from shared.inbox import Inbox
from shared.mongo import connect, database
from shared.records import MongoRecords
from shared.relay import Relay
from shared.settings import CommonSettings

SHUTDOWN_SECONDS = 20


class World:
    """Time and ids for decisions."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now()

    def real_now(self) -> datetime:
        return datetime.now(UTC)

    def event_id(self) -> str:
        return ids.event_id()


class Runtime:
    """What the api and the worker of one service share. Made inside the event loop, started and stopped by the lifespan."""

    def __init__(self, service: str, settings: CommonSettings, collections: Sequence[str]) -> None:
        """`collections`: those whose documents carry an outbox, the grievance documents first."""
        self.service = service
        self.settings = settings
        self.world = World(clock_from(settings))
        self.client = connect(settings)
        self.database = database(self.client, settings, service)
        self.broker = Broker(settings.rabbitmq_url, settings.prefix, settings.retry_seconds, service=service)
        self.records = [MongoRecords(self.database, name) for name in collections]
        self.relay = Relay(
            service, list(self.records), self.broker, self.world.real_now, timedelta(seconds=settings.sweep_age_seconds)
        )
        self.inbox: Inbox | None = None
        self._loops: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        await self.broker.start()
        self._loops.append(asyncio.create_task(self.relay.sweep_forever(self.settings.sweep_seconds)))
        if self.inbox is not None:
            await self.inbox.start()

    async def stop(self) -> None:
        """Stop taking work, finish what is in hand, publish the rest, close."""
        if self.inbox is not None:
            await self.inbox.stop()
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await self.relay.drain()
        await self.broker.stop()
        self.client.close()

    async def checks(self) -> dict[str, bool]:
        """Readiness: broker connections, store."""
        found = {"broker": await self.broker.ready(), "store": await self._store_answers()}
        if self.inbox is not None:
            found["consumer"] = self.broker.connected_for_consuming()
        return found

    async def _store_answers(self) -> bool:
        try:
            async with asyncio.timeout(2):
                await self.database.command("ping")
        except Exception:
            return False
        return True


Checks = Callable[[], Awaitable[dict[str, bool]]]


def health_routes(checks: Checks) -> APIRouter:
    """/livez while the loop runs; /readyz with one boolean per part; /metrics for Prometheus."""
    router = APIRouter()

    @router.get("/livez")
    async def livez() -> dict[str, bool]:
        return {"live": True}

    @router.get("/readyz")
    async def readyz(response: Response) -> dict[str, bool]:
        found = await checks()
        if not all(found.values()):
            response.status_code = 503
        return found

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


class Traced:
    """Pure ASGI middleware (context variables set in dependencies are not seen elsewhere): joins or begins the trace."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            incoming = next((value for name, value in scope["headers"] if name == b"traceparent"), b"")
            telemetry.continue_trace(incoming.decode("latin-1"))
        await self._app(scope, receive, send)


def application(runtime: Runtime, routers: Sequence[APIRouter] = (), after_start: Callable[[], Awaitable[Any]] | None = None) -> FastAPI:
    """The ASGI app of one process: health routes and what the service adds."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await runtime.start()
        if after_start is not None:
            await after_start()
        try:
            yield
        finally:
            await runtime.stop()

    app = FastAPI(title=f"minyi {runtime.service}", lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(health_routes(runtime.checks))
    for router in routers:
        app.include_router(router)
    app.add_middleware(Traced)
    return app


def serve(service: str, settings: CommonSettings, build: Callable[[], FastAPI]) -> None:
    """Run one process until SIGTERM. `build` is called inside the loop: clients belong to it."""
    telemetry.configure_logging(service, settings.log_level)
    for name in settings.unknown_names():
        telemetry.log().warning("unknown setting, misspelt?", name=name)
    config = uvicorn.Config(
        _Lazy(build),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        lifespan="on",
        loop="uvloop",
        http="httptools",
    )
    uvicorn.Server(config).run()


class _Lazy:
    """Builds the app at the first ASGI call, which is the lifespan's start inside the running loop."""

    def __init__(self, build: Callable[[], FastAPI]) -> None:
        self._build = build
        self._app: FastAPI | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is None:
            self._app = self._build()
        await self._app(scope, receive, send)
