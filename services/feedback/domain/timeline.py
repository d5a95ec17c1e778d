"""One history of a grievance in words, from the events of all services. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.contracts.intake import Owner


class Entry(BaseModel):
    """One thing that happened. `by` is role and unit, never a name; `sequence` orders entries of one service."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    service: Literal["intake", "routing", "feedback"]
    what: str
    what_zh: str
    by: str
    status: str | None = None


def spoken(owner: Owner) -> str:
    """Role and unit of staff, as the timeline shows them."""
    return f"{owner.role} {owner.unit}".strip()
