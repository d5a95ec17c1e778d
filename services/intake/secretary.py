"""How the secretary's four duties (S51) are put together, for api and worker."""

from __future__ import annotations

from functools import partial

from services.intake.fieldwork import ALONE, Fieldwork
from services.intake.store.mongo import Grievances
from services.intake.store.summaries import Summaries
from services.intake.usecases.beside import Beside
from services.intake.usecases.check_day_summary import Summarising
from services.intake.usecases.complete_grievance import Completing
from services.intake.usecases.each_for_itself import each_for_itself
from services.intake.usecases.hand_up_day_summary import report_up
from services.intake.usecases.ports import Persons, Uploads
from services.intake.usecases.tell_petitioner import Telling
from shared.runtime import Runtime
from shared.writer import Writer

REPORT_SECONDS = 5.0


class SecretaryDuties:
    """Summaries and what becomes of them; made inside the event loop."""

    def __init__(
        self,
        runtime: Runtime,
        fieldwork: Fieldwork,
        grievances: Grievances,
        grievance_writer: Writer,
        persons: Persons,
        uploads: Uploads,
        reference_key: bytes,
    ) -> None:
        self.summaries = Summaries(runtime.database)
        self.summarising = Summarising(
            writer=runtime.writer(self.summaries, ALONE, self.summaries.codec, reference_key),
            grievance_writer=grievance_writer,
            grievances=grievances,
            persons=persons,
            reference_key=reference_key,
            now=runtime.world.now,
            today=fieldwork.today,
        )
        self.telling = Telling(grievance_writer, grievances, persons, reference_key, runtime.world.now, fieldwork.today)
        self.beside = Beside(fieldwork.encounters, fieldwork.record_encounters.encounters, self.summarising.writer)
        self.completing = Completing(grievance_writer, grievances, persons, uploads, self.beside, reference_key, runtime.world.now)

    def work(self, runtime: Runtime) -> None:
        """The round of a worker."""
        runtime.every(REPORT_SECONDS, self.report_up)

    async def report_up(self) -> None:
        """Items handed up of which the grievance was not told: a crash came between. One summary that fails keeps no other from it: the
        failure is raised at the end."""
        await each_for_itself({id: partial(report_up, self.summarising, id) for id in await self.summaries.unnoted(100)})
