"""What a secretary did with a grievance after it was registered: handed it up, told its petitioner. Pure."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from shared.contracts.intake import Owner


class ReportedUp(BaseModel):
    """To the committee of which town, in which day summary. `remark` is redacted."""

    model_config = ConfigDict(frozen=True)

    to: str
    by: Owner
    at: datetime
    summary: str
    remark: str | None


class Told(BaseModel):
    """Words said to the petitioner in person, redacted. `on`: ISO day in China; `at`: when it was recorded; `delivery`: the reply that
    reached them by it."""

    model_config = ConfigDict(frozen=True)

    id: str
    text: str
    on: str
    at: datetime
    by: Owner
    delivery: str | None = None
