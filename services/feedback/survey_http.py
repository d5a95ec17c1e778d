"""The petitioner's page of a survey: GET and POST /s/{token}. Whoever has the link is the petitioner of this one survey.

To open it uses nothing up: what fetches links to show what is behind them does so too. A link that cannot be used shows one page, whatever
the reason is, so that nobody learns which exist.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.feedback.adapters.survey_page import HEADERS, Language, Typed, busy_page, gone_page, language_of, survey_page
from services.feedback.domain.followup import FollowUp
from services.feedback.domain.survey import SATISFACTION_ZH, Survey
from services.feedback.usecases.answer_survey import REASON_LENGTH, Said, Surveying, answer, open_by_link
from shared.identity.errors import Refusal
from shared.identity.link_tokens import document_of, opens
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.records import StoreTrouble
from shared.subgraph import origin_of
from shared.writer import NoSuchRecord, RequestReused

MOST_FIELDS = 10
# A browser that says so by itself; an old one says nothing, and has the secret all the same.
FROM_THE_PAGE = frozenset({"same-origin", "none"})
OVER = frozenset({"SURVEY_NOT_OPEN", "SURVEY_EXPIRED", "SURVEY_ALREADY_ANSWERED"})
INCOMPLETE = ("请回答“问题解决了吗？”和“您满意吗？”两个问题。", "Please answer both questions: is it resolved, and are you satisfied?")


class Known(Protocol):
    """Follow-ups by grievance id; what is not there is left out."""

    async def find_many(self, ids: list[str]) -> dict[str, FollowUp]: ...


def survey_router(followups: Known, surveying: Surveying) -> APIRouter:
    """The route for feedback's app."""
    router = APIRouter()

    @router.get("/s/{token}", include_in_schema=False)
    async def show(token: str, request: Request) -> Response:
        language = _language(request)
        try:
            _grievance, followup, survey = await _opened(followups, surveying, token)
        except NoSuchRecord:
            return _gone(language)
        except StoreTrouble:
            return _html(busy_page(language), 503, language)
        return _html(survey_page(followup, survey, Typed.of(survey), language, REASON_LENGTH, None), 200, language)

    @router.post("/s/{token}", include_in_schema=False)
    async def take(token: str, request: Request) -> Response:
        language = _language(request)
        try:
            grievance, followup, survey = await _opened(followups, surveying, token)
            if request.headers.get("sec-fetch-site", "none") not in FROM_THE_PAGE:
                return _gone(language)
            typed = _typed(await request.body())
            wrong = await _answered(surveying, grievance, followup, typed, origin_of(request))
        except (NoSuchRecord, RequestReused):
            return _gone(language)
        except StoreTrouble:
            return _html(busy_page(language), 503, language)
        if wrong is not None:
            return _html(survey_page(followup, survey, typed, language, REASON_LENGTH, wrong), 422, language)
        # A page that is loaded again sends nothing again.
        return RedirectResponse(f"?lang={language}", status_code=303, headers=HEADERS)

    return router


async def _opened(followups: Known, surveying: Surveying, token: str) -> tuple[str, FollowUp, Survey]:
    """What the link is for: the grievance's id, and its survey as it stands. Raises NoSuchRecord for every link that cannot be used."""
    grievance = document_of(token)
    if grievance is None:
        raise NoSuchRecord("no token")
    followup = (await followups.find_many([grievance])).get(grievance)
    reply = followup.reply if followup is not None else None
    if reply is not None and reply.delivery != "SENT" and opens(token, surveying.reference_key, grievance, [reply.delivery_id]):
        await open_by_link(surveying, grievance)
        followup = (await followups.find_many([grievance])).get(grievance)
    survey = followup.survey if followup is not None else None
    reply = followup.reply if followup is not None else None
    # Once there is another reply, nothing more is said of the one before.
    if followup is None or survey is None or reply is None or reply.round != survey.round or followup.erased:
        raise NoSuchRecord("no survey")
    # The link that went with the reply is good also where a visit was what told of it first.
    sent = [id for id in (reply.delivery_id, survey.reminder) if id is not None]
    if not opens(token, surveying.reference_key, grievance, sent) or not survey.takes_answers(surveying.now()):
        raise NoSuchRecord("not open")
    return grievance, followup, survey


async def _answered(surveying: Surveying, grievance: str, followup: FollowUp, typed: Typed, origin: str) -> tuple[str, str] | None:
    """What is wrong with it, in both languages; None when it was taken."""
    grade = next((grade for grade in SATISFACTION_ZH if grade == typed.satisfied), None)
    if typed.resolved not in ("yes", "no") or grade is None:
        return INCOMPLETE
    said = Said(typed.resolved == "yes", grade, typed.reason or None, typed.anonymous)
    petitioner = Viewer(sub=f"link:{grievance}", roles=frozenset({Role.RESIDENT}), refs=frozenset({followup.petitioner_ref}))
    # The same form sent twice is one request: whoever presses twice has not changed their mind.
    content = "\n".join((grievance, str(followup.survey and followup.survey.round), typed.seen, repr(said)))
    request_id = f"link-{hashlib.sha256(content.encode()).hexdigest()}"
    try:
        await answer(surveying, petitioner, request_id, grievance, said, origin, by_link=True)
    except Refusal as refusal:
        if refusal.code in OVER:
            raise NoSuchRecord("over") from refusal
        return refusal.zh, refusal.en
    return None


def _typed(body: bytes) -> Typed:
    """What a form says; what is no form says nothing."""
    try:
        fields: Mapping[str, list[str]] = parse_qs(body.decode("utf-8"), max_num_fields=MOST_FIELDS)
    except ValueError:
        return Typed()
    told = {name: values[0] for name, values in fields.items()}
    # Browsers send a new line as two signs; it is counted as one there.
    reason = told.get("reason", "").replace("\r\n", "\n").strip()
    seen = told.get("seen", "0")
    return Typed(
        resolved=told.get("resolved", ""),
        satisfied=told.get("satisfied", ""),
        reason=reason,
        anonymous=told.get("anonymous") == "yes",
        seen=seen if seen.isdecimal() and len(seen) < 4 else "0",
    )


def _language(request: Request) -> Language:
    return language_of(request.query_params.get("lang"), request.headers.get("accept-language", ""))


def _gone(language: Language) -> Response:
    return _html(gone_page(language), 404, language)


def _html(page: str, status: int, language: Language) -> Response:
    return HTMLResponse(page, status, headers={**HEADERS, "Content-Language": language})
