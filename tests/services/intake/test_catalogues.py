"""Versions of the dispatch catalogue in the store: published while it serves, each kept as it was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from services.routing.domain.catalogue_file import BadCatalogue
from services.routing.store.catalogues import COLLECTION, Catalogues
from shared.contracts.intake import DepartmentRow
from shared.settings import CommonSettings
from tests.services.builders import AT, LUCHENG
from tests.services.intake.test_erasure_everywhere import heard
from tests.services.routing.builders import FIRST_CATALOGUE
from tests.services.town import Town, town_of

HEADER = "id,category,division,kind,department,co,days\n"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town(intake_store_settings: CommonSettings, keys_dir: Path) -> AsyncIterator[Town]:
    """With the two departments that the rules name; in the town only what is about grievances is handed on."""
    async with town_of(intake_store_settings, keys_dir) as made:
        rows = [
            DepartmentRow(code=LUCHENG, name="鲁城街道党工委", division="370881001000", head="head-lucheng", receiver="r", committee=True),
            DepartmentRow(code="D-3708-RXB", name="热线办", division="370800000000", head="head-rxb", receiver="r"),
        ]
        await made.routing.departments.apply("code", 1, [row.model_dump() for row in rows])
        await made.routing.departments.newest()
        yield made


async def test_what_is_published_decides_from_then_on_and_each_version_stays_as_it_was(town: Town) -> None:
    await town.routing.migrate()
    first = await town.routing.catalogues.find(1)
    assert first is not None
    assert (first.table, first.by) == (FIRST_CATALOGUE, "package")

    before = await heard(town, "before")
    await town.settle(before)
    version = await town.routing.publish_catalogue(HEADER + "new,,,,TOWN,,3\nold,,,,D-3708-RXB,,\n", "operator")
    await town.routing.catalogues.newest()
    after = await heard(town, "after")
    await town.settle(after)

    cases = await town.routing.cases.find_many([before, after])
    sent = {id: cases[id].work_order for id in (before, after)}
    assert all(sent.values())
    assert [(order.rule, order.rule_version) for order in sent.values() if order] == [("lucheng", 1), ("new", version)]
    assert [(case.owner.staffId, case.departments) for case in cases.values()] == [("head-lucheng", [LUCHENG])] * 2
    assert await town.routing.catalogues.find(1) == first
    assert await town.routing.catalogues.find(version + 1) is None


async def test_a_department_that_is_not_recorded_is_named_and_nothing_is_published(town: Town) -> None:
    newest = await town.routing.catalogues.newest()
    with pytest.raises(BadCatalogue) as bad:
        await town.routing.publish_catalogue(HEADER + "a,,,,D-NOBODY,D-NONE,\n", "operator")
    assert bad.value.faults == [
        "rule a: no department D-NOBODY · 规则 a：没有部门 D-NOBODY",
        "rule a: no department D-NONE · 规则 a：没有部门 D-NONE",
    ]
    assert await town.routing.catalogues.newest() == newest


async def test_two_who_publish_at_once_make_two_versions_and_a_process_that_starts_reads_the_newest(town: Town) -> None:
    text = HEADER + "all,,,,D-3708-RXB,,\n"
    made = await asyncio.gather(*(town.routing.publish_catalogue(text, f"operator-{number}") for number in range(4)))
    assert sorted(made) == list(range(min(made), min(made) + 4))
    started = Catalogues(town.routing.runtime.database, FIRST_CATALOGUE)
    assert (await started.newest()).version == max(made) == started.current().version
    # What the package brings never takes the place of what an installation has.
    await started.begin(AT, "package")
    rows = await town.routing.runtime.database[COLLECTION].find({}).to_list(None)
    assert len(rows) == max(made)
