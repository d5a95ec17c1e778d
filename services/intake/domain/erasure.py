"""删除 (个人信息保护法 art. 47): that a petitioner is to be erased, or was. Pure."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from shared.contracts.intake import ErasureReason, Owner
from shared.identity.errors import Refusal

SERVICE = Owner(staffId="system", role="SYSTEM", unit="intake")
"""By whom it is where a retention is over."""


class Erasure(BaseModel):
    """One erasure, of a person with all that they told. `at` is business time."""

    model_config = ConfigDict(frozen=True)

    id: str
    at: datetime
    by: Owner
    reason: ErasureReason


def erased() -> Refusal:
    return Refusal("PETITIONER_ERASED", "诉求人信息已删除。", "The petitioner's data was erased.")
