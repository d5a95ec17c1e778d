"""The sign-board case (row L1 of the source), told step by step from what the graph answers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console

from deploy.demo.client import ACCEPT, ANSWER, REGISTER, REPORT, Client
from deploy.demo.photos import sign_board
from shared.china_time import CHINA
from shared.clock import ShiftedClock

INTRODUCTION = (
    "曲阜一位居民的一句话，怎样变成一块新牌。下面每一行都是向系统查询所得，时间为业务时间。",
    "How a resident's remark in Qufu became a new sign-board. Each line below is what the graph answered; times are business time.",
)
OPENID = "oMinyi-demo-0000000000000001"
"""She follows the city's service account: the reply goes there."""
ROLES = {"DEPARTMENT_HEAD": ("部门负责人", "the head of the department"), "HANDLER": ("承办人", "the handler")}
DELIVERED = {"sent": ("已送达", "delivered"), "failed": ("未送达", "not delivered")}
SATISFIED = {"VERY_SATISFIED": ("非常满意", "very satisfied"), "SATISFIED": ("满意", "satisfied")}


@dataclass
class Teller:
    """Prints numbered steps: when, who did what, in both languages; `pause` is seconds after each."""

    out: Console
    clock: ShiftedClock
    pause: float
    step: int = 0

    async def tell(self, title: tuple[str, str], *lines: tuple[str, str]) -> None:
        self.step += 1
        self.out.print(f"[bold cyan]{self.step}  {shown(self.clock.now())}  {title[0]} · {title[1]}[/]")
        for zh, en in lines:
            self.out.print(f"     {zh}\n     {en}")
        await asyncio.sleep(self.pause)


async def play(client: Client, clock: ShiftedClock, out: Console, run: str, pause: float) -> None:
    """From the remark to the closing, within three days of the business clock (S57)."""
    begun = clock.now()
    out.rule("指示牌的故事 · The story of the sign-board")
    out.print("\n".join(INTRODUCTION))
    teller = Teller(out, clock, pause)
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
        petitioner={"kind": "RESIDENT", "name": "孔凡莹", "phone": "13800000001", "openid": OPENID},
        attachments=[before],
        campaign="C-LISTEN",
    )
    grievance = registered["grievance"]
    client.keep(grievance, f"{run}-signboard")
    id = grievance["id"]

    async def when(what: str, holds: Any) -> Any:
        async def look() -> Any:
            found = await client.grievance(secretary, id)
            return found if found and holds(found) else None

        return await client.until(look, what)

    async def status(wanted: str) -> Any:
        return await when(f"status {wanted}", lambda found: found["status"] == wanted)

    await status("DISPATCHED")
    now = await when("the department's name", lambda found: found["case"]["department"]["name"])
    name, case = now["petitioner"]["displayName"], now["case"]
    department = case["department"]["name"]
    photos = photos_of(now, "before")
    await teller.tell(
        ("登记", "registered"),
        (
            f"民情书记入户走访，{name}随口一提：“{now['subject']}”，登记为 {now['number']}，附照片 {photos}",
            f"a secretary visits a home; what {name} mentions in passing is registered as {now['number']}, with the photo {photos}",
        ),
        (f"地点：{now['division']['fullName']}；姓名、电话加密保存，只显示掩码", "name and phone are kept encrypted; others see a mask"),
    )
    await teller.tell(
        ("研判转办", "appraised and dispatched"),
        (
            f"系统研判受理，归入“{case['category'] or '未分类'}”，转办 {department}，限 {shown(case['dueAt'])} 前办结",
            f"accepted by rule and dispatched to {department}, due {shown(case['dueAt'])} (working days)",
        ),
    )

    clock.move_to(begun + timedelta(days=1))
    await client.do(handler, ACCEPT, requestId=f"{run}-accept", grievanceId=id)
    owner = (await status("HANDLING"))["case"]["owner"]
    zh, en = ROLES.get(owner["role"], (owner["role"], owner["role"])) if owner else ("承办人", "the handler")
    await teller.tell(
        ("接单办理", "accepted"),
        (f"{department}接单；{zh}负全责，直到办结", f"{department} takes it on; {en} answers for it, until it is closed"),
    )

    clock.move_to(begun + timedelta(days=2, hours=23))
    after = await client.upload(handler, f"{run}-after", "after.png", sign_board(broken=False), "after", id)
    words = "您反映的后作街小区指示牌已由鲁城街道更换，新牌已安装到位，欢迎继续监督。"
    await client.do(handler, REPORT, requestId=f"{run}-report", grievanceId=id, text=words, evidence=[after])
    now = await when("the survey", lambda found: found["survey"])
    photos = photos_of(now, "after")
    await teller.tell(
        ("办结上报", "resolved"),
        (f"{department}换好新牌，附照片 {photos}", f"{department} has put up the new board; the photo {photos} is attached"),
    )
    zh, en = DELIVERED.get(str(now["reply"]["delivery"]).lower(), ("正在送达", "on its way"))
    await teller.tell(
        ("答复群众", "answered"),
        (f"答复{zh}：“{now['reply']['text']}”", f"the reply is {en}, in the department's own words (above)"),
        ("随后由系统回访，不由承办部门：解决了吗？满意吗？", "then the system, not the department, asks: resolved? satisfied?"),
    )

    await client.do(resident, ANSWER, requestId=f"{run}-survey", grievanceId=id, resolved=True, satisfied="VERY_SATISFIED")
    now = await status("CLOSED")
    took = (instant(now["case"]["closedAt"]) - instant(now["case"]["registeredAt"])).total_seconds() / 86400
    zh, en = SATISFIED.get(now["survey"]["satisfied"], (now["survey"]["satisfied"],) * 2)
    solved = ("已解决", "resolved") if now["survey"]["resolved"] else ("未解决", "not resolved")
    await teller.tell(
        ("回访办结", "surveyed and closed"),
        (
            f"{name}：{solved[0]}，{zh}。从一句话到新牌，历时 {took:.1f} 天",
            f"{name}: {solved[1]}, {en}; closed {took:.1f} days after the remark",
        ),
    )
    show_timeline(out, await when("the end of the timeline", lambda found: found["timeline"][-1]["status"] == "CLOSED"))


def show_timeline(out: Console, grievance: Any) -> None:
    """Every entry that the system keeps of it, as anybody who may see the grievance reads it."""
    department = grievance["case"]["department"]
    out.print("\n[bold]全程留痕 · the record, entry by entry[/]")
    for entry in grievance["timeline"]:
        line = f"{shown(entry['at'])}  {entry['whatZh']} · {entry['what']}  ({entry['by']})"
        out.print(f"  [dim]{line.replace(department['code'], department['name'])}[/]")


def photos_of(grievance: Any, purpose: str) -> str:
    names = [photo["name"] for photo in grievance["attachments"] if str(photo["purpose"]).lower() == purpose]
    return "、".join(names) or "—"


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def shown(at: datetime | str | None) -> str:
    """In Shanghai's time."""
    if at is None:
        return "—"
    return (instant(at) if isinstance(at, str) else at).astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
