from typing import get_args

import pytest

from services.intake.domain.duties import Done
from services.intake.domain.people import LATEST_OUTINGS, RANKS, Mandate, Member, Rank, refuse_assignment, refuse_leader

COUNTY, TOWN, VILLAGE = "370881000000", "370881001000", "370881001901"


def member(rank: str = "NONE", mandates: tuple[str, ...] = (), unit: str = TOWN, assigned: tuple[str, ...] = ()) -> Member:
    row = {"id": "m-1", "team": None, "kinds": ["GRID_WORKER"], "rank": rank, "mandates": mandates, "unit": unit, "assigned": assigned}
    return Member(**row, department=None, programmes=[], person="p", key="k", name="n", phone=None, digest="d")


@pytest.mark.row("S14")
@pytest.mark.row("S18")
@pytest.mark.row("S20")
@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize("mandate", [None, *get_args(Mandate)])
def test_a_team_is_led_from_section_rank_or_by_a_representative(rank: Rank, mandate: str | None) -> None:
    refusal = refuse_leader(member(rank, (mandate,) if mandate else ()))
    if mandate or rank in ("SECTION", "COUNTY", "CITY"):
        assert refusal is None
    else:
        assert refusal is not None
        assert refusal.code == "LEADER_NOT_QUALIFIED"
        assert "党代表" in refusal.zh
        assert "section rank" in refusal.en


@pytest.mark.row("S15")
@pytest.mark.parametrize(
    ("unit", "assigned", "allowed"),
    [
        (TOWN, VILLAGE, True),
        (COUNTY, TOWN, True),
        (VILLAGE, f"{VILLAGE}-01", True),
        (COUNTY, VILLAGE, False),
        (TOWN, TOWN, False),
        (VILLAGE, TOWN, False),
        (COUNTY, "370811011000", False),
        (TOWN, "370881002001", False),
    ],
)
def test_leaders_and_representatives_go_down_exactly_one_level(unit: str, assigned: str, allowed: bool) -> None:
    for each in (member("SECTION", (), unit, (assigned,)), member("NONE", ("PARTY_DELEGATE",), unit, (assigned,))):
        refusal = refuse_assignment(each)
        assert (refusal is None) == allowed
        assert refusal is None or (refusal.code == "NOT_ONE_LEVEL_BELOW" and assigned in refusal.zh)
    assert refuse_assignment(member("ORDINARY", (), unit, (assigned,))) is None


def test_outings_are_told_apart_for_the_latest_and_counted_by_month_before() -> None:
    went = member()
    for number in range(LATEST_OUTINGS + 30):
        went = went.went_out(f"v{number:05}", "2020-06-05" if number < 20 else "2020-07-05")
    assert len(went.outings) == LATEST_OUTINGS
    assert (went.outings_in("2020-06"), went.outings_in("2020-07")) == (20, LATEST_OUTINGS + 10)
    assert {"out:2020-06:NONE", "out:2020-07:NONE", "out:2020:NONE"} <= went.facts()["n"].keys()
    assert went.tells_of(f"v{LATEST_OUTINGS:05}")
    # An old visit that is recorded late is told apart as every other.
    late = went.went_out("late", "2019-12-31")
    assert late.tells_of("late")
    assert late.outings_in("2019-12") == 1


def test_a_duty_done_again_in_its_period_is_kept_once() -> None:
    went = member()
    for day in ("2020-06-05", "2020-06-03", "2020-07-01"):
        went = went.did(Done(duty="MEET", on=day, period=day[:7]))
    assert {key: done.on for key, done in went.done.items()} == {"MEET:2020-06": "2020-06-05", "MEET:2020-07": "2020-07-01"}
