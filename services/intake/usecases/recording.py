"""What all commands share that record a row of the organisation: who may, the request, the one write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from pydantic import BaseModel

from services.intake.domain.territory import Territory
from services.intake.domain.transfers import Outcome
from shared.commands import request_of
from shared.identity.errors import Refusal
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.writer import Decision, Writer

ROLES = (Role.COUNTY_ADMIN, Role.CITY_ADMIN)
IMPORT_ORIGIN = "import "
"""How the origin of a row begins that came in a file."""


@dataclass(frozen=True)
class Recording:
    """One collection's writer and the key of the audit digests."""

    writer: Writer
    reference_key: bytes

    async def keep(
        self, viewer: Viewer, request_id: str, what: str, id: str, payload: Any, origin: str, decide: Callable[[Any], BaseModel]
    ) -> Outcome:
        """Write the row that `decide` makes of the one before (None at first). A repeated request changes nothing and tells what the
        first one did."""
        request = request_of(self.reference_key, viewer, request_id, what, payload, origin)

        def decided(state: Any) -> Decision:
            row = decide(state)
            kept = "added" if state is None else "unchanged" if row == state else "changed"
            return Decision(row, [], {"id": id, "kept": kept})

        result, _made = await self.writer.record(id, request, decided, remembers=not origin.startswith(IMPORT_ORIGIN))
        return cast(Outcome, result["kept"])


def require_place(viewer: Viewer, territory: Territory, division: str, field: str) -> None:
    """The place is known and in the viewer's territory. Raises Refusal or Forbidden."""
    require_known(territory, division, field)
    viewer.require_cover(division)


def require_known(territory: Territory, division: str, field: str) -> None:
    if not territory.knows(division):
        raise Refusal("DIVISION_UNKNOWN", "没有这个区划代码。", "There is no such division.", field)
