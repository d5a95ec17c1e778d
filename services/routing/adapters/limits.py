"""Reads the limits that the package brings."""

from services.routing.adapters.categories import DATA
from services.routing.domain.categories import CategoryTree
from services.routing.domain.limits import Limits
from services.routing.domain.limits_file import read_limits

FIRST = DATA / "limits.csv"


def first_limits(tree: CategoryTree) -> Limits:
    """Version 1: by grade alone. Raises BadLimits."""
    return Limits(1, read_limits(FIRST.read_text(encoding="utf-8-sig"), tree))
