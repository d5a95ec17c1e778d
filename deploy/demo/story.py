"""The sign-board case (row L1 of the source), told step by step from what the graph answers."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console

from deploy.demo.calendar import CHINA
from deploy.demo.client import ACCEPT, ANSWER, REGISTER, REPORT, Client
from deploy.demo.photos import sign_board
from shared.clock import ShiftedClock


async def play(client: Client, clock: ShiftedClock, out: Console, run: str, pause: float) -> None:
    """From the remark to the closing, within three days of the business clock (S57)."""
    begun = clock.now()
    out.rule("指示牌的故事 · The story of the sign-board")
    secretary, handler, resident = [await client.person(name) for name in ("secretary", "handler", "resident")]

    before = await client.upload(secretary, f"{run}-before", "before.png", sign_board(broken=True), "before", None)
    registered = await client.do(
        secretary,
        REGISTER,
        requestId=f"{run}-signboard",
        kind="HELP",
        channel="VISIT",
        subject="小区指示牌破损",
        text="入户走访时居民孔凡莹随口提到：后作街小区门口的指示牌破旧，看不清字，电话13800000001，希望能换一块。",
        division="370881001901-01",
        petitioner={"kind": "RESIDENT", "name": "孔凡莹", "phone": "13800000001"},
        attachments=[before],
        campaign="民意5来听",
    )
    grievance = registered["grievance"]
    client.keep(grievance, f"{run}-signboard")
    id = grievance["id"]

    async def whole() -> Any:
        return await client.grievance(secretary, id)

    async def when(status: str) -> Any:
        async def look() -> Any:
            found = await whole()
            return found if found and found["status"] == status else None

        return await client.until(look, f"status {status}")

    async def tell(zh: str, en: str) -> None:
        out.print(f"[cyan]{shown(clock.now())}[/]  {zh}\n                  {en}")
        await asyncio.sleep(pause)

    now = await when("DISPATCHED")
    name, department = now["petitioner"]["displayName"], now["case"]["department"]["name"]
    await tell(
        f"民情书记入户，{name}随口一提，登记为 {now['number']}（{now['division']['fullName']}）",
        f"a secretary visits; what {name} mentions is registered as {now['number']}, with a photo",
    )
    await tell(
        f"上报并转办至 {department}，期限 {shown(now['case']['dueAt'])}", f"appraised and dispatched, due {shown(now['case']['dueAt'])}"
    )

    clock.move_to(begun + timedelta(days=1))
    await client.do(handler, ACCEPT, requestId=f"{run}-accept", grievanceId=id)
    await when("HANDLING")
    await tell(f"{department}接单办理", "the work order is accepted: one accountable person")

    clock.move_to(begun + timedelta(days=2, hours=20))
    after = await client.upload(handler, f"{run}-after", "after.png", sign_board(broken=False), "after", id)
    words = "您反映的后作街小区指示牌已由鲁城街道更换，新牌已安装到位，欢迎继续监督。"
    await client.do(handler, REPORT, requestId=f"{run}-report", grievanceId=id, text=words, evidence=[after])

    async def asked() -> Any:
        found = await whole()
        return found if found and found["survey"] else None

    now = await client.until(asked, "the survey")
    await tell(
        f"新牌装好，附前后照片；答复：{now['reply']['text']}", "the new board stands, photos before and after; the reply is delivered"
    )

    await client.do(resident, ANSWER, requestId=f"{run}-survey", grievanceId=id, resolved=True, satisfied="VERY_SATISFIED")
    now = await when("CLOSED")
    took = instant(now["case"]["closedAt"]) - instant(now["case"]["registeredAt"])
    await tell(f"{name}：已解决，非常满意。办结，历时 {took.total_seconds() / 86400:.1f} 天", "resolved, very satisfied; closed")

    async def complete() -> Any:
        found = await whole()
        return found if found and found["timeline"][-1]["status"] == "CLOSED" else None

    for entry in (await client.until(complete, "the end of the timeline"))["timeline"]:
        out.print(f"  [dim]{shown(entry['at'])}  {entry['whatZh']} · {entry['what']}  ({entry['by']})[/]")


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def shown(at: datetime | str | None) -> str:
    """In Shanghai's time."""
    if at is None:
        return "—"
    return (instant(at) if isinstance(at, str) else at).astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
