"""How often one person may look somebody up by phone in a day. Pure."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from shared.identity.errors import Refusal


class LookUps(BaseModel):
    """One viewer's look-ups on one day in China, ISO."""

    model_config = ConfigDict(frozen=True)

    viewer: str
    day: str
    count: int = 0

    def one_more(self, limit: int) -> LookUps:
        """Raises Refusal beyond the day's limit."""
        if self.count >= limit:
            raise Refusal(
                "LOOK_UPS_SPENT",
                f"今日按电话查询已达上限（{limit}次），请明日再查。",
                f"Today's {limit} look-ups by phone are spent; come back tomorrow.",
                "phone",
            )
        return self.model_copy(update={"count": self.count + 1})
