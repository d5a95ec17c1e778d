"""The organisation in the store, with every field filled, and how its commands are given of a grievance's place and team."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from services.intake.domain.archive_changes import Change, Consent, Proposal
from services.intake.domain.archives import Archive, Verdict
from services.intake.domain.diaries import Diary, Page
from services.intake.domain.encounters import Encounter, Notes
from services.intake.domain.households import Household, Visit
from services.intake.domain.looks import look
from services.intake.domain.summaries import DaySummary, Item
from services.intake.domain.transfers import CSV, Asker, Fault, Transfer
from services.intake.domain.uploads import IMPORT, UploadLimits, UploadTicket, new_ticket
from services.intake.domain.versions import Version
from services.intake.store.summaries import summary_id
from services.intake.usecases.archiving import note_name, reason_name, value_name
from services.intake.usecases.record_campaign import CampaignLaunch, RecordCampaign, record_campaign
from services.intake.usecases.record_department import RecordDepartment, record_department
from services.intake.usecases.record_duty import RecordDuty, RecordDutyDone, record_duty, record_duty_done
from services.intake.usecases.record_encounter import RecordEncounter, record_encounter
from services.intake.usecases.record_member import RecordMember, record_member
from services.intake.usecases.record_policy_message import RecordPolicyMessage, record_policy_message
from services.intake.usecases.record_reception import Moved, RecordReception, record_reception
from services.intake.usecases.record_reception_site import RecordReceptionSite, record_reception_site
from services.intake.usecases.record_team import RecordTeam, record_team
from services.intake.usecases.record_visit import RecordVisit, record_visit
from shared.china_time import CHINA
from shared.contracts.intake import Owner
from shared.identity.roles import Role
from shared.identity.scopes import Level, from_code, prefixes
from shared.identity.viewer import Viewer
from tests.access.documents import AT, RELATIONS, Described, keep, phone_of
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
    await _keep_encounters(intake)
    await _keep_summaries(intake)
    for relation in RELATIONS:
        await keep_look(intake, f"read-{relation}", HERE if relation in "SCA" else ELSEWHERE)
    await project(intake)
    ticket = new_ticket(
        id="import-here", uploader=SUB, grievance=None, name="a.csv", content_type=CSV, size=9, sha256="ef" * 32, purpose=IMPORT, now=AT,
        limits=UploadLimits(),
    )  # fmt: skip
    assert isinstance(ticket, UploadTicket)
    await intake.uploads.open(ticket)
    assert await intake.uploads.stored("import-here", AT)


NOTES: dict[str, Any] = {"text": "聊了聊。", "place": "3号楼", "attendance": 3, "participants": [SUB], "messages": ["M-HERE"]}
PHOTO = {"name": "a.png", "contentType": "image/png", "size": 70, "sha256": "ce" * 32}


async def _keep_encounters(intake: Any) -> None:
    """One for each relation, in which its grievance was told; one of this month, by the command; a diary; what was handed out."""
    parts = intake.fieldwork
    message = {"title": "政策", "title_en": "a policy", "text": "政策。", "division": HERE, "since": AT.date(), "until": LATER}
    await record_policy_message(parts.record_messages, ADMIN, RecordPolicyMessage(request_id="pm", code="M-HERE", **message), "")
    told = RecordEncounter(request_id="e", kind="HOUSEHOLD_TALK", division=HERE, household=home(True), **NOTES)
    await record_encounter(parts.record_encounters, SECRETARY, told, "")
    for id in [*(f"encounter-{relation}" for relation in RELATIONS), "diary-here"]:
        key, wrapped = intake.cipher.new_person_key(id)
        sealed = {"text": "聊了聊。", "original": key.encrypt("text", "聊了聊。")}
        whose = {"id": id, "team": TEAM, "member": SUB, "at": AT, "on": parts.today(), "clock": "CORRECTED", "person": id, "key": wrapped}
        if id == "diary-here":
            page = Page(**sealed, encounters=["encounter-S"])
            diary = Diary(**whose, versions=_two(Page, page))
            await keep(parts.diaries, id, parts.diaries.codec.dump(diary.model_copy(update={"told": True})))
            continue
        names = {"household": home(True), "enterprise": id.replace("encounter", "enterprise"), "place": key.encrypt("place", "3号楼")}
        notes = Notes(**{**NOTES, **sealed, **names})
        where = {"kind": "RECEPTION", "division": HERE, "campaign": "C-LISTEN", "reception": "R-HERE"}
        await keep(parts.encounters, id, parts.encounters.codec.dump(Encounter(**whose, **where, versions=_two(Notes, notes))))
        ticket = new_ticket(
            id=f"photo-{id}", uploader=SUB, grievance=id, name="b.png", content_type="image/png", size=70, sha256="ad" * 32,
            purpose="before", now=AT, limits=UploadLimits(),
        )  # fmt: skip
        assert isinstance(ticket, UploadTicket)
        await intake.uploads.open(ticket)
        assert await intake.uploads.stored(ticket.id, AT)


def _two(kind: Any, content: Any) -> list[Any]:
    """A version, and one that was made on it."""
    first = Version[kind](id="v1", base=[], by=SUB, at=AT, said="1", content=content)
    return [first, Version[kind](id="v2", base=["v1"], by=SUB, at=AT, said="2", content=content)]


def client_id(text: str) -> str:
    """As a phone would make it at AT, a UUIDv7, the same for the same text."""
    random = hashlib.sha256(text.encode()).hexdigest()
    return (
        f"{int(AT.timestamp() * 1000):012x}"[:8]
        + "-"
        + f"{int(AT.timestamp() * 1000):012x}"[8:]
        + f"-7{random[:3]}-8{random[3:6]}-{random[6:18]}"
    )


def _batch(described: Described) -> dict[str, Any]:
    """An item of every kind, and one that is refused."""
    ids = {
        kind: client_id(f"{described.id}:{kind}")
        for kind in ("encounter", "amendEncounter", "diary", "amendDiary", "grievance", "archiveChange", "bad")
    }
    notes = NOTES | {"photos": [PHOTO]}
    items: dict[str, dict[str, Any]] = {
        "encounter": {"kind": "STREET_TALK", "division": HERE, **notes},
        "amendEncounter": {"encounter": ids["encounter"], "base": [ids["encounter"]], **notes},
        "diary": {"text": "今天走访。", "encounters": [ids["encounter"]]},
        "amendDiary": {"diary": ids["diary"], "base": [ids["diary"]], "text": "今天走访了。"},
        "grievance": {"text": "门口的指示牌看不清字。", "division": HERE, "encounter": ids["encounter"], "photos": [PHOTO]},
        "archiveChange": {"archiveId": home(True), "changes": [{"action": "REMOVE", "field": "toilet"}]},
    }
    told = [{"id": ids[kind], kind: fields} for kind, fields in items.items()]
    return {"sentAt": datetime.now(CHINA).isoformat(), "items": [*told, {"id": ids["bad"], "diary": {"text": "", "encounters": []}}]}


def home(near: bool) -> str:
    return "home-near" if near else "home-far"


def summary_day(relation: str, hands_up: str = "") -> date:
    """The day of the summary that has one item, the grievance of this relation; a day of its own for each who hands it up."""
    ago = 10 + RELATIONS.index(relation) + 10 * ["", "SECRETARY", "TEAM_LEADER"].index(hands_up)
    return datetime.now(CHINA).date() - timedelta(days=ago)


async def _keep_summaries(intake: Any) -> None:
    by = Owner(staffId=SUB, role="SECRETARY", unit=TEAM)
    summaries = intake.duties.summaries
    for relation in RELATIONS:
        for who in ("", "SECRETARY", "TEAM_LEADER"):
            day = summary_day(relation, who).isoformat()
            id = summary_id(SUB, day)
            at = datetime.combine(summary_day(relation, who), time(18), CHINA)
            more: dict[str, Any] = {} if who else {"to": "370881001000", "handed_up_at": at, "noted": True}
            item = Item(grievance=f"none-{who}" if who else f"read-{relation}", keep=True, remark="看过了。", division=HERE, **more)
            await keep(summaries, id, summaries.codec.dump(DaySummary(id=id, day=day, by=by, remark="一天的事。", items=[item])))


async def keep_look(intake: Any, grievance: str, place: str) -> None:
    """Somebody looked at this grievance's petitioner."""
    looked = look("2026-06-05", prefixes(place), "of-somebody", "VERIFY", "核实")
    entry = {"actor": "looks", "role": "CALLER", "what": "RevealPetitioner", "when": "2026-06-05T02:00:00.000Z", "origin": "127.0.0.1"}
    row = {"_id": f"looked-{grievance}", "subject": grievance, "request_id": "looked", "result": {"look": looked}, **entry}
    await intake.runtime.database["audit"].insert_one(row)


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
        archive = archive.proposed(Proposal(id=f"p-{number}", at=AT, changes=changes, note=None, **held), today)
        reason = key.encrypt(reason_name(f"p-{number}"), "属实")
        archive = archive.decided(Verdict(proposal=f"p-{number}", confirmed=True, by="b", at=AT, reason=reason), today)
    for proposal in _TO_DECIDE:
        note = key.encrypt(note_name(proposal), "一句说明")
        archive = archive.proposed(Proposal(id=proposal, at=AT, changes=[change(None, "road", "水泥路")], note=note, **held), today)
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
    "recordEncounter": lambda grievance: {
        "kind": "COMMUNITY_EVENT",
        "division": HERE,
        "grievances": [{"requestId": f"told-{grievance.id}", "text": "门口的指示牌看不清字。"}],
        "photos": [PHOTO],
        **NOTES,
    },
    "amendEncounter": lambda grievance: {"encounter": f"encounter-{grievance.relation}", "base": ["v2"], **NOTES, "photos": [PHOTO]},
    "writeDiary": lambda _grievance: {"text": "今天走访。"},
    "amendDiary": lambda _grievance: {"diary": "diary-here", "base": ["v2"], "text": "今天走访了。"},
    "recordPolicyMessage": lambda grievance: {
        "code": _code("M", grievance),
        "title": "政策",
        "titleEn": "a policy",
        "text": "政策。",
        "division": grievance.division,
    },
    "syncFieldBatch": _batch,
    "checkDaySummary": lambda grievance: {"day": summary_day(grievance.relation).isoformat()},
    "handUpDaySummary": lambda grievance: {
        "day": summary_day(grievance.relation, "TEAM_LEADER" if "TEAM_LEADER" in grievance.id else "SECRETARY").isoformat()
    },
    "lookUpByPhone": lambda grievance: {"phone": phone_of(grievance.relation), "purpose": "CONTACT", "reason": "来电查询。"},
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
    "revealArchive": lambda grievance: {
        "archiveId": home(grievance.near),
        "requestId": f"reveal-{grievance.id}",
        "purpose": "ON_SITE",
        "reason": "上门前核对。",
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
