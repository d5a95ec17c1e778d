"""What the 12345 platform sends us: one JSON object per message to the queue `hotline.in`. No event of ours: it has no envelope."""

from __future__ import annotations

from typing import ClassVar, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.base import Part
from shared.contracts.intake import HotlineKind

TEXT_LENGTH = 2_000


class HotlineReportV1(Part):
    """12345 says what became of an order: TAKEN 受理, RESOLVED 办结, RETURNED 退回; the two last in words. `id`: the same report
    again has the same. `at`: RFC 3339 with an offset. Fields that are not named here are passed over."""

    type: ClassVar[str] = "hotline.report.v1"

    id: UUID
    orderId: str = Field(min_length=1, max_length=64)
    kind: HotlineKind
    at: AwareDatetime
    text: str | None = Field(default=None, max_length=TEXT_LENGTH)

    @field_validator("at")
    @classmethod
    def _in_this_century(cls, at: AwareDatetime) -> AwareDatetime:
        # What no store keeps is no time of a report.
        if not 2000 <= at.year < 2100:
            raise PydanticCustomError("time_out_of_range", "not a time of this century")
        return at

    @model_validator(mode="after")
    def _in_words(self) -> Self:
        if self.kind != "TAKEN" and not (self.text or "").strip():
            raise PydanticCustomError("text_missing", "RESOLVED and RETURNED are said in words")
        return self
