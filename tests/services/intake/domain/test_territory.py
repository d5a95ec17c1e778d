"""The division tree, on the committed data and on small hand-made trees."""

import pytest

from services.intake.adapters.divisions import LOCAL, OFFICIAL, load_territory
from services.intake.domain.territory import (
    DIGITS,
    LOCAL_LEVELS,
    BadDivision,
    DivisionLevel,
    DivisionRow,
    Territory,
    UnknownDivision,
    is_code,
    level_of,
    parent_code,
)

L = DivisionLevel
TERRITORY = load_territory()
GULOU = "370881001901"
HOUZUOJIE = "370881001901-01"


def test_committed_files_are_small() -> None:
    assert OFFICIAL.stat().st_size + LOCAL.stat().st_size < 1_000_000


@pytest.mark.row("S27")
def test_holds_all_divisions_of_jining_and_the_local_rows() -> None:
    levels = [division.level for division in TERRITORY]
    assert len(TERRITORY) == 5099 + 2
    assert {level: levels.count(level) for level in set(levels)} == {
        L.PROVINCE: 1,
        L.CITY: 1,
        L.COUNTY: 12,
        L.TOWN: 158,
        L.VILLAGE: 4928,
        L.COMPOUND: 1,
    }


@pytest.mark.row("S8")
def test_every_division_hangs_on_the_province_through_every_tier() -> None:
    order = list(DivisionLevel)
    for division in TERRITORY:
        chain = TERRITORY.chain(division.code)
        assert [link.level for link in chain] == order[: len(chain)]
        assert chain[0].code == "370000000000"
        assert chain[-1] is division
        assert [link.code for link in chain[:-1]] == [link.parent for link in chain[1:]]


@pytest.mark.row("L1")
@pytest.mark.row("S28")
def test_the_place_of_the_sign_board_case_is_a_local_row_below_lucheng() -> None:
    community, compound = TERRITORY.get(GULOU), TERRITORY.get(HOUZUOJIE)
    assert (community.name, community.level, community.local, community.parent) == ("鼓楼社区", L.VILLAGE, True, "370881001000")
    assert (compound.name, compound.level, compound.local, compound.parent) == ("后作街小区", L.COMPOUND, True, GULOU)
    assert TERRITORY.full_name(GULOU) == "济宁市曲阜市鲁城街道鼓楼社区"
    assert TERRITORY.full_name(HOUZUOJIE) == "济宁市曲阜市鲁城街道鼓楼社区后作街小区"


def test_official_rows_are_not_local() -> None:
    assert {division.code for division in TERRITORY if division.local} == {GULOU, HOUZUOJIE}


def test_full_name_of_the_province_is_its_own_name() -> None:
    assert TERRITORY.full_name("370000000000") == "山东省"
    assert TERRITORY.full_name("370800000000") == "济宁市"


def test_look_up_of_an_unknown_code() -> None:
    assert TERRITORY.find("370881001902") is None
    assert not TERRITORY.knows("370881001902")
    assert TERRITORY.knows(GULOU)
    with pytest.raises(UnknownDivision) as raised:
        TERRITORY.get("370881001902")
    assert raised.value.code == "370881001902"


@pytest.mark.parametrize(
    ("code", "nearest"),
    [
        (HOUZUOJIE, HOUZUOJIE),
        ("370881001901-01-03-02-1204", HOUZUOJIE),
        ("370881001901-02", GULOU),
        ("370881001901-011", GULOU),
        ("370881001999", "370881001000"),
        ("370881999999", "370881000000"),
        ("370899000000", "370800000000"),
        ("379999999999", "370000000000"),
        ("110101001001", None),
        ("370881001000-01", None),
        ("曲阜", None),
        ("", None),
    ],
)
def test_nearest_known_goes_up_to_the_closest_place(code: str, nearest: str | None) -> None:
    found = TERRITORY.nearest_known(code)
    assert (found.code if found else None) == nearest


def test_ancestor_at_a_level() -> None:
    county = TERRITORY.ancestor(HOUZUOJIE, L.COUNTY)
    assert county is not None
    assert county.name == "曲阜市"
    assert TERRITORY.ancestor("370800000000", L.COUNTY) is None


def test_children_come_in_pages_in_code_order() -> None:
    whole = TERRITORY.children("370881001000", first=1000)
    assert whole.next is None
    assert whole.items[-1].code == GULOU
    walked: list[str] = []
    after: str | None = None
    while True:
        page = TERRITORY.children("370881001000", first=7, after=after)
        assert len(page.items) <= 7
        walked += [division.code for division in page.items]
        after = page.next
        if after is None:
            break
    assert walked == [division.code for division in whole.items] == sorted(walked)


def test_children_of_everybody_make_the_whole_tree() -> None:
    assert [root.code for root in TERRITORY.children(None).items] == ["370000000000"]
    below = sum(len(TERRITORY.children(division.code, first=10_000).items) for division in TERRITORY)
    assert below == len(TERRITORY) - 1


def test_children_page_that_ends_exactly_has_no_next() -> None:
    count = len(TERRITORY.children("370800000000", first=1000).items)
    assert TERRITORY.children("370800000000", first=count).next is None
    assert TERRITORY.children("370800000000", first=count - 1).next is not None


def test_children_refuses_nonsense() -> None:
    with pytest.raises(UnknownDivision):
        TERRITORY.children("999999999999")
    with pytest.raises(ValueError, match="positive"):
        TERRITORY.children("370800000000", first=0)
    assert TERRITORY.children(HOUZUOJIE).items == ()


@pytest.mark.parametrize(
    ("code", "level", "parent"),
    [
        ("370000000000", L.PROVINCE, None),
        ("370800000000", L.CITY, "370000000000"),
        ("370881000000", L.COUNTY, "370800000000"),
        ("370881001000", L.TOWN, "370881000000"),
        ("370881100000", L.TOWN, "370881000000"),
        ("370881001010", L.VILLAGE, "370881001000"),
        (HOUZUOJIE, L.COMPOUND, GULOU),
        (HOUZUOJIE + "-03", L.BUILDING, HOUZUOJIE),
        (HOUZUOJIE + "-03-02", L.UNIT, HOUZUOJIE + "-03"),
        (HOUZUOJIE + "-03-02-1204", L.HOUSEHOLD, HOUZUOJIE + "-03-02"),
    ],
)
def test_a_code_tells_its_level_and_its_parent(code: str, level: DivisionLevel, parent: str | None) -> None:
    """370881100000 ends in zeros that belong to the town's number: levels are told by fixed widths, never by stripping zeros."""
    assert level_of(code) is level
    assert parent_code(code) == parent


@pytest.mark.parametrize(
    "code", ["", "37088100190", "3708810019011", "37088100190a", "370881001901-1", "370881001901-01-", "３７０８８１００１９０１"]
)
def test_a_malformed_code_is_refused(code: str) -> None:
    assert not is_code(code)
    with pytest.raises(BadDivision):
        level_of(code)


def test_widths_name_every_level() -> None:
    assert set(DIGITS) | set(LOCAL_LEVELS) == set(DivisionLevel)


ROOT = DivisionRow("370000000000", L.PROVINCE, "山东省")


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([ROOT, ROOT], "twice"),
        ([ROOT, DivisionRow("370881000000", L.COUNTY, "曲阜市")], "parent 370800000000 is missing"),
        ([ROOT, DivisionRow("370800000000", L.COUNTY, "济宁市")], "level COUNTY"),
        ([DivisionRow("37", L.PROVINCE, "山东省")], "not a division code"),
        ([DivisionRow("370000000000", L.PROVINCE, " 山东省")], "clean name"),
        ([DivisionRow("370881001000-01", L.COMPOUND, "小区")], "below a village"),
    ],
)
def test_a_tree_is_never_half_built(rows: list[DivisionRow], says: str) -> None:
    with pytest.raises(BadDivision, match=says):
        Territory(rows)


def test_order_of_rows_does_not_matter() -> None:
    rows = [DivisionRow("370800000000", L.CITY, "济宁市"), ROOT]
    assert Territory(rows).full_name("370800000000") == "济宁市"
