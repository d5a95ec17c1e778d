"""负全责: who answers for a case, from its registration on, and by whose hand it came to them inside a department. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from shared.contracts.intake import Owner
from shared.erasure import ERASED
from shared.identity.roles import Role

DEPARTMENT_ROLES = frozenset({Role.HANDLER, Role.DEPARTMENT_HEAD})
"""Of an owner who has it for a department: `unit` is its code."""


class Owned(BaseModel):
    """Who owned it since when: until the next one did."""

    model_config = ConfigDict(frozen=True)

    owner: Owner
    since: datetime


class HandOver(BaseModel):
    """内部移交: from one person of a department to another."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    by: Owner
    owner_before: Owner
    owner: Owner
    reason: str

    def without_words(self) -> Self:
        return self.model_copy(update={"reason": ERASED})


# Before owners were kept: of whoever made these moves the case was, from then on; these sent it to somebody else.
OWNING = frozenset({"ACCEPT_WORK_ORDER", "REPORT_RESOLUTION", "DECLINE"})
SENDING = frozenset({"DISPATCH", "GRANT_RETURN", "REASSIGN"})


def passed_on(owners: list[Owned], owner: Owner, at: datetime) -> list[Owned]:
    """With one entry more where the owner is another one. Time does not go back, whatever a clock says."""
    if not owners:
        return [Owned(owner=owner, since=at)]
    last = owners[-1]
    return owners if last.owner == owner else [*owners, Owned(owner=owner, since=max(last.since, at))]


def owners_so_far(data: dict[str, Any]) -> list[Owned]:
    """Of a case that was kept before its owners were: what its moves tell, and who owns it now. Of a new case, its first owner.

    `data` are the fields of the case that stand before this one.
    """
    owners, since = list[Owned](), data["registered_at"]
    for step in data["history"]:
        if step.action in OWNING:
            owners = passed_on(owners, step.by, step.at)
        elif step.action in SENDING:
            since = step.at
    return passed_on(owners, data["owner"], since)
