"""汇总、上传 (S51, S23): what a secretary heard in a day, looked at item by item, and handed up to the superior committee. Pure.

One summary per secretary and China day. What is registered after the handing up is open again by itself: it is not looked at yet, and the
next handing up sends only what was not handed up before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict

from shared.china_time import day_in_china
from shared.contracts.intake import Owner
from shared.identity.errors import Refusal
from shared.identity.scopes import Level, Scope, prefixes
from shared.redaction import redact

TOWN_PREFIX = 9


class Look(BaseModel):
    """What the secretary says of one item: kept, or struck out with the reason as its remark. `remark` is redacted."""

    model_config = ConfigDict(frozen=True)

    grievance: str
    keep: bool
    remark: str | None = None


class Item(Look):
    """`division`: where it was heard, village level at most; `to`: the town to which it was handed up; `noted`: the grievance knows it."""

    division: str
    to: str | None = None
    handed_up_at: datetime | None = None
    noted: bool = False

    @property
    def waits(self) -> bool:
        """Kept, and not handed up yet."""
        return self.keep and self.handed_up_at is None

    @property
    def handed_up_on(self) -> str | None:
        """The China day of handing it up, ISO."""
        return day_in_china(self.handed_up_at).isoformat() if self.handed_up_at else None

    @property
    def found_under(self) -> set[str]:
        """Prefixes of where it was heard, and of the town to which it was handed up: that may lie below."""
        return {*prefixes(self.division), *prefixes(self.to or "")}


class DaySummary(BaseModel):
    """`day`: ISO, in China; `items` in the order in which they were looked at; `remark` is redacted."""

    model_config = ConfigDict(frozen=True)

    id: str
    day: str
    by: Owner
    remark: str | None = None
    items: list[Item] = []

    def item(self, grievance: str) -> Item | None:
        return next((item for item in self.items if item.grievance == grievance), None)

    def checked(self, remark: str | None, looks: Iterable[Look], heard: Mapping[str, str]) -> Self:
        """With these looks; `heard` is what was heard that day: grievance → division. A remark left out stays. Raises Refusal."""
        if remark not in (None, self.remark) and any(item.handed_up_at for item in self.items):
            raise Refusal(
                "ALREADY_HANDED_UP", "已有事项上报，总说明不能再改。", "Items were handed up with this remark; it stays.", "remark"
            )
        items = {item.grievance: item for item in self.items}
        for look in looks:
            items[look.grievance] = _looked_at(look, items.get(look.grievance), heard)
        return self.model_copy(update={"remark": remark if remark is not None else self.remark, "items": list(items.values())})

    def unchecked(self, heard: Iterable[str]) -> list[str]:
        """What was heard that day and is neither kept nor struck."""
        known = {item.grievance for item in self.items}
        return [grievance for grievance in heard if grievance not in known]

    def handed_up(self, heard: Iterable[str], scopes: Iterable[Scope], at: datetime) -> Self:
        """Hand up what waits, each to the town above; `scopes`: the secretary's own territory. Raises Refusal."""
        left = len(self.unchecked(heard))
        if left:
            raise Refusal("UNCHECKED_ITEMS", f"还有 {left} 件未核对。", f"Items not checked yet: {left}.", "day")
        towns = {item.grievance: town_above(item.division, scopes) for item in self.items if item.waits}
        if not towns:
            raise Refusal("NOTHING_TO_HAND_UP", "没有待上报的事项。", "There is nothing to hand up.", "day")
        if None in towns.values():
            raise Refusal("NO_SUPERIOR", "有事项找不到上级镇（街道）党工委。", "For some item there is no town above.", "day")
        items = [item.model_copy(update={"to": towns[item.grievance], "handed_up_at": at}) if item.waits else item for item in self.items]
        return self.model_copy(update={"items": items})

    def without(self, names: Collection[str]) -> Self:
        """Without these names in any remark: one may have been told after the remark was written."""
        items = [item.model_copy(update={"remark": redact(item.remark, names).text}) if item.remark else item for item in self.items]
        return self.model_copy(update={"remark": redact(self.remark, names).text if self.remark else self.remark, "items": items})

    def unnoted(self) -> list[Item]:
        """Handed up, and the grievance does not know it yet."""
        return [item for item in self.items if item.handed_up_at is not None and not item.noted]

    def with_noted(self, grievance: str) -> Self:
        items = [item.model_copy(update={"noted": True}) if item.grievance == grievance else item for item in self.items]
        return self.model_copy(update={"items": items})

    def handed_up_from(self, division: str, day: str) -> list[Item]:
        """What was handed up on this China day, ISO, of what was heard in this division or went to a town in it."""
        return [item for item in self.items if item.handed_up_on == day and not item.found_under.isdisjoint(prefixes(division)[-1:])]


def _looked_at(look: Look, before: Item | None, heard: Mapping[str, str]) -> Item:
    if look.grievance not in heard:
        raise Refusal("NOT_HEARD", "这件不是您当日受理的。", "This is not one that you heard on that day.", "items")
    if before is not None and before.handed_up_at is not None:
        raise Refusal("ALREADY_HANDED_UP", "该事项已上报，不能再改。", "This item has been handed up already.", "items")
    if not look.keep and not (look.remark or "").strip():
        raise Refusal("REASON_MISSING", "剔除事项须写明原因。", "Say why the item is struck out.", "items")
    return Item(**look.model_dump(), division=heard[look.grievance])


def town_above(division: str, scopes: Iterable[Scope]) -> str | None:
    """The town (镇、街道) whose committee is above this place; else above the secretary's own community; None where there is none."""
    of_secretary = (scope.code for scope in scopes if scope.level not in (Level.PROVINCE, Level.CITY, Level.COUNTY))
    return next((town for place in (division, *of_secretary) if (town := town_of(place))), None)


def town_of(division: str) -> str | None:
    """The code of the town that this place lies in or is."""
    prefix = next((prefix for prefix in prefixes(division) if len(prefix) == TOWN_PREFIX), None)
    return f"{prefix}000" if prefix else None
