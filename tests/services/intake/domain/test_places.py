from datetime import date

import pytest

from services.intake.domain.places import Name, Place, levels_below, lineage, territory_on

QUFU = [
    Place(code="370000000000", local=False, names=[Name(name="山东省")]),
    Place(code="370800000000", local=False, names=[Name(name="济宁市")]),
    Place(code="370881000000", local=False, names=[Name(name="曲阜市")]),
]
TOWN = Place(code="370881001000", local=False, names=[Name(name="鲁城镇"), Name(name="鲁城街道", since="2010-01-01")], until="2030-01-01")
VILLAGE = Place(code="370881001901", local=True, names=[Name(name="鼓楼社区")], aliases=["鼓楼居委会"], since="2015-06-01")


@pytest.mark.row("S27")
@pytest.mark.parametrize(
    ("day", "town", "village"),
    [("2009-12-31", "鲁城镇", None), ("2010-01-01", "鲁城街道", None), ("2015-06-01", "鲁城街道", "鼓楼社区"), ("2030-01-01", None, None)],
)
def test_the_tree_is_that_of_the_day(day: str, town: str | None, village: str | None) -> None:
    territory = territory_on([VILLAGE, TOWN, *QUFU], date.fromisoformat(day))
    names = {place.code: place.name for place in territory}
    assert names.get(TOWN.code) == town
    assert names.get(VILLAGE.code) == village


def test_a_new_name_holds_from_its_day_and_earlier_days_keep_theirs() -> None:
    renamed = VILLAGE.restated("鼓楼新社区", [], "2026-01-01", None)
    assert renamed.name_on(date(2025, 12, 31)) == "鼓楼社区"
    assert renamed.name_on(date(2026, 1, 1)) == "鼓楼新社区"
    assert renamed.restated("鼓楼新社区", [], "2026-01-01", None) == renamed


def test_levels_are_counted_across_the_village() -> None:
    assert levels_below("370881001000", "370881001901") == 1
    assert levels_below("370881000000", "370881001901-01") == 3
    assert levels_below("370881001901", "370881001000") == -1
    assert lineage("370881001901-01") == [
        "370881001901-01",
        "370881001901",
        "370881001000",
        "370881000000",
        "370800000000",
        "370000000000",
    ]


def test_without_a_day_the_present_name_is_confirmed_or_put_right_and_earlier_ones_stay() -> None:
    assert TOWN.restated("鲁城街道", [], None, TOWN.until) == TOWN
    corrected = TOWN.restated("鲁城街道办", [], None, TOWN.until)
    assert corrected.name_on(date(2009, 1, 1)) == "鲁城镇"
    assert corrected.name_on(date(2020, 1, 1)) == "鲁城街道办"


@pytest.mark.parametrize("name", ["", " ", " 鼓楼"])
def test_one_place_without_a_clean_name_is_left_out_and_the_tree_stands(name: str) -> None:
    bad = Place(code="370881002000", local=True, names=[Name(name=name)])
    assert {place.code for place in territory_on([bad, TOWN, *QUFU], date(2020, 1, 1))} == {*(place.code for place in QUFU), TOWN.code}
