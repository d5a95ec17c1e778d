"""OpenByPin 凭编号和查询码打开: a petitioner without an account reads and answers their own grievance for five minutes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.intake.domain.numbers import BadNumber, parse
from services.intake.domain.pins import Tries, pin_of, same_pin
from shared.identity.errors import Refusal
from shared.identity.issuers import INTAKE, Minted, Signer


class Numbers(Protocol):
    async def grievance_of(self, number: str) -> str | None: ...


class PinTries(Protocol):
    async def find(self, number: str) -> Tries: ...

    async def keep(self, number: str, before: Tries, after: Tries) -> bool:
        """False when somebody else tried in between."""
        ...

    async def forget(self, number: str) -> None: ...


@dataclass(frozen=True)
class Opening:
    """What intake needs to open a grievance."""

    numbers: Numbers
    tries: PinTries
    signer: Signer
    reference_key: bytes
    real_now: Callable[[], datetime]


@dataclass(frozen=True)
class Opened:
    grievance: str
    minted: Minted


async def open_by_pin(parts: Opening, number: str, pin: str) -> Opened:
    """A token for this grievance alone. Raises Refusal: wrong, or too many tries.

    The try is counted before the PIN is looked at: a hundred tries at once are heard as one. A number that does not exist counts and
    answers like a wrong PIN.
    """
    try:
        number = str(parse(number))
    except BadNumber as fault:
        raise Refusal(fault.code, fault.message_zh, fault.message, "number") from None
    now = parts.real_now()
    before = await parts.tries.find(number)
    wait = before.wait(now)
    if wait is not None or not await parts.tries.keep(number, before, before.failed(now)):
        seconds = max(1, round(wait.total_seconds())) if wait else 1
        raise Refusal("TOO_MANY_TRIES", f"尝试次数过多，请在 {seconds} 秒后再试。", f"Too many tries: try again in {seconds} s.", "pin")
    grievance = await parts.numbers.grievance_of(number)
    right = same_pin(pin, pin_of(parts.reference_key, grievance or number))
    if grievance is None or not right:
        raise Refusal("NUMBER_OR_PIN_WRONG", "编号或查询码不正确。", "The number or the PIN is wrong.", "pin")
    await parts.tries.forget(number)
    claims = {"sub": f"grievance:{grievance}", "grievance": grievance, "roles": [INTAKE.role]}
    return Opened(grievance, parts.signer.mint(claims))
