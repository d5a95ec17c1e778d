"""RecordPost: a post of the territory is taken or handed over, from a day on (S7, S21, S46). It is never left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain.organisation import Post
from services.intake.domain.texts import Line
from services.intake.domain.transfers import Outcome
from services.intake.store.places import Atlas
from services.intake.usecases.recording import ROLES, Recording, require_place
from shared.contracts.intake import PostKind
from shared.identity.errors import Refusal
from shared.identity.roles import Role
from shared.identity.viewer import Viewer


class RecordPost(BaseModel):
    """`since`: the first day of the new holder; today, or for a post's first holder always, when left out."""

    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    id: str = Field(min_length=1, max_length=64, pattern=r"^P-[A-Za-z0-9-]+$")
    post: PostKind
    division: str
    holder: Line = Field(max_length=64)
    role: Role
    since: date | None = None


@dataclass(frozen=True)
class RecordingPosts:
    recording: Recording
    atlas: Atlas
    today: Callable[[], str]


async def record_post(parts: RecordingPosts, viewer: Viewer, command: RecordPost, origin: str) -> Outcome:
    viewer.require(*ROLES)
    require_place(viewer, await parts.atlas.current(), command.division, "division")

    def decide(held: Post | None) -> Post:
        if held is not None and (held.post, held.division) != (command.post, command.division):
            raise Refusal(
                "POST_IS_ANOTHER", "该岗位编号已属于其他岗位或地区。", "This id belongs to a post of another kind or place.", "id"
            )
        since = command.since.isoformat() if command.since else parts.today() if held else None
        begun = held or Post(id=command.id, post=command.post, division=command.division, terms=[])
        return begun.handed_over(command.holder, command.role.value, since)

    payload = command.model_dump(mode="json")
    return await parts.recording.keep(viewer, command.request_id, "RecordPost", command.id, payload, origin, decide)
