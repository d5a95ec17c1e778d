from services.intake.service import NAME, Service
from services.intake.settings import IntakeSettings
from shared.command_line import main

if __name__ == "__main__":
    settings = IntakeSettings()
    main(NAME, settings, lambda: Service(settings))
