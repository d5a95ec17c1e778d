"""Whatever is done with petitioners' data, in any order: what is erased is nowhere, the trails are whole, every look has its entry."""

from __future__ import annotations

import os
import secrets
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from services.intake.service import Service as Intake
from services.intake.store.wrapped_keys import WrappedKeys
from services.intake.usecases.correct_petitioner import CorrectPetitioner, correct_petitioner
from services.intake.usecases.decide_reveal import DecideReveal, decide_reveal
from services.intake.usecases.erase_petitioner import erase_round
from services.intake.usecases.export_personal_data import ExportPersonalData, export_personal_data
from services.intake.usecases.look_up_by_phone import LookUpByPhone, look_up_by_phone
from services.intake.usecases.personal_access import open_petitioner
from services.intake.usecases.register_grievance import PetitionerInput, RegisterGrievance, register_grievance
from services.intake.usecases.reveal_petitioner import RevealPetitioner, reveal_petitioner
from services.intake.usecases.rotate_keys import Rotating, rotate_keys
from shared.identity.errors import Refusal
from shared.identity.keys import KEY_BYTES
from shared.relay import flush
from shared.settings import CommonSettings
from shared.verify_audit import Verification, chained
from tests.services.intake.test_reveals import OFFICER, SUPERVISOR
from tests.services.intake.viewers import SECRETARY, VILLAGE
from tests.services.town import Town, town_of

WHO, ACTS = 3, ("hear", "hear", "reveal", "decide", "look_up", "export", "correct", "erase", "carry_on", "send", "stop", "rotate")
EXAMPLES = int(os.environ.get("MINYI_TEST_EXAMPLES", "12"))


T = TypeVar("T")


async def outcome(work: Awaitable[T]) -> tuple[T | None, str | None]:
    """What came of it, or the code with which it was refused."""
    try:
        return await work, None
    except Refusal as refused:
        return None, refused.code


class Stopped(BaseException):
    """The process ends here, as by kill -9."""


@dataclass
class Told:
    id: str
    word: str
    secret: str
    waiting: str | None = None


@dataclass
class Person:
    name: str
    phone: str
    confidential: bool
    living: list[Told] = field(default_factory=list)
    gone: list[Told] = field(default_factory=list)
    interrupted: bool = False
    """Their erasure was asked for, and the process ended before their key was destroyed."""


@dataclass
class Course:
    """What is done, beside what should come of it."""

    town: Town
    people: list[Person]
    number: int = 0
    looked: Counter[str] = field(default_factory=Counter)
    stop_at: list[str] = field(default_factory=list)

    def next(self) -> str:
        self.number = next(NUMBERS)
        return f"r-{self.number}"

    async def reached(self, where: str) -> None:
        if self.stop_at and self.stop_at[-1] == where:
            self.stop_at.pop()
            raise Stopped

    async def hear(self, who: Person) -> None:
        request = self.next()
        told = Told("", f"梧桐{request}树", f"我叫{who.name}，打{who.phone}找我")
        petitioner = PetitionerInput(name=who.name, phone=who.phone, confidential=who.confidential)
        text = f"{told.secret}，{told.word}看不清。"
        fields: dict[str, Any] = {"subject": told.word, "text": text, "place": who.name, "petitioner": petitioner}
        command = RegisterGrievance(request_id=request, channel="VISIT", division=f"{VILLAGE}-01", **fields)
        told.id = await register_grievance(self.town.intake.registration(), SECRETARY, command, "test")
        who.living.append(told)

    async def reveal(self, who: Person) -> None:
        told = (who.living or who.gone)[-1]
        access, again = self.town.intake.privacy.access, told.waiting
        command = RevealPetitioner(request_id=again or self.next(), grievance_id=told.id, purpose="CONTACT", reason=f"核实{who.name}")
        shown, refused = await outcome(reveal_petitioner(access, OFFICER, command, "test"))
        if shown is None:
            assert (refused, who.living) == ("PETITIONER_ERASED", [])
            return
        if again is None:
            self.looked["RevealPetitioner"] += 1
        if shown.clear is None:
            told.waiting = command.request_id
            return
        if again is not None and shown.reveal.state == "OPEN":
            self.looked["OpenReveal"] += 1
            told.waiting = None
        assert (shown.clear.name, shown.clear.phone) == (who.name, who.phone)
        assert told.secret in shown.clear.text

    async def decide(self, who: Person) -> None:
        access = self.town.intake.privacy.access
        for told in who.living:
            [held] = (await access.grievances.find_many([told.id])).values()
            for reveal in [each for each in held.reveals if each.state == "PENDING"]:
                command = DecideReveal(request_id=self.next(), grievance_id=told.id, reveal_id=reveal.id, granted=True, reason="属实")
                await decide_reveal(access, SUPERVISOR, command, "test")
                self.looked["DecideReveal"] += 1

    async def look_up(self, who: Person) -> None:
        # Of whom nothing is kept the name is not known, and cannot be taken out of what an official types.
        reason = f"{who.name}来电" if who.living else "来电"
        command = LookUpByPhone(request_id=self.next(), phone=who.phone, purpose="CONTACT", reason=reason)
        found = await look_up_by_phone(self.town.intake.privacy.looking_up, SECRETARY, command, "test")
        self.looked["LookUpByPhone"] += 1
        # Until a round comes by, what the interrupted command did not name is there as before.
        left = {told.id for told in who.gone if who.interrupted and told.id != who.gone[-1].id}
        assert {id for id, _held in found} - left == {told.id for told in who.living}

    async def export(self, who: Person) -> None:
        told = (who.living or who.gone)[-1]
        command = ExportPersonalData(request_id=self.next(), grievance_id=told.id)
        export, refused = await outcome(export_personal_data(self.town.intake.privacy.exporting, OFFICER, command, "test"))
        if export is None:
            assert refused in {"PETITIONER_ERASED", "REVEAL_NEEDED" if who.confidential else None}
            assert who.confidential or not who.living
            return
        self.looked["ExportPersonalData"] += 1
        assert {each.id for each in export.told} <= {told.id for told in who.living}
        assert told.id in {each.id for each in export.told}

    async def correct(self, who: Person) -> None:
        """The place, so that they stay who they are."""
        told = (who.living or who.gone)[-1]
        place = f"{who.name}家东门"
        command = CorrectPetitioner(request_id=self.next(), grievance_id=told.id, place=place, reason=f"{who.name}更正")
        _id, refused = await outcome(correct_petitioner(self.town.intake.privacy.access, OFFICER, command, "test"))
        assert refused == (None if who.living else "PETITIONER_ERASED")

    async def erase(self, who: Person) -> None:
        told = (who.living or who.gone)[-1]
        try:
            _none, refused = await outcome(self.town.erase(told.id, self.next(), note=f"{who.name}的申请"))
            assert refused == (None if who.living else "PETITIONER_ERASED")
        except Stopped:
            who.interrupted = True
        who.gone += who.living
        who.living = []

    async def carry_on(self, _who: Person) -> None:
        try:
            await erase_round(self.town.intake.erasing)
        except Stopped:
            return
        for who in self.people:
            who.interrupted = False
        await self.town.scrub()

    async def send(self, who: Person) -> None:
        for told in (*who.living, *who.gone):
            await self.town.settle(told.id)

    async def stop(self, who: Person) -> None:
        self.stop_at.append(("asked", "destroyed", "words")[self.number % 3])

    async def rotate(self, _who: Person) -> None:
        """A newer master key comes, all is wrapped with it while hours go by, and the older one is taken away."""
        intake, hours = self.town.intake, count()
        [old] = (intake.settings.keys_dir / "master").glob("*.key")
        old.with_name(f"{int(old.stem) + 1:04}.key").write_text(secrets.token_hex(KEY_BYTES))

        async def sleep(_seconds: float) -> None: ...

        def real_now() -> datetime:
            return intake.runtime.world.real_now() + timedelta(hours=next(hours))

        wrapped = WrappedKeys(intake.runtime.database, intake.cipher)
        await rotate_keys(Rotating(intake.keys, wrapped, real_now, intake.master.place, lambda _line: None, sleep))
        old.unlink()

    async def settled(self) -> None:
        """Until nothing is on its way."""
        self.stop_at.clear()
        intake = self.town.intake
        for _ in range(2):
            await self.carry_on(self.people[0])
            for who in self.people:
                await self.send(who)
        await self.town.scrub()
        await intake.runtime.relay.drain()
        for records in intake.runtime.relay.watched:
            for id in await records.unsent(intake.runtime.world.real_now() + timedelta(days=1), 1000):
                await flush(records, self.town, id)


async def looks(town: Town) -> Counter[str]:
    rows = await town.intake.runtime.database["audit"].find({"result.look": {"$exists": True}}, {"what": 1}).to_list(None)
    return Counter(row["what"] for row in rows)


async def faults(town: Town) -> list[str]:
    found = []
    for name, service in town.services.items():
        collections = chained(service.runtime.relay.watched)
        verification = Verification(service.runtime.database, name, collections, service.reference_key)
        found += [fault.line() async for fault in verification.faults()]
    return found


NUMBERS = count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town(intake_store_settings: CommonSettings, keys_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    # Their master keys change, and those of the other tests do not.
    own_keys = tmp_path_factory.mktemp("keys") / "keys"
    shutil.copytree(keys_dir, own_keys)
    async with town_of(intake_store_settings, own_keys) as made:
        made.intake.privacy.looking_up = replace(made.intake.privacy.looking_up, limit=10_000)
        yield made


@pytest.mark.timeout(60 + 10 * EXAMPLES)
# Nothing is shrunk: the store keeps what earlier examples left, and each takes a second.
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="MINYI_TEST_EXAMPLES" not in os.environ,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, WHO - 1)), min_size=4, max_size=24))
async def test_whatever_is_done_what_is_erased_is_nowhere_and_every_look_has_its_entry(town: Town, steps: list[tuple[str, int]]) -> None:
    people = [Person(f"孔凡{chr(ord('一') + next(NUMBERS))}", f"138{next(NUMBERS):08}", confidential=who == 0) for who in range(WHO)]
    course, before = Course(town, people), await looks(town)
    object.__setattr__(town.intake.erasing, "reached", course.reached)
    for who in people:
        await course.hear(who)
    for act, who in steps:
        await getattr(course, act)(people[who])
    await course.settled()

    gone = [told for who in people for told in who.gone]
    living = [told for who in people for told in who.living]
    everywhere = "".join((await town.bytes_of_all()).values())
    assert [who.name for who in people if who.name in everywhere or who.phone in everywhere] == []
    assert [told.word for told in gone if told.word in everywhere] == []
    assert [told.word for told in living if told.word not in everywhere] == []
    held = await town.intake.grievances.find_many([told.id for told in (*gone, *living)])
    assert {id for id, grievance in held.items() if grievance.erased_at is not None} == {told.id for told in gone}
    assert await looks(town) - before == course.looked
    assert await faults(town) == []
    # As after a restart: with the keys that are in their places alone.
    restarted = Intake(town.intake.settings)
    await restarted.keys.check()
    for who in people:
        for told in who.living:
            clear = await open_petitioner(restarted.persons, held[told.id])
            assert (clear.name, clear.phone, told.secret in clear.text) == (who.name, who.phone, True)
    restarted.runtime.client.close()
