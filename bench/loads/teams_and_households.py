"""L2, L4: 644 teams with 2,000 members and 210,000 households taken up from files, projected, and the coverage of their county asked for.

A read of coverage costs the same whether 10,000 households stand behind it or 210,000: it reads buckets, one for each place that is shown.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

import psutil

from bench.loads._intake import fresh_intake
from bench.loads._quickest import quickest
from deploy.local.parts import Parts, ensure_parts
from services.intake.domain.coverage import Covered, covered, down
from services.intake.domain.sheets import header
from services.intake.domain.territory import DivisionLevel
from services.intake.domain.transfers import CSV, Asker, Kind, Transfer
from services.intake.service import Service
from shared.identity.roles import Role
from shared.identity.scopes import Level, from_code, prefixes
from shared.identity.viewer import Viewer
from shared.projector import Projector
from shared.record import stub

TEAMS, MEMBERS, FIRST, HOUSEHOLDS = 644, 2_000, 10_000, 210_000
SIZE = f"{TEAMS} teams, {MEMBERS:,} members, {HOUSEHOLDS:,} households"
COUNTY = "370829000000"
"""嘉祥, whose archives these are (L4)."""
FLAT = 3.0
"""The most that a read of coverage may take longer with all households than with the first ones."""
ASKER = Viewer(sub="load", roles=frozenset({Role.CITY_ADMIN}), scopes=(from_code("370800000000", Level.CITY),))


def main(scale: float) -> bool:
    with tempfile.TemporaryDirectory() as temporary, ensure_parts(Path(temporary) / "parts", fresh=True) as parts:
        return asyncio.run(_load(parts, Path(temporary), scale))


async def _load(parts: Parts, directory: Path, scale: float) -> bool:
    async with fresh_intake(parts, directory) as service:
        return await Load(service, directory, scale).run()


class Load:
    def __init__(self, service: Service, directory: Path, scale: float) -> None:
        self.service = service
        self.fieldwork = service.fieldwork
        self.directory = directory
        self.teams, self.members = round(TEAMS * scale), round(MEMBERS * scale)
        self.first, self.households = round(FIRST * scale), round(HOUSEHOLDS * scale)
        self.villages: list[str] = []

    async def run(self) -> bool:
        territory = await self.fieldwork.atlas.current()
        self.villages = [each.code for each in territory if each.level is DivisionLevel.VILLAGE and each.code.startswith(COUNTY[:6])]
        well = await self._import("MEMBERS", [self._member(n) for n in range(self.members)])
        well &= await self._import("TEAMS", [self._team(n) for n in range(self.teams)])
        well &= await self._import("HOUSEHOLDS", [self._home(n) for n in range(self.first)])
        await self._timed(f"{self.first:,} households projected", self._project)
        small = await self._coverage(self.first)
        well &= await self._import("HOUSEHOLDS", [self._home(n) for n in range(self.households)], known=self.first)
        await self._timed(f"{self.households - self.first:,} more projected", self._project)
        large = await self._coverage(self.households)
        print(f"coverage with {self.households:,} takes {large / small:.2f} × the time with {self.first:,}")
        return well and large / small < FLAT

    def _member(self, n: int) -> list[str]:
        rank = "科级" if n < self.teams else "一般干部"
        return [f"m-{n}", f"孔{chr(0x4E00 + n)}", f"138{n:08}", f"T-{n % self.teams}", "社区干部", rank, "", COUNTY, "", "", ""]

    def _team(self, n: int) -> list[str]:
        return [f"T-{n}", f"{n}组", COUNTY, f"m-{n}", self.villages[n % len(self.villages)], "", ""]

    def _home(self, n: int) -> list[str]:
        village = self.villages[n % len(self.villages)]
        return [village, f"{n}", f"曾{chr(0x4E00 + n % 9000)}", f"139{n:08}", f"{n}号", str(1 + n % 5), f"T-{n % self.teams}", ""]

    async def _import(self, kind: Kind, rows: list[list[str]], known: int = 0) -> bool:
        path = self.directory / f"{kind}-{len(rows)}.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([header(kind), *rows])
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        now = self.service.runtime.world.real_now()
        await self.service.files.put(path, sha256, CSV, path.name, now)
        job = Transfer(
            id=path.name,
            direction="IMPORT",
            kind=kind,
            division=COUNTY,
            content_type=CSV,
            sha256=sha256,
            asker=Asker.of(ASKER),
            asked_at=now,
        )
        transfers = self.fieldwork.transfers
        await transfers.insert({**stub(job.id), "version": 1, "registered": True, **transfers.codec.dump(job)})
        await self._timed(f"{len(rows):,} {kind.lower()} imported ({path.stat().st_size / 1e6:.1f} MB)", self.fieldwork.run_transfers.round)
        ended = await transfers.find(job.id)
        assert ended is not None
        if ended.faults:
            print(ended.faults[0], ended.failure)
        return (ended.state, ended.added, ended.unchanged) == ("DONE", len(rows) - known, known)

    async def _project(self) -> None:
        """Rounds, as a worker makes them, until nothing is dirty."""
        database, real_now = self.service.runtime.database, self.service.runtime.world.real_now
        for name in ("households", "members"):
            projector = Projector(database, name, "load", real_now)
            while await database[name].find_one({"tags": "dirty"}, {"_id": 1}) is not None:
                await projector.round()

    async def _timed(self, what: str, work: Callable[[], Awaitable[object]]) -> None:
        begun = time.monotonic()
        await work()
        memory = psutil.Process().memory_info().rss / 2**20
        print(f"{what}: {time.monotonic() - begun:.1f} s, {memory:.0f} MiB held by the process", flush=True)

    async def _coverage(self, households: int) -> float:
        """Seconds of one read of the county with its towns and villages; what it says must be all of them."""
        territory = await self.fieldwork.atlas.current()
        keys = [prefixes(code)[-1] for code in down(territory, COUNTY, 2)]

        async def read() -> tuple[int, list[Covered]]:
            found = await self.fieldwork.coverage.under(prefixes(COUNTY)[-1])
            return len(found), [covered(found.get(key, {}), "2026-06", date(2026, 6, 15)) for key in keys]

        found, told = await read()
        assert told[0].households == households, (told[0], households)
        assert sum(row.households for row, key in zip(told, keys, strict=True) if len(key) == 12) == households
        took = await quickest(15, read)
        print(f"coverage of {len(keys)} places over {households:,}: {took * 1000:.1f} ms, {found + 1} documents read", flush=True)
        return took
