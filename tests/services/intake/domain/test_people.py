from typing import get_args

import pytest

from services.intake.domain.people import RANKS, Mandate, Member, Rank, refuse_assignment, refuse_leader

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
    refusal = refuse_leader(member(rank, (mandate,) if mandate else ()), "m-1")
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
    ],
)
def test_leaders_and_representatives_go_down_exactly_one_level(unit: str, assigned: str, allowed: bool) -> None:
    for each in (member("SECTION", (), unit, (assigned,)), member("NONE", ("PARTY_DELEGATE",), unit, (assigned,))):
        refusal = refuse_assignment(each)
        assert (refusal is None) == allowed
        assert refusal is None or (refusal.code == "NOT_ONE_LEVEL_BELOW" and assigned in refusal.zh)
    assert refuse_assignment(member("ORDINARY", (), unit, (assigned,))) is None
