"""ExportPersonalData 查阅、复制个人信息 (个人信息保护法 art. 45): all that is kept of a person, in one answer.

What routing and feedback keep of their grievances stands beside it in the graph: the answer's grievances are the graph's own.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain import reveals
from services.intake.domain.grievance import Grievance
from services.intake.domain.looks import look
from services.intake.domain.retention import Datum
from services.intake.store.access_log import AccessLog, Looked
from services.intake.store.mongo import access_of
from services.intake.usecases.personal_access import InClear, PersonalAccess, admit, not_erased, open_petitioners, told_by_the_same, visible
from shared.commands import request_of
from shared.contracts.base import instant
from shared.identity.access import is_petitioner, may_see
from shared.identity.errors import Refusal
from shared.identity.roles import Role
from shared.identity.scopes import prefixes
from shared.identity.viewer import Viewer
from shared.writer import Decision

ROLES = (Role.RESIDENT, Role.DATA_OFFICER)


class ExportPersonalData(BaseModel):
    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    grievance_id: str = Field(min_length=1, max_length=100)


@dataclass(frozen=True)
class Exporting:
    access: PersonalAccess
    log: AccessLog


@dataclass(frozen=True)
class Told:
    """One grievance with the words as they were told, and who looked at them."""

    id: str
    grievance: Grievance
    clear: InClear
    looks: list[Looked]


@dataclass(frozen=True)
class Export:
    """`data`: for what, on which basis and until when each datum of the person is kept. `told`: oldest first."""

    data: list[Datum]
    told: list[Told]


async def export_personal_data(parts: Exporting, viewer: Viewer, command: ExportPersonalData, origin: str) -> Export:
    """To the person themselves what they show to be theirs, to a data officer what lies in their territory. Raises Refusal.

    Of a petitioner who asked not to be known, an officer reads nothing before a second person has said yes (reveal_petitioner.py).
    """
    viewer.require(*ROLES)
    access, id = parts.access, command.grievance_id
    held = await visible(access, viewer, id)
    themselves = is_petitioner(viewer, access_of(held))
    if not themselves and not (viewer.has(Role.DATA_OFFICER) and viewer.covers(held.division)):
        raise Refusal("NOT_YOURS", "只有本人或数据保护专员可导出。", "Only the person themselves or a data officer.", "grievanceId")
    request = request_of(access.reference_key, viewer, command.request_id, "ExportPersonalData", command.model_dump(mode="json"), origin)

    if not themselves and not _has_leave(access, viewer, held):
        raise reveals.needed()
    until = instant(access.real_now() + reveals.OPEN_FOR)
    found = await told_by_the_same(access.grievances, held)
    theirs = {each: grievance for each, grievance in found.items() if _is_given(access, viewer, grievance, themselves)}
    # Before this one is written: whether the log has it already would be chance.
    looks = await parts.log.of_grievances(list(theirs))

    def decide(grievance: Grievance) -> Decision:
        not_erased(grievance)
        # The officers of each place find it, and so does who asks for any of them who has looked.
        under = {prefix for each in theirs.values() for prefix in prefixes(each.division)}
        looked = look(access.today(), sorted(under), grievance.person, "DATA_SUBJECT", None) | {"grievances": list(theirs)}
        return Decision(grievance, [], {"id": id, "until": until, "look": looked})

    answer = await access.writer.command(id, request, decide, lambda grievance: admit(viewer, id, grievance))
    # A repeat is no new entry: after some minutes it is no look either.
    if answer["until"] < instant(access.real_now()):
        raise reveals.expired()
    people = sorted({grievance.person for grievance in theirs.values()})
    clear: dict[str, InClear] = {}
    for person in people:
        lying = {each: grievance for each, grievance in theirs.items() if grievance.person == person}
        clear |= zip(lying, await open_petitioners(access.persons, person, list(lying.values())), strict=True)
    terms = await access.persons.terms(people)
    data = [datum for person in people for datum in terms.get(person, [])]
    return Export(data, [Told(each, theirs[each], clear[each], looks[each]) for each in theirs])


def _is_given(access: PersonalAccess, viewer: Viewer, grievance: Grievance, themselves: bool) -> bool:
    """What they show to be theirs; to an officer what lies in their territory, and of what is confidential what they have leave to read."""
    if grievance.erasure is not None:
        return False
    if themselves:
        return is_petitioner(viewer, access_of(grievance)) and may_see(viewer, access_of(grievance))
    covered = may_see(viewer, access_of(grievance)) and viewer.covers(grievance.division)
    return covered and _has_leave(access, viewer, grievance)


def _has_leave(access: PersonalAccess, viewer: Viewer, grievance: Grievance) -> bool:
    mine = [reveal for reveal in grievance.reveals if reveal.by.staffId == viewer.sub and reveal.purpose == "DATA_SUBJECT"]
    return not grievance.needs_second or any(reveal.readable(access.real_now()) for reveal in mine)
