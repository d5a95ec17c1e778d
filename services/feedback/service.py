"""How feedback is put together: one composition for api, worker and tools."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from fastapi import FastAPI, Request

from services.feedback.adapters.callback_rules import load_callback_rules
from services.feedback.adapters.survey_rules import load_survey_rules
from services.feedback.domain.draw import Draw
from services.feedback.domain.followup import fire
from services.feedback.domain.survey import SurveyRules
from services.feedback.events import HANDLED, OPENS, consumer, remember
from services.feedback.rebuild import rebuild
from services.feedback.settings import FeedbackSettings
from services.feedback.store.callbacks import CallbackLists
from services.feedback.store.draws import Draws
from services.feedback.store.mongo import (
    CODEC,
    FollowUps,
    access_of,
    count_for_rates,
    end_open_surveys,
    migrate,
    projector,
    put_on_desks,
)
from services.feedback.store.rates import RateCounts, RateLists
from services.feedback.store.rebuilding import Rebuilding
from services.feedback.store.waiting import WaitingCounts, WaitingLists
from services.feedback.usecases.answer_survey import Surveying
from shared import timers
from shared.anchors import ROUND_SECONDS
from shared.contracts.feedback import FeedbackAuditAnchoredV1
from shared.erasure import SCRUB_SECONDS, Scrubber
from shared.identity.keys import reference_key
from shared.projector import Projector
from shared.read_your_writes import Freshness
from shared.record import Participant
from shared.records import tag_documents
from shared.runtime import Runtime, application
from shared.timers import Timers
from shared.writer import Writer

NAME = "feedback"
PROJECT_SECONDS = 1.0
RECORD_SECONDS = 60.0
"""What is to be recorded of the draw has a month's time."""


def participant(rules: SurveyRules, draw: Draw) -> Participant:
    """Feedback in the exchange of events."""
    return Participant(NAME, consumer(rules, draw), HANDLED, OPENS, remember)


class Service:
    """Everything of feedback in one process; made inside the event loop."""

    def __init__(self, settings: FeedbackSettings) -> None:
        self.settings = settings
        self.runtime = Runtime(NAME, settings)
        self.reference_key = reference_key(settings.keys_dir)
        self.followups = FollowUps(self.runtime.database)
        self.rules = load_survey_rules()
        self.callback_rules = load_callback_rules()
        self.draws = Draws(self.runtime.database)
        self.draw = Draw(self.reference_key, self.callback_rules.draw, self.draws.held)
        self.writer: Writer = self.runtime.writer(self.followups, participant(self.rules, self.draw), CODEC, self.reference_key)
        self.anchors = self.runtime.anchors(self.reference_key, FeedbackAuditAnchoredV1)
        self._holder = str(uuid.uuid4())

    async def migrate(self) -> None:
        """Indexes, an end for surveys that have none, rates and desks of what was there before, and what is drawn by this month and the
        next. Repeating it changes nothing."""
        await migrate(self.runtime.database)
        await tag_documents(self.runtime.database, {}, {})
        await end_open_surveys(self.runtime.database)
        await count_for_rates(self.runtime.database)
        await put_on_desks(self.runtime.database)
        await self.record_draws()

    async def record_draws(self) -> None:
        """Write down by what this month and the next are drawn, unless that is there."""
        await self.draws.keep(self.draw.to_record(self.runtime.world.now()))

    def projector(self) -> Projector:
        """What counts for the rates and the desks."""
        return projector(self.runtime.database, self._holder, self.runtime.world.real_now)

    async def recount(self) -> str:
        """Begin to count rates and desks anew; what is served stays until the new numbers are whole."""
        return f"followups: generation {await self.projector().rebuild()} is being counted"

    async def rebuild(self, say: Callable[[str], None]) -> bool:
        """Make the histories anew (rebuild.py). Whether all are done. Raises PublishTrouble, StoreTrouble."""
        await self.runtime.broker.attach()
        try:
            return await rebuild(self.runtime.broker, Rebuilding(self.runtime.database), say)
        finally:
            await self.runtime.broker.stop()

    def surveying(self) -> Surveying:
        """What the answer to a survey is made of."""
        return Surveying(self.writer, self.reference_key, self.runtime.world.now, access_of, self.rules)

    def timers(self) -> Timers:
        """What reminds of surveys and ends them."""
        return Timers(NAME, self.followups.collection, self.writer, fire, self.runtime.world.now)

    def api(self) -> FastAPI:
        """The subgraph, and the page on which petitioners answer a survey."""
        # Half of a process's start, which worker and migration do without.
        from services.feedback.subgraph.context import Feedback, FeedbackContext
        from services.feedback.subgraph.schema import build_schema
        from services.feedback.survey_http import survey_router
        from shared.graphql_server import graph_router
        from shared.identity.tokens import verifier_of
        from shared.subgraph import viewer_of

        settings = self.settings
        verifier = verifier_of(settings, self.reference_key)
        database = self.runtime.database
        feedback = Feedback(
            followups=self.followups,
            surveying=self.surveying(),
            rate_counts=RateCounts(database),
            rate_lists=RateLists(database),
            waiting_counts=WaitingCounts(database),
            waiting_lists=WaitingLists(database),
            callback_rules=self.callback_rules,
            callback_lists=CallbackLists(self.followups.collection),
            draws=self.draws,
            draw=self.draw,
        )

        async def context(request: Request) -> FeedbackContext:
            return FeedbackContext(request, await viewer_of(request, verifier), feedback)

        schema = build_schema(production=settings.env == "production")
        graph = graph_router(schema, context, Freshness(NAME, self.followups))
        return application(self.runtime, [graph, survey_router(self.followups, self.surveying())])

    def worker(self) -> FastAPI:
        """The consumer. Feedback has no use for reference rows yet: their events are acknowledged unread."""
        # Before anything is closed by it.
        self.runtime.first(self.record_draws)
        self.runtime.every(RECORD_SECONDS, self.record_draws)
        self.runtime.consume(self.writer, {})
        self.runtime.every(timers.ROUND_SECONDS, self.timers().round)
        self.runtime.every(PROJECT_SECONDS, self.projector().round)
        self.runtime.every(ROUND_SECONDS, self.anchors.round)
        self.runtime.every(SCRUB_SECONDS, Scrubber(self.followups).round)
        return application(self.runtime)
