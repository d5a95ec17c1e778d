"""RecordDivision: a local level below a village (S28), or another name, alias or end of a place that is there (S27)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain.places import Name, Place
from services.intake.domain.territory import LOCAL_LEVELS, BadDivision, Territory, level_of, parent_code
from services.intake.domain.transfers import Outcome
from services.intake.store.places import Atlas
from services.intake.usecases.recording import ROLES, Recording, require_place
from shared.identity.errors import Refusal
from shared.identity.viewer import Viewer


class RecordDivision(BaseModel):
    """`since`: the first day of this name, None for “as it always was”; `until`: the first day on which the place is no more."""

    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    code: str = Field(max_length=40)
    name: str = Field(min_length=1, max_length=60)
    aliases: list[str] = Field([], max_length=20)
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class RecordingDivisions:
    recording: Recording
    atlas: Atlas


async def record_division(parts: RecordingDivisions, viewer: Viewer, command: RecordDivision, origin: str) -> Outcome:
    """Record, and tell what became of the row. A new code is a local one below a place that is known: official codes come with the
    official list."""
    viewer.require(*ROLES)
    _check(await parts.atlas.current(), viewer, command)
    since, until = (day.isoformat() if day else None for day in (command.since, command.until))
    aliases = [alias.strip() for alias in command.aliases if alias.strip()]

    def decide(held: Place | None) -> Place:
        if held is not None:
            return held.restated(command.name.strip(), aliases, since, until)
        names = [Name(name=command.name.strip(), since=since)]
        return Place(code=command.code, local=True, names=names, aliases=aliases, since=since, until=until)

    payload = command.model_dump(mode="json")
    kept = await parts.recording.keep(viewer, command.request_id, "RecordDivision", command.code, payload, origin, decide)
    # Also at a repeat: a crash may have come between the write and this.
    await parts.atlas.moved()
    return kept


def _check(territory: Territory, viewer: Viewer, command: RecordDivision) -> None:
    try:
        level, above = level_of(command.code), parent_code(command.code)
    except BadDivision:
        raise Refusal("CODE_MALFORMED", "区划代码格式不正确。", "This is not a division code.", "code") from None
    known = territory.find(command.code)
    if known is None and level not in LOCAL_LEVELS and not command.code[9] == "9":
        raise Refusal(
            "CODE_NOT_LOCAL",
            "新增区划只能是村（社区）以下，或使用9字头的本地代码。",
            "A new place lies below a village, or takes a local code whose village part begins with 9.",
            "code",
        )
    require_place(viewer, territory, command.code if known else above or "", "code")
    if command.since and command.until and command.until <= command.since:
        raise Refusal("ENDS_BEFORE_BEGIN", "结束日期应晚于开始日期。", "The end must come after the beginning.", "until")
