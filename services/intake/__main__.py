from services.intake.service import NAME, Service
from services.intake.settings import IntakeSettings
from shared.command_line import Step, main

RECOUNT = Step[Service](
    "count coverage and participation anew, beside what is served; workers go on with it", lambda service: service.recount()
)
ROTATE_KEYS = Step[Service](
    "wrap all data keys with the newest master key, while everything serves; killed, run it again", lambda service: service.rotate_keys()
)
DELIVERIES = Step[Service]("show which replies wait, for which channel and why", lambda service: service.outbound.overview())

if __name__ == "__main__":
    settings = IntakeSettings()
    main(NAME, settings, lambda: Service(settings), {"recount": RECOUNT, "rotate-keys": ROTATE_KEYS, "deliveries": DELIVERIES})
