"""The master key is changed while everything serves: the newest that is there becomes current, and wraps all data keys anew.

Killed anywhere, it is run again and finishes. An older key is retired after a walk that found nothing under it, begun when every process
had turned to the new one and what was under way before was written.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.intake.store.key_registry import LOOK_SECONDS, KeyRegistry
from services.intake.store.wrapped_keys import COLLECTIONS, WrappedKeys

SETTLES = timedelta(seconds=LOOK_SECONDS + 60)


@dataclass(frozen=True)
class Rotating:
    """`place` says where the master key of an id lies; `say` tells the operator."""

    registry: KeyRegistry
    wrapped: WrappedKeys
    real_now: Callable[[], datetime]
    place: Callable[[str], str]
    say: Callable[[str], None]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


async def rotate_keys(parts: Rotating) -> str:
    """What was done, for the operator. Raises KeyMissing, StoreTrouble."""
    turned = await parts.registry.turn()
    settled = turned.since + SETTLES if turned.older else turned.since
    rewrapped: Counter[str] = Counter()
    while True:
        begun, outdated = parts.real_now(), 0
        broken: list[str] = []
        for name in COLLECTIONS:
            walk = await parts.wrapped.rewrap(name)
            outdated += walk.outdated
            rewrapped[name] += walk.rewrapped
            broken += [f"{name}/{id}" for id in walk.broken]
        if not outdated and begun >= settled:
            break
        left = (settled - parts.real_now()).total_seconds()
        if left > 0:
            parts.say(
                f"{rewrapped.total()} keys rewrapped; looking again in {left:.0f} s, when every process wraps with {turned.id}"
                f" · 已重新加密 {rewrapped.total()} 个数据密钥，{left:.0f} 秒后复查"
            )
            await parts.sleep(left)
    lines = [f"{name}: {rewrapped[name]} rewrapped · 已重新加密 {rewrapped[name]} 个" for name in COLLECTIONS]
    if broken:
        kept = ", ".join(turned.older) or "none"
        lines.append(
            f"these keys do not open, they were altered: {', '.join(broken)}; restore them from a backup and run this again. "
            f"Not retired: {kept} · 以上数据密钥已损坏，请从备份恢复后重新运行；未停用的主密钥：{kept}"
        )
        return "\n".join(lines)
    await parts.registry.retire(turned.older)
    lines += [
        f"master key {id} wraps nothing any more and may be removed here ({parts.place(id)}); backups of before need it still: keep it "
        f"with them · 主密钥 {id} 已停用，可移除（{parts.place(id)}）；此前的数据备份仍需要它，请与备份一并保留"
        for id in turned.older
    ]
    lines.append(f"current is {turned.id} · 当前主密钥为 {turned.id}")
    return "\n".join(lines)
