"""What intake's use cases need of the world."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from services.intake.domain.contact import Contact
from services.intake.domain.delivery import Outcome
from services.intake.domain.retention import Datum
from shared.contracts.intake import PostRow


class Numbers(Protocol):
    async def claim(self, division: str, at: datetime, grievance: str) -> str:
        """A readable number that nobody else has, claimed for this grievance. The same grievance gets the same number again."""
        ...


class Sealer(Protocol):
    def encrypt(self, field: str, text: str) -> str: ...


class Key(Sealer, Protocol):
    def decrypt(self, field: str, value: str) -> str: ...


class Persons(Protocol):
    """Petitioners, each with a data key of their own."""

    async def keep(self, person: str, contact: Contact, *, consent: bool = True) -> tuple[str, Sealer]:
        """Keep a person, encrypted; the id under which they are kept, and the key that seals what they said. One that is known stays as it
        is, but for an openid that is told now; somebody of another name who answers the same phone is another person, and so is who comes
        again after they were erased. `consent`: they agreed that it is kept beyond this matter."""
        ...

    async def look_again(self, person: str) -> None:
        """A grievance is about to name another person in place of this one, whom perhaps none names then."""
        ...

    async def key(self, person: str) -> Key:
        """The key of a person who is kept."""
        ...

    async def answering(self, phone_index: str) -> list[str]:
        """The ids of those who answer the phone of this blind index: several, where people share one."""
        ...

    async def contacts(self, persons: list[str]) -> list[Contact]:
        """How each is called and reached; of who is not there, nothing."""
        ...

    async def terms(self, persons: list[str]) -> dict[str, list[Datum]]:
        """Purpose, basis, consent and last day of each datum; who was erased is left out."""
        ...


class Posts(Protocol):
    async def of_place(self, division: str) -> list[PostRow]:
        """The posts, held today, of this division and of all that hold it."""
        ...


class Uploads(Protocol):
    async def unattachable(self, ids: list[str], grievance: str, uploader: str) -> list[str]:
        """Which of them `attach` would give back. Changes nothing."""
        ...

    async def attach(self, ids: list[str], grievance: str, uploader: str, names: Sequence[str] = ()) -> list[str]:
        """Bind stored uploads of this uploader to a grievance; returns the ids that are not there, not stored, or not theirs. The names of
        the files lose the declared `names`."""
        ...


class Channel(Protocol):
    """One way to reach a petitioner. Where it `knows_references`, it can be asked what became of a send."""

    knows_references: bool

    async def send(self, reference: str, grievance: str, address: str | None, text: str) -> Outcome:
        """Raises nothing for what the provider does or does not do: that is the outcome. Raises StoreTrouble."""
        ...

    async def ask(self, reference: str) -> Outcome:
        """sent; or trouble: it was not accepted; or unknown: that could not be learnt now."""
        ...
