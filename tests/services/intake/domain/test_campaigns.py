"""Where and when a campaign runs: launched, ended, launched again, in a place and in what holds it."""

from datetime import date

import pytest

from services.intake.domain.campaigns import Campaign, Launch, Month, campaign_appointments
from services.intake.domain.rhythms import Rhythm

CITY, QUFU, LUCHENG, YANZHOU = "370800000000", "370881000000", "370881001000", "370812000000"
FIVES = Rhythm(rule="FREQ=MONTHLY;BYMONTHDAY=5,15,25")


def days(launches: list[Launch], division: str = QUFU, begin: str = "2020-06-01", end: str = "2020-09-01") -> list[str]:
    campaign = Campaign(code="C", name="行动", name_en="campaign", division=CITY, activity_days=FIVES, launches=launches)
    found = campaign_appointments(campaign, division, date.fromisoformat(begin), date.fromisoformat(end))
    return sorted(each.occurrence.at for each in found)


def launch(division: str, since: str, until: str | None = None) -> Launch:
    return Launch(division=division, since=since, until=until)


@pytest.mark.row("S1")
def test_a_campaign_that_was_ended_and_launched_again_runs_in_both_times() -> None:
    again = [launch(QUFU, "2020-06-03", "2020-06-20"), launch(QUFU, "2020-08-10")]
    assert days(again) == ["2020-06-05", "2020-06-15", "2020-08-15", "2020-08-25"]


def test_a_day_counts_once_however_many_launches_hold_it() -> None:
    both = [launch(CITY, "2020-06-10", "2020-07-10"), launch(QUFU, "2020-06-01", "2020-06-20"), launch(QUFU, "2020-07-01", "2020-07-20")]
    assert days(both, LUCHENG) == ["2020-06-05", "2020-06-15", "2020-06-25", "2020-07-05", "2020-07-15"]
    assert days([launch(QUFU, "2020-06-01"), launch(CITY, "2020-07-01")], end="2020-06-10") == ["2020-06-05"]


def test_a_wider_place_shows_the_days_of_its_parts_and_a_place_elsewhere_none() -> None:
    launches = [launch(QUFU, "2020-06-03"), launch(YANZHOU, "2020-06-15")]
    assert days(launches, CITY, end="2020-06-20") == ["2020-06-05", "2020-06-15"]
    assert days(launches, "370829000000") == []


@pytest.mark.parametrize(("text", "end"), [("2020-02", "2020-03-01"), ("2020-12", "2021-01-01"), ("2099-12", "2100-01-01")])
def test_a_month_ends_with_its_last_day(text: str, end: str) -> None:
    assert Month.of(text).end.isoformat() == end
