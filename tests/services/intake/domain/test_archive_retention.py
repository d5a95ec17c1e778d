"""What an archive may hold at all, and what goes when its consent or its retention is over."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.intake.domain.archive_changes import Change, Consent, plus_years
from tests.services.intake.domain.archive_builders import (
    HOME,
    SHOP,
    TODAY,
    WRITTEN,
    day,
    decide,
    erase,
    held,
    leave,
    proposal,
    propose,
    put,
    refusal,
    remove,
    settle,
    values,
)


@pytest.mark.row("S41")
@pytest.mark.parametrize(
    ("change", "code", "at"),
    [
        (put(value=None), "VALUE_MISSING", "value"),
        (put(purpose=None), "PURPOSE_MISSING", "purpose"),
        (put(consent=None), "CONSENT_MISSING", "consent"),
        (put(retain_until=None), "RETENTION_MISSING", "retainUntil"),
        (put(retain_until=day(-1)), "RETENTION_PAST", "retainUntil"),
        (put(retain_until="2031-06-06"), "RETENTION_TOO_LONG", "retainUntil"),
        (put(consent=Consent(how="ORAL", on=day(1))), "CONSENT_IN_THE_FUTURE", "consent"),
        (put("idNumber", resident="r"), "CONSENT_NOT_WRITTEN", "consent"),
        (put("health", resident="r"), "CONSENT_NOT_WRITTEN", "consent"),
        (put("idNumber", resident="r", consent=WRITTEN, retain_until="2028-06-06"), "RETENTION_TOO_LONG", "retainUntil"),
        (put("name"), "FIELD_UNKNOWN", "field"),
        (put("water", resident="r"), "FIELD_UNKNOWN", "field"),
        (remove("nothing"), "FIELD_UNKNOWN", "field"),
        (Change(action="SET", value="x"), "FIELD_UNKNOWN", "field"),
        (Change(action="REMOVE_RESIDENT"), "RESIDENT_MISSING", "resident"),
        (erase(), "FIELD_UNKNOWN", "field"),
        (erase("water", "r"), "FIELD_UNKNOWN", "field"),
    ],
)
def test_what_may_not_be_held_is_refused_by_the_field(change: Change, code: str, at: str) -> None:
    assert refusal(lambda: propose(HOME, "p", put("road"), change)) == (code, f"changes.1.{at}")


def test_the_longest_retention_and_the_day_itself_are_allowed() -> None:
    for last in (day(0), "2031-06-05"):
        assert propose(HOME, "p", put(retain_until=last)).open
    assert plus_years(date(2024, 2, 29), 1) == date(2025, 2, 28)


def test_a_removal_and_what_is_not_personal_need_neither_purpose_nor_consent() -> None:
    assert propose(HOME, "p", remove(), remove("phone", "r")).open
    bare = {"purpose": None, "consent": None, "retain_until": None}
    assert held(settle(SHOP, "p", put("title", "后作街超市", **bare))) == {(None, "title"): "后作街超市"}
    assert refusal(lambda: propose(SHOP, "p", put("contact", "王某", **bare))) == ("PURPOSE_MISSING", "changes.0.purpose")


def test_what_is_decided_is_gone_after_the_last_day_of_what_it_was_about() -> None:
    for confirmed in (True, False):
        decided = decide(propose(HOME, "p", put(retain_until=day(3)), put("road", "土路", retain_until=day(5))), "p", confirmed)
        assert len(decided.on(day(5)).proposals) == 1
        assert decided.on(day(6)).proposals == []
        assert str(decided.expires) <= day(5)


@pytest.mark.row("S41")
def test_who_withdraws_a_consent_has_the_datum_erased_now_before_and_proposed() -> None:
    archive = settle(HOME, "p1", put("name", "孔某", "r"), put("phone", "13800001234", "r"))
    archive = settle(archive, "p2", put("phone", "13800005678", "r"))
    archive = archive.proposed(proposal("p3", put("phone", "13800009999", "r"), put(value="水窖"), note="电话有误"), TODAY)
    erased = settle(archive, "p4", erase("phone", "r"))
    assert values(erased) == {"孔某", "水窖"}
    last = erased.history[-1]
    assert (last.action, last.resident, last.field, last.by, last.proposal, last.was) == ("ERASED", "r", "phone", "leader", "p4", None)
    assert refusal(lambda: decide(erased, "p3")) == ("ERASED", "changes.0")
    assert held(settle(erased, "p5", put("phone", "13800000000", "r"))) == {("r", "name"): "孔某", ("r", "phone"): "13800000000"}


@pytest.mark.row("S41")
@pytest.mark.parametrize("before", [leave("r"), put("name", "孔甲", "r")])
def test_a_whole_resident_is_erased_also_when_changed_since_or_gone_already(before: Change) -> None:
    archive = propose(settle(HOME, "p1", put("name", "孔某", "r"), put("phone", "13800001234", "r"), put()), "p2", erase(resident="r"))
    erased = decide(settle(archive, "p3", before), "p2")
    assert values(erased) == {"井水"}
    assert [(each.action, each.field) for each in erased.history[-2:]] == [("ERASED", "name"), ("ERASED", "phone")]


@pytest.mark.row("S41")
def test_what_is_past_its_retention_is_gone_from_data_proposals_and_history() -> None:
    archive = settle(HOME, "p1", put(value="井水", retain_until=day(3)))
    archive = settle(archive, "p2", put(value="自来水", retain_until=day(10)))
    archive = archive.proposed(proposal("p3", put("road", "土路", retain_until=day(5)), note="n"), TODAY)
    assert archive.expires == day(3)
    assert archive.on(day(3)) == archive
    assert values(archive.on(day(4))) == {"自来水", "土路", "n"}
    assert archive.on(day(4)).expires == day(5)
    later = archive.on(day(6))
    assert values(later) == {"自来水"}
    assert refusal(lambda: decide(later, "p3", on=TODAY + timedelta(days=6))) == ("EXPIRED", "changes.0")
    assert decide(later, "p3", confirmed=False, on=TODAY + timedelta(days=6)).open == []
    last = archive.on(day(11))
    assert (values(last), last.expires, held(last)) == (set(), None, {})
    assert [(each.action, each.by) for each in last.history] == [("SET", "leader"), ("SET", "leader"), ("EXPIRED", None)]
    assert last.history[-1].at == datetime(2026, 6, 15, 16, 0, tzinfo=UTC)


def test_a_resident_of_whom_nothing_is_left_is_gone() -> None:
    archive = settle(HOME, "p", put("name", "孔某", "r", retain_until=day(3)))
    assert archive.on(day(4)).residents == []
