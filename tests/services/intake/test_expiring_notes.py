"""What officials write down of people goes when its retention is over: words, place and photos; that they met, and whom, stays counted."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest_asyncio

from services.intake.domain.archive_changes import plus_years
from services.intake.service import Service
from services.intake.usecases.expire_notes import expire_notes
from shared.erasure import ERASED
from shared.identity.development import DevelopmentIssuer
from shared.settings import CommonSettings
from tests.services.intake import field
from tests.services.intake.builders import png
from tests.services.intake.graph import REFUSED, Graph, graph_of
from tests.services.town import town_of

MET = (
    "__typename ... on EncounterRecorded { encounter { id heads { id } } uploads { attachmentId } }"
    f"... on EncounterRefused {{ {REFUSED} }}"
)
WROTE = f"__typename ... on DiaryWritten {{ diary {{ id }} }} ... on DiaryRefused {{ {REFUSED} }}"
READ = "query($id: ID!) { encounter(id: $id) { heads { text place attendance } photos { name } } }"
DIARIES = "{ diaries { edges { node { page { text } } } } }"
TOTALS = f'{{ fieldTotals(team: "{field.TEAM}") {{ encounters {{ kind number }} people }} }}'


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def graph(intake_store_settings: CommonSettings, keys_dir: Path, issuer: DevelopmentIssuer) -> AsyncIterator[Graph]:
    """Of its own: notes of other tests would go too."""
    async with town_of(intake_store_settings, keys_dir) as town, graph_of(town.intake, issuer) as made:
        await field.found_team(town.intake)
        yield made


async def expired(service: Service, on: date) -> int:
    """On this day, real time being long past every upload's."""
    parts = service.expiring
    return await expire_notes(replace(parts, today=on.isoformat, real_now=lambda: parts.real_now() + timedelta(days=1)))


async def test_notes_go_on_their_day_with_their_photos_and_are_counted_still(graph: Graph) -> None:
    service, content = graph.service, png(400, seed=41)
    photo = {"name": "a.png", "contentType": "image/png", "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    notes: dict[str, Any] = {"text": "聊了聊家里的事。", "place": "3号楼", "attendance": 4, "photos": [photo]}
    met = await graph.do(field.SECRETARY, "recordEncounter", MET, kind="STREET_TALK", division=field.VILLAGE, **notes)
    id, base = met["encounter"]["id"], [met["encounter"]["heads"][0]["id"]]
    await graph.do(field.SECRETARY, "amendEncounter", MET, encounter=id, base=base, **notes | {"text": "再聊了聊。"})
    await graph.do(field.SECRETARY, "writeDiary", WROTE, text="今天走访了。")
    written = date.fromisoformat(service.fieldwork.today())
    before = await graph.see(field.SECRETARY, TOTALS)

    assert await expired(service, plus_years(written, 5)) == 0
    assert (await graph.see(field.SECRETARY, READ, id=id))["heads"] == [{"text": "再聊了聊。", "place": "3号楼", "attendance": 4}]
    assert await expired(service, plus_years(written, 5) + timedelta(days=1)) == 2
    gone = {"heads": [{"text": ERASED, "place": None, "attendance": 4}], "photos": []}
    assert await graph.see(field.SECRETARY, READ, id=id) == gone
    assert (await graph.see(field.SECRETARY, DIARIES))["edges"] == [{"node": {"page": {"text": ERASED}}}]
    assert await graph.see(field.SECRETARY, TOTALS) == before
    database = service.runtime.database
    for collection in ("encounters", "diaries"):
        for row in await database[collection].find({}).to_list(None):
            assert {version["content"]["original"] for version in row["versions"]} == {None}
    assert await expired(service, plus_years(written, 6)) == 0
