"""What a look at somebody's personal data leaves behind: who, when and from where are the audit entry's; for which purpose and why, of
whom and of which territory stand in its result. Pure.

Purposes: 个人信息保护法 art. 6 (a stated purpose, and no more than it needs) and 17; the list is ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

Purpose = Literal[
    "CONTACT",  # 联系诉求人
    "ON_SITE",  # 上门处理
    "VERIFY",  # 核实身份或情况
    "SUPERVISION",  # 督查
    "LEGAL_DUTY",  # 法定职责
    "DATA_SUBJECT",  # 本人查询、更正、删除
]


def look(day: str, under: Iterable[str], of: str, purpose: Purpose, reason: str | None) -> dict[str, Any]:
    """`day`: ISO, in China; `under`: the scope prefixes by which a data officer finds it; `of`: a person's id, or a phone's keyed hash;
    `reason`: redacted."""
    return {"keys": [look_key(prefix, day) for prefix in under], "of": of, "purpose": purpose, "reason": reason}


def look_key(prefix: str, day: str) -> str:
    return f"{prefix}|{day}"
