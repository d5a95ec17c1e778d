from services.routing.service import NAME, Service
from services.routing.settings import RoutingSettings
from shared.command_line import main

if __name__ == "__main__":
    settings = RoutingSettings()
    main(NAME, settings, lambda: Service(settings))
