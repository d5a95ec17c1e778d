"""The link to a survey's page, as the petitioner was sent it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from deploy.local.service import Service
from shared.mongo import connect, database
from shared.settings import CommonSettings
from tests.journeys.system import ACCEPT, REPORT, System
from tests.waiting import until

_LINK = re.compile(r"https?://\S+/s/\S+")


async def sent_link(system: System, gateway: Service, id: str, number: int = 1) -> str:
    """The `number`-th that was sent for this grievance, at this gateway; waits for it."""
    parts = system.parts
    settings = CommonSettings(prefix=system.prefix, mongodb_url=parts.mongodb_url, mongodb_retry_writes=parts.retry_writes)
    client = connect(settings)
    try:
        notices = database(client, settings, "intake")["notices"]

        async def look() -> Any:
            rows = await notices.find({"grievance": id}).to_list(None)
            texts = [row["text"] for row in sorted(rows, key=lambda row: row["at"])]
            links = [found[0] for text in texts if (found := _LINK.search(text))]
            return links[number - 1] if len(links) >= number else None

        return gateway.url + urlsplit(await until(look, within=30, what="the link")).path
    finally:
        client.close()


async def reported(system: System, gateway: Service, name: str, id: str, round: int = 1) -> str:
    """The department has taken it, and done what it could; the link by which the petitioner says how it went."""
    if round == 1:
        await system.until_status(id, "DISPATCHED")
        await system.do("routing", "handler", ACCEPT, requestId=f"{name}-a", grievanceId=id)
    text = "指示牌已更换。" if round == 1 else "指示牌的字已放大。"
    await system.do("routing", "handler", REPORT, requestId=f"{name}-r{round}", grievanceId=id, text=text, evidence=[])
    return await sent_link(system, gateway, id, round)
