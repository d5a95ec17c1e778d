"""Looks for what is wrong with an installation. Every check asks and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.local.doctor import machine_checks, part_checks, setting_checks, work_checks
from deploy.local.doctor.findings import Finding
from deploy.local.local_directory import Run


async def examine(
    shell: Mapping[str, str], local_dir: Path, run: Run | None, begin: Callable[[str], object] = lambda _title: None
) -> list[Finding]:
    """`shell` is the caller's environment; with `run` the running system's settings are looked at. `begin` is told what comes next."""
    environment = run.environment if run is not None else shell
    begin("settings · 配置")
    found = setting_checks.settings(shell, environment)
    if any(one.wrong and one.check == "settings" for one in found):
        # No process starts with these: what they name cannot be asked.
        return found
    begin("keys, clock, disk · 密钥、时钟、磁盘")
    found += [*machine_checks.keys(environment, local_dir, run), *machine_checks.clock(environment), *machine_checks.disk(local_dir)]
    begin("broker · 消息队列")
    found += await part_checks.broker(environment, local_dir, run)
    begin("store · 数据库")
    found += await part_checks.store(environment, run)
    begin("work in progress · 进行中的工作")
    parts_answer = not any(one.wrong and one.check in ("broker", "store") for one in found)
    found += await work_checks.work(environment, run, parts_answer)
    return found
