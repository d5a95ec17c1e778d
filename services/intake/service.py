"""How intake is put together: one composition for api, worker and tools."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from fastapi import APIRouter, FastAPI, Request

from services.intake.adapters.cipher import FieldCipher
from services.intake.adapters.files import FileStore, detect
from services.intake.adapters.retention import load_retention
from services.intake.domain.delivery import Delivery
from services.intake.domain.survey_link import text_to_send
from services.intake.domain.uploads import UploadLimits
from services.intake.events import CONSUMERS, consumer
from services.intake.events.on_handoff_requested import Named
from services.intake.field_sync import syncing
from services.intake.fieldwork import Fieldwork
from services.intake.hotline_door import HotlineDoor
from services.intake.outbound import Outbound
from services.intake.privacy import Privacy
from services.intake.secretary import SecretaryDuties
from services.intake.settings import IntakeSettings
from services.intake.store import pin_tries
from services.intake.store.key_registry import LOOK_SECONDS, KeyRegistry
from services.intake.store.mongo import CODEC, Grievances, Notices, migrate, send_what_was_open, tag_grievances
from services.intake.store.numbers import MongoNumbers
from services.intake.store.persons import MongoPersons, migrate_rows
from services.intake.store.pin_tries import MongoPinTries
from services.intake.store.places import FRESH_SECONDS
from services.intake.store.uploads import COLLECTION, INDEXES, UploadStore
from services.intake.store.wrapped_keys import WrappedKeys
from services.intake.usecases.beside import names_told
from services.intake.usecases.erase_petitioner import Erasing, erase_round
from services.intake.usecases.expect_photos import ExpectPhotos
from services.intake.usecases.expire_notes import expire_notes
from services.intake.usecases.keep_retention import Retaining, keep_retention
from services.intake.usecases.open_by_pin import Opening
from services.intake.usecases.receive_upload import ReceiveUpload, sweep_untied, sweep_uploads
from services.intake.usecases.register_grievance import Registration
from services.intake.usecases.rotate_keys import Rotating, rotate_keys
from services.intake.usecases.take_hotline_report import TakingReports
from shared.anchors import ROUND_SECONDS
from shared.china_time import day_in_china
from shared.contracts.intake import IntakeAuditAnchoredV1
from shared.erasure import SCRUB_SECONDS, Scrubber
from shared.identity.issuers import INTAKE
from shared.identity.keys import master_keys, reference_key, upload_key
from shared.read_your_writes import Freshness
from shared.record import Participant
from shared.records import store_errors
from shared.runtime import Runtime, application

NAME = "intake"
SWEEP_UPLOADS_SECONDS = 600.0
ERASE_SECONDS = 5.0
RETENTION_SECONDS = 3600.0


def participant(named: Named) -> Participant:
    """Intake in the exchange of events; `named` gives divisions their names."""
    return Participant(NAME, consumer(named), frozenset(CONSUMERS))


class Service:
    """Everything of intake in one process; made inside the event loop."""

    def __init__(self, settings: IntakeSettings) -> None:
        self.settings = settings
        self.runtime = Runtime(NAME, settings)
        database = self.runtime.database
        self.reference_key = reference_key(settings.keys_dir)
        self.master = master_keys(settings.keys_dir, settings.master_keys.get_secret_value())
        self.cipher = FieldCipher(self.master, self.reference_key)
        self.keys = KeyRegistry(database, self.master, self.reference_key, self.runtime.world.real_now)
        self.grievances = Grievances(database)
        self.writer = self.runtime.writer(self.grievances, participant(self._division_name), CODEC, self.reference_key)
        self.anchors = self.runtime.anchors(self.reference_key, IntakeAuditAnchoredV1)
        world, retention = self.runtime.world, load_retention()
        self.persons = MongoPersons(database, self.cipher, retention, lambda: day_in_china(world.now()).isoformat(), world.real_now)
        self.files = FileStore(database, self.cipher)
        self.uploads = UploadStore(database[COLLECTION])
        self.limits = UploadLimits(max_bytes=settings.upload_limit_bytes, lifetime=timedelta(minutes=settings.upload_minutes))
        self.photos = ExpectPhotos(self.uploads, self.limits, self.runtime.world.real_now)
        self.fieldwork = Fieldwork(
            self.runtime,
            self.cipher,
            self.reference_key,
            self.uploads,
            self.files,
            self.photos,
            partial(names_told, self.grievances, self.persons),
        )
        self.duties = SecretaryDuties(
            self.runtime, self.fieldwork, self.grievances, self.writer, self.persons, self.uploads, self.reference_key
        )
        self.privacy = Privacy(
            self.runtime,
            self.fieldwork,
            self.grievances,
            self.writer,
            self.persons,
            self.duties.beside,
            self.reference_key,
            settings.phone_look_ups_a_day,
        )
        self.notices = Notices(database, world.now)
        self.outbound = Outbound(self.runtime, settings, self.grievances, self.writer, self.persons, self.notices, self.text_of)
        self.erasing = Erasing(
            self.privacy.access,
            self.grievances,
            self.persons,
            self.uploads,
            self.files,
            self.notices,
        )
        self.retaining = Retaining(self.erasing, self.notices, retention)
        self.expiring = self.fieldwork.expiring_notes(self.uploads, self.files, retention)

    def text_of(self, delivery: Delivery, grievance: str) -> str:
        """What is sent for it."""
        return text_to_send(delivery, grievance, self.settings.pages_url, self.reference_key, self.settings.longest())

    def _division_name(self, code: str) -> str | None:
        """By the tree that this process has read last."""
        found = self.fieldwork.atlas.territory.find(code)
        return found.name if found else None

    async def migrate(self) -> None:
        """Indexes, and the first organisation. Repeating it changes nothing."""
        await self.keys.check()
        database = self.runtime.database
        await migrate(database)
        await tag_grievances(database)
        await send_what_was_open(database)
        with store_errors():
            await database[COLLECTION].create_indexes(INDEXES)
            await database[pin_tries.COLLECTION].create_indexes(pin_tries.INDEXES)
        await self.files.create_indexes()
        await self.fieldwork.migrate()
        await migrate_rows(database, self.fieldwork.today(), self.runtime.world.real_now())

    async def recount(self) -> str:
        """Begin to count the projected numbers anew; what is served stays until the new ones are whole."""
        generations = await self.fieldwork.recount()
        return "; ".join(f"{name}: generation {number} is being counted" for name, number in generations.items())

    async def rotate_keys(self) -> str:
        wrapped = WrappedKeys(self.runtime.database, self.cipher)
        return await rotate_keys(Rotating(self.keys, wrapped, self.runtime.world.real_now, self.master.place, partial(print, flush=True)))

    def registration(self) -> Registration:
        return Registration(
            writer=self.writer,
            located=self.fieldwork.writing.located,
            numbers=MongoNumbers(self.runtime.database),
            persons=self.persons,
            posts=self.fieldwork.posts,
            uploads=self.uploads,
            photos=self.photos,
            encounters=self.fieldwork.encounters,
            campaigns=self.fieldwork.campaigns,
            beside=self.duties.beside,
            reference_key=self.reference_key,
            now=self.runtime.world.now,
        )

    def taking_reports(self) -> TakingReports:
        """What 12345 reports."""
        return TakingReports(self.writer, self.grievances, MongoNumbers(self.runtime.database), self.persons)

    def api(self) -> FastAPI:
        """Subgraph, uploads, calendars, and what Open311 reads."""
        # Half of a process's start, which worker and migration do without.
        from services.intake.calendar_http import calendar_router
        from services.intake.open311_http import open311_router
        from services.intake.subgraph.context import Intake, IntakeContext
        from services.intake.subgraph.schema import build_schema
        from services.intake.uploads_http import uploads_router
        from shared.graphql_server import graph_router
        from shared.identity.tokens import verifier_of
        from shared.subgraph import viewer_of

        settings, world = self.settings, self.runtime.world
        verifier = verifier_of(settings, self.reference_key)
        key = upload_key(settings.keys_dir)
        registration = self.registration()
        numbers = MongoNumbers(self.runtime.database)
        tries = MongoPinTries(self.runtime.database, world.real_now)
        signer = INTAKE.signer(settings.keys_dir, settings.audience)
        intake = Intake(
            settings=settings,
            world=world,
            fieldwork=self.fieldwork,
            duties=self.duties,
            privacy=self.privacy,
            erasing=self.erasing,
            grievances=self.grievances,
            numbers=numbers,
            persons=self.persons,
            uploads=self.uploads,
            upload_key=key,
            limits=self.limits,
            registration=registration,
            photos=self.photos,
            syncing=syncing(self.fieldwork, registration),
            opening=Opening(numbers, tries, signer, self.reference_key, world.real_now),
        )

        async def context(request: Request) -> IntakeContext:
            await self.fieldwork.atlas.current()
            return IntakeContext(request, await viewer_of(request, verifier), intake)

        receive = ReceiveUpload(self.uploads, self.files, detect, world.real_now, self.limits)
        schema = build_schema(production=settings.env == "production")
        graph = graph_router(schema, context, Freshness(NAME, self.grievances))
        parts = self.fieldwork
        feeds = calendar_router(parts.teams, parts.campaigns, parts.receptions, parts.sites, key, world.real_now)
        open311 = open311_router(self.grievances, numbers, self.notices)
        return self._process([graph, uploads_router(receive, self.files, key, world.real_now), feeds, open311])

    def worker(self) -> FastAPI:
        """Consumer (of events, and of what 12345 reports), sender, and the sweeper of broken uploads."""
        settings, world = self.settings, self.runtime.world

        async def read_divisions() -> None:
            await self.fieldwork.atlas.current()

        self.runtime.consume(self.writer, {})
        self.runtime.take(HotlineDoor(self.runtime.broker, NAME, self.taking_reports(), settings.prefetch))
        # Decisions are pure and read the names of places from memory.
        self.runtime.first(read_divisions)
        self.runtime.every(FRESH_SECONDS, read_divisions)
        self.fieldwork.work()
        self.duties.work(self.runtime)
        self.outbound.work()
        self.runtime.every(ERASE_SECONDS, lambda: erase_round(self.erasing))
        self.runtime.every(SCRUB_SECONDS, Scrubber(self.grievances).round)
        self.runtime.every(RETENTION_SECONDS, lambda: keep_retention(self.retaining))
        self.runtime.every(RETENTION_SECONDS, lambda: expire_notes(self.expiring))
        self.runtime.every(SWEEP_UPLOADS_SECONDS, lambda: sweep_uploads(self.uploads, self.files, world.real_now()))
        self.runtime.every(SWEEP_UPLOADS_SECONDS, lambda: sweep_untied(self.uploads, self.files, world.real_now()))
        self.runtime.every(ROUND_SECONDS, self.anchors.round)
        return self._process([])

    def _process(self, routers: list[APIRouter]) -> FastAPI:
        """It does not start without the keys of its data, and turns to a new one while it serves."""
        self.runtime.first(self.keys.check)
        self.runtime.every(LOOK_SECONDS, self.keys.watch)
        return application(self.runtime, routers)
