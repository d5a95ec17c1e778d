"""The running system's processes, and work that does not get on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from deploy.local.doctor.findings import Finding, note, ok, wrong
from deploy.local.health import rows_of
from deploy.local.inspection import Work, work_in_progress
from deploy.local.local_directory import Run
from shared.broker import SERVICES

OLD_SECONDS = 60.0
# So many orders are more than a few days' of a county: nobody takes them.
LONG_HOTLINE = 500
LETTERS = "python -m shared.deadletters"


async def work(environment: Mapping[str, str], run: Run | None, parts_answer: bool) -> list[Finding]:
    """Without answers from broker and store, the processes alone."""
    if not (environment.get("MINYI_RABBITMQ_URL") and environment.get("MINYI_MONGODB_URL")):
        return [note("processes", "nothing runs here", "没有正在运行的系统", "make up")]
    processes = await asyncio.to_thread(_processes, run)
    if not parts_answer:
        return processes
    found = await work_in_progress(environment)
    return [*processes, *(_stuck(found, run is not None) or [ok("work", "nothing is stuck", "没有受阻的工作")])]


def _processes(run: Run | None) -> list[Finding]:
    if run is None:
        return []
    rows = rows_of(run)
    found = [
        wrong("processes", f"{row.name} is {row.state}", f"{row.name} 未就绪", f"python -m deploy.local logs {row.name}")
        for row in rows
        if row.state != "ready"
    ]
    return found or [ok("processes", f"all {len(rows)} are ready", f"{len(rows)} 个进程全部就绪")]


def _stuck(found: Work, runs_here: bool) -> list[Finding]:
    """What could not be asked is told by the checks of broker and store."""
    stuck: list[Finding] = []
    for queue in found.queues:
        service = queue.name.rsplit(".", 1)[-1]
        if runs_here and service in SERVICES and queue.consumers == 0:
            mend = f"python -m deploy.local restart {service}-worker"
            stuck.append(wrong("work", f"nobody takes messages from {queue.name}", f"队列 {queue.name} 没有消费者", mend))
        if runs_here and queue.name.endswith(".hotline.in") and queue.consumers == 0:
            mend = "python -m deploy.local restart intake-worker"
            stuck.append(wrong("work", f"nobody takes messages from {queue.name}", f"队列 {queue.name} 没有消费者", mend))
        if queue.name.endswith(".hotline") and (queue.messages or 0) > LONG_HOTLINE:
            said = f"{queue.messages} orders wait for the 12345 platform: ask it whether it takes them"
            stuck.append(wrong("work", said, f"有 {queue.messages} 件12345工单等待领取，请联系12345平台", "python -m deploy.local status"))
    for box in found.outboxes:
        if (box.oldest_seconds or 0.0) > OLD_SECONDS:
            said = f"{box.service} has kept {box.documents} documents' events for up to {box.oldest_seconds:.0f} s"
            stuck.append(
                wrong(
                    "work",
                    said,
                    f"{box.service} 有 {box.documents} 份文档的事件迟迟未发出",
                    f"python -m deploy.local logs {box.service}-worker",
                )
            )
    for service, count in found.dead.items():
        if count:
            stuck.append(wrong("work", f"{service} has {count} dead letters", f"{service} 有 {count} 条死信", f"{LETTERS} list"))
    for each in found.blocked:
        said = f"{each.service} {each.document} is held up by {each.source} {each.sequence} ({each.reason})"
        stuck.append(wrong("work", said, f"诉求 {each.document} 受阻", f"{LETTERS} replay --all"))
    return stuck
