"""The State Council's calendar of holidays and make-up days, by the package chinese-calendar."""

from datetime import date

from chinese_calendar.constants import holidays, workdays

from services.routing.domain.workdays import Workday

_YEARS = range(min(holidays).year, max(holidays).year + 1)


class StateCouncilCalendar:
    """Knows the years that the installed package knows (2004 to 2026 for 1.11.0); Monday to Friday outside them."""

    def is_workday(self, day: date) -> Workday:
        """As the package's own function, which looks through all its tables at each question to find out which years they have."""
        return Workday(day in workdays or (day.weekday() < 5 and day not in holidays), known=day.year in _YEARS)

    def known_until(self) -> int:
        return _YEARS[-1]
