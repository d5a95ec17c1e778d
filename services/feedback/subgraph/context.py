"""One request to feedback's subgraph: the viewer, and a loader that asks the store once for many."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from strawberry.dataloader import DataLoader

from services.feedback.domain.followup import FollowUp
from services.feedback.store.mongo import FollowUps, access_of
from services.feedback.usecases.answer_survey import Surveying
from shared.identity.access import may_see
from shared.identity.errors import Forbidden
from shared.identity.viewer import Viewer
from shared.subgraph import RequestContext


@dataclass(frozen=True)
class Feedback:
    """What feedback's api is made of."""

    followups: FollowUps
    surveying: Surveying


class FeedbackContext(RequestContext):
    def __init__(self, request: Request, viewer: Viewer, feedback: Feedback) -> None:
        super().__init__(request, viewer)
        self.feedback = feedback
        self._loader: DataLoader[str, tuple[bool, FollowUp | None]] = DataLoader(self._followups)

    async def followup(self, id: str) -> FollowUp | None:
        """None where there is none yet; raises Forbidden where the viewer may not see it."""
        exists, held = await self._loader.load(id)
        if exists and held is None:
            raise Forbidden()
        return held

    async def _followups(self, ids: list[str]) -> list[tuple[bool, FollowUp | None]]:
        found = await self.feedback.followups.find_many(ids)
        return [
            (id in found, held if (held := found.get(id)) is not None and may_see(self.viewer, access_of(held)) else None) for id in ids
        ]
