"""How what is personal is put together (reveal, look-up, export, correction, access log), for api and worker."""

from __future__ import annotations

from services.intake.fieldwork import ALONE, Fieldwork
from services.intake.store.access_log import AccessLog
from services.intake.store.look_ups import CODEC, LookUpRecords
from services.intake.store.mongo import Grievances
from services.intake.usecases.beside import Beside
from services.intake.usecases.export_personal_data import Exporting
from services.intake.usecases.look_up_by_phone import LookingUp
from services.intake.usecases.personal_access import PersonalAccess
from services.intake.usecases.ports import Persons
from shared.runtime import Runtime
from shared.writer import Writer


class Privacy:
    """Made inside the event loop."""

    def __init__(
        self,
        runtime: Runtime,
        fieldwork: Fieldwork,
        grievances: Grievances,
        grievance_writer: Writer,
        persons: Persons,
        beside: Beside,
        reference_key: bytes,
        look_ups_a_day: int,
    ) -> None:
        world = runtime.world
        self.log = AccessLog(runtime.database)
        self.access = PersonalAccess(
            grievance_writer, grievances, persons, beside, reference_key, world.now, world.real_now, fieldwork.today
        )
        self.exporting = Exporting(self.access, self.log)
        self.look_ups = LookUpRecords(runtime.database)
        writer = runtime.writer(self.look_ups, ALONE, CODEC, reference_key)
        self.looking_up = LookingUp(self.access, writer, look_ups_a_day)
