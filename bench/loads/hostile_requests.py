"""20,000 requests of a hostile client on the whole graph, by everybody who may have a role: no 500, no trace, nothing that is not theirs.

What is planted and looked for is the tests' own (tests/hostile, tests/access).
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from deploy.local.parts import Parts, ensure_parts
from shared.identity.development import DevelopmentIssuer
from shared.identity.keys import ensure_development_keys
from tests.access.conftest import made_world
from tests.hostile.attack import Seen, attack
from tests.world import ISSUER

REQUESTS = 20_000
SIZE = f"{REQUESTS:,} hostile requests"


def main(scale: float) -> bool:
    count = round(REQUESTS * scale)
    with tempfile.TemporaryDirectory() as temporary, ensure_parts(Path(temporary) / "parts", fresh=True) as parts:
        keys = Path(temporary) / "keys"
        ensure_development_keys(keys)
        begun = time.monotonic()
        seen = asyncio.run(_attacked(parts, keys, count))
        seconds = time.monotonic() - begun
    print(f"{count} requests in {seconds:.0f} s; with data {seen.answered}; statuses {dict(seen.statuses)}; codes {dict(seen.codes)}")
    for fault in seen.faults[:5]:
        print(f"FAULT {fault}")
    return not seen.faults and seen.answered > count / 5


async def _attacked(parts: Parts, keys: Path, count: int) -> Seen:
    issuer = DevelopmentIssuer(env="development", keys_dir=keys, issuer=ISSUER, audience="minyi")
    async with made_world(parts, keys, issuer) as world:
        return await attack(world, keys, count)
