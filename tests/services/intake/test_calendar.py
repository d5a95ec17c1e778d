"""Campaigns, receptions and duties over the real store: recorded, refused, shown; and the feed that a calendar program reads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from icalendar import Calendar
from pydantic import ValidationError

from services.intake.calendar_http import calendar_router
from services.intake.domain.feeds import LINK_LIFETIME, feed_url
from services.intake.service import Service
from services.intake.usecases.record_campaign import CampaignLaunch, RecordCampaign, record_campaign
from services.intake.usecases.record_duty import RecordDuty, RecordDutyDone, record_duty, record_duty_done
from services.intake.usecases.record_member import RecordMember, record_member
from services.intake.usecases.record_reception import Moved, RecordReception, record_reception
from services.intake.usecases.record_team import RecordTeam, record_team
from shared.china_time import CHINA
from shared.identity.errors import Refusal
from shared.identity.roles import Role
from shared.identity.scopes import Level, from_code
from shared.identity.viewer import Viewer
from shared.records import StoreTrouble
from tests.services.intake.builders import project
from tests.services.intake.viewers import CITY_ADMIN, COUNTY_ADMIN, NOBODY, OTHER_SECRETARY, RESIDENT, SECRETARY, VILLAGE

QUFU, ELSEWHERE = "370881000000", "370811000000"
TEAM = "T-CAL-1"
KEY = bytes(range(32))
LEADER = Viewer(sub="leader-cal", roles=frozenset({Role.TEAM_LEADER}), scopes=(from_code(QUFU, Level.COUNTY),), team=TEAM)
SIX = [
    (NOBODY, "UNAUTHENTICATED"),
    (RESIDENT, "ROLE_MISSING"),
    (OTHER_SECRETARY, "ROLE_MISSING"),
    (SECRETARY, "ROLE_MISSING"),
    (COUNTY_ADMIN, "OUT_OF_SCOPE"),
    (CITY_ADMIN, None),
]
RECEPTION: dict[str, Any] = {
    "name": "鼓楼接待",
    "division": VILLAGE,
    "team": TEAM,
    "first": datetime(2020, 6, 9, 8, 30, tzinfo=CHINA),
    "rule": "FREQ=WEEKLY;BYDAY=TU",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(intake_service: Service) -> Service:
    parts = intake_service.fieldwork
    row: dict[str, Any] = {"name": "孔某", "kinds": ["AGENCY_OFFICIAL"], "rank": "SECTION", "unit": QUFU, "team": TEAM}
    await record_member(parts.record_members, CITY_ADMIN, RecordMember(request_id="cal", id=LEADER.sub, **row), "")
    team = RecordTeam(request_id="cal", code=TEAM, name="一组", division=QUFU, leader=LEADER.sub, contact_units=[VILLAGE])
    await record_team(parts.record_teams, CITY_ADMIN, team, "")
    return intake_service


async def campaign(service: Service, code: str, request: str = "1", viewer: Viewer = CITY_ADMIN, **changes: Any) -> str:
    fields: dict[str, Any] = {"name": "某行动", "name_en": "a campaign", "division": QUFU, **changes}
    command = RecordCampaign(request_id=f"{code}-{request}", code=code, **fields)
    return await record_campaign(service.fieldwork.record_campaigns, viewer, command, "")


async def reception(service: Service, code: str, request: str = "1", viewer: Viewer = COUNTY_ADMIN, **changes: Any) -> str:
    command = RecordReception(request_id=f"{code}-{request}", code=code, **(RECEPTION | changes))
    return await record_reception(service.fieldwork.record_receptions, viewer, command, "")


async def duty(service: Service, code: str, viewer: Viewer = CITY_ADMIN, **changes: Any) -> str:
    fields: dict[str, Any] = {"name": "一事", "name_en": "one thing", "period": "MONTH", "division": QUFU, **changes}
    return await record_duty(
        service.fieldwork.record_duties, viewer, RecordDuty(request_id=f"{code}-{viewer.sub}", code=code, **fields), ""
    )


async def done(service: Service, viewer: Viewer, request: str, duty: str = "MEET", on: date | None = None) -> str:
    command = RecordDutyDone(request_id=request, duty=duty, on=on)
    return await record_duty_done(service.fieldwork.record_duties, viewer, command, "")


@pytest.mark.row("S1")
@pytest.mark.row("S2")
@pytest.mark.row("S3")
async def test_the_campaign_of_the_source_is_there_launched_in_two_counties_with_its_sub_campaign(service: Service) -> None:
    known = await service.fieldwork.campaigns.all()
    listen = known["C-LISTEN"]
    assert [(launch.division, launch.since) for launch in listen.launches] == [(QUFU, "2020-06-03"), ("370812000000", "2020-06-15")]
    assert (known["C-CIVILISED"].parent, known["C-CIVILISED"].programmes) == ("C-LISTEN", ["SHUANG_BAO_DAO"])


async def test_a_campaign_is_recorded_once_and_restated(service: Service) -> None:
    launch = CampaignLaunch(division=QUFU, since=date(2020, 7, 1), until=date(2020, 9, 1))
    fields = {"activity_days": "freq=monthly;bymonthday=10", "launches": [launch], "cancelled_days": [date(2020, 8, 10)]}
    assert [await campaign(service, "C-ONE", **fields) for _ in range(2)] == ["added", "added"]
    assert await campaign(service, "C-ONE", "2", **fields) == "unchanged"
    assert await campaign(service, "C-ONE", "3", name="改名", **fields) == "changed"
    held = (await service.fieldwork.campaigns.all())["C-ONE"]
    assert held.name == "改名"
    assert held.activity_days is not None
    assert (held.activity_days.rule, held.activity_days.cancelled) == ("FREQ=MONTHLY;BYMONTHDAY=10", ["2020-08-10"])


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"activity_days": "FREQ=SECONDLY"}, "BAD_RULE", "activityDays"),
        ({"monthly_round": "FREQ=DAILY;INTERVAL=0"}, "BAD_RULE", "monthlyRound"),
        ({"parent": "C-NOBODY"}, "CAMPAIGN_UNKNOWN", "parent"),
        ({"parent": "C-BAD"}, "CAMPAIGN_UNKNOWN", "parent"),
        ({"division": "370899000000"}, "DIVISION_UNKNOWN", "division"),
        ({"launches": [CampaignLaunch(division=QUFU, since=date(1, 1, 1))]}, "BAD_DAY", "launches"),
        ({"launches": [CampaignLaunch(division="nowhere", since=date(2020, 1, 1))]}, "DIVISION_UNKNOWN", "launches"),
    ],
)
async def test_a_campaign_that_cannot_be_is_refused_by_its_field(service: Service, changes: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        await campaign(service, "C-BAD", **changes)
    assert (refused.value.code, refused.value.field) == (code, field)


async def test_a_campaign_is_no_part_of_itself(service: Service) -> None:
    await campaign(service, "C-A")
    await campaign(service, "C-B", parent="C-A")
    with pytest.raises(Refusal, match="CAMPAIGN_CIRCLE"):
        await campaign(service, "C-A", "2", parent="C-B")


@pytest.mark.parametrize(("viewer", "code"), SIX)
@pytest.mark.parametrize("what", [campaign, duty])
async def test_only_admins_record_campaigns_and_duties_and_only_in_their_territory(
    service: Service, what: Any, viewer: Viewer, code: str | None
) -> None:
    name = f"C-x{viewer.sub}" if what is campaign else f"D{len(viewer.sub)}"
    recording = what(service, name, viewer=viewer, division=ELSEWHERE)
    if code is None:
        assert await recording == "added"
    else:
        with pytest.raises(Refusal) as refused:
            await recording
        assert refused.value.code == code


@pytest.mark.row("S35")
@pytest.mark.parametrize(("viewer", "code"), [*SIX[:4], (COUNTY_ADMIN, None), (CITY_ADMIN, None), (LEADER, None)])
async def test_receptions_are_arranged_by_admins_and_by_the_teams_own_leader(service: Service, viewer: Viewer, code: str | None) -> None:
    arranging = reception(service, f"R-x{viewer.sub}", viewer=viewer)
    if code is None:
        assert await arranging == "added"
    else:
        with pytest.raises(Refusal) as refused:
            await arranging
        assert refused.value.code == code


async def test_a_leader_arranges_and_changes_nothing_of_another_team(service: Service) -> None:
    team = RecordTeam(request_id="cal-2", code="T-CAL-2", name="二组", division=QUFU, leader=LEADER.sub, contact_units=[VILLAGE])
    await record_team(service.fieldwork.record_teams, CITY_ADMIN, team, "")
    await reception(service, "R-TWO", team="T-CAL-2")
    for changes in ({"team": "T-CAL-2"}, {}):
        with pytest.raises(Refusal) as refused:
            await reception(service, "R-TWO", f"l{len(changes)}", viewer=LEADER, **changes)
        assert refused.value.code == "NOT_YOUR_TEAM"
    held = await service.fieldwork.receptions.find("R-TWO")
    assert held is not None
    assert held.team == "T-CAL-2"


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"rule": "now and then"}, "BAD_RULE", "rule"),
        ({"first": datetime.fromisoformat("2020-06-09T08:30")}, "ZONE_MISSING", "first"),
        ({"first": datetime(9999, 6, 9, tzinfo=UTC)}, "BAD_DAY", "first"),
        ({"moved_days": [Moved(day=date(2020, 6, 9), to=datetime.fromisoformat("2020-06-10T08:00"))]}, "ZONE_MISSING", "movedDays"),
        ({"team": "T-NOBODY"}, "TEAM_UNKNOWN", "team"),
        ({"site": "S-NOWHERE"}, "SITE_UNKNOWN", "site"),
    ],
)
async def test_a_reception_that_cannot_be_is_refused_by_its_field(service: Service, changes: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        await reception(service, "R-BAD", **changes)
    assert (refused.value.code, refused.value.field) == (code, field)


async def test_a_duty_that_would_end_before_it_begins_is_refused(service: Service) -> None:
    with pytest.raises(Refusal, match="ENDS_BEFORE_BEGIN"):
        await duty(service, "NEVER", since=date(2020, 7, 1), until=date(2020, 7, 1))


@pytest.mark.row("S39")
async def test_a_duty_done_twice_in_a_period_counts_once_and_a_repeat_changes_nothing(service: Service) -> None:
    today = date.fromisoformat(service.fieldwork.today())
    for request in ("a", "a", "b"):
        await done(service, LEADER, f"cal-{request}")
    member = await service.fieldwork.members.find(LEADER.sub)
    assert member is not None
    assert len(member.done) == 1
    told = {each.duty.code: each for each in (await service.fieldwork.standings([member]))[member.id]}
    assert (told["MEET"].done, told["MEET"].last, told["CONTACT"].done) == (True, today, False)
    # They were recorded today: nothing went by without them.
    assert {each.behind for each in told.values()} == {0}
    await project(service)
    numbers = (await service.fieldwork.participation.read([f"team:{TEAM}"]))[f"team:{TEAM}"]
    assert numbers[f"duty:MEET:{today.isoformat()[:7]}"] == 1


@pytest.mark.parametrize(
    ("viewer", "duty", "later", "code"),
    [
        (NOBODY, "MEET", 0, "UNAUTHENTICATED"),
        (RESIDENT, "MEET", 0, "ROLE_MISSING"),
        (COUNTY_ADMIN, "MEET", 0, "ROLE_MISSING"),
        (CITY_ADMIN, "MEET", 0, "ROLE_MISSING"),
        (OTHER_SECRETARY, "MEET", 0, "NOT_A_MEMBER"),
        (LEADER, "NOTHING", 0, "DUTY_UNKNOWN"),
        (LEADER, "MEET", 1, "IN_THE_FUTURE"),
    ],
)
async def test_who_did_nothing_records_nothing(service: Service, viewer: Viewer, duty: str, later: int, code: str) -> None:
    on = date.fromisoformat(service.fieldwork.today()) + timedelta(days=later)
    with pytest.raises(Refusal) as refused:
        await done(service, viewer, "nothing", duty, on)
    assert refused.value.code == code


async def test_a_member_recorded_anew_keeps_the_first_day_the_outings_and_the_duties(service: Service) -> None:
    row: dict[str, Any] = {"name": "孔某", "kinds": ["AGENCY_OFFICIAL"], "rank": "SECTION", "unit": QUFU, "team": TEAM}
    before = await service.fieldwork.members.find(LEADER.sub)
    command = RecordMember(request_id="cal-anew", id=LEADER.sub, **(row | {"rank": "COUNTY"}))
    await record_member(service.fieldwork.record_members, CITY_ADMIN, command, "")
    after = await service.fieldwork.members.find(LEADER.sub)
    assert before is not None
    assert after is not None
    assert (after.rank, after.since, after.done) == ("COUNTY", before.since, before.done)


class Feed:
    """The feed's door over the service's own collections."""

    def __init__(self, service: Service) -> None:
        self.now = datetime(2026, 6, 1, 9, tzinfo=UTC)
        parts, app = service.fieldwork, FastAPI()
        app.include_router(calendar_router(parts.teams, parts.campaigns, parts.receptions, parts.sites, KEY, lambda: self.now))
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app))

    async def get(self, team: str = TEAM, key: bytes = KEY, shown: str | None = None) -> httpx.Response:
        return await self.http.get(feed_url("http://intake", team, self.now, key).replace(team, shown or team))


@pytest_asyncio.fixture(loop_scope="session")
async def feed(service: Service) -> AsyncIterator[Feed]:
    made = Feed(service)
    yield made
    await made.http.aclose()


@pytest.mark.row("S37")
async def test_a_calendar_program_reads_the_teams_days(service: Service, feed: Feed) -> None:
    await reception(service, "R-FEED")
    response = await feed.get()
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/calendar; charset=utf-8"
    events = {str(event["uid"]): event for event in Calendar.from_ical(response.content).walk("VEVENT")}
    assert events["R-FEED@minyi"].decoded("dtstart") == datetime(2020, 6, 9, 8, 30, tzinfo=CHINA)
    assert "C-LISTEN-activity_day-370881000000-2020-06-03@minyi" in events
    assert "孔" not in response.text


async def test_the_address_holds_for_its_team_and_its_time_alone(feed: Feed) -> None:
    url = feed_url("http://intake", TEAM, feed.now, KEY)
    assert feed_url("http://intake", TEAM, feed.now + timedelta(hours=5), KEY) == url
    assert (await feed.get(shown="T-CAL-2")).status_code == 403
    assert (await feed.get(key=bytes(32))).status_code == 403
    assert (await feed.get("T-NONE")).status_code == 404
    feed.now += LINK_LIFETIME
    late = await feed.http.get(url)
    assert (late.status_code, set(late.json())) == (410, {"code", "field", "message", "messageZh"})


async def test_a_store_in_trouble_is_said_and_hides_nothing(service: Service, feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(_code: str) -> None:
        raise StoreTrouble("gone")

    monkeypatch.setattr(service.fieldwork.teams, "find", gone)
    response = await feed.get()
    assert (response.status_code, response.json()["code"]) == (503, "STORE_UNAVAILABLE")


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"cancelled_days": [date(9999, 12, 31)]}, "BAD_DAY", "cancelledDays"),
        ({"moved_days": [Moved(day=date(9999, 12, 31), to=datetime(2020, 6, 10, 8, tzinfo=CHINA))]}, "BAD_DAY", "movedDays"),
        ({"moved_days": [Moved(day=date(2020, 6, 10), to=datetime(2020, 6, 11, 8, tzinfo=CHINA))]}, "NOT_A_DAY_OF_IT", "movedDays"),
    ],
)
async def test_no_day_of_a_reception_lies_where_nothing_can_be_shown(
    service: Service, changes: dict[str, Any], code: str, field: str
) -> None:
    with pytest.raises(Refusal) as refused:
        await reception(service, "R-FAR", viewer=LEADER, **changes)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert await service.fieldwork.receptions.find("R-FAR") is None


async def test_a_far_cancelled_day_of_a_campaign_is_refused(service: Service) -> None:
    with pytest.raises(Refusal) as refused:
        await campaign(service, "C-FAR", cancelled_days=[date(9999, 12, 31)])
    assert (refused.value.code, refused.value.field) == ("BAD_DAY", "cancelledDays")


async def test_an_admin_of_another_county_arranges_nothing_for_a_team(service: Service) -> None:
    elsewhere = Viewer(sub="admin-2", roles=COUNTY_ADMIN.roles, scopes=(from_code(ELSEWHERE, Level.COUNTY),))
    with pytest.raises(Refusal) as refused:
        await reception(service, "R-FOREIGN", viewer=elsewhere, division=ELSEWHERE)
    assert refused.value.code == "TEAM_ELSEWHERE"


@pytest.mark.parametrize("name", ["一组\n", " ", "\x0b"])
async def test_a_name_that_would_break_a_feed_is_refused(service: Service, name: str) -> None:
    with pytest.raises(ValidationError):
        await reception(service, "R-NAME", name=name)
