"""One request to feedback's subgraph: the viewer, and a loader that asks the store once for many."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from strawberry.dataloader import DataLoader

from services.feedback.domain.callbacks import CallbackRules
from services.feedback.domain.draw import Draw
from services.feedback.domain.followup import FollowUp
from services.feedback.store.callbacks import CallbackLists
from services.feedback.store.draws import Draws
from services.feedback.store.mongo import FollowUps, access_of
from services.feedback.store.rates import RateCounts, RateLists
from services.feedback.store.waiting import WaitingCounts, WaitingLists
from services.feedback.usecases.answer_survey import Surveying
from shared.identity.access import Access
from shared.identity.viewer import Viewer
from shared.subgraph import RequestContext


@dataclass(frozen=True)
class Feedback:
    """What feedback's api is made of."""

    followups: FollowUps
    surveying: Surveying
    rate_counts: RateCounts
    rate_lists: RateLists
    waiting_counts: WaitingCounts
    waiting_lists: WaitingLists
    callback_rules: CallbackRules
    callback_lists: CallbackLists
    draws: Draws
    draw: Draw


class FeedbackContext(RequestContext):
    def __init__(self, request: Request, viewer: Viewer, feedback: Feedback) -> None:
        super().__init__(request, viewer)
        self.feedback = feedback
        self._loader: DataLoader[str, FollowUp | None] = DataLoader(self._load)

    async def followup(self, id: str) -> FollowUp | None:
        """None where there is none yet. For fields whose row in policy.py asks `access` first."""
        return await self._loader.load(id)

    async def followups(self, ids: list[str]) -> list[FollowUp | None]:
        """In this order; None where one has gone."""
        return await self._loader.load_many(ids)

    async def access(self, id: str) -> Access | None:
        """Who may see the follow-up; None where there is none yet."""
        held = await self._loader.load(id)
        return access_of(held) if held is not None else None

    async def _load(self, ids: list[str]) -> list[FollowUp | None]:
        found = await self.feedback.followups.find_many(ids)
        return [found.get(id) for id in ids]
