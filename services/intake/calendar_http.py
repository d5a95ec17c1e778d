"""GET /calendars/{team}.ics: a team's calendar for calendar programs, by a signed address that its members ask the graph for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from services.intake.adapters.ics import CONTENT_TYPE, team_ics
from services.intake.domain.feeds import feed_path
from services.intake.domain.uploads import UploadRefusal, check_url
from services.intake.store.calendar import Campaigns, Receptions
from services.intake.store.organisation import Teams
from services.intake.store.places import Sites
from shared.records import StoreTrouble

STATUS: Final = {"URL_NOT_GENUINE": 403, "URL_EXPIRED": 410, "TEAM_UNKNOWN": 404, "STORE_UNAVAILABLE": 503}


def calendar_router(
    teams: Teams, campaigns: Campaigns, receptions: Receptions, sites: Sites, key: bytes, real_now: Callable[[], datetime]
) -> APIRouter:
    """The route for intake's app. `key` signs the addresses."""
    router = APIRouter()

    @router.get("/calendars/{team}.ics", include_in_schema=False)
    async def get_calendar(team: str, expires: str = "", signature: str = "") -> Response:
        refusal = check_url(key, "GET", feed_path(team), expires, signature, real_now())
        if refusal is not None:
            return _refused(refusal)
        try:
            held = await teams.find(team)
            if held is None:
                return _refused(UploadRefusal("TEAM_UNKNOWN", "team", "There is no such team.", "没有该团队。"))
            own = await receptions.of_team(team)
            places = await sites.find_many(each.site for each in own if each.site)
            body = team_ics(held, await campaigns.all(), own, places, real_now())
        except StoreTrouble:
            return _refused(
                UploadRefusal(
                    "STORE_UNAVAILABLE", None, "The store does not answer; try again in a moment.", "存储暂时不可用，请稍后重试。"
                )
            )
        headers = {"Cache-Control": "private, max-age=900", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
        return Response(body, media_type=CONTENT_TYPE, headers=headers)

    return router


def _refused(refusal: UploadRefusal) -> JSONResponse:
    body = {"code": refusal.code, "field": refusal.field, "message": refusal.message, "messageZh": refusal.message_zh}
    return JSONResponse(body, status_code=STATUS[refusal.code], headers={"Cache-Control": "no-store"})
