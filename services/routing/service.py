"""How routing is put together: one composition for api, worker and tools."""

from __future__ import annotations

import uuid

from fastapi import FastAPI, Request

from services.routing.adapters.approval_rules import load_approval_rules
from services.routing.adapters.catalogue import first_catalogue
from services.routing.adapters.categories import load_categories, load_classifier
from services.routing.adapters.limits import first_limits
from services.routing.adapters.reply_rules import load_reply_rules
from services.routing.adapters.timetable import first_timetable
from services.routing.domain import watch
from services.routing.domain.policy import Policy
from services.routing.domain.reckoning import Reckoning
from services.routing.events import CONSUMERS, OPENS, consumer
from services.routing.settings import RoutingSettings
from services.routing.store.boards import BoardCounts
from services.routing.store.catalogues import Catalogues
from services.routing.store.departments import KnownDepartments
from services.routing.store.desks import DeskCounts, desk_projector
from services.routing.store.limits import LimitVersions
from services.routing.store.mongo import CODEC, Cases, access_of, migrate, put_on_desks, tag_cases, watch_over
from services.routing.store.supervision import SupervisionLists
from services.routing.store.timetables import Timetables
from services.routing.usecases import publish_catalogue, publish_limits, publish_timetable
from services.routing.usecases.ports import Handling
from services.routing.usecases.recalculate import Recalculation
from shared import timers
from shared.anchors import ROUND_SECONDS
from shared.contracts.intake import DepartmentsRecordedV1, PostsRecordedV1, TeamsRecordedV1
from shared.contracts.routing import RoutingAuditAnchoredV1
from shared.envelope import Event
from shared.erasure import SCRUB_SECONDS, Scrubber
from shared.identity.keys import reference_key
from shared.inbox import Reference
from shared.projector import Projector
from shared.read_your_writes import Freshness
from shared.record import Participant
from shared.reference import ReferenceRows
from shared.runtime import Runtime, application
from shared.timers import Timers
from shared.writer import Writer

NAME = "routing"
PROJECT_SECONDS = 1.0
RECALCULATE_SECONDS = 30.0


class Service:
    """Everything of routing in one process; made inside the event loop."""

    def __init__(self, settings: RoutingSettings) -> None:
        self.settings = settings
        self.runtime = Runtime(NAME, settings)
        database = self.runtime.database
        self.reference_key = reference_key(settings.keys_dir)
        self.departments = KnownDepartments(database)
        self.posts = ReferenceRows(database, "posts")
        self.teams = ReferenceRows(database, "teams")
        self.cases = Cases(database, self.runtime.world.real_now)
        self.tree = load_categories()
        self.catalogues = Catalogues(database, first_catalogue(self.tree))
        self.timetables = Timetables(database, first_timetable())
        self.limits = LimitVersions(database, first_limits(self.tree))
        self._holder = str(uuid.uuid4())
        participant = Participant(NAME, consumer(self._policy()), frozenset(CONSUMERS), OPENS)
        self.writer: Writer = self.runtime.writer(self.cases, participant, CODEC, self.reference_key)
        self.anchors = self.runtime.anchors(self.reference_key, RoutingAuditAnchoredV1)

    def handling(self) -> Handling:
        """What people's commands are made of."""

        def category_of(text: str) -> str | None:
            found = self.tree.find(text)
            return found.path if found else None

        return Handling(
            self.writer,
            self.reference_key,
            self.runtime.world.now,
            access_of,
            self._reckoning,
            self.departments.newest,
            self.cases.has_owned,
            self.catalogues.newest,
            category_of,
            load_reply_rules(),
            load_approval_rules(self.tree),
        )

    async def _read_rules(self) -> None:
        """What decisions read from memory."""
        await self.catalogues.newest()
        await self.timetables.newest()
        await self.limits.newest()

    def _reckoning(self) -> Reckoning:
        return Reckoning(self.limits.current(), self.timetables.current())

    def _timers(self) -> Timers:
        return Timers(
            NAME,
            self.cases.collection,
            self.writer,
            lambda case, at: watch.fire(case, self.departments.known(), at),
            self.runtime.world.now,
        )

    def _policy(self) -> Policy:
        classifier = load_classifier(self.tree)

        def classify(subject: str, text: str) -> str | None:
            found = classifier.classify(subject, text)
            return found.category if found else None

        return Policy(self.runtime.world.now, self.catalogues.current, self._reckoning, classify, self.departments.known)

    async def migrate(self) -> None:
        """Indexes, and the first catalogue, timetable and limits. Repeating it changes nothing."""
        await migrate(self.runtime.database)
        await tag_cases(self.runtime.database)
        await put_on_desks(self.runtime.database)
        for versions in (self.catalogues, self.timetables, self.limits):
            await versions.begin(self.runtime.world.real_now(), "package")
        await self._read_rules()
        await watch_over(self.runtime.database, self._reckoning())

    async def publish_catalogue(self, text: str, by: str) -> int:
        """The version that these rules are from now on. Raises BadCatalogue."""
        parts = publish_catalogue.Publishing(self.catalogues, self.tree, await self.departments.newest())
        return await publish_catalogue.publish_catalogue(parts, text, self.runtime.world.real_now(), by)

    async def publish_timetable(self, text: str, by: str) -> int:
        """The version that these days and hours of work are from now on. Raises BadTimetable."""
        parts = publish_timetable.Publishing(self.timetables, await self.departments.newest())
        return await publish_timetable.publish_timetable(parts, text, self.runtime.world.real_now(), by)

    async def publish_limits(self, text: str, by: str) -> int:
        """The version that these limits are from now on. Raises BadLimits."""
        parts = publish_limits.Publishing(self.limits, self.tree)
        return await publish_limits.publish_limits(parts, text, self.runtime.world.real_now(), by)

    def projector(self) -> Projector:
        """What counts the desks."""
        return desk_projector(self.runtime.database, self._holder, self.runtime.world.real_now)

    async def recount(self) -> str:
        """Begin to count the desks anew; what is served stays until the new numbers are whole."""
        return f"cases: generation {await self.projector().rebuild()} is being counted"

    def api(self) -> FastAPI:
        """The subgraph."""
        # Half of a process's start, which worker and migration do without.
        from services.routing.subgraph.context import Routing, RoutingContext
        from services.routing.subgraph.schema import build_schema
        from shared.graphql_server import graph_router
        from shared.identity.tokens import verifier_of
        from shared.subgraph import viewer_of

        settings = self.settings
        verifier = verifier_of(settings, self.reference_key)
        first_levels = frozenset(category.name for category in self.tree.roots())
        database = self.runtime.database
        counts = (DeskCounts(database), BoardCounts(database))
        supervision = SupervisionLists(self.cases.collection)
        routing = Routing(self.cases, self.departments, self.catalogues, self.handling(), *counts, supervision, first_levels)

        async def context(request: Request) -> RoutingContext:
            return RoutingContext(request, await viewer_of(request, verifier), routing)

        schema = build_schema(production=settings.env == "production")
        # A command's limit is counted without a look at the store.
        self.runtime.first(self._read_rules)
        self.runtime.every(2.0, self._read_rules)
        return application(self.runtime, [graph_router(schema, context, Freshness(NAME, self.cases))])

    def worker(self) -> FastAPI:
        """The consumer, of grievance and of reference events."""

        async def on_departments(event: Event) -> None:
            contract = DepartmentsRecordedV1.read(event.data())
            await self.departments.apply("code", contract.revision, [row.model_dump() for row in contract.rows])
            await self.departments.rows()

        async def on_posts(event: Event) -> None:
            contract = PostsRecordedV1.read(event.data())
            await self.posts.apply("id", contract.revision, [row.model_dump() for row in contract.rows])

        async def on_teams(event: Event) -> None:
            contract = TeamsRecordedV1.read(event.data())
            await self.teams.apply("code", contract.revision, [row.model_dump() for row in contract.rows])

        references: dict[str, Reference] = {
            DepartmentsRecordedV1.type: on_departments,
            PostsRecordedV1.type: on_posts,
            TeamsRecordedV1.type: on_teams,
        }
        self.runtime.consume(self.writer, references)
        # Decisions are pure and read departments and rules from memory: keep it fresh, whoever wrote them.
        self.runtime.every(2.0, self.departments.rows)
        self.runtime.first(self._read_rules)
        self.runtime.every(2.0, self._read_rules)
        self.runtime.every(timers.ROUND_SECONDS, self._timers().round)
        recalculation = Recalculation(self.cases, self.writer, self._reckoning, self.runtime.world.now)
        self.runtime.every(RECALCULATE_SECONDS, recalculation.round)
        self.runtime.every(PROJECT_SECONDS, self.projector().round)
        self.runtime.every(ROUND_SECONDS, self.anchors.round)
        self.runtime.every(SCRUB_SECONDS, Scrubber(self.cases).round)
        return application(self.runtime)
