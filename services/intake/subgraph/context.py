"""One request to intake's subgraph: the viewer, and loaders that ask the store once for many."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from fastapi import Request
from strawberry.dataloader import DataLoader

from services.intake.domain.contact import Contact
from services.intake.domain.encounters import Encounter
from services.intake.domain.grievance import Grievance
from services.intake.domain.people import Member
from services.intake.domain.territory import Territory
from services.intake.domain.uploads import UploadLimits, file_url, upload_url
from services.intake.fieldwork import Fieldwork
from services.intake.privacy import Privacy
from services.intake.secretary import SecretaryDuties
from services.intake.settings import IntakeSettings
from services.intake.store.mongo import Grievances, access_of
from services.intake.store.numbers import MongoNumbers
from services.intake.store.persons import MongoPersons
from services.intake.store.uploads import Upload, UploadState, UploadStore
from services.intake.subgraph.policy import POLICY
from services.intake.usecases.encounter_access import sees_encounter
from services.intake.usecases.erase_petitioner import Erasing
from services.intake.usecases.expect_photos import ExpectPhotos
from services.intake.usecases.open_by_pin import Opening
from services.intake.usecases.register_grievance import Registration
from services.intake.usecases.sync_field_batch import Syncing
from shared.identity.viewer import Viewer
from shared.runtime import World
from shared.subgraph import RequestContext

FILE_URL_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True)
class Intake:
    """What intake's api is made of."""

    settings: IntakeSettings
    world: World
    fieldwork: Fieldwork
    duties: SecretaryDuties
    privacy: Privacy
    erasing: Erasing
    grievances: Grievances
    numbers: MongoNumbers
    persons: MongoPersons
    uploads: UploadStore
    upload_key: bytes
    limits: UploadLimits
    registration: Registration
    photos: ExpectPhotos
    syncing: Syncing
    opening: Opening

    @property
    def territory(self) -> Territory:
        """Today's tree as this process last read it."""
        return self.fieldwork.atlas.territory


class IntakeContext(RequestContext):
    def __init__(self, request: Request, viewer: Viewer, intake: Intake) -> None:
        super().__init__(request, viewer)
        self.intake = intake
        self.grievances: DataLoader[str, Grievance | None] = DataLoader(self._grievances)
        self.contacts: DataLoader[str, Contact] = DataLoader(self._contacts)
        self.members: DataLoader[str, Member | None] = DataLoader(self._members)
        self.team_members: DataLoader[str, list[Member]] = DataLoader(self._team_members)
        self.encounters: DataLoader[str, Encounter | None] = DataLoader(self._encounters)
        self.told_in: DataLoader[str, list[tuple[str, Grievance]]] = DataLoader(self._told_in)
        self.attachments: DataLoader[str, list[Upload]] = DataLoader(self._attachments)

    async def _grievances(self, ids: list[str]) -> list[Grievance | None]:
        """What the viewer may see; what he may not see does not exist for him."""
        found = await self.intake.grievances.find_many(ids)
        return [held if (held := found.get(id)) is not None and self.gives(held) else None for id in ids]

    async def _encounters(self, ids: list[str]) -> list[Encounter | None]:
        """What the viewer may see."""
        found = await self.intake.fieldwork.encounters.find_many(ids)
        return [held if (held := found.get(id)) is not None and sees_encounter(self.viewer, held) else None for id in ids]

    async def _told_in(self, encounters: list[str]) -> list[list[tuple[str, Grievance]]]:
        """What was told in each, of what the viewer may see: (id, grievance), oldest first."""
        found = await self.intake.grievances.of_encounters(encounters)
        return [[(id, held) for id, held in found.items() if held.encounter == wanted and self.gives(held)] for wanted in encounters]

    def gives(self, held: Grievance) -> bool:
        return POLICY.gives("Grievance", self.viewer, access_of(held))

    async def _contacts(self, persons: list[str]) -> list[Contact]:
        return await self.intake.persons.contacts(persons)

    async def _attachments(self, grievances: list[str]) -> list[list[Upload]]:
        found = await self.intake.uploads.of_grievances(grievances)
        return [found.get(id, []) for id in grievances]

    async def _members(self, ids: list[str]) -> list[Member | None]:
        found = await self.intake.fieldwork.members.find_many(ids)
        return [found.get(id) for id in ids]

    async def _team_members(self, teams: list[str]) -> list[list[Member]]:
        found = await self.intake.fieldwork.members.of_teams(teams)
        return [found.get(team, []) for team in teams]

    def photo_uploads(self, uploads: list[Upload]) -> list[tuple[Upload, str | None]]:
        """Each with the address to which its bytes go, where they are not here yet."""
        key, base = self.intake.upload_key, self.intake.settings.public_url
        return [(each, upload_url(base, each.ticket, key) if each.state is UploadState.OPEN else None) for each in uploads]

    def file_url(self, upload: Upload) -> str:
        """A signed address under which this file can be read for some minutes."""
        return self.signed_url(upload.ticket.sha256, upload.ticket.name)

    def signed_url(self, sha256: str, name: str) -> str:
        until = self.intake.world.real_now() + FILE_URL_LIFETIME
        return file_url(self.intake.settings.public_url, sha256, name, until, self.intake.upload_key)
