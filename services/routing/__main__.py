from services.routing.service import NAME, Service
from services.routing.settings import RoutingSettings
from shared.command_line import Step, main

RECOUNT = Step[Service]("count the desks anew, beside what is served; workers go on with it", lambda service: service.recount())

if __name__ == "__main__":
    settings = RoutingSettings()
    main(NAME, settings, lambda: Service(settings), {"recount": RECOUNT})
