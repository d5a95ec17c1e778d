"""How grievances come in, counted over the real store: as the documents say, and never told to whom they accuse."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, get_args

import pytest
import pytest_asyncio

from services.intake.domain.grievance import FOUND_BY_VISIT, Grievance, Sealed
from services.intake.domain.shares import DONE, ENDED, accused_key, day_of, share_of
from services.intake.service import Service
from services.intake.store.mongo import CODEC
from shared.contracts.intake import Channel, Owner
from shared.contracts.routing import Progress, ProgressAccess, Status
from shared.identity.development import DevelopmentIssuer
from shared.identity.scopes import prefixes
from shared.identity.viewer import Viewer
from shared.record import stub
from tests.services.builders import AT, LUCHENG
from tests.services.intake.builders import project
from tests.services.intake.graph import SIX, Graph, graph_of, today
from tests.services.intake.viewers import CITY_ADMIN, COUNTY_ADMIN, NOBODY, RESIDENT, SECRETARY, TEAM, VILLAGE

OWNER = Owner(staffId=SECRETARY.sub, role="SECRETARY", unit=TEAM)
PLACES = [(VILLAGE, TEAM), ("370881001002", TEAM), ("370811011001", "T-370811-009"), (VILLAGE, None)]
CHANNELS: list[Channel] = list(get_args(Channel))
STATUSES: list[Status | None] = [None, *get_args(Status)]


SHARE = (
    "query($division: String, $team: String) { grievanceShare(division: $division, team: $team) "
    "{ period foundByVisit byPetition share onSpot done open byChannel { channel grievances } } }"
)


def grievance(status: Status | None = None, **changes: Any) -> Grievance:
    """Heard by the secretary during a visit at AT, in this state by routing's word."""
    fields: dict[str, Any] = {
        "number": "n", "kind": "HELP", "channel": "VISIT", "subject": "路灯不亮", "text": "", "category": None, "division": VILLAGE,
        "original": Sealed(subject="", text="", place=None), "urgent": False, "anonymous": False, "confidential": False, "person": "p",
        "petitioner_kind": "RESIDENT", "petitioner_ref": "r", "team": TEAM, "accused_departments": [], "occurred_at": AT,
        "registered_at": AT, "campaign": None, "encounter": None, "owner": OWNER, "attachments": [], "on_spot_answer": None,
    }  # fmt: skip
    made = Grievance(**(fields | changes))
    return made if status is None else made.progressed(progress(made, status))


def progress(made: Grievance, status: Status) -> Progress:
    access = ProgressAccess(
        division=made.division, departments=[], handlers=[], accusedDepartments=made.accused_departments, confidential=False
    )
    return Progress(status=status, at=AT, dueAt=None, publicReply=None, owner=OWNER, access=access)


async def keep(service: Service, id: str, made: Grievance) -> None:
    assert await service.grievances.insert({**stub(id), "version": 1, "registered": True, **CODEC.dump(made)})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def graph(intake_service: Service, issuer: DevelopmentIssuer) -> AsyncIterator[Graph]:
    async with graph_of(intake_service, issuer) as made:
        yield made


@pytest.mark.row("S10")
@pytest.mark.row("S42")
async def test_the_share_found_by_visit_is_what_the_documents_say_whatever_became_of_them(intake_service: Service) -> None:
    draw, kept = random.Random(11), {}
    for number in range(40):
        village, team = draw.choice(PLACES)
        kept[f"share-{number}"] = grievance(
            division=village,
            team=team,
            channel=draw.choice(CHANNELS),
            accused_departments=draw.choice([[], [], [LUCHENG]]),
            registered_at=draw.choice([AT, AT + timedelta(days=30), datetime.fromisoformat("2020-06-30T16:30:00+00:00")]),
            on_spot_answer=draw.choice([None, "当场答复。"]),
        )
        await keep(intake_service, f"share-{number}", kept[f"share-{number}"])
    for step in range(60):
        id = f"share-{draw.randrange(40)}"
        status = draw.choice(STATUSES)
        if status is not None:
            kept[id] = kept[id].progressed(progress(kept[id], status))
            await intake_service.writer.act(id, lambda _state, new=kept[id]: (new, []))
        if step % 20 == 0:
            await project(intake_service)
    await project(intake_service)

    for key in ("3708", "370881", "370881001", VILLAGE, "370811", f"team:{TEAM}"):
        for period in ("2020", "2020-06", "2020-07"):
            own = [each for each in kept.values() if (key in prefixes(each.division) or key == f"team:{each.team}") and _in(each, period)]
            for hides, seen in (("", own), (LUCHENG, [each for each in own if LUCHENG not in each.accused_departments])):
                numbers = await intake_service.fieldwork.shares.read([key, accused_key(hides, key)])
                told = share_of(numbers[key], numbers[accused_key(hides, key)], period)
                visits = _count(seen, lambda each: each.channel in FOUND_BY_VISIT)
                assert (told.found_by_visit, told.by_petition) == (visits, len(seen) - visits)
                assert told.share == (visits / len(seen) if seen else None)
                assert told.on_spot == _count(seen, lambda each: each.on_spot_answer is not None)
                assert told.done == _count(seen, lambda each: _status(each) in DONE)
                assert told.open == _count(seen, lambda each: _status(each) not in DONE | ENDED)
                assert sum(told.by_channel.values()) == len(seen)


async def test_who_heard_it_which_team_in_which_month_and_in_which_encounter_is_found(intake_service: Service) -> None:
    owner = Owner(staffId="secretary-heard", role="SECRETARY", unit="T-heard")
    midnight = datetime.fromisoformat("2020-06-30T16:30:00+00:00")
    for id, changes in {
        "heard-1": {"encounter": "encounter-heard"},
        "heard-2": {"registered_at": AT - timedelta(minutes=1)},
        "heard-next-day-in-china": {"registered_at": midnight},
    }.items():
        await keep(intake_service, id, grievance(owner=owner, team="T-heard", **changes))
    assert list(await intake_service.grievances.heard_by("secretary-heard", "2020-06-05")) == ["heard-2", "heard-1"]
    assert list(await intake_service.grievances.heard_by("secretary-heard", "2020-07-01")) == ["heard-next-day-in-china"]
    assert list(await intake_service.grievances.of_team("T-heard", "2020-06")) == ["heard-2", "heard-1"]
    assert list(await intake_service.grievances.of_encounters(["encounter-heard", "none"])) == ["heard-1"]
    assert await intake_service.grievances.of_encounters([]) == {}


@pytest.mark.row("S10")
@pytest.mark.row("S42")
async def test_officials_read_the_share_of_their_territory_and_team_and_the_accused_unit_one_less(graph: Graph) -> None:
    at, place = graph.service.runtime.world.now(), "370881001004"
    for id, changes in {
        "visit": {"on_spot_answer": "当场答复。"},
        "web": {"channel": "WEB"},
        "against": {"channel": "WEB", "accused_departments": [LUCHENG]},
    }.items():
        await keep(graph.service, f"share-of-{id}", grievance(division=place, team=None, registered_at=at, **changes))
    await project(graph.service)
    told = await graph.see(CITY_ADMIN, SHARE, division=place)
    assert told == {
        "period": today(graph)[:7], "foundByVisit": 1, "byPetition": 2, "share": 1 / 3, "onSpot": 1, "done": 0, "open": 3,
        "byChannel": [{"channel": "VISIT", "grievances": 1}, {"channel": "WEB", "grievances": 2}],
    }  # fmt: skip
    accused = await graph.see(replace(CITY_ADMIN, department=LUCHENG), SHARE, division=place)
    assert (accused["foundByVisit"], accused["byPetition"], accused["open"]) == (1, 1, 2)
    empty = await graph.see(CITY_ADMIN, SHARE, division="370881001005")
    assert (empty["share"], empty["byChannel"]) == (None, [])


@pytest.mark.parametrize("viewer", SIX, ids=lambda viewer: viewer.sub or "nobody")
async def test_of_the_six_who_reads_which_share(graph: Graph, viewer: Viewer) -> None:
    answer = await graph.ask(viewer, SHARE, {"division": VILLAGE})
    assert ("errors" not in answer) == (viewer in (SECRETARY, COUNTY_ADMIN, CITY_ADMIN))
    for wrong, reason in (
        ({}, "DIVISION_OR_TEAM"),
        ({"division": "370899000000"}, "DIVISION_UNKNOWN"),
        ({"division": f"{VILLAGE}-01"}, "TOO_NARROW"),
    ):
        refused = (await graph.ask(viewer, SHARE, wrong))["errors"][0]["extensions"]["reason"]
        code = "UNAUTHENTICATED" if viewer is NOBODY else "FORBIDDEN" if viewer is RESIDENT else reason
        assert refused in (code, "OUT_OF_SCOPE")
    assert (await graph.ask(viewer, SHARE, {"team": "T-none"}))["data"] == {"grievanceShare": None}


def _in(each: Grievance, period: str) -> bool:
    return day_of(each).startswith(period)


def _status(each: Grievance) -> str:
    return each.progress.status if each.progress else "REGISTERED"


def _count(rows: list[Grievance], holds: Callable[[Grievance], bool]) -> int:
    return sum(map(holds, rows))
