"""L4: 210,000 household archives, sealed; a change proposed and confirmed, pages of a team and of a village read, what is due found.

None of them may cost more with all archives than with the first thousand.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from bench.loads._intake import fresh_intake
from bench.loads._quickest import quickest
from deploy.local.parts import Parts, ensure_parts
from services.intake.domain.archive_changes import Change, Consent, Proposal
from services.intake.domain.archives import Archive, Verdict
from services.intake.domain.households import Household
from services.intake.domain.territory import DivisionLevel
from services.intake.service import Service
from services.intake.subgraph.archives import archives_page
from services.intake.subgraph.context import IntakeContext
from services.intake.usecases.archiving import value_name
from services.intake.usecases.decide_archive_change import DecideArchiveChange, decide_archive_change
from services.intake.usecases.propose_archive_change import ArchiveChange, GivenConsent, ProposeArchiveChange, propose_archive_change
from shared import ids
from shared.identity.roles import Role
from shared.identity.scopes import Level, from_code
from shared.identity.viewer import Viewer
from shared.record import stub

SIZES = (1_000, 10_000, 210_000)
SIZE = f"{SIZES[-1]:,} household archives of 14 sealed values"
FLAT = 3.0
"""The most that anything may take longer with all archives than with the first ones."""
TEAM, COUNTY_CODE = "T-LOAD", "370829"
OF_TEAM, OF_VILLAGE, DUE, CHUNK, RUNS = 25, 50, 10, 500, 25
SECRETARY = Viewer(sub="secretary", roles=frozenset({Role.SECRETARY}), team=TEAM)
LEADER = Viewer(sub="leader", roles=frozenset({Role.TEAM_LEADER}), team=TEAM)
COUNTY = Viewer(sub="county", roles=frozenset({Role.COUNTY_ADMIN}), scopes=(from_code("370829000000", Level.COUNTY),))
RESIDENT = ("name", "birthYear", "phone", "occupation")
CONDITIONS = ("housing", "water", "heating", "road", "farmland", "crops")


def main(scale: float) -> bool:
    with tempfile.TemporaryDirectory() as temporary, ensure_parts(Path(temporary) / "parts", fresh=True) as parts:
        return asyncio.run(_load(parts, Path(temporary), scale))


async def _load(parts: Parts, directory: Path, scale: float) -> bool:
    async with fresh_intake(parts, directory) as service:
        return await Load(service).run([max(round(size * scale), 2 * OF_VILLAGE) for size in SIZES])


class Load:
    def __init__(self, service: Service) -> None:
        self.fieldwork = service.fieldwork
        self.parts = service.fieldwork.archiving
        self.there = 0
        self.villages: list[str] = []

    async def run(self, sizes: list[int]) -> bool:
        territory = await self.fieldwork.atlas.current()
        self.villages = [each.code for each in territory if each.level is DivisionLevel.VILLAGE and each.code.startswith(COUNTY_CODE)]
        measured = []
        for size in sizes:
            begun = time.monotonic()
            await self._fill(size)
            print(f"{size:,} archives there, the last sealed and stored in {time.monotonic() - begun:.1f} s", flush=True)
            measured.append(await self._measure())
        ratios = {what: measured[-1][what] / measured[0][what] for what in measured[0]}
        print("with all against the first: " + ", ".join(f"{what} {ratio:.2f} ×" for what, ratio in ratios.items()))
        return all(ratio < FLAT for ratio in ratios.values())

    async def _measure(self) -> dict[str, float]:
        """Seconds of the quickest of the runs."""
        change = ArchiveChange(
            field="water",
            value="自来水",
            purpose="SERVICE",
            consent=GivenConsent(how="ORAL", on=self.parts.day),
            retain_until=self.parts.day + timedelta(days=300),
        )
        run, size = iter(range(1_000)), self.there

        async def propose_and_confirm() -> None:
            number = next(run)
            id, request = f"h{number % OF_TEAM}", f"{size}-{number}"
            await propose_archive_change(
                self.parts, SECRETARY, ProposeArchiveChange(request_id=request, archive_id=id, changes=[change]), ""
            )
            proposal = ids.document_id(SECRETARY.sub, request)
            decision = DecideArchiveChange(request_id=f"d{request}", archive_id=id, proposal_id=proposal, confirmed=True)
            await decide_archive_change(self.parts, LEADER, decision, "")

        async def due() -> None:
            """As of a day on which ten are: the sweep reads no others."""
            assert len(await self.parts.archives.due(date(2026, 1, 2).isoformat())) == DUE

        measured = {
            "propose and confirm": await quickest(RUNS, propose_and_confirm),
            "page of 20 of the team": await quickest(RUNS, lambda: self._page(SECRETARY, None)),
            "page of 20 of the village": await quickest(RUNS, lambda: self._page(COUNTY, self.villages[0])),
            "finding what is due": await quickest(RUNS, due),
        }
        print("; ".join(f"{what} {took * 1000:.1f} ms" for what, took in measured.items()), flush=True)
        return measured

    async def _page(self, viewer: Viewer, village: str | None) -> None:
        """With residents and conditions opened and masked, as a client asks for them."""
        intake = SimpleNamespace(fieldwork=self.fieldwork, territory=self.fieldwork.atlas.territory)
        context = cast(IntakeContext, SimpleNamespace(intake=intake, viewer=viewer))
        page = await archives_page(context, village, None, False, 20, None)
        assert len(page.edges) == 20
        for edge in page.edges:
            assert len(edge.node.residents()) == 2
            assert len(edge.node.conditions()) == len(CONDITIONS)

    async def _fill(self, size: int) -> None:
        for start in range(self.there, size, CHUNK):
            homes, archives = [], []
            for household, archive in self._made(range(start, min(start + CHUNK, size))):
                homes.append(_document(household.id, self.fieldwork.households.codec.dump(household)))
                archives.append(_document(archive.id, self.fieldwork.archives.codec.dump(archive)))
            await self.fieldwork.households.collection.insert_many(homes, ordered=False)
            await self.fieldwork.archives.collection.insert_many(archives, ordered=False)
        self.there = size

    def _made(self, numbers: range) -> Iterator[tuple[Household, Archive]]:
        """The first of the team and of the village: as many in every size."""
        for number in numbers:
            id = f"h{number}"
            key, wrapped = self.fieldwork.cipher.new_person_key(id)
            village, team = self.villages[number >= OF_VILLAGE], TEAM if number < OF_TEAM else None
            sealed = {"place": key.encrypt("place", village), "number": key.encrypt("number", id)}
            bare: dict[str, Any] = dict.fromkeys(("contract", "head", "phone", "address"))
            household = Household(id=id, village=village, team=team, persons=2, person=id, key=wrapped, digest="", **sealed, **bare)
            last = "2026-01-01" if OF_VILLAGE <= number < OF_VILLAGE + DUE else "2028-12-01"
            ground: dict[str, Any] = {"purpose": "SERVICE", "consent": Consent(how="ORAL", on="2025-12-01"), "retain_until": last}
            targets = [(f"r{person}", field) for person in range(2) for field in RESIDENT] + [(None, field) for field in CONDITIONS]
            changes = [
                Change(action="SET", resident=resident, field=field, value=key.encrypt(value_name(resident, field), "孔凡莹"), **ground)
                for resident, field in targets
            ]
            at, day = self.parts.now(), date(2025, 12, 31)
            proposal = Proposal(id=f"p{number}", by="somebody", at=at, encounter=None, note=None, changes=changes, until=last)
            empty = Archive(id=id, kind="HOUSEHOLD", village=village, team=None, person=id, key=wrapped)
            verdict = Verdict(proposal=proposal.id, confirmed=True, by="another", at=at, reason=None)
            yield household, empty.proposed(proposal, day).decided(verdict, day)


def _document(id: str, dumped: dict[str, Any]) -> dict[str, Any]:
    return {**stub(id), "version": 1, "registered": True, **dumped}
