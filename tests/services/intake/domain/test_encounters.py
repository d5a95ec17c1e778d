"""What is counted of encounters is what is told of a period."""

from datetime import UTC, datetime

import pytest

from services.intake.domain.encounters import CHANNEL_OF, Encounter, Notes, totals
from services.intake.domain.versions import Version

AT = datetime(2020, 6, 5, 2, 0, tzinfo=UTC)


@pytest.mark.row("S11")
@pytest.mark.row("S42")
def test_what_an_encounter_counts_for_is_told_of_its_month_and_year_and_of_no_other() -> None:
    notes = Notes(text="x", original="", attendance=20, messages=["M-FIRE", "M-WATER"])
    version = Version[Notes](id="v", base=[], by="s", at=AT, said="", content=notes)
    held = Encounter(
        id="e",
        kind="SYMPOSIUM",
        division="370881001901",
        team="T-1",
        member="s",
        at=AT,
        on="2020-06-05",
        person="e",
        key="",
        versions=[version],
    )
    numbers = held.facts()["n"]
    for period in ("2020-06", "2020"):
        told = totals(numbers, period)
        assert (told.people, told.messages) == (20, {"M-FIRE": 1, "M-WATER": 1})
        assert told.encounters == {kind: int(kind == "SYMPOSIUM") for kind in CHANNEL_OF}
    other = totals(numbers, "2020-07")
    assert (sum(other.encounters.values()), other.people, other.messages) == (0, 0, {})
