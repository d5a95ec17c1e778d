"""Reads the dispatch catalogue that the package brings."""

from services.routing.adapters.categories import DATA
from services.routing.domain.catalogue import Catalogue
from services.routing.domain.catalogue_file import read_rules
from services.routing.domain.categories import CategoryTree

FIRST = DATA / "catalogue.csv"


def first_catalogue(tree: CategoryTree) -> Catalogue:
    """Version 1: 鲁城街道 hears for itself (the sign-board case); elsewhere the first-level category decides; the hotline office takes what
    no rule names. Raises BadCatalogue."""
    return Catalogue(1, read_rules(FIRST.read_text(encoding="utf-8-sig"), tree))
