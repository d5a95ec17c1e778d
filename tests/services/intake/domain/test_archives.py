"""Archives: who decides, what is stale, what is told of it, and that nothing grows without end."""

import pytest

from services.intake.domain.archive_changes import MOST_CHANGES, Change
from services.intake.domain.archives import MOST_DECIDED, MOST_OPEN, MOST_RESIDENTS, MOST_STEPS, Verdict
from tests.services.intake.domain.archive_builders import (
    AT,
    HOME,
    ORAL,
    SHOP,
    TODAY,
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
)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ([put(), put()], "TWICE"),
        ([put(), remove()], "TWICE"),
        ([put("name", resident="r"), leave("r")], "TWICE"),
        ([leave("r"), put("name", resident="r")], "TWICE"),
        ([put("name", resident="r"), erase(resident="r")], "TWICE"),
        ([erase(resident="r"), leave("r")], "TWICE"),
        ([], "BAD_CHANGES"),
        ([remove()] * (MOST_CHANGES + 1), "BAD_CHANGES"),
    ],
)
def test_a_proposal_changes_each_thing_once(changes: list[Change], code: str) -> None:
    assert refusal(lambda: propose(HOME, "p", *changes))[0] == code


@pytest.mark.row("S34")
def test_an_enterprise_has_no_residents() -> None:
    assert refusal(lambda: propose(SHOP, "p", put("name", resident="r"))) == ("NO_RESIDENTS", "changes.0.resident")


@pytest.mark.row("S41")
def test_nothing_holds_before_somebody_else_confirms_it() -> None:
    proposed = propose(HOME, "p", put(), put("name", "孔某", "r"))
    assert held(proposed) == {}
    assert refusal(lambda: decide(proposed, "p", by="asker")) == ("OWN_PROPOSAL", "proposalId")
    assert refusal(lambda: decide(proposed, "p", confirmed=False, by="asker"))[0] == "OWN_PROPOSAL"
    confirmed = decide(proposed, "p")
    assert held(confirmed) == {("r", "name"): "孔某", (None, "water"): "井水"}
    assert [(each.state, each.decided_by) for each in confirmed.proposals] == [("CONFIRMED", "leader")]
    datum = confirmed.datum(None, "water")
    assert datum is not None
    assert (datum.purpose, datum.consent, datum.by, datum.encounter, datum.set_by) == ("SERVICE", ORAL, "asker", "e", "p")


def test_what_is_refused_changes_nothing_and_what_is_decided_stays() -> None:
    refused = decide(propose(HOME, "p", put()), "p", confirmed=False)
    assert (held(refused), refused.history, [each.state for each in refused.proposals]) == ({}, [], ["REFUSED"])
    for again in (True, False):
        assert refusal(lambda again=again: decide(refused, "p", again))[0] == "ALREADY_DECIDED"
    assert refusal(lambda: decide(HOME, "p")) == ("PROPOSAL_UNKNOWN", "proposalId")


@pytest.mark.row("S41")
@pytest.mark.parametrize("confirmed", [True, False])
def test_what_is_decided_tells_who_when_why_and_which_fields_and_no_value(confirmed: bool) -> None:
    proposed = HOME.proposed(proposal("p", put(), put("name", "孔某", "r"), note="n"), TODAY)
    verdict = Verdict(proposal="p", confirmed=confirmed, by="leader", at=AT, reason="why")
    closed = proposed.decided(verdict, TODAY).proposals[0]
    assert (closed.by, closed.at, closed.decided_by, closed.decided_at, closed.reason) == ("asker", AT, "leader", AT, "why")
    assert [each.model_dump() for each in closed.changes] == [
        {"action": "SET", "field": "water"},
        {"action": "SET", "resident": "r", "field": "name"},
    ]
    assert (closed.note, closed.encounter) == (None, None)


def test_the_same_proposal_comes_as_often_as_it_likes() -> None:
    once = propose(HOME, "p", put())
    assert propose(once, "p", put()) == once
    decided = decide(once, "p")
    assert propose(decided, "p", put()) == decided


@pytest.mark.row("S41")
def test_what_has_changed_since_is_not_overwritten() -> None:
    two = propose(propose(HOME, "p1", put(value="井水")), "p2", put(value="自来水"))
    first = decide(two, "p1")
    assert refusal(lambda: decide(first, "p2")) == ("STALE", "changes.0")
    assert first.is_stale(first.open[0].changes[0])
    assert held(decide(first, "p2", confirmed=False)) == {(None, "water"): "井水"}


@pytest.mark.parametrize("since", [remove(), put(value="自来水")])
def test_what_was_removed_or_set_again_is_stale(since: Change) -> None:
    waiting = propose(settle(HOME, "p1", put()), "p2", put(value="水窖"))
    assert refusal(lambda: decide(settle(waiting, "p3", since), "p2"))[0] == "STALE"


def test_a_change_is_based_on_what_the_client_saw_where_it_says_so() -> None:
    there = settle(HOME, "p1", put())
    assert held(settle(there, "p2", put(value="自来水", base="p1"))) == {(None, "water"): "自来水"}
    for seen in ("", "p0"):
        late = propose(there, "p2", put(value="自来水", base=seen))
        assert refusal(lambda late=late: decide(late, "p2"))[0] == "STALE"


def test_one_stale_change_keeps_the_whole_proposal_from_holding() -> None:
    waiting = propose(HOME, "p", put("road", "土路"), put())
    other = settle(waiting, "q", put(value="自来水"))
    assert refusal(lambda: decide(other, "p")) == ("STALE", "changes.1")
    assert held(other) == {(None, "water"): "自来水"}


def test_a_new_resident_needs_a_name_and_one_who_left_is_gone_with_all_data() -> None:
    assert refusal(lambda: settle(HOME, "p", put("phone", resident="r"))) == ("RESIDENT_UNKNOWN", "changes.0")
    assert refusal(lambda: settle(HOME, "p", leave("r")))[0] == "RESIDENT_UNKNOWN"
    there = settle(HOME, "p1", put("name", "孔某", "r"), put("phone", "13800001234", "r"), put("name", "颜某", "q"))
    gone = settle(there, "p2", leave("r"))
    assert held(gone) == {("q", "name"): "颜某"}
    assert [(each.action, each.field, each.was.value) for each in gone.history[-2:] if each.was] == [
        ("REMOVE_RESIDENT", "name", "孔某"),
        ("REMOVE_RESIDENT", "phone", "13800001234"),
    ]


def test_a_resident_who_changed_since_is_not_removed() -> None:
    there = settle(HOME, "p1", put("name", "孔某", "r"))
    waiting = propose(there, "p2", leave("r"))
    assert refusal(lambda: decide(settle(waiting, "p3", put("phone", "13800001234", "r")), "p2"))[0] == "STALE"


def test_an_archive_does_not_grow_without_end() -> None:
    full = HOME
    for number in range(MOST_OPEN):
        full = propose(full, f"p{number}", put())
    assert refusal(lambda: propose(full, "more", put()))[0] == "TOO_MANY_OPEN"
    assert propose(full, "p0", put()) == full
    names = [put("name", "某", f"r{number}") for number in range(MOST_RESIDENTS + 1)]
    assert refusal(lambda: settle(HOME, "p", *names))[0] == "TOO_MANY_RESIDENTS"


def test_of_what_is_decided_and_of_the_history_the_last_is_kept() -> None:
    waiting = propose(HOME, "late", put("road", "土路"))
    for number in range(MOST_DECIDED + 1):
        waiting = settle(waiting, f"p{number}", put())
    assert [each.id for each in waiting.proposals] == ["late", *(f"p{number}" for number in range(1, MOST_DECIDED + 1))]
    step = waiting.history[0]
    full = waiting.model_copy(update={"history": [step] * MOST_STEPS})
    after = settle(full, "more", remove()).history
    assert (len(after), after[-1].action) == (MOST_STEPS, "REMOVE")
