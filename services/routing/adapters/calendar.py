"""The State Council's calendar of holidays and make-up days, by the package chinese-calendar."""

from datetime import date

import chinese_calendar
from chinese_calendar.constants import holidays

from services.routing.domain.workdays import Workday


class StateCouncilCalendar:
    """Knows the years that the installed package knows (2004 to 2026 for 1.11.0); Monday to Friday outside them."""

    def is_workday(self, day: date) -> Workday:
        try:
            return Workday(chinese_calendar.is_workday(day), known=True)
        except NotImplementedError:
            return Workday(day.weekday() < 5, known=False)

    def known_until(self) -> int:
        last: date = max(holidays)
        return last.year
