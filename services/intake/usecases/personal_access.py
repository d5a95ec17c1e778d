"""What the commands around a petitioner's personal data share: who is let in, what is opened, and what a look leaves in the audit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.intake.domain.erasure import erased
from services.intake.domain.grievance import Grievance, Sealed
from services.intake.domain.looks import Purpose, look
from services.intake.store.mongo import Grievances, access_of
from services.intake.usecases.beside import Beside
from services.intake.usecases.ports import Persons
from shared.contracts.intake import Owner
from shared.identity.access import may_see
from shared.identity.roles import Role
from shared.identity.scopes import prefixes
from shared.identity.viewer import Viewer
from shared.redaction import redact
from shared.writer import NoSuchRecord, Writer


@dataclass(frozen=True)
class PersonalAccess:
    writer: Writer
    grievances: Grievances
    persons: Persons
    beside: Beside
    reference_key: bytes
    now: Callable[[], datetime]
    real_now: Callable[[], datetime]
    today: Callable[[], str]


@dataclass(frozen=True)
class InClear:
    """For the answer to this request alone; never for logs, events, errors."""

    name: str | None
    phone: str | None
    openid: str | None
    subject: str
    text: str
    place: str | None


def admit(viewer: Viewer, id: str, grievance: Grievance) -> None:
    """What the viewer may not see is not there. Raises NoSuchRecord."""
    if not may_see(viewer, access_of(grievance)):
        raise NoSuchRecord(id)


async def visible(parts: PersonalAccess, viewer: Viewer, id: str) -> Grievance:
    """Raises NoSuchRecord."""
    held = (await parts.grievances.find_many([id])).get(id)
    if held is None:
        raise NoSuchRecord(id)
    admit(viewer, id, held)
    return held


async def told_by_the_same(grievances: Grievances, held: Grievance) -> dict[str, Grievance]:
    """By id, oldest first: all that the petitioner of this one has told, under whatever phone they typed when they were signed in."""
    people: set[str] = {held.person}
    while True:
        found = await grievances.of_people(sorted(people))
        accounts = {each.petitioner_ref for each in found.values() if each.signed_in and each.erased_at is None}
        found |= await grievances.of_accounts(sorted(accounts))
        if {each.person for each in found.values()} <= people:
            return dict(sorted(found.items(), key=lambda item: (item[1].registered_at, item[0])))
        people |= {each.person for each in found.values()}


def not_erased(held: Grievance) -> None:
    """Raises Refusal. From the erasure's command on there is nothing to look at, so that no look at it is recorded."""
    if held.erasure is not None:
        raise erased()


async def open_petitioner(persons: Persons, held: Grievance) -> InClear:
    """Name, phone, openid and the words as they were told. Raises Refusal where the petitioner was erased."""
    return (await open_petitioners(persons, held.person, [held]))[0]


async def open_petitioners(persons: Persons, person: str, told: Sequence[Grievance]) -> list[InClear]:
    """The same of several grievances that lie under one person."""
    kept = [held.original for held in told if held.erasure is None and held.original is not None]
    if len(kept) < len(told):
        raise erased()
    try:
        key = await persons.key(person)
    except LookupError:
        raise erased() from None
    [contact] = await persons.contacts([person])

    def opened(original: Sealed) -> InClear:
        # Behind the division's code, which is known, stands what was told (register_grievance.py).
        place = key.decrypt("place", original.place).partition(" ")[2] if original.place else ""
        subject, text = key.decrypt("subject", original.subject), key.decrypt("text", original.text)
        return InClear(contact.name, contact.phone, contact.openid, subject, text, place or None)

    return [opened(original) for original in kept]


async def without_names(persons: Persons, held: Grievance, words: str) -> str:
    """The words, redacted; the petitioner's name counts as declared."""
    [contact] = await persons.contacts([held.person])
    return redact(words, (contact.name,) if contact.name else ()).text


def trace(parts: PersonalAccess, held: Grievance, purpose: Purpose, reason: str | None) -> dict[str, Any]:
    """What the audit entry's result says of a look at this grievance's petitioner."""
    return look(parts.today(), prefixes(held.division), held.person, purpose, reason)


def by(viewer: Viewer, roles: tuple[Role, ...]) -> Owner:
    """Who did it: the first of these roles that they have, and where they belong."""
    role = next(role for role in roles if viewer.has(role))
    unit = viewer.department or viewer.team or next((scope.code for scope in viewer.scopes), "")
    return Owner(staffId=viewer.sub, role=role, unit=unit)
