"""A grievance that nobody takes in hand: what the clock does about it, warning by warning, up to the city, and then supervision (S53)."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console

from deploy.demo.calendar import by_day
from deploy.demo.client import ACCEPT, ANSWER, APPROVE, DECIDE, REGISTER, REPORT, SUPERVISE, WARNED, Client
from deploy.demo.story import Teller, instant, shown
from shared.china_time import CHINA
from shared.clock import ShiftedClock

INTRODUCTION = (
    "另一件诉求无人接单。时钟不等人：到点提醒、黄牌、红牌，再逐级提级，每项只发一次。",
    "Another grievance that nobody takes in hand. The clock warns: a reminder, yellow, red, then up the line, each step once.",
)
STEPS = {
    "REMIND": ("提醒", "reminder"),
    "YELLOW": ("黄色预警", "yellow warning"),
    "RED": ("红色预警", "red warning"),
    "TO_HEAD": ("提级", "escalated"),
    "TO_SUPERVISOR": ("提级", "escalated"),
    "TO_CITY": ("提级", "escalated"),
}
OF = {
    "RESPONSE": ("首次响应", "the first response"),
    "RESULT": ("办理结果", "the result"),
    "RETURN_WINDOW": ("退单期限", "the time to return it"),
}
TO = {
    "HANDLER": ("承办人", "the handler"),
    "DEPARTMENT_HEAD": ("部门主要负责人", "the department's head"),
    "SUPERVISOR": ("督查", "the supervisor"),
    "CITY_ADMIN": ("市级", "the city"),
}


async def play(client: Client, clock: ShiftedClock, out: Console, run: str, pause: float) -> None:
    """From the remark until the city knows, and the end that it takes then."""
    out.rule("逾期的故事 · The story of one that is late")
    out.print("\n".join(INTRODUCTION))
    teller = Teller(out, clock, pause)
    people = ("secretary", "handler", "resident", "supervisor")
    secretary, handler, resident, supervisor = [await client.person(name) for name in people]
    registered = await client.do(
        secretary,
        REGISTER,
        requestId=f"{run}-late",
        kind="HELP",
        channel="VISIT",
        subject="楼道灯不亮",
        text="三单元楼道灯坏了半个月，晚上看不见路，电话13800000001。",
        division="370881001901-01",
        petitioner={"kind": "RESIDENT", "name": "孔凡莹", "phone": "13800000001"},
        attachments=[],
        campaign="C-LISTEN",
    )
    grievance = registered["grievance"]
    client.keep(grievance, f"{run}-late")
    id = grievance["id"]

    async def case(holds: Any, what: str) -> dict[str, Any]:
        async def look() -> Any:
            found = await client.grievance(secretary, id, WARNED)
            return found["case"] if found and found["case"] and holds(found["case"]) else None

        return dict(await client.until(look, what))

    now = await case(lambda found: found["department"] and found["department"]["name"], "the dispatch")
    entries = [now["deadlines"][name]["entries"][0] for name in ("response", "result")]
    await teller.tell(
        ("登记转办", "registered and dispatched"),
        (f"{grievance['number']} 转办 {now['department']['name']}", f"{grievance['number']} goes to {now['department']['name']}"),
        (f"首次响应：{entries[0]['wordsZh']}", f"first response: {entries[0]['words']}"),
        (f"办理结果：{entries[1]['wordsZh']}", f"result: {entries[1]['words']}"),
    )
    while (at := next_node(now)) is not None:
        clock.move_to(at + timedelta(seconds=1))
        seen = len(now["warnings"])
        now = await case(lambda found, seen=seen: len(found["warnings"]) > seen, "the warning of the clock")
        for warning in now["warnings"][seen:]:
            await teller.tell(*_said(warning))

    held = Counter(card["colour"] for card in now["cards"])
    await teller.tell(
        ("红黄牌", "cards"),
        (
            f"按规则对承办部门：黄牌 {held['YELLOW']} 张，红牌 {held['RED']} 张",
            f"by rule, for the department: {held['YELLOW']} yellow, {held['RED']} red",
        ),
    )
    by_day(clock)
    until = (clock.now().astimezone(CHINA) + timedelta(days=2)).date()
    demand = {"demand": "请说明为何无人接单，并限期办结。", "until": until.isoformat()}
    issued = await client.do(supervisor, SUPERVISE, requestId=f"{run}-late-order", grievanceId=id, **demand)
    due = shown(issued["supervisionOrders"][-1]["dueAt"])
    await teller.tell(("督办", "supervised"), (f"发出督办单，{due} 前回复", f"a supervision order; its reply is due {due}"))
    await client.do(handler, ACCEPT, requestId=f"{run}-late-accept", grievanceId=id)
    await client.do(
        handler, REPORT, requestId=f"{run}-late-report", grievanceId=id, text="三单元楼道灯已全部修好，抱歉让您久等。", evidence=[]
    )
    head = await client.minted(sub=f"head-{run}", roles=["DEPARTMENT_HEAD"], department=now["department"]["code"])
    await client.do(head, APPROVE, requestId=f"{run}-late-approve", grievanceId=id)
    await teller.tell(
        ("审批", "approved"),
        ("督办期间的答复由部门主要负责人批准", "the head of the department approves what is replied under supervision"),
    )
    await client.do(supervisor, DECIDE, requestId=f"{run}-late-reply", grievanceId=id, accepted=True, reason="已办结，下不为例。")
    await teller.tell(("督办销号", "order settled"), ("办结即回复，督查专员认可", "the result is the reply, and the supervisor accepts it"))

    async def asked() -> Any:
        found = await client.grievance(secretary, id)
        return found and found["survey"]

    await client.until(asked, "the survey")
    await client.do(resident, ANSWER, requestId=f"{run}-late-survey", grievanceId=id, resolved=True, satisfied="NEUTRAL")
    now = await case(lambda found: found["status"] == "CLOSED", "status CLOSED")
    ended = [now["deadlines"][name]["entries"][-1] for name in ("response", "result")]
    await teller.tell(
        ("逾期办结", "closed, late"),
        (f"首次响应{ended[0]['wordsZh']}；办理结果{ended[1]['wordsZh']}", f"response {ended[0]['words']}; result {ended[1]['words']}"),
    )


def next_node(case: Any) -> datetime | None:
    """The earliest time node that has not come yet."""
    given = {(warning["of"], warning["step"]) for warning in case["warnings"]}
    nodes = [
        instant(node["at"])
        for of, name in (("RESPONSE", "response"), ("RESULT", "result"))
        for node in case["deadlines"][name]["nodes"]
        if (of, node["step"]) not in given
    ]
    return min(nodes, default=None)


def _said(warning: Any) -> tuple[tuple[str, str], tuple[str, str]]:
    step, of, to = STEPS[warning["step"]], OF[warning["of"]], TO.get(warning["toRole"], (warning["toRole"],) * 2)
    due = shown(warning["dueAt"])
    return step, (f"{of[0]}，期限 {due}，请{to[0]}处理", f"{of[1]}, due {due}: {to[1]} has to look")
