"""A team of 鼓楼社区 with a household, and what its phones collect: for the tests of encounters and of batches."""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.intake.domain.households import Household
from services.intake.service import Service
from services.intake.usecases.record_member import RecordMember, record_member
from services.intake.usecases.record_policy_message import RecordPolicyMessage, record_policy_message
from services.intake.usecases.record_team import RecordTeam, record_team
from shared.identity.viewer import Viewer
from shared.record import stub
from tests.services.intake import viewers
from tests.services.intake.viewers import CITY_ADMIN, COUNTY_ADMIN, VILLAGE

# A team of their own: other tests count the members of theirs.
TEAM, OTHER_TEAM = "T-370881-008", "T-370811-008"
SECRETARY = replace(viewers.SECRETARY, sub="field-1", team=TEAM)
OTHER_SECRETARY = replace(viewers.OTHER_SECRETARY, sub="field-9", team=OTHER_TEAM)
COLLEAGUE = "field-2"
MESSAGE = "M-FIRE"


def client_id(at: datetime, text: str) -> str:
    """A UUIDv7 that a phone made at that time, the same for the same text."""
    time, random = f"{int(at.timestamp() * 1000):012x}", hashlib.sha256(text.encode()).hexdigest()
    return f"{time[:8]}-{time[8:]}-7{random[:3]}-a{random[3:6]}-{random[6:18]}"


async def found_team(service: Service) -> None:
    """Secretaries who are recorded, their teams, and one message that is handed out."""
    parts = service.fieldwork
    row: dict[str, Any] = {"name": "孔某", "kinds": ["GRID_WORKER"], "rank": "SECTION"}
    places = {SECRETARY.sub: (VILLAGE, TEAM), COLLEAGUE: (VILLAGE, TEAM), OTHER_SECRETARY.sub: ("370811011001", OTHER_SECRETARY.team)}
    for sub, (unit, team) in places.items():
        command = RecordMember(request_id=f"field-{sub}", id=sub, unit=unit, team=team, **row)
        await record_member(parts.record_members, CITY_ADMIN, command, "")
    for code, leader, division, unit in (
        (TEAM, SECRETARY.sub, "370881000000", VILLAGE),
        (OTHER_SECRETARY.team, OTHER_SECRETARY.sub, "370811000000", "370811011001"),
    ):
        team = RecordTeam(request_id=f"field-{code}", code=str(code), name="一组", division=division, leader=leader, contact_units=[unit])
        await record_team(parts.record_teams, CITY_ADMIN, team, "")
    since = datetime.fromisoformat(parts.today()).date() - timedelta(days=90)
    message = RecordPolicyMessage(
        request_id="fire", code=MESSAGE, title="防火", title_en="fires", text="小心火烛。", division="370881000000", since=since
    )
    await record_policy_message(parts.record_messages, COUNTY_ADMIN, message, "")


async def keep_home(service: Service, id: str, team: str | None = TEAM, head: str | None = None) -> None:
    """A household; once."""
    households = service.fieldwork.households
    if await households.find(id) is not None:
        return
    key, wrapped = service.cipher.new_person_key(id)
    sealed: dict[str, Any] = {
        "person": id,
        "key": wrapped,
        "head": key.encrypt("head", head) if head else None,
        "phone": None,
        "address": None,
        "digest": "",
    }
    where = {"place": key.encrypt("place", VILLAGE), "number": key.encrypt("number", id)}
    home = Household(id=id, village=VILLAGE, team=team, contract=None, persons=3, **where, **sealed)
    assert await households.insert({**stub(id), "version": 1, "registered": True, **households.codec.dump(home)})


def colleague() -> Viewer:
    return replace(SECRETARY, sub=COLLEAGUE)
