"""The versions of the limits."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

from services.routing.domain.limits import LimitRule, Limits, Term
from services.routing.store.versions import Form, Versions
from shared.mongo import Database
from shared.records import Document

COLLECTION = "limits"


def _document(rule: LimitRule) -> Document:
    since = rule.since.isoformat() if rule.since else None
    return {**asdict(rule), "since": since, "response": str(rule.response), "result": str(rule.result)}


def _rule(kept: Document) -> LimitRule:
    since = date.fromisoformat(kept["since"]) if kept["since"] else None
    return LimitRule(**{**kept, "since": since, "response": Term.of(kept["response"]), "result": Term.of(kept["result"])})


FORM = Form(COLLECTION, "rules", Limits, lambda limits: limits.rules, _document, _rule)


class LimitVersions(Versions[Limits, LimitRule]):
    def __init__(self, database: Database, first: Limits) -> None:
        super().__init__(database, FORM, first)
