"""The versions of the dispatch catalogue: a case names the version that sent it where it is."""

from __future__ import annotations

from dataclasses import asdict

from services.routing.domain.catalogue import Catalogue, DispatchRule
from services.routing.store.versions import Form, Versions
from shared.mongo import Database
from shared.records import Document

COLLECTION = "catalogues"


def _rule(kept: Document) -> DispatchRule:
    return DispatchRule(**{**kept, "co": tuple(kept["co"])})


FORM = Form(COLLECTION, "rules", Catalogue, lambda catalogue: catalogue.rules, asdict, _rule)


class Catalogues(Versions[Catalogue, DispatchRule]):
    def __init__(self, database: Database, first: Catalogue) -> None:
        super().__init__(database, FORM, first)
