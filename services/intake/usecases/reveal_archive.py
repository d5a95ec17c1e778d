"""RevealArchive 查看档案原文 (S41): an archive in clear, for a stated purpose and some minutes; each look leaves an entry."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain import reveals
from services.intake.domain.archives import Archive
from services.intake.domain.looks import Purpose, look
from services.intake.domain.texts import Line
from services.intake.usecases.archiving import Archiving, may_decide, may_propose, not_yours, value_name
from shared.commands import request_of
from shared.contracts.base import instant
from shared.identity.roles import Role
from shared.identity.scopes import prefixes
from shared.identity.viewer import Viewer
from shared.redaction import redact
from shared.writer import Decision, NoSuchRecord

# Who keeps it, who decides on what is proposed, and who answers for the data. City admins look at numbers.
ROLES = (Role.SECRETARY, Role.TEAM_LEADER, Role.COMMUNITY_SECRETARY, Role.COUNTY_ADMIN, Role.DATA_OFFICER)


class RevealArchive(BaseModel):
    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    archive_id: str = Field(min_length=1, max_length=100)
    purpose: Purpose
    reason: Line = Field(max_length=200)


def may_reveal(viewer: Viewer, team: str | None, village: str) -> bool:
    answers = viewer.has(Role.DATA_OFFICER) and viewer.covers(village)
    return may_propose(viewer, team) or may_decide(viewer, team, village) or answers


async def reveal_archive(parts: Archiving, viewer: Viewer, command: RevealArchive, origin: str) -> datetime:
    """Record the look, and return until when the same request shows it again. Raises Refusal."""
    viewer.require(*ROLES)
    id = command.archive_id
    household = await parts.households.find(id)
    head = [parts.cipher.unwrap(household.person, household.key).decrypt("head", household.head)] if household and household.head else []
    request = request_of(parts.reference_key, viewer, command.request_id, "RevealArchive", command.model_dump(mode="json"), origin)
    until = instant(parts.real_now() + reveals.OPEN_FOR)

    def admit(archive: Archive) -> None:
        if not may_reveal(viewer, household.team if household is not None else archive.team, archive.village):
            raise NoSuchRecord(archive.id)

    def decide(archive: Archive) -> Decision:
        reason = redact(command.reason, [*head, *_names(parts, archive)]).text
        looked = look(parts.today(), prefixes(archive.village), archive.person, command.purpose, reason)
        return Decision(archive, [], {"id": id, "until": until, "look": looked})

    try:
        answer = await parts.writer.command(id, request, decide, admit)
    except NoSuchRecord:
        raise not_yours() from None
    # A repeat is no new entry: after some minutes it is no look either.
    if answer["until"] < instant(parts.real_now()):
        raise reveals.expired()
    return datetime.fromisoformat(answer["until"])


def _names(parts: Archiving, archive: Archive) -> list[str]:
    key = parts.cipher.unwrap(archive.person, archive.key)
    named = [(each.id, datum.value) for each in archive.residents if (datum := each.data.get("name")) is not None]
    return [key.decrypt(value_name(resident, "name"), value) for resident, value in named if value is not None]
