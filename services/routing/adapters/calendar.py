"""The State Council's calendar of holidays and make-up days, by the package chinese-calendar."""

from datetime import date
from functools import lru_cache

import chinese_calendar
from chinese_calendar.constants import holidays

from services.routing.domain.workdays import Workday


# The package looks through all that it knows at each question; days are asked again and again.
@lru_cache(maxsize=20_000)
def _says(day: date) -> Workday:
    try:
        return Workday(chinese_calendar.is_workday(day), known=True)
    except NotImplementedError:
        return Workday(day.weekday() < 5, known=False)


class StateCouncilCalendar:
    """Knows the years that the installed package knows (2004 to 2026 for 1.11.0); Monday to Friday outside them."""

    def is_workday(self, day: date) -> Workday:
        return _says(day)

    def known_until(self) -> int:
        last: date = max(holidays)
        return last.year
