"""Any story of an archive, told beside it as plainly as can be: the history tells it all."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from itertools import chain
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.domain.archive_changes import Change, Proposal
from services.intake.domain.archives import Archive, Verdict, until_of
from shared.identity.errors import Refusal
from tests.services.intake.domain.archive_builders import AT, HOME, TODAY, erase, held, put, values


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
    assert not told.erased & values(seen)
    assert {each.id for each in seen.proposals if not each.is_open} == {id for id, last in told.decided.items() if last >= today}
    assert not any(change.value or each.note for each in seen.proposals if not each.is_open for change in each.changes)
    # What is past its day is nowhere, and the sweep would find nothing left to do.
    kept = [change for each in seen.proposals for change in each.changes if change.value] + [
        step.was for step in seen.history if step.was and step.was.value
    ]
    assert all(str(each.retain_until) >= today for each in kept)
    assert seen.expires is None or seen.expires >= today
