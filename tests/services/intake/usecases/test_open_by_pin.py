"""Opening a grievance by number and PIN, over the real store."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.intake.domain.numbers import mint
from services.intake.domain.pins import FREE_TRIES, pin_of
from services.intake.store.numbers import MongoNumbers
from services.intake.store.pin_tries import MongoPinTries
from services.intake.usecases.open_by_pin import Opened, Opening, open_by_pin
from shared.identity.errors import Refusal
from shared.identity.issuers import INTAKE
from shared.identity.keys import reference_key
from shared.identity.refs import grievance_ref
from shared.identity.roles import Role
from shared.identity.tokens import TokenVerifier
from shared.mongo import Database

AT = datetime(2026, 6, 5, 2, 0, tzinfo=UTC)


@dataclass
class Desk:
    """Intake's part, with a clock to turn. `number` and `pin` are those of the grievance `g`."""

    parts: Opening
    keys_dir: Path
    number: str
    pin: str
    now: datetime

    async def open(self, number: str | None = None, pin: str | None = None) -> Opened:
        return await open_by_pin(self.parts, self.number if number is None else number, self.pin if pin is None else pin)

    async def refused(self, number: str | None = None, pin: str | None = None) -> Refusal:
        with pytest.raises(Refusal) as refusal:
            await self.open(number, pin)
        return refusal.value


@pytest.fixture
async def desk(mongo: Database, keys_dir: Path) -> Desk:
    key, numbers = reference_key(keys_dir), MongoNumbers(mongo)
    made: Desk

    def now() -> datetime:
        return made.now

    parts = Opening(numbers, MongoPinTries(mongo, now), INTAKE.signer(keys_dir, "minyi"), key, now)
    made = Desk(parts, keys_dir, await numbers.claim("370881001901", AT, "g"), pin_of(key, "g"), AT)
    return made


async def test_number_and_pin_open_this_grievance_for_five_minutes_to_its_petitioner_alone(desk: Desk) -> None:
    opened = await desk.open(desk.number.replace("-", " "), f"{desk.pin[:4]} {desk.pin[4:]}")
    assert opened.grievance == "g"
    verifier = TokenVerifier(["none"], ["nobody"], "minyi", desk.parts.reference_key, keys_dir=desk.keys_dir)
    viewer = await verifier.verify(opened.minted.token)
    assert viewer.roles == {Role.RESIDENT}
    assert viewer.refs == {grievance_ref(desk.parts.reference_key, "g")}
    assert (viewer.scopes, viewer.department, viewer.team) == ((), None, None)
    assert 290 <= opened.minted.expires_at - datetime.now(UTC).timestamp() <= 300


async def test_a_wrong_pin_and_a_number_that_is_not_there_are_told_in_the_same_words(desk: Desk) -> None:
    wrong = await desk.refused(pin="00000000")
    unknown = await desk.refused(number=str(mint("370881001901", AT, 123456)))
    assert (wrong.code, wrong.zh, wrong.en, wrong.field) == (unknown.code, unknown.zh, unknown.en, unknown.field)
    assert wrong.code == "NUMBER_OR_PIN_WRONG"


async def test_a_number_that_is_none_is_told_by_its_field(desk: Desk) -> None:
    refused = await desk.refused(number="370881")
    assert refused.field == "number"


@pytest.mark.parametrize("known", [True, False])
async def test_further_tries_wait_ever_longer_also_for_the_right_pin_and_for_a_number_that_is_not_there(desk: Desk, known: bool) -> None:
    number = desk.number if known else str(mint("370881001901", AT, 123456))
    for _ in range(FREE_TRIES):
        assert (await desk.refused(number, "00000000")).code == "NUMBER_OR_PIN_WRONG"
    refused = await desk.refused(number)
    assert (refused.code, refused.en) == ("TOO_MANY_TRIES", "Too many tries: try again in 30 s.")
    desk.now += timedelta(seconds=31)
    assert (await desk.refused(number, "00000000")).code == "NUMBER_OR_PIN_WRONG"
    assert "60 s" in (await desk.refused(number)).en
    desk.now += timedelta(seconds=61)
    if known:
        # Whoever knows it begins anew.
        await desk.open()
        assert (await desk.refused(pin="00000000")).code == "NUMBER_OR_PIN_WRONG"
        await desk.open()


async def test_many_tries_at_once_are_heard_as_one(desk: Desk) -> None:
    tries = [desk.refused(pin=f"{n:08d}") for n in range(40)]
    codes = [refused.code for refused in await asyncio.gather(*tries)]
    # Those of the same moment lose to the one that was counted; later ones come after it, until they have to wait.
    assert codes.count("NUMBER_OR_PIN_WRONG") <= FREE_TRIES
