"""Campaigns, reception series and duties: one document each, and those with which an installation begins."""

from __future__ import annotations

from services.intake.domain.campaigns import ACTIVITY_DAYS, Campaign, Launch, Reception
from services.intake.domain.duties import Duty, Period
from services.intake.domain.rhythms import Rhythm
from services.intake.store.registry import WITHIN, Registry
from shared.mongo import ASCENDING, Database, IndexModel
from shared.record import stub

CITY = "370800000000"
INDEXES = {
    "campaigns": [WITHIN],
    "receptions": [WITHIN, IndexModel([("team", ASCENDING)], name="team")],
    "duties": [WITHIN],
}

# S1, S2 and the two launches that the source dates. On which day of a month the monthly round (S37) lies it does not say: the first of the
# three; an installation records its own.
CAMPAIGNS = [
    Campaign(
        code="C-LISTEN",
        name="民意“5”来听",
        name_en="Listening on the 5th",
        division=CITY,
        activity_days=Rhythm(rule=ACTIVITY_DAYS),
        monthly_round=Rhythm(rule="FREQ=MONTHLY;BYMONTHDAY=5"),
        launches=[Launch(division="370881000000", since="2020-06-03"), Launch(division="370812000000", since="2020-06-15")],
    ),
    Campaign(
        code="C-CIVILISED",
        name="共创文明城",
        name_en="A civilised city, together",
        division=CITY,
        parent="C-LISTEN",
        programmes=["SHUANG_BAO_DAO"],
    ),
]


def _duty(code: str, name: str, name_en: str, period: Period) -> Duty:
    return Duty(code=code, name=name, name_en=name_en, period=period, division=CITY, since="2020-06-03")


# S39: the five of the seven that the source names. Two have their period in the name; of the others it tells none, and a month is taken.
DUTIES = [
    _duty("MEET", "一月一见面", "meet once a month", "MONTH"),
    _duty("CONTACT", "一周一联系", "be in contact once a week", "WEEK"),
    _duty("DIARY", "写一次民情日记", "write the diary", "MONTH"),
    _duty("RELIEVE", "纾解一批困难问题", "relieve a set of difficulties", "MONTH"),
    _duty("REVIEW", "进行一次问效反馈", "ask what came of it, and feed back", "MONTH"),
]


class Campaigns(Registry[Campaign]):
    def __init__(self, database: Database) -> None:
        super().__init__(database, "campaigns", Campaign, lambda row: [row.division, *(launch.division for launch in row.launches)])

    async def all(self) -> dict[str, Campaign]:
        """Every campaign: a handful."""
        return {row.code: row for row in await self.where({})}


class Receptions(Registry[Reception]):
    def __init__(self, database: Database) -> None:
        super().__init__(database, "receptions", Reception, lambda row: [row.division])

    async def of_team(self, team: str) -> list[Reception]:
        return await self.where({"team": team})


class Duties(Registry[Duty]):
    def __init__(self, database: Database) -> None:
        super().__init__(database, "duties", Duty, lambda row: [row.division])

    async def all(self) -> list[Duty]:
        """Every duty: seven, or some more over the years."""
        return await self.where({})


async def seed_calendar(campaigns: Campaigns, duties: Duties) -> None:
    """Where an id is not there yet: what was recorded since stays."""
    for campaign in CAMPAIGNS:
        if await campaigns.load(campaign.code) is None:
            await campaigns.insert({**stub(campaign.code), "version": 1, "registered": True, **campaigns.codec.dump(campaign)})
    for duty in DUTIES:
        if await duties.load(duty.code) is None:
            await duties.insert({**stub(duty.code), "version": 1, "registered": True, **duties.codec.dump(duty)})
