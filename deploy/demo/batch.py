"""A batch of messages, each through its whole life. Their division is a seeded draw: the campaign marks that."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.demo.client import ACCEPT, ANSWER, RECORD_CAMPAIGN, REGISTER, REPORT, STATE, Client
from deploy.local.processes import ROOT

REAL_MESSAGES = ROOT.parent / "shared" / "data" / "messages.jsonl"
SYNTHETIC = "C-DEMO"
SEED = 20200605
AT_ONCE = 12
MOST = 200
TOPICS = (
    "路灯不亮",
    "楼道堆物",
    "供暖不热",
    "公交车次少",
    "夜间施工噪音",
    "社保转移手续",
    "学校门口拥堵",
    "下水道堵塞",
    "市场秤不准",
    "健身器材损坏",
)
PLACES = ("小区东门", "菜市场旁", "村口", "学校北侧", "老街")


@dataclass(frozen=True)
class Message:
    author: str
    subject: str
    text: str
    division: str


def messages(villages: list[str], source: Path = REAL_MESSAGES) -> list[Message]:
    """200 real messages where the data folder is there, else 50 of our own; the same each time for the same villages."""
    draw = random.Random(SEED)
    if source.exists():
        rows = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()[:2000]]
        rows = draw.sample(rows, MOST)
        told = [(row["author"], row["subject"][:200] or "留言", row["text"][:5000]) for row in rows]
    else:
        told = [
            (f"demo-{n}", f"{TOPICS[n % 10]}（{PLACES[n // 10]}）", f"{PLACES[n // 10]}{TOPICS[n % 10]}已经有一段时间了，请帮助解决。")
            for n in range(50)
        ]
    return [Message(author, subject, text, draw.choice(villages)) for author, subject, text in told]


async def villages(client: Client) -> list[str]:
    """A village of each town of each county of 济宁, as the graph knows them."""
    token = await client.person("city-admin")
    found = []
    below = "query($under: String!) { divisions(under: $under) { code } }"
    for county in (await client.whole(token, below, {"under": "370800000000"}))["divisions"]:
        for town in (await client.whole(token, below, {"under": county["code"]}))["divisions"][:3]:
            found += [village["code"] for village in (await client.whole(token, below, {"under": town["code"]}))["divisions"][:1]]
    return found


async def play(client: Client, run: str, batch: list[Message], done: Callable[[], None]) -> None:
    """All messages, some at a time; `done` is called as each is closed."""
    limit = asyncio.Semaphore(AT_ONCE)
    campaign = {"code": SYNTHETIC, "name": "演示用的合成数据", "nameEn": "synthetic data of a demo", "division": "370800000000"}
    await client.do(await client.person("city-admin"), RECORD_CAMPAIGN, requestId="demo", **campaign)

    async def one(number: int, message: Message) -> None:
        async with limit:
            await _live(client, f"{run}-{number}", message, random.Random(SEED + number))
            done()

    await asyncio.gather(*(one(number, message) for number, message in enumerate(batch)))


async def _live(client: Client, request: str, message: Message, draw: random.Random) -> None:
    resident = await client.minted(sub=f"demo-{message.author}", roles=["RESIDENT"])
    kind = draw.choices(["HELP", "COMPLAINT", "CONSULTATION", "SUGGESTION"], [5, 3, 2, 1])[0]
    registered = await client.do(
        resident,
        REGISTER,
        requestId=request,
        kind=kind,
        channel=draw.choice(["WECHAT", "WEB"]),
        subject=message.subject,
        text=message.text,
        division=message.division,
        campaign=SYNTHETIC,
    )
    grievance = registered["grievance"]
    client.keep(grievance, request)
    id = grievance["id"]

    async def dispatched() -> Any:
        found = await client.grievance(resident, id)
        return found and found["case"] and found["case"]["department"]

    department = (await client.until(dispatched, "the dispatch"))["code"]
    handler = await client.minted(sub=f"handler-{department}", roles=["HANDLER"], department=department)
    await client.do(handler, ACCEPT, requestId=f"{request}-a", grievanceId=id)
    unhappy = draw.random() < 0.06
    for round in (1, 2):
        await _resolve(client, handler, f"{request}-{round}", id)
        await _until_asked(client, resident, id, round)
        satisfied = "DISSATISFIED" if unhappy and round == 1 else draw.choice(["VERY_SATISFIED", "SATISFIED", "SATISFIED", "NEUTRAL"])
        reason = "还没有真正解决。" if satisfied == "DISSATISFIED" else None
        answer = {"resolved": reason is None, "satisfied": satisfied, "reason": reason}
        await client.do(resident, ANSWER, requestId=f"{request}-s{round}", grievanceId=id, **answer)
        if reason is None:
            break

    async def closed() -> Any:
        found = await client.grievance(resident, id, STATE)
        return found and found["status"] == "CLOSED"

    await client.until(closed, "the closing")


async def _resolve(client: Client, handler: str, request: str, id: str) -> None:
    """Report once the case is in hand; after a rework it first has to come back to HANDLING."""

    async def handling() -> Any:
        found = await client.grievance(handler, id, STATE)
        return found and found["status"] == "HANDLING"

    await client.until(handling, "the case in hand")
    await client.do(handler, REPORT, requestId=f"{request}-r", grievanceId=id, text="已派人到现场处理并回复，感谢您的反映。")


async def _until_asked(client: Client, resident: str, id: str, round: int) -> None:
    async def asked() -> Any:
        found = await client.grievance(resident, id, STATE)
        return found and found["survey"] and found["survey"]["round"] >= round and found["status"] == "FED_BACK"

    await client.until(asked, "the survey")
