"""One process of one service: its connections, its relay and sweeper, and the HTTP surface that every process has."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import uvicorn
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import ASGIApp, Receive, Scope, Send

from shared import anchors, ids, telemetry
from shared.anchors import Anchors
from shared.broker import Broker
from shared.clock import Clock, clock_from
from shared.contracts.base import AuditAnchored
from shared.identity.errors import Unauthenticated
from shared.inbox import BrokerQueues, Handler, Inbox, Reference, Taker
from shared.mongo import connect, database
from shared.record import Participant
from shared.records import MongoRecords, StoreTrouble
from shared.relay import Relay, shielded
from shared.settings import CommonSettings, known_names, report_misspelt
from shared.writer import Codec, Writer

SHUTDOWN_SECONDS = 20
STORE_SECONDS = 1.0


async def _rounds(seconds: float, work: Callable[[], Awaitable[object]], service: str) -> None:
    while True:
        await asyncio.sleep(seconds)
        await shielded(work, service)


async def _patiently(check: Callable[[], Awaitable[None]]) -> None:
    """Wait for the store, as the start waits for the broker."""
    while True:
        try:
            return await check()
        except StoreTrouble as trouble:
            telemetry.log().warning("waiting for the store", trouble=str(trouble))
            await asyncio.sleep(STORE_SECONDS)


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

    def __init__(self, service: str, settings: CommonSettings) -> None:
        self.service = service
        self.settings = settings
        self.world = World(clock_from(settings))
        self.client = connect(settings)
        self.database = database(self.client, settings, service)
        self.broker = Broker(settings.rabbitmq_url, settings.prefix, settings.retry_seconds, service=service)
        self.relay = Relay(service, self.broker, self.world.real_now, timedelta(seconds=settings.sweep_age_seconds))
        self._takers: list[Taker] = []
        self._rounds: list[tuple[float, Callable[[], Awaitable[object]]]] = [(settings.sweep_seconds, self.relay.sweep)]
        self._first: list[Callable[[], Awaitable[None]]] = []
        self._configured: dict[str, bool] = {}
        self._loops: list[asyncio.Task[None]] = []

    def writer(self, records: MongoRecords, participant: Participant, codec: Codec, audit_key: bytes) -> Writer:
        """The one writer of a collection of grievance documents; its outboxes are relayed and swept here."""
        # What takes part in no grievance (a household, a post) changes far less often.
        soon = self.relay.watch(records, seldom=not participant.handled)
        return Writer(records, participant, codec, self.world, soon, audit_key, collection=records.collection.name)

    def records(self, name: str) -> MongoRecords:
        """A collection beside the grievances whose documents have an outbox; the sweeper relays it."""
        records = MongoRecords(self.database, name)
        self.relay.watch(records, seldom=True)
        return records

    def anchors(self, key: bytes, contract: type[AuditAnchored]) -> Anchors:
        """The anchoring of the audit trail, with the key of its entries; a worker does its rounds, every process relays what it made."""
        outbox = MongoRecords(self.database, anchors.COLLECTION)
        return Anchors(self.database, self.service, contract, key, self.world, outbox, self.relay.watch(outbox, seldom=True))

    def consume(self, writer: Writer, references: dict[str, Reference]) -> None:
        """Make this process a worker: it takes the service's queue."""
        settings = self.settings
        queues = BrokerQueues(self.broker, self.service, settings.retry_seconds)
        handler = Handler(writer, queues, references, tries=len(settings.retry_seconds))
        self.take(Inbox(self.broker, self.service, handler, settings.prefetch))

    def take(self, taker: Taker) -> None:
        """Make this process the consumer of a queue."""
        self._takers.append(taker)

    def first(self, check: Callable[[], Awaitable[None]]) -> None:
        """Done before anything else at the start; what it raises fails the start, but for a store that is not there yet."""
        self._first.append(check)

    def every(self, seconds: float, work: Callable[[], Awaitable[object]]) -> None:
        """Run `work` in the background; trouble and defects are logged and the rounds go on."""
        self._rounds.append((seconds, work))

    def needs(self, part: str, configured: bool) -> None:
        """Readiness says whether the settings name this part, without which some work waits."""
        self._configured[part] = configured

    async def start(self) -> None:
        for check in self._first:
            await _patiently(check)
        await self.broker.start()
        # What an earlier process left behind need not wait until it is old.
        await shielded(lambda: self.relay.sweep(timedelta(0)), self.service)
        self._loops += [asyncio.create_task(_rounds(seconds, work, self.service)) for seconds, work in self._rounds]
        for taker in self._takers:
            await taker.start()

    async def stop(self) -> None:
        """Stop taking work, finish what is in hand, publish the rest, close."""
        await asyncio.gather(*(taker.stop() for taker in self._takers))
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await self.relay.drain()
        await self.broker.stop()
        self.client.close()

    async def checks(self) -> dict[str, bool]:
        """Readiness: broker connections, store, and what has to be configured."""
        found = {"broker": await self.broker.ready(), "store": await self._store_answers(), **self._configured}
        if self._takers:
            found["consumer"] = all([await taker.taking() for taker in self._takers])
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


def application(runtime: Runtime, routers: Sequence[APIRouter] = ()) -> FastAPI:
    """The ASGI app of one process: health routes and what the service adds."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await runtime.start()
        try:
            yield
        finally:
            await runtime.stop()

    app = FastAPI(title=f"minyi {runtime.service}", lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(health_routes(runtime.checks))
    for router in routers:
        app.include_router(router)
    app.add_middleware(Traced)
    app.add_exception_handler(Unauthenticated, _unauthenticated)
    return app


async def _unauthenticated(_request: Request, error: Exception) -> Response:
    """A token that does not hold ends the whole request, before any field is asked: 401, in GraphQL's form."""
    assert isinstance(error, Unauthenticated)
    extensions = {"code": error.kind, "reason": error.code, "messageZh": error.zh}
    body = {"data": None, "errors": [{"message": error.en, "extensions": extensions}]}
    return JSONResponse(body, status_code=401, headers={"WWW-Authenticate": "Bearer"})


def serve(service: str, settings: CommonSettings, build: Callable[[], FastAPI]) -> None:
    """Run one process until SIGTERM. `build` is called inside the loop: clients belong to it."""
    telemetry.configure_logging(service, settings.log_level)
    report_misspelt(os.environ, known_names(type(settings)))
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
