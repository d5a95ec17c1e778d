"""The timetable: days and hours of work over the package's calendar, and the file in which an installation writes them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.adapters.timetable import FIRST, first_timetable
from services.routing.domain.timetable import OfficeHours, SpecialDay, Timetable, TimetableRow
from services.routing.domain.timetable_file import BadTimetable, read_timetable, written
from services.routing.domain.workdays import Hours, add_working_days
from shared.china_time import CHINA
from tests.services.routing.builders import LUCHENG, ZJJ

HEADER = "what,key,value,name\n"
CALENDAR = first_timetable().calendar


def timetable(*lines: str) -> Timetable:
    return Timetable(7, read_timetable(HEADER + "".join(f"{line}\n" for line in lines)), CALENDAR)


def china(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


NEXT_YEAR = timetable("day,2027-01-01,off,元旦", "day,2027-01-03,work,调休", "day,2020-06-08,off,停电", "day,2020-06-07,work,补班")


@pytest.mark.row("S52")
@pytest.mark.parametrize(
    ("day", "workday", "known"),
    [
        # a row beats weekday, weekend and the package
        (date(2027, 1, 1), False, True),
        (date(2027, 1, 3), True, True),
        (date(2020, 6, 8), False, True),
        (date(2020, 6, 7), True, True),
        # the other days of a year of which a row tells follow the weekday, and are known
        (date(2027, 1, 4), True, True),
        (date(2027, 12, 31), True, True),
        (date(2027, 10, 2), False, True),
        # nobody has told of these
        (date(2028, 1, 3), True, False),
        (date(2028, 1, 1), False, False),
        (date(2003, 10, 1), True, False),
        # the package
        (date(2026, 2, 14), True, True),
        (date(2026, 12, 31), True, True),
    ],
)
def test_a_row_beats_the_package_and_makes_its_year_known(day: date, workday: bool, known: bool) -> None:
    assert NEXT_YEAR.is_workday(day) == (workday, known)


@pytest.mark.parametrize(
    ("lines", "year"),
    [
        ((), 2026),
        (("hours,,09:00-17:00,",), 2026),
        (("day,2020-06-08,off,停电",), 2026),
        (("day,2027-01-01,off,元旦",), 2027),
        (("day,2027-01-01,off,元旦", "day,2028-01-01,off,元旦"), 2028),
        # 2027 is missing: what lies behind is not known through
        (("day,2028-01-01,off,元旦",), 2026),
    ],
)
def test_it_is_known_until_the_year_before_the_first_of_which_nobody_has_told(lines: tuple[str, ...], year: int) -> None:
    assert timetable(*lines).known_until() == year


@pytest.mark.parametrize(
    ("lines", "department", "hours"),
    [
        ((), "", Hours(time(8, 30), time(17, 30))),
        ((), ZJJ, Hours(time(8, 30), time(17, 30))),
        (("hours,,09:00-18:00,",), ZJJ, Hours(time(9), time(18))),
        ((f"hours,{ZJJ},09:00-17:00,",), ZJJ, Hours(time(9), time(17))),
        ((f"hours,{ZJJ},09:00-17:00,",), LUCHENG, Hours(time(8, 30), time(17, 30))),
        ((f"hours,{ZJJ},09:00-17:00,", "hours,,08:00-16:00,"), LUCHENG, Hours(time(8), time(16))),
        ((f"hours,{ZJJ},09:00-17:00,", "hours,,08:00-16:00,"), ZJJ, Hours(time(9), time(17))),
    ],
)
def test_a_department_has_its_own_hours_or_those_of_everybody(lines: tuple[str, ...], department: str, hours: Hours) -> None:
    assert timetable(*lines).hours(department) == hours


@pytest.mark.row("S52")
@pytest.mark.parametrize(
    ("department", "arrives", "days", "due", "provisional"),
    [
        ("", "2026-12-31 09:00", 1, "2027-01-03 17:30", False),
        (ZJJ, "2026-12-31 09:00", 1, "2027-01-03 16:00", False),
        (ZJJ, "2026-12-31 09:00", 2, "2027-01-04 16:00", False),
        (LUCHENG, "2026-12-31 09:00", 2, "2027-01-04 17:30", False),
        (ZJJ, "2027-12-31 09:00", 1, "2028-01-03 16:00", True),
    ],
)
def test_a_limit_ends_at_the_close_of_work_of_its_department(department: str, arrives: str, days: int, due: str, provisional: bool) -> None:
    made = timetable("day,2027-01-01,off,元旦", "day,2027-01-03,work,调休", f"hours,{ZJJ},09:30-16:00,夏季")
    found = add_working_days(china(arrives), days, made, department)
    assert (found.at, found.provisional) == (china(due), provisional)


def test_the_first_timetable_leaves_the_days_to_the_package() -> None:
    first = first_timetable()
    assert (first.version, first.known_until(), first.hours()) == (1, 2026, Hours(time(8, 30), time(17, 30)))
    days = [date(2004, 1, 1) + timedelta(days=n) for n in range(9_000)]
    assert [first.is_workday(day) for day in days] == [first.calendar.is_workday(day) for day in days]
    assert written(first.rows) == FIRST.read_text(encoding="utf-8")


NAMES = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=64).filter(lambda text: text == text.strip())
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))
DAYS = st.builds(SpecialDay, st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.booleans(), NAMES)
OFFICES = st.builds(
    lambda department, hours, name: OfficeHours(department, min(hours), max(hours), name),
    st.just("") | NAMES,
    st.lists(TIMES, min_size=2, max_size=2, unique=True),
    st.just("") | NAMES,
)


def what_of(row: TimetableRow) -> date | str:
    return row.day if isinstance(row, SpecialDay) else row.department


@given(st.lists(DAYS | OFFICES, unique_by=what_of, max_size=20))
def test_a_file_that_is_shown_is_read_as_the_same_rows_and_written_as_the_same_file(rows: list[TimetableRow]) -> None:
    text = written(tuple(rows))
    assert read_timetable(text) == tuple(rows)
    assert read_timetable("\ufeff" + text.replace("\n", "\r\n")) == tuple(rows)
    assert written(read_timetable(text)) == text


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", ["line 1: the columns"]),
        ("day,2027-01-01,off,元旦\n", ["line 1: the columns"]),
        (HEADER + "holiday,2027-01-01,off,元旦\n", ["line 2, what: day or hours"]),
        (HEADER + ",,,\n", ["line 2, what"]),
        (HEADER + "day,2027-02-29,off,元旦\n", ["line 2, key: a day"]),
        (HEADER + "day,20270101,off,元旦\n", ["line 2, key"]),
        (HEADER + "day,1999-12-31,off,元旦\n", ["line 2, key"]),
        (HEADER + "day,2100-01-01,off,元旦\n", ["line 2, key"]),
        (HEADER + "day,,off,元旦\n", ["line 2, key"]),
        (HEADER + "day,2027-01-01,no,元旦\n", ["line 2, value: off or work"]),
        (HEADER + "day,2027-01-01,off\n", ["line 2, name: 1 to 64"]),
        (HEADER + f"day,2027-01-01,off,{'元' * 65}\n", ["line 2, name"]),
        (HEADER + "day,2027-01-01,off,元旦\n\nday,2027-01-01,work,元旦\n", ["line 4, key: there twice"]),
        (HEADER + "day,2027-01-01,off,元旦,\n", ["line 2, what: more cells"]),
        (HEADER + "hours,,17:30-08:30,\n", ["line 2, value: hours as"]),
        (HEADER + "hours,,08:30-08:30,\n", ["line 2, value"]),
        (HEADER + "hours,,8:30-17:30,\n", ["line 2, value"]),
        (HEADER + "hours,,08:30-24:00,\n", ["line 2, value"]),
        (HEADER + "hours,,０８:30-17:30,\n", ["line 2, value"]),
        (HEADER + f"hours,{'D' * 65},08:30-17:30,\n", ["line 2, key: 0 to 64"]),
        (HEADER + f"hours,,08:30-17:30,{'夏' * 65}\n", ["line 2, name"]),
        (HEADER + "hours,D-1,08:30-17:30,\nhours,D-1,09:00-17:00,\n", ["line 3, key: there twice"]),
        (HEADER + "day,soon,maybe,\nhours,,always,\n", ["line 2, key", "line 2, value", "line 2, name", "line 3, value"]),
        (HEADER + f"day,2027-01-01,off,{'x' * 140_000}\n", ["line 2: no CSV"]),
    ],
)
def test_each_fault_of_a_file_is_told_by_its_line_and_column_in_both_languages(text: str, faults: list[str]) -> None:
    with pytest.raises(BadTimetable) as bad:
        read_timetable(text)
    assert len(bad.value.faults) == len(faults)
    for told, expected in zip(bad.value.faults, faults, strict=True):
        assert told.startswith(expected)
        english, chinese = told.split(" · ")
        assert chinese.startswith("第")
        assert ("line 2" in english) == ("第2行" in chinese)


def test_a_file_has_so_many_rows_at_most() -> None:
    lines = "".join(f"hours,D-{number},08:30-17:30,\n" for number in range(5_001))
    with pytest.raises(BadTimetable) as bad:
        read_timetable(HEADER + lines)
    assert bad.value.faults == ["more than 5000 rows · 不能超过5000行"]
