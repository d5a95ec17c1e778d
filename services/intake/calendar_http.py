"""GET /calendars/{team}.ics: a team's calendar for calendar programs, by a signed address that its members ask the graph for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter
from starlette.responses import Response

from services.intake.adapters.ics import CONTENT_TYPE, team_ics
from services.intake.domain.feeds import feed_path
from services.intake.domain.uploads import UploadRefusal, check_url
from services.intake.signed_http import BUSY, refused
from services.intake.store.calendar import Campaigns, Receptions
from services.intake.store.organisation import Teams
from services.intake.store.places import Sites
from shared.records import StoreTrouble


def calendar_router(
    teams: Teams, campaigns: Campaigns, receptions: Receptions, sites: Sites, key: bytes, real_now: Callable[[], datetime]
) -> APIRouter:
    """The route for intake's app. `key` signs the addresses."""
    router = APIRouter()

    @router.get("/calendars/{team}.ics", include_in_schema=False)
    async def get_calendar(team: str, expires: str = "", signature: str = "") -> Response:
        refusal = check_url(key, "GET", feed_path(team), expires, signature, real_now())
        if refusal is not None:
            return refused(refusal)
        try:
            held = await teams.find(team)
            if held is None:
                return refused(UploadRefusal("TEAM_UNKNOWN", "team", "There is no such team.", "没有该团队。"))
            own = await receptions.of_team(team)
            places = await sites.find_many(each.site for each in own if each.site)
            body = team_ics(held, await campaigns.all(), own, places, real_now())
        except StoreTrouble:
            return refused(BUSY)
        headers = {"Cache-Control": "private, max-age=900", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
        return Response(body, media_type=CONTENT_TYPE, headers=headers)

    return router
