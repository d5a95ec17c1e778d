"""Processes of routing read the catalogue, the timetable and the limits at their start and again and again, whoever publishes."""

from __future__ import annotations

import pytest

from services.routing.service import Service
from services.routing.settings import RoutingSettings
from shared.settings import CommonSettings
from tests.dropping import drop
from tests.waiting import until

DAYS = "what,key,value,name\nday,2027-01-01,off,元旦\n"
LIMITS = "id,since,category,kind,grade,response,result\nrest,,,,,1d,6d\n"


@pytest.mark.parametrize("process", ["api", "worker"])
async def test_a_process_reads_what_is_published_at_its_start_and_while_it_runs(settings: CommonSettings, process: str) -> None:
    own = RoutingSettings(**settings.model_dump())
    operator, service = Service(own), Service(own)
    await operator.migrate()
    await operator.publish_timetable(DAYS, "operator")
    app = getattr(service, process)()
    try:
        async with app.router.lifespan_context(app):
            assert (service.timetables.current().version, service.limits.current().version) == (2, 1)
            await operator.publish_timetable(DAYS, "operator")
            await operator.publish_limits(LIMITS, "operator")

            async def has_read() -> bool:
                return (service.timetables.current().version, service.limits.current().version) == (3, 2)

            await until(has_read, what="what was published")
    finally:
        await drop(own, operator.runtime.database.name)
        operator.runtime.client.close()
