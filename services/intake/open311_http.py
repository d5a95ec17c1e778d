"""GET /open311/v2/requests/{number}.json and .xml (GeoReport v2): how a grievance that came by Open311 stands, for anybody.

What is not to be told is answered as what is not there.
"""

from __future__ import annotations

from typing import Protocol

from fastapi import APIRouter
from starlette.responses import Response

from services.intake.adapters.open311 import FORMS, XML, Form
from services.intake.domain.delivery import Outcome
from services.intake.domain.grievance import Grievance
from services.intake.domain.numbers import BadNumber, parse
from services.intake.domain.open311 import ServiceRequest, is_public, mailed, service_request
from shared.records import StoreTrouble

NOT_FOUND = "没有这个编号。There is no such service_request_id."
BUSY = "系统繁忙，请稍后再试。Busy; try again shortly."


class Known(Protocol):
    """Grievances by id; what is not there is left out."""

    async def find_many(self, ids: list[str]) -> dict[str, Grievance]: ...


class Numbered(Protocol):
    async def grievance_of(self, number: str) -> str | None: ...


class Mailbox(Protocol):
    async def ask(self, reference: str) -> Outcome: ...


def open311_router(grievances: Known, numbers: Numbered, mailbox: Mailbox) -> APIRouter:
    """The route for intake's app."""
    router = APIRouter()

    @router.get("/open311/v2/requests/{name}", include_in_schema=False)
    async def read(name: str) -> Response:
        number, _dot, ending = name.rpartition(".")
        # Of what names no form the standard's first is taken.
        form = FORMS.get(ending, XML)
        try:
            found = await _request(grievances, numbers, mailbox, number) if ending in FORMS else None
        except StoreTrouble:
            return _answer(form, form.error(503, BUSY), 503)
        if found is None:
            return _answer(form, form.error(404, NOT_FOUND), 404)
        return _answer(form, form.request(found), 200)

    return router


async def _request(grievances: Known, numbers: Numbered, mailbox: Mailbox, number: str) -> ServiceRequest | None:
    try:
        id = await numbers.grievance_of(str(parse(number)))
    except BadNumber:
        return None
    grievance = (await grievances.find_many([id])).get(id) if id is not None else None
    if grievance is None or not is_public(grievance):
        return None
    reply = mailed(grievance)
    # What is over by retention stands there no longer.
    there = reply is not None and (await mailbox.ask(reply.id)).result == "sent"
    return service_request(grievance, reply if there else None)


def _answer(form: Form, body: bytes, status: int) -> Response:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(body, status, headers=headers, media_type=form.content_type)
