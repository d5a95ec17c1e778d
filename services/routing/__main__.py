import getpass
import sys
from collections.abc import Awaitable, Callable

from services.routing.domain import catalogue_file, limits_file, timetable_file
from services.routing.domain.csv_table import BadTable
from services.routing.service import NAME, Service
from services.routing.settings import RoutingSettings
from shared.command_line import Step, main


def publishing(publish: Callable[[Service, str, str], Awaitable[int]]) -> Callable[[Service], Awaitable[str]]:
    async def from_stdin(service: Service) -> str:
        try:
            version = await publish(service, sys.stdin.read(), getpass.getuser())
        except BadTable as bad:
            sys.exit(f"{bad}\nnothing was published · 未发布")
        return f"version {version} is in force within two seconds · 第{version}版即将生效"

    return from_stdin


async def show_catalogue(service: Service) -> str:
    return catalogue_file.written((await service.catalogues.newest()).rules).rstrip()


async def show_timetable(service: Service) -> str:
    return timetable_file.written((await service.timetables.newest()).rows).rstrip()


async def show_limits(service: Service) -> str:
    return limits_file.written((await service.limits.newest()).rules).rstrip()


STEPS = {
    "recount": Step[Service]("count the desks anew, beside what is served; workers go on with it", lambda service: service.recount()),
    "publish-catalogue": Step[Service](
        "make the dispatch rules of a CSV file, read from stdin, the newest version", publishing(Service.publish_catalogue)
    ),
    "show-catalogue": Step[Service]("write the newest dispatch rules as such a file", show_catalogue),
    "publish-timetable": Step[Service](
        "make the days and hours of work of a CSV file, read from stdin, the newest version", publishing(Service.publish_timetable)
    ),
    "show-timetable": Step[Service]("write the newest days and hours of work as such a file", show_timetable),
    "publish-limits": Step[Service]("make the limits of a CSV file, from stdin, the newest version", publishing(Service.publish_limits)),
    "show-limits": Step[Service]("write the newest limits as such a file", show_limits),
}

if __name__ == "__main__":
    settings = RoutingSettings()
    main(NAME, settings, lambda: Service(settings), STEPS)
