"""The stand-in provider over HTTP: takes messages, says what became of a reference, and makes its faults."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.providers.faults import Fault, Faults
from deploy.providers.ledger import Ledger

log = logging.getLogger("minyi.provider")
SILENCE_SECONDS = 60.0
RETRY_AFTER = "1"
WORDS = 4_000


@dataclass(frozen=True)
class Conduct:
    """`lookups`: the channels that know a reference again when they are asked; `dedupes`: those that send no reference twice."""

    lookups: frozenset[str]
    dedupes: frozenset[str]
    delay: float = 0.0
    """Seconds before a message is accepted, and as many again before that is answered."""


def app_of(ledger: Ledger, faults: Faults, conduct: Conduct) -> Starlette:
    async def send(request: Request) -> Response:
        channel = request.path_params["channel"]
        try:
            body = await request.json()
            reference, to, text = str(body["reference"]), str(body["to"]), str(body["text"])
        except (ValueError, KeyError, TypeError):
            return JSONResponse({"code": "malformed"}, 400)
        if not to or not 0 < len(text) <= WORDS:
            return JSONResponse({"code": "malformed"}, 400)
        fault = faults.next(f"{channel}:{reference}")
        log.info("%s %s %s", channel, reference, fault or "accepted")
        refused = _refused(channel, fault)
        if refused is not None:
            return refused
        if fault == "lost":
            await asyncio.sleep(SILENCE_SECONDS)
            return JSONResponse({"code": "lost"}, 504)
        await asyncio.sleep(conduct.delay)
        if channel not in conduct.dedupes or not ledger.times(channel, reference):
            ledger.tell(channel, reference, to, time.time())
        await asyncio.sleep(conduct.delay)
        return await _accepted(fault)

    async def look_up(request: Request) -> Response:
        channel, reference = request.path_params["channel"], request.path_params["reference"]
        if channel not in conduct.lookups:
            return JSONResponse({"code": "no_lookup"}, 501)
        if ledger.times(channel, reference):
            return JSONResponse({"code": "accepted"})
        return JSONResponse({"code": "not_known"}, 404)

    async def ready(_request: Request) -> Response:
        return JSONResponse({"ledger": True})

    return Starlette(
        routes=[
            Route("/{channel}/messages", send, methods=["POST"]),
            Route("/{channel}/messages/{reference}", look_up, methods=["GET"]),
            Route("/readyz", ready, methods=["GET"]),
        ]
    )


def _refused(channel: str, fault: Fault | None) -> Response | None:
    if fault == "nobody":
        return JSONResponse({"code": "not_subscribed" if channel == "WECHAT" else "no_such_number"}, 422)
    if fault == "busy":
        return JSONResponse({"code": "rate_limit"}, 429, {"Retry-After": RETRY_AFTER})
    if fault == "down":
        return JSONResponse({"code": "down"}, 503)
    return None


async def _accepted(fault: Fault | None) -> Response:
    if fault == "silent":
        await asyncio.sleep(SILENCE_SECONDS)
    if fault == "broken":
        return JSONResponse({"code": "broken"}, 500)
    if fault == "nonsense":
        return Response(b"<html>OK</html>", 200, media_type="text/html")
    return JSONResponse({"code": "accepted"}, 202)
