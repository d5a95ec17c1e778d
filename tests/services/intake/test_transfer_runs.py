"""How a transfer runs: cut in the middle it goes on, one that fails holds up no other, nothing is left behind."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from services.intake.adapters.files import detect
from services.intake.domain.transfers import CSV, TRIES, Kind
from services.intake.domain.uploads import IMPORT
from services.intake.service import Service
from services.intake.store.transfers import RefusedRow
from services.intake.usecases.receive_upload import ReceiveUpload
from services.intake.usecases.run_transfer import LEASE
from services.intake.usecases.start_transfer import StartImport, start_import
from tests.services.intake.builders import body, ticket
from tests.services.intake.transfer_files import COUNTY, TOWN, begin, content_of, counts, done, found_team, homes, people, sheet
from tests.services.intake.viewers import COUNTY_ADMIN


@pytest_asyncio.fixture(scope="module", autouse=True, loop_scope="session")
async def team(intake_service: Service) -> None:
    await found_team(intake_service)


class PowerCut(BaseException):
    """The process ends here: nothing catches it."""


def cut_at(place: int) -> Callable[[str], Any]:
    """The process ends at the n-th step that it reaches."""
    reached = 0

    async def step(_where: str) -> None:
        nonlocal reached
        reached += 1
        if reached == place:
            raise PowerCut

    return step


@pytest.mark.parametrize("kind", ["DEPARTMENTS", "HOUSEHOLDS"])
@pytest.mark.parametrize("place", [1, 2, 3, 4, 5, 6])
async def test_an_import_that_was_cut_goes_on_and_ends_as_if_nothing_had_been(
    intake_service: Service, tmp_path: Path, kind: Kind, place: int
) -> None:
    tag = f"cut{place}-"
    if kind == "HOUSEHOLDS":
        rows = homes(tag, 620)
        rows[3][0] = "北京"
    else:
        rows = [[f"D-{tag}{n}", "局", COUNTY, "h", "r"] for n in range(520)]
        rows[3][2] = "1"
    id = await begin(intake_service, kind, sheet(kind, rows), tmp_path)
    run = intake_service.fieldwork.run_transfers
    with pytest.raises(PowerCut):
        await replace(run, reached=cut_at(place)).round()
    assert (await done(intake_service, id)).state == "RUNNING"
    late = replace(run, real_now=lambda: run.real_now() + 2 * LEASE)
    job = await done(intake_service, id, late)
    assert (job.state, counts(job)) == ("DONE", (len(rows) - 1, 0, 0, 1))
    assert job.report is not None
    assert len((await content_of(intake_service, job.report)).splitlines()) == 2


async def test_who_has_lost_the_lease_stops(intake_service: Service, tmp_path: Path) -> None:
    id = await begin(intake_service, "DEPARTMENTS", sheet("DEPARTMENTS", [["D-lost-1", "局", COUNTY, "h", "r"]]), tmp_path)
    run = intake_service.fieldwork.run_transfers
    other = replace(run, real_now=lambda: run.real_now() + timedelta(hours=1))

    async def overtaken(where: str) -> None:
        if where == "rows kept":
            await other.round()

    assert await replace(run, reached=overtaken).round() == 0
    job = await intake_service.fieldwork.transfers.find(id)
    assert job is not None
    assert (job.state, counts(job)) == ("DONE", (1, 0, 0, 0))


async def test_a_file_that_fails_in_the_middle_leaves_no_refused_rows_behind(intake_service: Service, tmp_path: Path) -> None:
    rows = [[f"mid-{n}", "孔凡莹", "13800000001", "", "厨师", "", "", TOWN, "", "", ""] for n in range(600)]
    content = sheet("MEMBERS", rows) + b'"' + b"x" * 200_000 + b'"\n'
    job = await done(intake_service, await begin(intake_service, "MEMBERS", content, tmp_path))
    assert job.state == "FAILED"
    assert await intake_service.runtime.database["transfer_faults"].find_one({}) is None


async def test_rows_that_a_lost_worker_left_behind_are_forgotten(intake_service: Service, tmp_path: Path) -> None:
    job = await done(intake_service, await begin(intake_service, "MEMBERS", sheet("MEMBERS", people("left", 1)), tmp_path))
    await intake_service.fieldwork.transfers.keep_refused(job.id, 1, [RefusedRow(["孔凡莹"], [])])
    await intake_service.fieldwork.run_transfers.sweep()
    assert await intake_service.runtime.database["transfer_faults"].find_one({}) is None


async def test_a_job_that_ends_its_worker_each_time_is_given_up(intake_service: Service, tmp_path: Path) -> None:
    id = await begin(intake_service, "MEMBERS", sheet("MEMBERS", people("fatal", 2)), tmp_path)
    run = intake_service.fieldwork.run_transfers
    for number in range(TRIES):
        late = replace(run, real_now=lambda n=number: run.real_now() + n * 2 * LEASE, reached=cut_at(1))
        with pytest.raises(PowerCut):
            await late.round()
    job = await done(intake_service, id, replace(run, real_now=lambda: run.real_now() + (TRIES + 1) * 2 * LEASE))
    assert job.state == "FAILED"


async def test_a_defect_met_by_one_file_does_not_hold_up_the_others(intake_service: Service, tmp_path: Path) -> None:
    bad = await begin(intake_service, "MEMBERS", sheet("MEMBERS", people("defect", 1)), tmp_path)
    good = await begin(intake_service, "DEPARTMENTS", sheet("DEPARTMENTS", [["D-beside-1", "局", COUNTY, "h", "r"]]), tmp_path)
    run = intake_service.fieldwork.run_transfers

    class Defective:
        async def keep(self, *_arguments: object) -> list[Any]:
            raise KeyError("a defect of ours")

    job = await done(intake_service, good, replace(run, rows={**run.rows, "MEMBERS": Defective()}))
    assert job.state == "DONE"
    late = replace(run, real_now=lambda: run.real_now() + 2 * LEASE)
    assert (await done(intake_service, bad, late)).state == "DONE"


async def test_too_many_refused_rows_end_the_job(intake_service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.intake.usecases.run_transfer.MOST_REFUSED", 5)
    rows = [["x"] * 11 for _ in range(20)]
    job = await done(intake_service, await begin(intake_service, "MEMBERS", sheet("MEMBERS", rows), tmp_path))
    assert (job.state, job.refused) == ("FAILED", 20)


async def test_files_are_forgotten_after_their_days_and_not_before(intake_service: Service, tmp_path: Path) -> None:
    job = await done(intake_service, await begin(intake_service, "MEMBERS", sheet("MEMBERS", people("old", 1)), tmp_path))
    run = intake_service.fieldwork.run_transfers
    for days, there in ((6, True), (8, False)):
        later = timedelta(days=days)
        await replace(run, now=lambda by=later: run.now() + by, real_now=lambda by=later: run.real_now() + by).sweep()
        assert (await intake_service.files.find(job.sha256 or "") is not None) == there


async def test_a_file_that_a_young_job_needs_is_kept_though_it_came_long_ago(intake_service: Service, tmp_path: Path) -> None:
    content = sheet("MEMBERS", people("young", 1))
    job = await done(intake_service, await begin(intake_service, "MEMBERS", content, tmp_path))
    run = intake_service.fieldwork.run_transfers
    await replace(run, real_now=lambda: run.real_now() + timedelta(days=8)).sweep()
    assert await intake_service.files.find(job.sha256 or "") is not None


async def test_a_file_that_is_sent_again_when_its_days_are_over_can_be_imported(intake_service: Service, tmp_path: Path) -> None:
    service, content, run = intake_service, sheet("MEMBERS", people("again", 1)), intake_service.fieldwork.run_transfers
    await done(service, await begin(service, "MEMBERS", content, tmp_path))
    later = timedelta(days=8)
    at = service.runtime.world.real_now() + later
    again = ticket(content, id="sent-again", uploader=COUNTY_ADMIN.sub, content_type=CSV, purpose=IMPORT, now=at)
    await service.uploads.open(again)
    await ReceiveUpload(service.uploads, service.files, detect, lambda: at, service.limits)(again.id, body(content))
    await replace(run, now=lambda: run.now() + later, real_now=lambda: run.real_now() + later).sweep()
    asked = StartImport(request_id="sent-again", kind="MEMBERS", attachment_id=again.id, division=COUNTY)
    job = await done(service, await start_import(service.fieldwork.start_transfers, COUNTY_ADMIN, asked, ""))
    assert (job.state, counts(job)) == ("DONE", (0, 0, 1, 0))
