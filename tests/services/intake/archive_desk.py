"""Archives through the graph: households of their own, proposals and decisions for the tests."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any

import httpx

from services.intake.domain.archives import Archive
from services.intake.service import Service
from services.intake.usecases.decide_archive_change import DecideArchiveChange, decide_archive_change
from services.intake.usecases.propose_archive_change import ArchiveChange, GivenConsent, ProposeArchiveChange, propose_archive_change
from shared import ids
from shared.identity.development import DevelopmentIssuer
from shared.identity.roles import Role
from shared.identity.scopes import Level, from_code
from shared.identity.viewer import Viewer
from tests.services.intake.test_coverage import home, keep
from tests.services.intake.test_desks import Desk
from tests.services.intake.viewers import SECRETARY, TEAM, VILLAGE

LEADER = Viewer(sub="leader-1", roles=frozenset({Role.TEAM_LEADER}), scopes=(from_code("370881000000", Level.COUNTY),), team=TEAM)
COMMUNITY = Viewer(sub="community-1", roles=frozenset({Role.COMMUNITY_SECRETARY}), scopes=(from_code(VILLAGE, Level.VILLAGE),))
ID_NUMBER = "11010519491231002X"
PERSON = "018f0000-0000-7000-8000-000000000001"
FIELDS = "code message messageZh field"
WHOLE = """id kind team village { code } residents { id data { field value purpose consent { how on } retainUntil by encounter setBy } }
 conditions { field value setBy } proposals { id state note reason by decidedBy changes { field value current stale } }
 history { action field was by proposal }"""
PROPOSE = f"""mutation($input: ProposeArchiveChangeInput!) {{ proposeArchiveChange(input: $input) {{
 ... on ArchiveChangeProposed {{ proposalId archive {{ {WHOLE} }} }} ... on ArchiveProposalRefused {{ {FIELDS} }} }} }}"""
DECIDE = f"""mutation($input: DecideArchiveChangeInput!) {{ decideArchiveChange(input: $input) {{
 ... on ArchiveChangeDecided {{ archive {{ {WHOLE} }} }} ... on ArchiveDecisionRefused {{ {FIELDS} current proposed }} }} }}"""
READ = f"query($id: ID!) {{ archive(id: $id) {{ {WHOLE} }} }}"
LIST = """query($village: String, $team: String, $proposed: Boolean!, $first: Int!, $after: String) {
 archives(village: $village, team: $team, proposed: $proposed, first: $first, after: $after) {
 edges { cursor node { id } } pageInfo { hasNextPage endCursor } } }"""


@asynccontextmanager
async def archive_desk(service: Service, issuer: DevelopmentIssuer) -> AsyncIterator[Desk]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(service.api()), base_url="http://intake") as http:
        yield Desk(service, http, issuer)


async def household(desk: Desk, team: str | None = TEAM) -> str:
    """A household of its own, for one test."""
    id = f"arc-{uuid.uuid4()}"
    await keep(desk.service, home(desk.service, id, team=team))
    return id


def change(desk: Desk, field: str, value: str, resident: str | None = None, **changes: Any) -> ArchiveChange:
    today = date.fromisoformat(desk.service.fieldwork.today())
    ground = {"purpose": "SERVICE", "consent": GivenConsent(how="WRITTEN", on=today), "retain_until": today + timedelta(days=30)}
    return ArchiveChange(field=field, value=value, resident=resident, **{**ground, **changes})


async def propose(desk: Desk, archive: str, request: str, *changes: ArchiveChange, viewer: Viewer = SECRETARY, **more: Any) -> str:
    """The proposal's id."""
    command = ProposeArchiveChange(request_id=request, archive_id=archive, changes=list(changes), **more)
    assert await propose_archive_change(desk.service.fieldwork.archiving, viewer, command, "") == archive
    return ids.document_id(viewer.sub, request)


async def decide(desk: Desk, archive: str, proposal: str, viewer: Viewer = LEADER, confirmed: bool = True, **more: Any) -> str:
    command = DecideArchiveChange(
        request_id=more.pop("request", f"d-{proposal}"), archive_id=archive, proposal_id=proposal, confirmed=confirmed, **more
    )
    return await decide_archive_change(desk.service.fieldwork.archiving, viewer, command, "")


async def stored(desk: Desk, id: str) -> Archive:
    held = await desk.service.fieldwork.archives.find(id)
    assert held is not None
    return held


async def listed(desk: Desk, viewer: Viewer, first: int = 100, proposed: bool = False, **arguments: Any) -> list[str]:
    found: list[str] = []
    after = None
    while True:
        page = await desk.see(viewer, LIST, first=first, after=after, proposed=proposed, **arguments)
        found += [edge["node"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
