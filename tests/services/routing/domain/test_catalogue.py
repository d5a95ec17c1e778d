"""The dispatch catalogue: which rule decides, whom it leads to, and the file in which an installation writes it."""

from __future__ import annotations

import pytest

from services.routing.adapters.categories import load_categories
from services.routing.domain.catalogue import Catalogue, DispatchRule
from services.routing.domain.catalogue_file import BadCatalogue, read_rules, written
from services.routing.domain.dispatching import appraise, dispatch
from services.routing.domain.targets import resolve
from shared.contracts.intake import DepartmentRow, Kind
from tests.services.builders import AT, LUCHENG, VILLAGE
from tests.services.routing.builders import FIRST_CATALOGUE, RECKONING, limit, opened

TREE = load_categories()
COMPOUND = f"{VILLAGE}-01"
HEADER = "id,category,division,kind,department,co,days\n"
LAST = "rest,,,,D-REST,,\n"


def row(code: str, division: str, *, committee: bool = True) -> DepartmentRow:
    return DepartmentRow(code=code, name=code, division=division, head=f"head-{code}", receiver="r", committee=committee)


TIERS = {each.code: each for each in (row("D-TOWN", "370881001000"), row("D-COUNTY", "370881000000"), row("D-CITY", "370800000000"))}
KNOWN = {
    **TIERS,
    **{each.code: each for each in (row("D-OFFICE", "370881001000", committee=False), row("D-OTHER", "370881002000"))},
}


def rules(*lines: str) -> Catalogue:
    return Catalogue(7, read_rules(HEADER + "".join(f"{line}\n" for line in lines) + LAST, TREE))


@pytest.mark.row("S48")
@pytest.mark.parametrize(
    ("category", "kind", "rule"),
    [
        ("城乡建设/安全生产/事故处理", "HELP", "leaf"),
        ("城乡建设/安全生产", "HELP", "branch"),
        ("城乡建设/安全生产/安全生产管理", "HELP", "branch"),
        ("城乡建设/安全生产/安全生产管理", "REPORT", "branch-report"),
        ("城乡建设", "HELP", "first"),
        ("城乡建设类", "HELP", "town"),
        (None, "REPORT", "report"),
        (None, "HELP", "town"),
    ],
)
def test_the_longest_division_decides_then_the_longest_category_then_a_named_kind(category: str | None, kind: Kind, rule: str) -> None:
    catalogue = rules(
        "county,城乡建设/安全生产/事故处理,370881,REPORT,D-1,,",
        "town,,370881001,,D-2,,",
        "report,,370881001,REPORT,D-3,,",
        "first,城乡建设,370881001,,D-4,,",
        "branch,城乡建设/安全生产,370881001,,D-5,,",
        "branch-report,城乡建设/安全生产,370881001,REPORT,D-5,,",
        "leaf,城乡建设/安全生产/事故处理,370881001,,D-6,,",
    )
    assert catalogue.choose(category, VILLAGE, kind, [], {}).rule.id == rule


def test_whom_it_accuses_never_gets_it_by_whatever_name_it_is_meant() -> None:
    catalogue = rules("up,,370881001,,UP,D-COUNTY;D-OFFICE;D-TOWN,")
    assert catalogue.choose(None, VILLAGE, "REPORT", [], KNOWN).department == "D-TOWN"
    accusing = catalogue.choose(None, VILLAGE, "REPORT", ["D-TOWN"], KNOWN)
    assert (accusing.rule.id, accusing.department, accusing.co) == ("rest", "D-REST", ())
    assert catalogue.choose(None, VILLAGE, "REPORT", ["D-COUNTY"], KNOWN).co == ("D-OFFICE",)
    with pytest.raises(LookupError):
        catalogue.choose(None, VILLAGE, "REPORT", ["D-TOWN", "D-REST"], KNOWN)


@pytest.mark.row("S8", "S23")
@pytest.mark.parametrize("place", [VILLAGE, COMPOUND])
@pytest.mark.parametrize(
    ("target", "of", "department"),
    [
        ("TOWN", None, "D-TOWN"),
        ("COUNTY", None, "D-COUNTY"),
        ("CITY", None, "D-CITY"),
        ("VILLAGE", None, None),
        ("UP", None, "D-TOWN"),
        ("UP", "D-OFFICE", "D-COUNTY"),
        ("UP", "D-TOWN", "D-COUNTY"),
        ("UP", "D-COUNTY", "D-CITY"),
        ("UP", "D-CITY", None),
        ("UP", "D-NOT-ARRIVED", "D-TOWN"),
        ("D-NOT-ARRIVED", None, "D-NOT-ARRIVED"),
    ],
)
def test_a_tier_means_its_committee_of_the_place_and_up_the_one_above_who_has_it(
    place: str, target: str, of: str | None, department: str | None
) -> None:
    assert resolve(target, place, KNOWN, of) == department


def test_a_rule_gives_the_days_and_an_urgent_one_keeps_its_hours() -> None:
    catalogue = rules("slow,,370881001,,D-TOWN,,12")
    for urgent, due in ((False, limit(AT, 12).at), (True, AT.replace(day=AT.day + 1))):
        accepted, _ = appraise(opened(urgent=urgent), None, AT)
        sent, events = dispatch(accepted, catalogue, KNOWN, RECKONING, AT)
        assert sent.due_at == due
        assert sent.work_order is not None
        assert (sent.work_order.rule, sent.work_order.rule_version, sent.owner.staffId) == ("slow", 7, "head-D-TOWN")
        assert [event.model_dump()["ruleVersion"] for event in events] == [7]


def test_the_first_catalogue_sends_as_the_report_tells() -> None:
    assert FIRST_CATALOGUE.choose("城乡建设", VILLAGE, "HELP", [], {}).department == LUCHENG
    assert FIRST_CATALOGUE.choose("城乡建设/安全生产/事故处理", "370811001001", "HELP", [], {}).department == "D-3708-ZJJ"


def test_a_file_that_is_shown_is_read_as_the_same_rules() -> None:
    made = rules("slow,城乡建设/安全生产,370881001,REPORT,UP,D-1;D-2,12").rules
    assert read_rules(written(made), TREE) == made
    assert read_rules("\ufeff" + written(made), TREE) == made
    assert made[0] == DispatchRule("slow", "城乡建设/安全生产", "370881001", "UP", "REPORT", ("D-1", "D-2"), 12)


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", ["line 1: the columns"]),
        ("id,category\n", ["line 1: the columns"]),
        (HEADER, ["no rule for any category"]),
        (HEADER + "a,,3708,,D-1,,\n", ["no rule for any category"]),
        (HEADER + ",,,,D-1,,\n", ["line 2, id"]),
        (HEADER + "a,,,,,,\n", ["line 2, department"]),
        (HEADER + "a,,,,D-1,,\na,,3708,,D-1,,\n", ["line 3, id: there twice"]),
        (HEADER + "a,没有的类别,,,D-1,,\n", ["line 2, category"]),
        (HEADER + "a,,曲阜,,D-1,,\n", ["line 2, division"]),
        (HEADER + "a,,,GIFT,D-1,,\n", ["line 2, kind"]),
        (HEADER + "a,,,,D-1,D-1,\n", ["line 2, co"]),
        (HEADER + "a,,,,D-1,D-2;;D-3,\n", ["line 2, co"]),
        (HEADER + "a,,,,D-1,D-2;D-2,\n", ["line 2, co"]),
        (HEADER + "a,,,,D-1,,0\n", ["line 2, days"]),
        (HEADER + "a,,,,D-1,,soon\n", ["line 2, days"]),
        (HEADER + "a,,,,D-1,,,more\n", ["line 2, id: more cells"]),
        (HEADER + "a,,,,,,61\nb,,曲,,D-1,,\n", ["line 2, department", "line 2, days", "line 3, division"]),
    ],
)
def test_each_fault_of_a_file_is_told_by_its_line_and_column(text: str, faults: list[str]) -> None:
    with pytest.raises(BadCatalogue) as bad:
        read_rules(text, TREE)
    assert len(bad.value.faults) == len(faults)
    for told, expected in zip(bad.value.faults, faults, strict=True):
        assert told.startswith(expected)
        assert " · " in told
