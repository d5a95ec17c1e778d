from services.intake.service import NAME, Service
from services.intake.settings import IntakeSettings
from shared.command_line import Step, main

RECOUNT = Step[Service](
    "count coverage and participation anew, beside what is served; workers go on with it", lambda service: service.recount()
)

if __name__ == "__main__":
    settings = IntakeSettings()
    main(NAME, settings, lambda: Service(settings), {"recount": RECOUNT})
