"""One request to routing's subgraph: the viewer, and loaders that ask the store once for many."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from strawberry.dataloader import DataLoader

from services.routing.domain.case import Case
from services.routing.store.boards import BoardCounts
from services.routing.store.catalogues import Catalogues
from services.routing.store.desks import DeskCounts
from services.routing.store.mongo import Cases, access_of
from services.routing.store.supervision import SupervisionLists
from services.routing.subgraph.policy import POLICY
from services.routing.usecases.ports import Handling
from shared.identity.access import Access
from shared.identity.viewer import Viewer
from shared.reference import ReferenceRows
from shared.subgraph import RequestContext


@dataclass(frozen=True)
class Routing:
    """What routing's api is made of. `first_levels`: the categories of the first level."""

    cases: Cases
    departments: ReferenceRows
    catalogues: Catalogues
    handling: Handling
    desk_counts: DeskCounts
    board_counts: BoardCounts
    supervision: SupervisionLists
    first_levels: frozenset[str]


class RoutingContext(RequestContext):
    def __init__(self, request: Request, viewer: Viewer, routing: Routing) -> None:
        super().__init__(request, viewer)
        self.routing = routing
        self._loader: DataLoader[str, Case | None] = DataLoader(self._cases)
        self.departments: DataLoader[str, str | None] = DataLoader(self._departments)

    async def case(self, id: str) -> Case | None:
        """The case as far as the viewer may see it; None also while there is none."""
        held = await self._loader.load(id)
        return held if held is not None and POLICY.gives("Case", self.viewer, access_of(held)) else None

    async def access(self, id: str) -> Access | None:
        """Who may see the case; None while there is none."""
        held = await self._loader.load(id)
        return access_of(held) if held is not None else None

    async def _cases(self, ids: list[str]) -> list[Case | None]:
        found = await self.routing.cases.find_many(ids)
        return [found.get(id) for id in ids]

    async def _departments(self, codes: list[str]) -> list[str | None]:
        rows = await self.routing.departments.rows()
        return [rows[code]["name"] if code in rows else None for code in codes]
