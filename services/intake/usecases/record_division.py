"""RecordDivision: a local level below a village (S28), or another name, alias or end of a place that is there (S27)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain.places import Name, Place
from services.intake.domain.rhythms import refuse_span
from services.intake.domain.territory import LOCAL_LEVELS, BadDivision, DivisionLevel, Territory, level_of, parent_code
from services.intake.domain.texts import Line, LineOrNothing
from services.intake.domain.transfers import Outcome
from services.intake.store.places import Atlas
from services.intake.usecases.recording import ROLES, Recording, require_place
from shared.identity.errors import Refusal
from shared.identity.viewer import Viewer

WIDE = (DivisionLevel.PROVINCE, DivisionLevel.CITY, DivisionLevel.COUNTY)


class RecordDivision(BaseModel):
    """`since`: the first day of this name, None for “as it always was”; `until`: the first day on which the place is no more."""

    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    code: str = Field(max_length=40)
    name: Line = Field(max_length=60)
    aliases: list[Annotated[LineOrNothing, Field(max_length=60)]] = Field([], max_length=20)
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class RecordingDivisions:
    recording: Recording
    atlas: Atlas


async def record_division(parts: RecordingDivisions, viewer: Viewer, command: RecordDivision, origin: str) -> Outcome:
    """Record, and tell what became of the row. A new code is a local one below a place that is known: official codes come with the
    official list. A place that has ended can be recorded again: that undoes the end."""
    viewer.require(*ROLES)
    kept = await keep_division(parts, viewer, command, origin, await parts.atlas.current(), frozenset())
    # Also at a repeat: a crash may have come between the write and this.
    await parts.atlas.moved()
    return kept


async def keep_division(
    parts: RecordingDivisions, viewer: Viewer, command: RecordDivision, origin: str, territory: Territory, fresh: Collection[str]
) -> Outcome:
    """The one write. `fresh`: codes that were recorded since the territory was read. The caller tells the atlas that the tree has moved."""
    held = await parts.atlas.place(command.code)
    _check(territory, fresh, viewer, command, held)
    since, until = (day.isoformat() if day else None for day in (command.since, command.until))
    aliases = [alias for alias in command.aliases if alias]

    def decide(held: Place | None) -> Place:
        if held is not None:
            return held.restated(command.name, aliases, since, until)
        names = [Name(name=command.name, since=since)]
        return Place(code=command.code, local=True, names=names, aliases=aliases, since=since, until=until)

    payload = command.model_dump(mode="json")
    return await parts.recording.keep(viewer, command.request_id, "RecordDivision", command.code, payload, origin, decide)


def _check(territory: Territory, fresh: Collection[str], viewer: Viewer, command: RecordDivision, held: Place | None) -> None:
    try:
        level, above = level_of(command.code), parent_code(command.code)
    except BadDivision:
        raise Refusal("CODE_MALFORMED", "区划代码格式不正确。", "This is not a division code.", "code") from None
    if held is None and level not in LOCAL_LEVELS and not (command.code[9] == "9" and command.code[6:9].strip("0")):
        raise Refusal(
            "CODE_NOT_LOCAL",
            "新增区划只能是村（社区）以下，或使用9字头的本地代码。",
            "A new place lies below a village, or takes a local code whose village part begins with 9.",
            "code",
        )
    if held is not None:
        viewer.require_cover(command.code)
    elif above in fresh:
        viewer.require_cover(above or "")
    else:
        require_place(viewer, territory, above or "", "code")
    refusal = refuse_span(command.since, command.until)
    if refusal is not None:
        raise refusal
    below = territory.children(command.code, first=1).items if command.until and territory.knows(command.code) else ()
    if below or (command.until and level in WIDE):
        raise Refusal(
            "PLACES_BELOW",
            "该地方之下还有区划，请先撤销或调整下级；县级以上不在此撤销。",
            "There are places below it: end those first. Counties and wider places do not end here.",
            "until",
        )
