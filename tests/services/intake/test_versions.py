"""Timetable and limits in the store, as the catalogue (test_catalogues.py): published while it serves, each version kept as it was."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from services.routing.__main__ import STEPS
from services.routing.adapters import limits, timetable
from services.routing.adapters.limits import first_limits
from services.routing.adapters.timetable import first_timetable
from services.routing.domain.catalogue import DispatchRule
from services.routing.domain.limits import LimitRule, Term
from services.routing.domain.timetable import OfficeHours, SpecialDay
from services.routing.domain.timetable_file import BadTimetable
from services.routing.store.catalogues import Catalogues
from services.routing.store.limits import LimitVersions
from services.routing.store.timetables import Timetables
from shared.contracts.intake import DepartmentRow
from shared.settings import CommonSettings
from tests.services.builders import AT, LUCHENG
from tests.services.routing.builders import FIRST_CATALOGUE, TREE
from tests.services.town import Town, town_of

FIRST = {"timetables": first_timetable(), "limits": first_limits(TREE)}
FIRST_DAYS = timetable.FIRST.read_text(encoding="utf-8")
FIRST_LIMITS = limits.FIRST.read_text(encoding="utf-8")
DAYS = "what,key,value,name\nday,2027-01-01,off,元旦\nday,2027-01-03,work,调休\nhours,,09:00-17:00,\n"
LIMITS = (
    "id,since,category,kind,grade,response,result\n"
    "rest,,,,,1d,6d\nheating,2026-11-15,城乡建设/城市建设和市政管理/冬季采暖,HELP,URGENT,1h,12h\n"
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town(intake_store_settings: CommonSettings, keys_dir: Path) -> AsyncIterator[Town]:
    async with town_of(intake_store_settings, keys_dir) as made:
        row = DepartmentRow(code=LUCHENG, name="鲁城街道党工委", division="370881001000", head="head-lucheng", receiver="r", committee=True)
        await made.routing.departments.apply("code", 1, [row.model_dump()])
        await made.routing.departments.newest()
        await made.routing.migrate()
        yield made


@pytest.fixture(params=sorted(FIRST))
def versions(town: Town, request: pytest.FixtureRequest) -> Any:
    return getattr(town.routing, request.param)


async def publish(town: Town, versions: Any, by: str = "operator") -> int:
    if versions is town.routing.timetables:
        return await town.routing.publish_timetable(DAYS, by)
    return await town.routing.publish_limits(LIMITS, by)


async def test_what_is_published_is_read_as_it_was_and_the_first_stays(town: Town, versions: Any) -> None:
    first = await versions.find(1)
    assert first.table in FIRST.values()
    assert first.by == "package"
    version = await publish(town, versions)
    newest = await versions.newest()
    assert newest == versions.current()
    assert newest.version == version
    found = await versions.find(version)
    assert (found.table, found.by) == (newest, "operator")
    assert await versions.find(1) == first
    assert await versions.find(version + 1) is None
    await town.routing.migrate()
    assert (await versions.newest()).version == version


async def test_each_row_comes_back_with_its_types(town: Town) -> None:
    await town.routing.publish_timetable(DAYS + f"hours,{LUCHENG},08:00-16:30,夏季\n", "operator")
    newest = await town.routing.timetables.newest()
    assert newest.rows == (
        SpecialDay(date(2027, 1, 1), works=False, name="元旦"),
        SpecialDay(date(2027, 1, 3), works=True, name="调休"),
        OfficeHours("", time(9), time(17)),
        OfficeHours(LUCHENG, time(8), time(16, 30), "夏季"),
    )
    assert newest.known_until() == 2027
    await town.routing.publish_limits(LIMITS, "operator")
    assert (await town.routing.limits.newest()).rules == (
        LimitRule("rest", None, None, None, None, Term(days=1), Term(days=6)),
        LimitRule("heating", date(2026, 11, 15), "城乡建设/城市建设和市政管理/冬季采暖", "HELP", "URGENT", Term(hours=1), Term(hours=12)),
    )


async def test_who_publish_at_once_make_a_version_each_and_a_process_that_starts_reads_the_newest(town: Town, versions: Any) -> None:
    made = await asyncio.gather(*(publish(town, versions, f"operator-{number}") for number in range(4)))
    assert sorted(made) == list(range(min(made), min(made) + 4))
    database = town.routing.runtime.database
    started: Any
    if versions is town.routing.timetables:
        started = Timetables(database, first_timetable())
    else:
        started = LimitVersions(database, first_limits(TREE))
    assert (await started.newest()).version == max(made) == started.current().version
    await started.begin(AT, "package")
    assert await started.find(max(made) + 1) is None


async def test_a_limit_ends_by_the_timetable_that_was_read_last(town: Town) -> None:
    """In a command as in a worker; what was read is at most two seconds old there."""

    def limit() -> datetime:
        return town.routing.handling().reckoning().days(AT, 1).at

    await town.routing.publish_timetable(FIRST_DAYS, "operator")
    await town.routing.timetables.newest()
    before = limit()
    await town.routing.publish_timetable("what,key,value,name\nhours,,08:30-16:00,\n", "operator")
    assert limit() == before
    await town.routing.timetables.newest()
    assert (before - limit()).total_seconds() == 90 * 60


async def test_hours_of_a_department_that_is_not_recorded_are_refused_and_nothing_is_published(town: Town) -> None:
    newest = await town.routing.timetables.newest()
    with pytest.raises(BadTimetable) as bad:
        await town.routing.publish_timetable(DAYS + "hours,D-NOBODY,09:00-17:00,\n", "operator")
    assert bad.value.faults == ["no department D-NOBODY · 没有部门 D-NOBODY"]
    assert await town.routing.timetables.newest() == newest


async def test_a_catalogue_that_was_published_before_there_were_other_tables_is_read(town: Town) -> None:
    rule = {"id": "all", "category": None, "division": "", "department": "TOWN", "kind": None, "co": ["D-1"], "days": 3}
    await town.routing.runtime.database["catalogues"].insert_one({"_id": 70, "rules": [rule], "at": AT, "by": "operator"})
    catalogues = Catalogues(town.routing.runtime.database, FIRST_CATALOGUE)
    assert (await catalogues.newest()).rules == (DispatchRule("all", None, "", "TOWN", co=("D-1",), days=3),)
    version = await catalogues.publish((DispatchRule("all", None, "", "TOWN", co=("D-1",), days=3),), AT, "operator")
    kept = await town.routing.runtime.database["catalogues"].find_one({"_id": version})
    assert kept is not None
    assert (version, kept["rules"], kept["by"]) == (71, [rule], "operator")


@pytest.mark.parametrize(("table", "text"), [("timetable", FIRST_DAYS), ("limits", FIRST_LIMITS)])
async def test_the_commands_publish_a_file_and_show_it(town: Town, monkeypatch: pytest.MonkeyPatch, table: str, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    told = await STEPS[f"publish-{table}"].run(town.routing)
    assert " is in force within two seconds · 第" in told
    assert await STEPS[f"show-{table}"].run(town.routing) == text.rstrip()


@pytest.mark.parametrize("table", ["catalogue", "timetable", "limits"])
async def test_a_command_that_is_given_a_faulty_file_says_what_is_wrong_and_publishes_nothing(
    town: Town, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    shown = await STEPS[f"show-{table}"].run(town.routing)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{shown.splitlines()[0]}\na,b,c,d,e,f,g,h\n"))
    with pytest.raises(SystemExit) as ended:
        await STEPS[f"publish-{table}"].run(town.routing)
    lines = str(ended.value).splitlines()
    assert lines[0].startswith("line 2, ")
    assert lines[-1] == "nothing was published · 未发布"
    assert await STEPS[f"show-{table}"].run(town.routing) == shown
