from services.routing.domain.workdays import Calendar as Timetable

__all__ = ["Timetable"]
