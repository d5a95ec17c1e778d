"""提级路径 (S53) as a picture: what the clock has done about each deadline of a case, and what it will do. Mermaid text; pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from services.routing.domain.case import Case
from services.routing.domain.deadlines import Deadline
from services.routing.domain.watch import upcoming
from shared.china_time import CHINA
from shared.contracts.routing import WarnedOf, WarningStep

STEPS: dict[WarningStep, str] = {
    "REMIND": "提醒 reminder",
    "YELLOW": "黄色预警 yellow",
    "RED": "红色预警 red",
    "TO_HEAD": "提级部门主要负责人 to the head",
    "TO_SUPERVISOR": "提级督查 to the supervisor",
    "TO_CITY": "提级市级 to the city",
}
ROWS: dict[WarnedOf, str] = {"RESPONSE": "首次响应 first response", "RESULT": "办理结果 result"}


def picture(case: Case) -> str:
    """A flowchart: one row for each deadline that ever ran, its warnings in the order of time, those that were given filled."""
    lines = ["flowchart LR", "classDef given fill:#fde68a,stroke:#b45309", "classDef planned stroke-dasharray:4"]
    held: dict[WarnedOf, Deadline] = {"RESPONSE": case.deadlines.response, "RESULT": case.deadlines.result}
    for of, deadline in held.items():
        if deadline.entries:
            lines += _row(of, deadline, case)
    return "\n".join(lines)


def _row(of: WarnedOf, deadline: Deadline, case: Case) -> Iterator[str]:
    given = [(warning.at, warning.step, warning.to_unit, True) for warning in case.warnings if warning.of == of]
    planned = [(timer.at, timer.step, "", False) for timer in upcoming(case) if timer.of == of]
    yield f'subgraph {of}["{ROWS[of]}"]'
    names = []
    for number, (at, step, unit, done) in enumerate([*given, *planned]):
        names.append(f"{of}{number}")
        yield f'{names[-1]}["{_label(STEPS[step], at, unit)}"]:::{"given" if done else "planned"}'
    last = deadline.last
    if last is not None and last.kind == "END":
        names.append(f"{of}end")
        yield f'{names[-1]}(["{_label("结束 ended", last.at, "")}"])'
    yield from (f"{one} --> {other}" for one, other in pairwise(names))
    yield "end"


def _label(what: str, at: datetime, unit: str) -> str:
    shown = f"{what}<br/>{at.astimezone(CHINA):%Y-%m-%d %H:%M}"
    return f"{shown}<br/>{unit}" if unit else shown
