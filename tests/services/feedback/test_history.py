"""The history of a grievance: what each event tells of it, to whom, and in which order (S9, S54)."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import get_args

import pytest

from bench.lives import live
from services.feedback.domain.history import BY_TYPE, TELLS, entries, entries_of
from services.feedback.domain.history_words import WORDS, readers_of, words_of
from services.feedback.domain.timeline import Entry, ordered, with_entries
from services.feedback.usecases.read_timeline import read_by
from shared.contracts import feedback, intake, routing
from shared.contracts.base import Contract
from shared.contracts.feedback import FedBackV1, PetitionerCalledV1
from shared.contracts.routing import WARNED_AMONG_OFFICIALS, GrievanceMovedV1, GrievanceWarnedV1, WarnedOf
from shared.envelope import Event
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from tests.services.builders import AT, viewer
from tests.services.feedback.builders import open_one, tells
from tests.shared.contracts.examples import EXAMPLES

MOVED = next(each for each in EXAMPLES if isinstance(each, GrievanceMovedV1))
LIVES = 12


def test_every_event_about_a_grievance_has_its_place() -> None:
    about = {each for each in (*intake.EVENTS, *routing.EVENTS, *feedback.EVENTS) if ".grievance." in each.type}
    assert set(TELLS) == about


@pytest.mark.parametrize("contract", [each for each in EXAMPLES if type(each) in TELLS], ids=lambda each: each.type)
def test_what_an_event_tells_is_said_in_both_languages(contract: Contract) -> None:
    for entry in entries(contract, 3, {"intake": 1}, AT):
        assert entry.kind in WORDS or entry.kind == "WARNED"
        assert entry.what.isascii()
        assert not entry.what_zh.isascii()
        assert "{" not in entry.what + entry.what_zh
        assert (entry.sequence, entry.after, entry.service) == (3, "intake=1", contract.type.partition(".")[0])


def test_an_action_of_a_newer_release_is_called_by_its_name_and_is_for_officials() -> None:
    [entry] = tells(MOVED.model_copy(update={"action": "MERGE"}))
    assert (entry.what, entry.what_zh, readers_of(entry.kind, entry.about)) == ("MERGE", "MERGE", "OFFICIALS")


def test_entries_of_before_keep_their_words_and_their_place_before_all_others() -> None:
    words = {"service": "routing", "what_zh": "字", "by": "HANDLER D-1"}
    rows = [words | {"at": AT + timedelta(days=day), "what": f"w{day}"} for day in (2, 1)]
    before = [Entry.model_validate(row) for row in rows]
    [new] = tells(MOVED)
    assert [entry.what for entry in with_entries(before, [new])] == ["w2", "w1", words_of(MOVED.action, [])[0]]
    assert Entry.model_validate(before[0].model_dump()) == before[0]
    hidden = Entry.model_validate(rows[0] | {"what": "the department was given a card", "what_zh": "对承办部门发牌"})
    assert readers_of(hidden.kind, hidden.about) == "OFFICIALS"


def told(event: Event, skew: timedelta = timedelta(0)) -> list[Entry]:
    """`skew`: by so much routing's clock is slow."""
    found = entries_of(event, BY_TYPE[event.type].read(event.data()))
    return [entry.model_copy(update={"at": entry.at - skew * (entry.service == "routing")}) for entry in found]


@pytest.mark.row("S9")
@pytest.mark.parametrize("skew", [timedelta(0), timedelta(minutes=90)])
async def test_whatever_comes_first_the_history_is_the_same_and_no_effect_is_before_its_cause(skew: timedelta) -> None:
    """Of each life: as it was kept while events came late, repeated and in any order; and from all events at once, shuffled."""
    for number in range(LIVES):
        life = await live(number)
        by_event = [told(event, skew) for event in (*life.heard["intake"], *life.heard["routing"], *life.own())]
        Random(number).shuffle(by_event)
        found = ordered([entry for each in by_event for entry in each])
        if not skew:
            assert found == life.state.timeline
        Random(number + 1).shuffle(by_event)
        assert ordered([entry for each in by_event for entry in each]) == found
        for place, entry in enumerate(found):
            for later in found[place + 1 :]:
                cause, effect = later.numbers(), entry.numbers()
                assert cause == effect or not all(map(int.__le__, cause, effect)), (later, "has caused", entry)


@pytest.mark.row("S54")
def test_who_opened_the_link_is_told_of_and_who_was_sent_it_is_not_told_twice() -> None:
    assert tells(FedBackV1(round=1, deliveryId="d", at=AT)) == []
    assert [entry.kind for entry in tells(FedBackV1(round=1, deliveryId="d", at=AT, byLink=True))] == ["LINK_OPENED"]


def test_each_reads_of_the_history_what_is_theirs_to_know() -> None:
    moves = [MOVED.model_copy(update={"action": action}) for action in ("URGE", "GIVE_CARD", "HAND_OVER")]
    called = PetitionerCalledV1(round=1, result="NO_ANSWER", told=False, by="CALLER 370881", at=AT)
    access = {"departments": ["D-1"], "involved": ["D-0", "D-1"], "handlers": ["handler-0"]}
    followup = open_one().with_(timeline=tells(*moves, called), **access)
    everything = ["URGE", "GIVE_CARD", "HAND_OVER", "CALLED_NO_ANSWER"]

    def reads(who: Viewer) -> list[str]:
        return [entry.kind for entry in read_by(who, followup)]

    assert reads(viewer(Role.RESIDENT)) == ["URGE", "CALLED_NO_ANSWER"]
    # Who handles it, and has told it as well, reads it as the petitioner.
    both = viewer(Role.RESIDENT, roles=frozenset({Role.RESIDENT, Role.HANDLER}), department="D-1")
    assert reads(both) == ["URGE", "CALLED_NO_ANSWER"]
    for department in ("D-0", "D-1"):
        assert reads(viewer(Role.HANDLER, department=department)) == everything[:-1]
    assert reads(viewer(Role.SUPERVISOR, sub="handler-0")) == everything[:-1]
    # The team that heard it has to tell the reply, or has answered it: callers promise that these are not told.
    assert reads(viewer(Role.SECRETARY)) == everything[:-1]
    for role in (Role.SUPERVISOR, Role.DISPATCHER, Role.CALLER, Role.AUDITOR):
        assert reads(viewer(role)) == everything


@pytest.mark.parametrize("of", get_args(WarnedOf))
def test_who_told_it_reads_no_warning_of_what_is_among_officials(of: WarnedOf) -> None:
    warned = next(each for each in EXAMPLES if isinstance(each, GrievanceWarnedV1)).model_copy(update={"of": of})
    followup = open_one().with_(timeline=tells(warned))
    assert len(read_by(viewer(Role.SUPERVISOR), followup)) == 1
    assert len(read_by(viewer(Role.RESIDENT), followup)) == (0 if of in WARNED_AMONG_OFFICIALS else 1)
