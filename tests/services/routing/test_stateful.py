"""A case in the hands of anybody, in any order, at any time: what holds of it whatever is done. Its rules are those of the table."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable
from datetime import datetime
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.routing.domain.case import Case
from services.routing.domain.lifecycle import BY_ACTION, Action, actions_from, next_status
from services.routing.domain.verification import reporting
from services.routing.store.mongo import access_of
from services.routing.usecases.parties import allowances
from shared.contracts.feedback import FedBackV1
from shared.identity.access import may_see
from shared.identity.errors import Refusal
from shared.identity.roles import Role
from shared.identity.scopes import Level, from_code
from shared.identity.viewer import ANONYMOUS, Viewer
from shared.record import Outcome
from shared.writer import NoSuchRecord
from tests.services.builders import AT, LUCHENG, StillWorld, event, viewer
from tests.services.routing.builders import ELSEWHERE, SJJ, ZJJ, desk, handling, registered, survey_answer
from tests.services.routing.test_lifecycle import COMMANDS, MAKERS

EXAMPLES, STEPS = int(os.environ.get("MINYI_TEST_EXAMPLES", "80")), 30
LIVES = 120
# By these the result is due for the first time, or anew after nothing was; by these it is due later. By no other does the day move.
BEGINS_DUE: frozenset[Action] = frozenset({"DISPATCH", "ASK_REWORK", "RESUME", "END_SUSPENSION", "REASSIGN"})
DEFERS_DUE: frozenset[Action] = frozenset({"GRANT_EXTENSION"})
# What follows from what other services tell; the events of each are made below.
TOLD_BY_FEEDBACK: tuple[Action, ...] = ("CONFIRM_FED_BACK", "RECORD_SURVEY")
REPORTS: tuple[Action, ...] = ("REPORT_RESOLUTION", "SUBMIT_RESOLUTION")
DEPARTMENTS = (LUCHENG, ZJJ, SJJ, ELSEWHERE)
PLACES = (
    from_code("370800000000", Level.CITY),
    from_code("370881000000", Level.COUNTY),
    from_code("370811000000", Level.COUNTY),
    from_code("370881001901", Level.VILLAGE),
)


@st.composite
def anybody(draw: st.DrawFn) -> Viewer:
    """Of one role or two; of the right department, place and name, or of others."""
    roles = draw(st.sets(st.sampled_from(Role), max_size=2))
    if not roles:
        return ANONYMOUS
    changes: dict[str, Any] = {"sub": draw(st.sampled_from(["wang", "li"])), "roles": frozenset(roles)}
    if draw(st.booleans()):
        changes |= {"department": draw(st.sampled_from((*DEPARTMENTS, None))), "scopes": (draw(st.sampled_from(PLACES)),)}
    return viewer(next(iter(sorted(roles))), **changes)


async def refusal_of(command: Awaitable[None]) -> Refusal | NoSuchRecord | None:
    try:
        await command
    except (Refusal, NoSuchRecord) as refused:
        return refused
    return None


class Life(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world = StillWorld()
        self.desk = desk(self.world)
        self.parts = handling(self.desk, self.world.now)
        self.seen = 0
        self.done: Counter[Action] = Counter()

    def teardown(self) -> None:
        self.loop.close()

    @property
    def case(self) -> Case:
        case = self.desk.state()
        assert isinstance(case, Case)
        return case

    @initialize(
        kind=st.sampled_from(["HELP", "REPORT", "CONSULTATION"]),
        urgent=st.booleans(),
        on_the_spot=st.sampled_from([None, None, None, "已当场解释。"]),
        accused=st.sets(st.sampled_from(DEPARTMENTS)),
        confidential=st.booleans(),
    )
    def registered(self, kind: str, urgent: bool, on_the_spot: str | None, accused: set[str], confidential: bool) -> None:
        changes = {"kind": kind, "urgent": urgent, "accused": sorted(accused), "confidential": confidential}
        told = registered(onSpotAnswer=on_the_spot, **changes)
        assert self.loop.run_until_complete(self.desk.receive(event(told, 1))) is Outcome.APPLIED
        self.follows(None)

    @rule(hours=st.one_of(st.integers(1, 30), st.integers(31, 500)))
    def time_passes(self, hours: int) -> None:
        self.world.later(hours=hours)

    @rule(action=st.sampled_from(sorted(COMMANDS)), who=anybody())
    def anybody_does_anything(self, action: Action, who: Viewer) -> None:
        self.does(action, who)

    @precondition(lambda self: self.possible())
    @rule(seed=st.integers(0, 2**32), steps=st.integers(1, 6))
    def whoever_may_goes_on(self, seed: int, steps: int) -> None:
        """So that lives get far: by chance alone most steps are refused, and most lives end soon. A choice of hypothesis's own would mostly
        be the first."""
        chance = Random(seed)
        for _ in range(steps):
            possible = self.possible()
            goes_on = [action for action in possible if actions_from(BY_ACTION[action].target or self.case.status)]
            if not possible:
                return
            action = chance.choice(goes_on if goes_on and chance.random() < 0.9 else possible)
            changes: dict[str, Any] = {"sub": chance.choice(["wang", "li"])}
            role = chance.choice(sorted(MAKERS[action]))
            if role in (Role.HANDLER, Role.DEPARTMENT_HEAD):
                changes["department"] = chance.choice(self.case.departments)
            self.does(action, viewer(role, **changes))

    def possible(self) -> list[Action]:
        return [action for action in actions_from(self.case.status) if action in COMMANDS]

    def awaits_feedback(self) -> bool:
        return any(action in TOLD_BY_FEEDBACK for action in actions_from(self.case.status))

    @precondition(lambda self: self.awaits_feedback())
    @rule(happy=st.booleans())
    def feedback_tells(self, happy: bool) -> None:
        before, order = self.case, self.case.work_order
        round = order.round if order else 1
        fed_back = before.status in BY_ACTION["CONFIRM_FED_BACK"].origins
        delivered = FedBackV1(round=round, deliveryId="d", at=self.world.at)
        told = delivered if fed_back else survey_answer(happy=happy, round=round, at=self.world.at)
        self.seen += 1
        assert self.loop.run_until_complete(self.desk.receive(event(told, self.seen, at=self.world.at))) is Outcome.APPLIED
        self.follows(before)

    def does(self, action: Action, who: Viewer) -> None:
        """What they are told beforehand is what they are told then; what is refused changes nothing."""
        before, version = self.case, self.desk.document()["version"]
        if action in REPORTS:
            # One command; what it comes to, the case says.
            action = reporting(before)
        # Each is a request of its own, and what was said before was sent.
        self.desk.document().update(requests=[], outbox=[])
        told = next(each.refusal for each in allowances(self.parts, who, before) if each.move.action == action)
        refused = self.loop.run_until_complete(refusal_of(COMMANDS[action](self.parts, who)))
        if isinstance(refused, NoSuchRecord):
            assert not may_see(who, access_of(before))
            assert told is not None
        elif told is not None:
            assert isinstance(refused, Refusal)
            assert (refused.code, refused.zh, refused.en) == (told.code, told.zh, told.en)
        else:
            # Only what is wrong with the input can stand against what is allowed, and that names its field.
            assert refused is None or refused.field is not None, refused
        if refused is not None:
            assert (self.case, self.desk.document()["version"]) == (before, version)
            return
        self.done[action] += 1
        # The same request again is the same answer, and nothing happens twice.
        after, version = self.case, self.desk.document()["version"]
        assert self.loop.run_until_complete(refusal_of(COMMANDS[action](self.parts, who))) is None
        assert (self.case, self.desk.document()["version"]) == (after, version)
        assert self.case.history[len(before.history)].action == action
        self.follows(before)

    def follows(self, before: Case | None) -> None:
        """The case after one write: the steps are the table's, and the day on which it is due is where they leave it."""
        case = self.case
        status, history = (before.status, before.history) if before else ("REGISTERED", [])
        steps = case.history[len(history) :]
        assert case.history[: len(history)] == history
        assert steps
        for step in steps:
            assert step.status == next_status(status, step.action)
            status = step.status
        assert case.status == status
        emitted = [emits.type for step in steps if (emits := BY_ACTION[step.action].emits) is not None]
        assert [each.type for each in self.desk.events()] == emitted
        actions, was, due = {step.action for step in steps}, before.due_at if before else None, case.due_at
        if was is None and due is not None:
            assert actions & BEGINS_DUE
            assert due > self.world.at
        if was is not None and due is not None:
            assert due == was or (due > was and actions & DEFERS_DUE)
        self.desk.document()["outbox"] = []

    @invariant()
    def somebody_named_is_accountable(self) -> None:
        if self.desk.tables.documents:
            owner = self.case.owner
            assert owner.staffId
            assert owner.role
            assert self.case.progress(self.world.at).owner == owner

    @invariant()
    def history_is_in_order_and_ends_in_the_status(self) -> None:
        if self.desk.tables.documents:
            times: list[datetime] = [step.at for step in self.case.history]
            assert times == sorted(times)
            assert self.case.history[-1].status == self.case.status
            assert times[0] >= AT

    @invariant()
    def who_is_accused_has_nothing_of_it(self) -> None:
        if self.desk.tables.documents:
            case = self.case
            accused = set(case.accused_departments)
            assert accused.isdisjoint(case.departments)
            assert case.owner.unit not in accused
            assert case.work_order is None or case.work_order.department not in accused

    @invariant()
    def what_is_over_is_not_due(self) -> None:
        if self.desk.tables.documents:
            over = not actions_from(self.case.status)
            assert over == (self.case.closed_at is not None)
            assert not over or self.case.due_at is None


Life.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
# What is found is made small: that takes longer than to find nothing.
TestLife = pytest.mark.timeout(400)(Life.TestCase)


def test_lives_come_by_every_action_that_people_make() -> None:
    """Else what holds of them would hold of nothing. By chances that are the same each time."""
    done: Counter[Action] = Counter()
    for seed in range(LIVES):
        chance, life = Random(seed), Life()
        life.registered("HELP", False, None, set(), False)
        for _ in range(STEPS):
            if life.possible():
                life.whoever_may_goes_on(chance.getrandbits(32), 1)
            elif life.awaits_feedback():
                life.feedback_tells(chance.random() < 0.5)
            if chance.random() < 0.3:
                life.time_passes(chance.choice([1, 5, 40]))
        done += life.done
        life.teardown()
    assert [action for action in COMMANDS if not done[action]] == []
