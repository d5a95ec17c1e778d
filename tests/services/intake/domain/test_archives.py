"""Archives: what may be held, who decides, what is stale, what goes when its retention is over, and that the history tells it all."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.domain.archive_changes import MOST_CHANGES, Change, Consent, Proposal, plus_years
from services.intake.domain.archives import MOST_DECIDED, MOST_OPEN, MOST_RESIDENTS, MOST_STEPS, Archive, Verdict, until_of
from shared.identity.errors import Refusal

TODAY = date(2026, 6, 5)
AT = datetime(2026, 6, 5, 2, 0, tzinfo=UTC)
HOME = Archive(id="h", kind="HOUSEHOLD", village="370881001901", team=None, person="p", key="k")
SHOP = HOME.model_copy(update={"id": "s", "kind": "SHOP", "team": "T"})
ORAL, WRITTEN = Consent(how="ORAL", on="2026-06-01"), Consent(how="WRITTEN", on="2026-06-01")


def day(after: int) -> str:
    return (TODAY + timedelta(days=after)).isoformat()


def put(name: str = "water", value: str | None = "井水", resident: str | None = None, **changes: Any) -> Change:
    whole: dict[str, Any] = {"purpose": "SERVICE", "consent": ORAL, "retain_until": day(100)}
    return Change(action="SET", field=name, value=value, resident=resident, **(whole | changes))


def remove(name: str = "water", resident: str | None = None, **changes: Any) -> Change:
    return Change(action="REMOVE", field=name, resident=resident, **changes)


def leave(resident: str) -> Change:
    return Change(action="REMOVE_RESIDENT", resident=resident)


def erase(name: str | None = None, resident: str | None = None) -> Change:
    return Change(action="ERASE", field=name, resident=resident)


def proposal(id: str, *changes: Change, by: str = "asker", note: str | None = None) -> Proposal:
    return Proposal(id=id, by=by, at=AT, encounter="e", note=note, changes=list(changes), until=until_of(list(changes), TODAY))


def propose(archive: Archive, id: str, *changes: Change, on: date = TODAY) -> Archive:
    return archive.proposed(proposal(id, *changes), on)


def decide(archive: Archive, id: str, confirmed: bool = True, by: str = "leader", on: date = TODAY) -> Archive:
    return archive.decided(Verdict(proposal=id, confirmed=confirmed, by=by, at=AT, reason=None), on)


def settle(archive: Archive, id: str, *changes: Change) -> Archive:
    return decide(propose(archive, id, *changes), id)


def refusal(work: Callable[[], object]) -> tuple[str, str | None]:
    with pytest.raises(Refusal) as refused:
        work()
    assert str(refused.value).isascii()
    assert not refused.value.zh.isascii()
    return refused.value.code, refused.value.field


def held(archive: Archive) -> dict[tuple[str | None, str], str | None]:
    return {(resident, name): datum.value for resident, name, datum in archive.data()}


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
    assert _values(erased) == {"孔某", "水窖"}
    last = erased.history[-1]
    assert (last.action, last.resident, last.field, last.by, last.proposal, last.was) == ("ERASED", "r", "phone", "leader", "p4", None)
    assert refusal(lambda: decide(erased, "p3")) == ("ERASED", "changes.0")
    assert held(settle(erased, "p5", put("phone", "13800000000", "r"))) == {("r", "name"): "孔某", ("r", "phone"): "13800000000"}


@pytest.mark.row("S41")
@pytest.mark.parametrize("before", [leave("r"), put("name", "孔甲", "r")])
def test_a_whole_resident_is_erased_also_when_changed_since_or_gone_already(before: Change) -> None:
    archive = propose(settle(HOME, "p1", put("name", "孔某", "r"), put("phone", "13800001234", "r"), put()), "p2", erase(resident="r"))
    erased = decide(settle(archive, "p3", before), "p2")
    assert _values(erased) == {"井水"}
    assert [(each.action, each.field) for each in erased.history[-2:]] == [("ERASED", "name"), ("ERASED", "phone")]


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


@pytest.mark.row("S41")
def test_what_is_past_its_retention_is_gone_from_data_proposals_and_history() -> None:
    archive = settle(HOME, "p1", put(value="井水", retain_until=day(3)))
    archive = settle(archive, "p2", put(value="自来水", retain_until=day(10)))
    archive = archive.proposed(proposal("p3", put("road", "土路", retain_until=day(5)), note="n"), TODAY)
    assert archive.expires == day(3)
    assert archive.on(day(3)) == archive
    assert _values(archive.on(day(4))) == {"自来水", "土路", "n"}
    assert archive.on(day(4)).expires == day(5)
    later = archive.on(day(6))
    assert _values(later) == {"自来水"}
    assert refusal(lambda: decide(later, "p3", on=TODAY + timedelta(days=6))) == ("EXPIRED", "changes.0")
    assert decide(later, "p3", confirmed=False, on=TODAY + timedelta(days=6)).open == []
    last = archive.on(day(11))
    assert (_values(last), last.expires, held(last)) == (set(), None, {})
    assert [(each.action, each.by) for each in last.history] == [("SET", "leader"), ("SET", "leader"), ("EXPIRED", None)]
    assert last.history[-1].at == datetime(2026, 6, 15, 16, 0, tzinfo=UTC)


def test_a_resident_of_whom_nothing_is_left_is_gone() -> None:
    archive = settle(HOME, "p", put("name", "孔某", "r", retain_until=day(3)))
    assert archive.on(day(4)).residents == []


def _values(archive: Archive) -> set[str]:
    """Whatever is still held anywhere, texts included."""
    found = [datum.value for _resident, _name, datum in archive.data()]
    found += [each.was.value for each in archive.history if each.was]
    for each in archive.proposals:
        found += [change.value for change in each.changes] + [each.note, each.reason]
    return {value for value in found if value is not None}


@dataclass
class Told:
    """The same story, told as plainly as can be: target → (value, last day, proposal), and what was proposed on which base."""

    now: dict[tuple[str | None, str], tuple[str, str, str]] = field(default_factory=dict)
    open: dict[str, tuple[str, list[tuple[Change, object]]]] = field(default_factory=dict)
    decided: dict[str, str] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    values: list[tuple[tuple[str | None, str], str]] = field(default_factory=list)
    steps: list[tuple[str, tuple[str | None, str], str | None]] = field(default_factory=list)

    def base(self, change: Change) -> object:
        if change.action == "REMOVE_RESIDENT":
            return {target: row[2] for target, row in self.now.items() if target[0] == change.resident}
        held = self.now.get((change.resident, str(change.field)))
        return held[2] if held is not None else None

    def confirm(self, id: str, today: str) -> bool:
        changes = self.open[id][1]
        people = {target[0] for target in self.now} | {change.resident for change, _ in changes if change.field == "name" and change.value}
        for change, base in changes:
            over = change.action == "SET" and (str(change.retain_until) < today or change.value in self.erased)
            unknown = change.resident is not None and change.resident not in people
            if over or (change.action != "ERASE" and (self.base(change) != base or unknown)):
                return False
        for change, _base in changes:
            if change.action == "ERASE":
                self.erase(change)
                continue
            targets = [target for target in self.now if target[0] == change.resident]
            for target in targets if change.action == "REMOVE_RESIDENT" else [(change.resident, str(change.field))]:
                was = self.now.pop(target, None)
                self.steps.append((change.action, target, was and was[2]))
                if change.action == "SET":
                    self.now[target] = (str(change.value), str(change.retain_until), id)
        return True

    def erase(self, change: Change) -> None:
        def about(target: tuple[str | None, str]) -> bool:
            return target[0] == change.resident and change.field in (None, target[1])

        told = {target for _step, target, _by in self.steps if about(target)} | set(filter(about, self.now))
        self.erased |= {value for target, value in self.values if about(target)}
        self.now = {target: row for target, row in self.now.items() if not about(target)}
        erased = [(change.resident, change.field)] if change.field else sorted(told, key=str)
        self.steps += [("ERASED", target, None) for target in erased]

    def until(self, today: str) -> None:
        for target in sorted(self.now, key=lambda each: (self.now[each][1], each[0] or "", each[1])):
            if self.now[target][1] < today:
                self.steps.append(("EXPIRED", target, self.now.pop(target)[2]))


TARGETS = [(None, "water"), ("r1", "name"), ("r1", "phone"), ("r2", "name")]
changes_of = st.lists(
    st.tuples(
        st.sampled_from(["SET", "SET", "SET", "SET", "REMOVE", "REMOVE_RESIDENT", "ERASE", "ERASE_RESIDENT"]),
        st.sampled_from(TARGETS),
        st.integers(0, 12),
    ),
    min_size=1,
    max_size=2,
)
settled_of = st.tuples(
    st.sampled_from(["SET", "SET", "SET", "REMOVE", "ERASE"]), st.sampled_from([TARGETS[1], *TARGETS]), st.integers(4, 12)
).map(lambda change: [("propose", "a", [change]), ("decide", "c", (0, True))])
step_of = st.one_of(
    st.tuples(st.just("propose"), st.sampled_from("ab"), changes_of),
    st.tuples(st.just("decide"), st.sampled_from("cab"), st.tuples(st.integers(0, 3), st.sampled_from([True, True, False]))),
    st.tuples(st.just("again"), st.just(""), st.integers(0, 9)),
    st.tuples(st.just("days"), st.just(""), st.integers(1, 6)),
    st.tuples(st.just("sweep"), st.just(""), st.just(0)),
)
# What is settled at once comes often, so that much is set, set again and erased within one story.
steps_of = st.lists(st.one_of(settled_of, settled_of, step_of.map(lambda step: [step])), min_size=8, max_size=30).map(
    lambda parts: list(chain(*parts))
)


@pytest.mark.row("S41")
@settings(max_examples=400, deadline=None)
@given(steps_of)
def test_any_story_holds_what_was_confirmed_with_its_ground_until_its_day_and_the_history_tells_it_all(steps: list[Any]) -> None:
    archive, today, told = HOME, TODAY, Told()
    sent: list[Proposal] = []
    for number, (what, who, more) in enumerate(steps):
        text = today.isoformat()
        if what == "days":
            today += timedelta(days=more)
            told.until(today.isoformat())
        elif what == "sweep":
            archive = archive.on(text)
        elif what == "propose":
            changes = [
                _change(action, target, f"v{number}.{at}", today + timedelta(days=days)) for at, (action, target, days) in enumerate(more)
            ]
            made = Proposal(id=f"p{number}", by=who, at=AT, encounter=None, note="n", changes=changes, until=until_of(changes, today))
            after = _tried(partial(archive.proposed, made, today))
            if isinstance(after, str):
                assert after in ("TWICE", "RESIDENT_MISSING", "FIELD_UNKNOWN")
                continue
            archive = after
            sent.append(made)
            told.open[made.id] = (who, [(change, told.base(change)) for change in changes])
            told.values += [((change.resident, str(change.field)), change.value) for change in changes if change.value]
        elif what == "again" and sent:
            before, again = archive.on(text), sent[more % len(sent)]
            # One that is forgotten is known by its request (shared/writer.py).
            if before.proposal(again.id) is not None:
                archive = archive.proposed(again, today)
                assert archive == before
        elif what == "decide" and sent:
            id, confirmed = sent[-1 - more[0] % len(sent)].id, more[1]
            asked = Verdict(proposal=id, confirmed=confirmed, by=who, at=AT, reason=None)
            after = _tried(partial(archive.decided, asked, today))
            if isinstance(after, str):
                allowed = id not in told.decided and who != told.open[id][0]
                assert not allowed or (confirmed and not told.confirm(id, text))
                continue
            archive = after
            assert who != told.open[id][0]
            assert id not in told.decided
            assert not confirmed or told.confirm(id, text)
            told.decided[id] = next(each.until for each in sent if each.id == id)
        _check(archive, told, today.isoformat())


def _tried(work: Callable[[], Archive]) -> Archive | str:
    """What comes of it, or the code with which it is refused."""
    try:
        return work()
    except Refusal as refused:
        return refused.code


def _change(action: Any, target: tuple[str | None, str], value: str, last: date) -> Change:
    resident, name = target
    if action == "SET":
        return put(name, value, resident, retain_until=last.isoformat())
    if action == "ERASE_RESIDENT":
        return erase(resident=resident)
    return Change(action=action, resident=resident, field=name if action in ("REMOVE", "ERASE") else None)


def _check(archive: Archive, told: Told, today: str) -> None:
    seen = archive.on(today)
    assert seen == seen.on(today)
    assert {target: value[0] for target, value in told.now.items()} == held(seen)
    assert [(step.action, (step.resident, step.field), step.was and step.was.set_by) for step in seen.history] == told.steps
    for _resident, _name, datum in seen.data():
        assert datum.purpose
        assert datum.consent
        assert datum.retain_until
        assert datum.retain_until >= today
    # What was erased is nowhere, and of what is decided no value is kept beside the archive.
    assert not told.erased & _values(seen)
    assert {each.id for each in seen.proposals if not each.is_open} == {id for id, last in told.decided.items() if last >= today}
    assert not any(change.value or each.note for each in seen.proposals if not each.is_open for change in each.changes)
    # What is past its day is nowhere, and the sweep would find nothing left to do.
    kept = [change for each in seen.proposals for change in each.changes if change.value] + [
        step.was for step in seen.history if step.was and step.was.value
    ]
    assert all(str(each.retain_until) >= today for each in kept)
    assert seen.expires is None or seen.expires >= today
