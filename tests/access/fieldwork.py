"""The organisation in the store, with every field filled, and how its commands are given of a grievance's place and team."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from services.intake.domain.archive_changes import Change, Consent, Proposal
from services.intake.domain.archives import Archive, Verdict
from services.intake.domain.households import Household, Visit
from services.intake.domain.transfers import CSV, Asker, Fault, Transfer
from services.intake.domain.uploads import IMPORT, UploadLimits, UploadTicket, new_ticket
from services.intake.usecases.archiving import note_name, reason_name, value_name
from services.intake.usecases.record_campaign import CampaignLaunch, RecordCampaign, record_campaign
from services.intake.usecases.record_department import RecordDepartment, record_department
from services.intake.usecases.record_duty import RecordDuty, RecordDutyDone, record_duty, record_duty_done
from services.intake.usecases.record_member import RecordMember, record_member
from services.intake.usecases.record_reception import Moved, RecordReception, record_reception
from services.intake.usecases.record_reception_site import RecordReceptionSite, record_reception_site
from services.intake.usecases.record_team import RecordTeam, record_team
from services.intake.usecases.record_visit import RecordVisit, record_visit
from shared.china_time import CHINA
from shared.identity.roles import Role
from shared.identity.scopes import Level, from_code
from shared.identity.viewer import Viewer
from tests.access.documents import AT, Described, keep
from tests.access.people import ELSEWHERE, HANDLING, HERE, SUB, TEAM
from tests.services.intake.builders import project

ADMIN = Viewer(sub="admin", roles=frozenset({Role.CITY_ADMIN}), scopes=(from_code("370800000000", Level.CITY),))
SECRETARY = Viewer(sub=SUB, roles=frozenset({Role.SECRETARY}), team=TEAM)
LATER = date(2099, 1, 1)
LEADER = {"name": "孔凡带", "phone": "13800005001", "kinds": ["AGENCY_OFFICIAL"], "rank": "SECTION", "unit": HERE}
FAULT = Fault(line=2, column="姓名", code="MISSING", reason="This column must be filled.", reason_zh="该列必须填写。")
TRANSFER = Transfer(
    id="transfer-here",
    direction="EXPORT",
    kind="TEAMS",
    division=HERE,
    content_type=CSV,
    asker=Asker(sub=SUB, roles=["COUNTY_ADMIN"], scopes=[("VILLAGE", HERE)]),
    asked_at=AT,
    state="DONE",
    sha256="ab" * 32,
    faults=[FAULT],
    failure="no failure",
    failure_zh="无",
    report="cd" * 32,
    ended_at=AT,
)


async def keep_fieldwork(intake: Any) -> None:
    """A team in contact with HERE, its leader, and around them what each query answers."""
    parts = intake.fieldwork
    whole = {"assigned": [f"{HERE}-01"], "mandates": ["PARTY_DELEGATE"], "programmes": ["FIRST_SECRETARY"], "department": HANDLING}
    await record_member(parts.record_members, ADMIN, RecordMember(request_id="m", id=SUB, team=TEAM, **LEADER, **whole), "")
    team = {"name": "鼓楼一组", "division": "370881000000", "leader": SUB, "contact_units": [HERE]}
    more = {"programmes": ["SHUANG_BAO_DAO"], "campaign": "C-LISTEN"}
    await record_team(parts.record_teams, ADMIN, RecordTeam(request_id="t", code=TEAM, **team, **more), "")
    department = {"name": "鼓楼社区", "division": HERE, "head": "head-here", "receiver": "receiver-here"}
    await record_department(parts.record_departments, ADMIN, RecordDepartment(request_id="d", code="D-HERE", **department), "")
    site = {"kind": "COMPOUND_STATION", "name": "红帆驿站", "division": HERE, "address": "后作街小区东门"}
    await record_reception_site(parts.record_sites, ADMIN, RecordReceptionSite(request_id="s", code="S-HERE", **site), "")
    reception = {"name": "鼓楼接待", "division": HERE, "team": TEAM, "site": "S-HERE", "first": AT, "rule": "FREQ=DAILY"}
    tomorrow = intake.runtime.world.now() + timedelta(days=1)
    moved = [Moved(day=tomorrow.astimezone(CHINA).date(), to=tomorrow + timedelta(days=1))]
    command = RecordReception(request_id="r", code="R-HERE", moved_days=moved, **reception)
    await record_reception(parts.record_receptions, ADMIN, command, "")
    campaign = {"name": "某行动", "name_en": "a campaign", "division": HERE, "programmes": ["SHUANG_BAO_DAO"], "cancelled_days": [LATER]}
    launch = CampaignLaunch(division=HERE, since=AT.date(), until=LATER)
    rhythm = {"activity_days": "FREQ=DAILY", "monthly_round": "FREQ=MONTHLY;BYMONTHDAY=5", "launches": [launch]}
    await record_campaign(parts.record_campaigns, ADMIN, RecordCampaign(request_id="c", code="C-HERE", **campaign, **rhythm), "")
    duty = RecordDuty(request_id="u", code="HERE", name="一事", name_en="one thing", period="MONTH", division=HERE, until=LATER)
    await record_duty(parts.record_duties, ADMIN, duty, "")
    await record_duty_done(parts.record_duties, SECRETARY, RecordDutyDone(request_id="v", duty="HERE"), "")
    await keep(
        parts.transfers, "transfer-here", parts.transfers.codec.dump(TRANSFER.model_copy(update={"ended_at": intake.runtime.world.now()}))
    )
    for near, its_team in ((True, TEAM), (False, "T-370811-009")):
        await keep(parts.households, home(near), parts.households.codec.dump(_household(intake, near, its_team)))
    for near in (True, False):
        await keep(parts.archives, home(near), parts.archives.codec.dump(_archive(intake, near)))
    await record_visit(parts.record_visits, SECRETARY, RecordVisit(request_id="w", household_id=home(True)), "")
    await project(intake)
    ticket = new_ticket(
        id="import-here", uploader=SUB, grievance=None, name="a.csv", content_type=CSV, size=9, sha256="ef" * 32, purpose=IMPORT, now=AT,
        limits=UploadLimits(),
    )  # fmt: skip
    assert isinstance(ticket, UploadTicket)
    await intake.uploads.open(ticket)
    assert await intake.uploads.stored("import-here", AT)


def home(near: bool) -> str:
    return "home-near" if near else "home-far"


def _household(intake: Any, near: bool, team: str) -> Household:
    id, place = home(near), HERE if near else ELSEWHERE
    key, wrapped = intake.cipher.new_person_key(id)
    return Household(
        id=id,
        village=place,
        place=key.encrypt("place", place),
        number=key.encrypt("number", "1"),
        team=team,
        contract=SUB,
        persons=3,
        person=id,
        key=wrapped,
        head=key.encrypt("head", "孔凡户"),
        phone=key.encrypt("phone", "13800006001"),
        address=None,
        digest="",
        visits=[Visit(id="v", on="2026-06-05", team=team, member=SUB, marked=True)],
    )


def _archive(intake: Any, near: bool) -> Archive:
    """With a resident, a condition that was changed, and for each who decides and each relation a proposal of somebody else's."""
    id, today = home(near), intake.fieldwork.archiving.day
    key, wrapped = intake.cipher.new_person_key(id)
    ground = {"purpose": "SERVICE", "consent": Consent(how="ORAL", on="2026-06-05"), "retain_until": today.isoformat()}
    archive = Archive(id=id, kind="HOUSEHOLD", village=HERE if near else ELSEWHERE, team=None, person=id, key=wrapped)
    held = {"by": "somebody", "encounter": "e", "until": today.isoformat()}

    def change(resident: str | None, field: str, value: str) -> Change:
        sealed = key.encrypt(value_name(resident, field), value)
        return Change(action="SET", resident=resident, field=field, value=sealed, **ground)

    for number, water in enumerate(("井水", "自来水")):
        changes = [change("r", "name", "闵小户"), change(None, "water", water)]
        note = key.encrypt(note_name(f"p-{number}"), "一句说明")
        archive = archive.proposed(Proposal(id=f"p-{number}", at=AT, changes=changes, note=note, **held), today)
        reason = key.encrypt(reason_name(f"p-{number}"), "属实")
        archive = archive.decided(Verdict(proposal=f"p-{number}", confirmed=True, by="b", at=AT, reason=reason), today)
    for proposal in _TO_DECIDE:
        archive = archive.proposed(Proposal(id=proposal, at=AT, changes=[change(None, "road", "水泥路")], note=None, **held), today)
    return archive


# As test_matrix.py names the documents of a command: one for each who decides and each relation in which it is theirs.
_TO_DECIDE = [
    f"decideArchiveChange-{who}-{relation}" for who in ("TEAM_LEADER", "COMMUNITY_SECRETARY", "COUNTY_ADMIN") for relation in "SCA"
]


def _code(letter: str, described: Described) -> str:
    return f"{letter}-{described.id.replace('_', '-')}"


COMMANDS: dict[str, Callable[[Described], dict[str, Any]]] = {
    "recordDivision": lambda grievance: {"code": f"{grievance.division}-99", "name": "新小区"},
    "recordReceptionSite": lambda grievance: {
        "code": _code("S", grievance),
        "kind": "PARTY_SERVICE_CENTRE",
        "name": "党群服务中心",
        "division": grievance.division,
    },
    "recordTeam": lambda grievance: {
        "code": _code("T", grievance),
        "name": "一组",
        "division": grievance.division,
        "leader": SUB,
        "contactUnits": [grievance.division],
    },
    "recordMember": lambda grievance: {"id": grievance.id, "name": "王某", "kinds": ["GRID_WORKER"], "unit": grievance.division},
    "recordDepartment": lambda grievance: {
        "code": _code("D", grievance),
        "name": "某局",
        "division": grievance.division,
        "head": "h",
        "receiver": "r",
    },
    "recordCampaign": lambda grievance: {
        "code": _code("C", grievance),
        "name": "某行动",
        "nameEn": "a campaign",
        "division": grievance.division,
    },
    "recordReception": lambda grievance: {
        "code": _code("R", grievance),
        "name": "接待",
        "division": grievance.division,
        "team": TEAM,
        "first": "2026-06-09T08:30:00+08:00",
        "rule": "FREQ=WEEKLY;BYDAY=TU",
    },
    "recordDuty": lambda grievance: {
        "code": _code("D", grievance).upper().replace("-", "_"),
        "name": "一事",
        "nameEn": "one thing",
        "period": "MONTH",
        "division": grievance.division,
    },
    "recordDutyDone": lambda _grievance: {"duty": "MEET"},
    "recordVisit": lambda grievance: {"householdId": home(grievance.near)},
    "proposeArchiveChange": lambda grievance: {
        "archiveId": home(grievance.near),
        "changes": [{"action": "REMOVE", "field": "toilet"}],
    },
    "decideArchiveChange": lambda grievance: {
        "archiveId": home(grievance.near),
        "proposalId": grievance.id,
        # The archive knows the other command's request ids too.
        "requestId": grievance.id,
        "confirmed": False,
        "reason": "不属实",
    },
    "startImport": lambda grievance: {"kind": "MEMBERS", "attachmentId": "import-here", "division": grievance.division},
    "startExport": lambda grievance: {"kind": "TEAMS", "division": grievance.division},
    "recordPost": lambda grievance: {
        "id": _code("P", grievance),
        "post": "COMMUNITY_PARTY_ORGANISATION",
        "division": grievance.division,
        "holder": "somebody",
        "role": "COMMUNITY_SECRETARY",
    },
}
