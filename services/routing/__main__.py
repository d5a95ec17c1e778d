import getpass
import sys

from services.routing.domain.catalogue_file import BadCatalogue, written
from services.routing.service import NAME, Service
from services.routing.settings import RoutingSettings
from shared.command_line import Step, main


async def publish(service: Service) -> str:
    try:
        version = await service.publish_catalogue(sys.stdin.read(), getpass.getuser())
    except BadCatalogue as bad:
        sys.exit(f"{bad}\nnothing was published · 未发布")
    return f"version {version} is in force within two seconds · 第{version}版即将生效"


async def show(service: Service) -> str:
    return written((await service.catalogues.newest()).rules).rstrip()


STEPS = {
    "recount": Step[Service]("count the desks anew, beside what is served; workers go on with it", lambda service: service.recount()),
    "publish-catalogue": Step[Service]("make the dispatch rules of a CSV file, read from stdin, the newest version", publish),
    "show-catalogue": Step[Service]("write the newest dispatch rules as such a file", show),
}

if __name__ == "__main__":
    settings = RoutingSettings()
    main(NAME, settings, lambda: Service(settings), STEPS)
