"""Reading an archive in clear: by whom, for how long, and what it leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio

from services.intake.domain.reveals import OPEN_FOR
from services.intake.service import Service
from services.intake.usecases.reveal_archive import RevealArchive, reveal_archive
from shared.identity.development import DevelopmentIssuer
from shared.identity.errors import Refusal
from shared.identity.viewer import Viewer
from tests.services.intake.archive_desk import (
    COMMUNITY,
    ID_NUMBER,
    LEADER,
    PERSON,
    READ,
    WHOLE,
    archive_desk,
    change,
    decide,
    household,
    propose,
)
from tests.services.intake.test_desks import Desk
from tests.services.intake.test_reveals import ELSEWHERE_OFFICER, OFFICER
from tests.services.intake.viewers import CITY_ADMIN, COUNTY_ADMIN, NOBODY, OTHER_SECRETARY, RESIDENT, SECRETARY

REVEAL = f"""mutation($input: RevealArchiveInput!) {{ revealArchive(input: $input) {{
 ... on ArchiveRevealed {{ until archive {{ {WHOLE} }} }} ... on ArchiveRevealRefused {{ code message messageZh field }} }} }}"""
WHY = {"purpose": "ON_SITE", "reason": "闵小户家上门前核对"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(intake_service: Service, issuer: DevelopmentIssuer) -> AsyncIterator[Desk]:
    async with archive_desk(intake_service, issuer) as made:
        yield made


async def kept(desk: Desk) -> str:
    id = await household(desk)
    changes = [change(desk, "name", "闵小户", PERSON), change(desk, "idNumber", ID_NUMBER, PERSON)]
    await decide(desk, id, await propose(desk, id, f"p-{id}", *changes))
    return id


async def entries(desk: Desk, id: str) -> list[dict[str, object]]:
    await desk.service.runtime.relay.drain()
    await desk.service.runtime.relay.sweep(timedelta(days=-1))
    await desk.service.runtime.relay.drain()
    return await desk.service.runtime.database["audit"].find({"subject": id, "what": "RevealArchive"}).to_list(None)


@pytest.mark.row("S41")
async def test_who_keeps_it_reads_it_in_clear_and_leaves_an_entry(desk: Desk) -> None:
    id = await kept(desk)
    masked = await desk.see(SECRETARY, READ, id=id)
    assert ID_NUMBER not in str(masked)
    told = await desk.see(SECRETARY, REVEAL, input={"requestId": "r-1", "archiveId": id, **WHY})
    values = {datum["field"]: datum["value"] for datum in told["archive"]["residents"][0]["data"]}
    assert values == {"name": "闵小户", "idNumber": ID_NUMBER}
    assert await desk.see(SECRETARY, REVEAL, input={"requestId": "r-1", "archiveId": id, **WHY}) == told
    assert await desk.see(SECRETARY, READ, id=id) == masked
    [entry] = await entries(desk, id)
    look = entry["result"]["look"]  # type: ignore[index]
    assert (entry["actor"], look["purpose"], look["reason"]) == (SECRETARY.sub, "ON_SITE", "〔姓名〕家上门前核对")
    assert "370881" in {key.partition("|")[0] for key in look["keys"]}


@pytest.mark.parametrize(
    ("viewer", "code"),
    [
        (NOBODY, "UNAUTHENTICATED"),
        (RESIDENT, "ROLE_MISSING"),
        (OTHER_SECRETARY, "NOT_FOUND"),
        (replace(SECRETARY, team=None), "NOT_FOUND"),
        (ELSEWHERE_OFFICER, "NOT_FOUND"),
        (CITY_ADMIN, "ROLE_MISSING"),
        (SECRETARY, None),
        (LEADER, None),
        (COMMUNITY, None),
        (COUNTY_ADMIN, None),
        (OFFICER, None),
    ],
)
async def test_who_reads_it_in_clear_and_who_does_not(desk: Desk, viewer: Viewer, code: str | None) -> None:
    id = await kept(desk)
    told = await desk.see(viewer, REVEAL, input={"requestId": f"who-{viewer.sub}", "archiveId": id, **WHY})
    assert (told.get("code"), ID_NUMBER in str(told)) == (code, code is None)
    assert len(await entries(desk, id)) == (code is None)


async def test_a_reveal_needs_a_reason_and_ends_after_some_minutes(desk: Desk) -> None:
    id = await kept(desk)
    blank = await desk.see(SECRETARY, REVEAL, input={"requestId": "r-2", "archiveId": id, **WHY, "reason": " "})
    assert (blank["code"], blank["field"]) == ("INVALID_INPUT", "reason")
    command = RevealArchive(request_id="r-3", archive_id=id, purpose="ON_SITE", reason="上门")
    parts = desk.service.fieldwork.archiving
    await reveal_archive(parts, SECRETARY, command, "")
    later = parts.real_now() + OPEN_FOR + timedelta(seconds=1)
    with pytest.raises(Refusal) as refused:
        await reveal_archive(replace(parts, real_now=lambda: later), SECRETARY, command, "")
    assert refused.value.code == "REVEAL_EXPIRED"
