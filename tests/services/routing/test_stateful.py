"""A case in the hands of anybody, in any order, at any time, at two replicas at once: what holds of it whatever is done. Its rules are
those of the table."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.feedback.events import consumer as feedback_under
from services.feedback.events.on_grievance_registered import on_grievance_registered
from services.routing.domain import approval, cards, extensions, supervision, verification
from services.routing.domain.cards import BY_RULE
from services.routing.domain.case import Case, round_of
from services.routing.domain.desks import ENDED
from services.routing.domain.lifecycle import BY_ACTION, Action, actions_from, next_status
from services.routing.domain.supervision import state_of
from services.routing.domain.watch import fire, upcoming
from services.routing.store.mongo import access_of
from services.routing.usecases.parties import allowances
from shared.contracts.base import Contract
from shared.contracts.feedback import FedBackV1, SurveyExpiredV1
from shared.contracts.routing import Status
from shared.envelope import Event
from shared.identity.access import may_see
from shared.identity.errors import Refusal
from shared.identity.roles import Role
from shared.identity.scopes import Level, from_code
from shared.identity.viewer import ANONYMOUS, Viewer
from shared.record import Outcome
from shared.writer import NoSuchRecord
from tests.services.builders import AT, DRAW, ID, LUCHENG, SURVEY_RULES, Desk, event, viewer
from tests.services.routing.builders import APPROVAL_RULES, ELSEWHERE, SJJ, ZJJ, desk, handling, registered, survey_answer
from tests.services.routing.test_lifecycle import COMMANDS, MAKERS
from tests.services.stage import Stage

EXAMPLES, STEPS = int(os.environ.get("MINYI_TEST_EXAMPLES", "80")), 30
LIVES, MEETINGS = 200, 30
# By these the result is due for the first time, or anew after nothing was; by these it is due later. By no other does the day move.
BEGINS_DUE: frozenset[Action] = frozenset({"DISPATCH", "ASK_REWORK", "REOPEN", "RESUME", "END_SUSPENSION", "REASSIGN"})
ENDS_DUE: frozenset[Action] = frozenset({"SUSPEND"})
DEFERS_DUE: frozenset[Action] = frozenset({"GRANT_EXTENSION"})
# What follows from what other services tell; the events of each are made below.
TOLD_BY_FEEDBACK: tuple[Action, ...] = ("CONFIRM_FED_BACK", "RECORD_SURVEY", "CLOSE_UNANSWERED", "REOPEN")
ANSWERS = st.sampled_from([True, False, None])
"""Satisfied, not satisfied, or no answer."""
REPORTS: tuple[Action, ...] = ("REPORT_RESOLUTION", "SUBMIT_FOR_APPROVAL", "SUBMIT_RESOLUTION")
# It moves nothing, and is possible nearly everywhere.
SUPERVISES: frozenset[Action] = frozenset(
    (
        *("ISSUE_SUPERVISION_ORDER", "REPLY_SUPERVISION_ORDER", "ACCEPT_SUPERVISION_REPLY", "REFUSE_SUPERVISION_REPLY"),
        *("GIVE_CARD", "APPEAL_CARD", "UPHOLD_CARD", "CORRECT_CARD"),
    )
)
# In these a department has a work order of it, or had one to which it goes back.
WITH_A_DEPARTMENT: frozenset[Status] = frozenset({"DISPATCHED", "HANDLING", "RETURN_PENDING", "SUSPENDED", "RESOLVED", "REWORK"})
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


# What one replica does to the case, and what comes of it in a word.
Act = Callable[[Desk], Awaitable[str]]


async def hears(at: Desk, told: Event) -> str:
    return (await at.receive(told)).name


async def looks(at: Desk) -> str:
    """As a worker's timers do."""
    return "DONE" if await at.writer.act(ID, lambda case: fire(case, {}, at.world.now())) else "NOTHING"


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
        self.world = Stage()
        self.desk = desk(self.world)
        self.parts = handling(self.desk, self.world.now)
        self.heard = 0
        self.done: Counter[Action] = Counter()
        self.mattered: Counter[bool] = Counter()
        """How often it mattered, of two that acted at once, who came first."""

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
        self.followup, _ = on_grievance_registered(None, told)
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
            if not self.possible():
                return
            self.does(*self.somebodys(chance))

    def somebodys(self, chance: Random) -> tuple[Action, Viewer]:
        """What is possible in this state, mostly of what handles it and does not end it, by somebody of the right role."""
        possible = [action for action in self.possible() if action not in SUPERVISES or self.ready(action)] or self.possible()
        handles = [action for action in possible if action not in SUPERVISES]
        possible = handles if handles and chance.random() < 0.7 else possible
        goes_on = [action for action in possible if (BY_ACTION[action].target or self.case.status) not in ENDED]
        return self.by_somebody(chance.choice(goes_on if goes_on and chance.random() < 0.9 else possible), chance)

    def by_somebody(self, action: Action, chance: Random) -> tuple[Action, Viewer]:
        """Of the right role."""
        changes: dict[str, Any] = {"sub": chance.choice(["wang", "li"])}
        role = chance.choice(sorted(MAKERS[action]))
        if role in (Role.HANDLER, Role.DEPARTMENT_HEAD):
            carded = [card.department for card in self.case.cards] if action == "APPEAL_CARD" else []
            changes["department"] = chance.choice(carded or self.case.departments or DEPARTMENTS)
        return action, viewer(role, **changes)

    def ready(self, action: Action) -> bool:
        """Whether there is an order or a card of which it could be."""
        department = self.case.cards[-1].department if self.case.cards else None
        hindered = supervision.hindrance(self.case, action, self.world.at) or cards.hindrance(self.case, action, department)
        return hindered is None

    @precondition(lambda self: self.possible())
    @rule(seed=st.integers(0, 2**32), same=st.booleans())
    def two_replicas_act_at_once(self, seed: int, same: bool) -> None:
        """It is as if one had come after the other, whichever of them did. One request at both is done once."""
        chance = Random(seed)
        one, other = self.somebodys(chance), self.somebodys(chance)
        self.at_once(chance, self.as_act(*one, "r"), self.as_act(*one, "r") if same else self.as_act(*other, "another"))

    @precondition(lambda self: self.possible() and self.awaits_feedback())
    @rule(seed=st.integers(0, 2**32), happy=ANSWERS)
    def an_event_comes_as_somebody_acts(self, seed: int, happy: bool | None) -> None:
        chance, told = Random(seed), self.from_feedback(happy)
        self.at_once(chance, self.as_act(*self.somebodys(chance), "r"), lambda at: hears(at, told))

    @rule()
    def the_clock_looks(self) -> None:
        before = self.case
        if self.loop.run_until_complete(looks(self.desk)) == "DONE":
            self.follows(before)
        assert all(timer.at > self.world.at for timer in upcoming(self.case))

    @precondition(lambda self: self.possible())
    @rule(seed=st.integers(0, 2**32))
    def the_clock_looks_as_somebody_acts(self, seed: int) -> None:
        chance = Random(seed)
        self.at_once(chance, looks, chance.choice([looks, self.as_act(*self.somebodys(chance), "r")]))

    def at_once(self, chance: Random, *acts: Act) -> None:
        before = self.case
        self.desk.document().update(requests=[], outbox=[])
        one_by_one = [self.one_by_one(acts, order) for order in ((0, 1), (1, 0))]
        replicas = (self.desk, self.desk.beside())
        came = self.loop.run_until_complete(self.world.at_once(chance, *(act(at) for act, at in zip(acts, replicas, strict=True))))
        assert (came, self.case, self.desk.said(), self.desk.document()["version"]) in one_by_one
        self.mattered[one_by_one[0] != one_by_one[1]] += 1
        if self.case.history != before.history:
            self.follows(before)

    def one_by_one(self, acts: tuple[Act, ...], order: tuple[int, ...]) -> tuple[list[str], Case, list[str], int]:
        """What comes of each, and of the case; what is told; how often it was written."""
        alone, came = self.desk.apart(), dict[int, str]()
        for position in order:
            came[position] = self.loop.run_until_complete(acts[position](alone))
        return [came[position] for position in sorted(came)], alone.state(), alone.said(), alone.document()["version"]

    def as_act(self, action: Action, who: Viewer, request: str) -> Act:
        async def act(at: Desk) -> str:
            refused = await refusal_of(COMMANDS[action](handling(at, self.world.now), who, request))
            return refused.code if isinstance(refused, Refusal) else "NOT_FOUND" if refused else "DONE"

        return act

    def possible(self) -> list[Action]:
        return [action for action in actions_from(self.case.status) if action in COMMANDS]

    def awaits_feedback(self) -> bool:
        return any(action in TOLD_BY_FEEDBACK for action in actions_from(self.case.status))

    @precondition(lambda self: self.awaits_feedback())
    @rule(happy=ANSWERS)
    def feedback_tells(self, happy: bool | None) -> None:
        before = self.case
        assert self.loop.run_until_complete(self.desk.receive(self.from_feedback(happy))) is Outcome.APPLIED
        if self.case.history != before.history:
            self.follows(before)
        # Somebody thought better of an answer that led to nothing else.
        assert self.case.history != before.history or before.status == "CLOSED"

    def from_feedback(self, happy: bool | None) -> Event:
        """That the reply arrived; then the answer, or that there was none; and of what is closed, that the answer was changed."""
        case, at, round = self.case, self.world.at, round_of(self.case)
        answer = survey_answer(happy=bool(happy), round=round, at=at, change=int(case.status == "CLOSED"))
        told: Contract = answer
        if case.status in BY_ACTION["CONFIRM_FED_BACK"].origins:
            told = FedBackV1(round=round, deliveryId="d", at=at)
        elif case.status == "FED_BACK" and happy is None:
            told = SurveyExpiredV1(round=round, at=at)
        self.heard += 1
        return event(told, self.heard, at=at)

    def does(self, action: Action, who: Viewer) -> None:
        """What they are told beforehand is what they are told then; what is refused changes nothing."""
        before, version = self.case, self.desk.document()["version"]
        if action in REPORTS:
            # One command; what it comes to, the case says.
            action = approval.reporting(before, who.has(Role.DEPARTMENT_HEAD), APPROVAL_RULES)
        # Each is a request of its own, and what was said before was sent.
        self.desk.document().update(requests=[], outbox=[])
        told = next(each.refusal for each in allowances(self.parts, who, before) if each.move.action == action)
        refused = self.loop.run_until_complete(refusal_of(COMMANDS[action](self.parts, who, "r")))
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
        assert self.loop.run_until_complete(refusal_of(COMMANDS[action](self.parts, who, "r"))) is None
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
        told = self.desk.events()
        assert [each.type for each in told] == emitted
        for each in told:
            self.followup, _ = feedback_under(SURVEY_RULES, DRAW)(self.followup, each)
        actions, was, due = {step.action for step in steps}, before.due_at if before else None, case.due_at
        if was is None and due is not None:
            assert actions & BEGINS_DUE
            assert due > self.world.at
        if was is not None and due is not None:
            assert due == was or (due > was and actions & DEFERS_DUE) or actions & ENDS_DUE
        self.desk.document()["outbox"] = []

    @invariant()
    def somebody_named_is_accountable(self) -> None:
        if self.desk.tables.documents:
            case = self.case
            assert case.owner.staffId
            assert case.owner.role
            assert case.owners[-1].owner == case.owner
            assert all(one.owner != next.owner and one.since <= next.since for one, next in pairwise(case.owners))

    @invariant()
    def one_department_leads_and_one_hop_is_open(self) -> None:
        if self.desk.tables.documents:
            case, order = self.case, self.case.work_order
            if case.status in WITH_A_DEPARTMENT:
                assert order is not None
                assert case.departments[0] == order.department
            assert len(set(case.departments)) == len(case.departments)
            if case.status not in ENDED:
                assert sum(each.granted is None for each in case.returns) == (case.status == "RETURN_PENDING")
                assert sum(each.ended_at is None for each in case.suspensions) == (case.status == "SUSPENDED")
            if case.status == "HANDLING":
                assert sum(each.granted is None for each in extensions.here(case)) <= 1

    @invariant()
    def one_reply_waits_and_is_of_who_has_it(self) -> None:
        if self.desk.tables.documents and self.case.status not in ENDED:
            waits = [each for each in self.case.drafts if each.released is None]
            assert waits == [each for each in (approval.waiting(self.case),) if each is not None]
            assert not waits or verification.waiting(self.case) is None
            order = self.case.work_order
            assert not waits or (order and (waits[0].by.unit, waits[0].round) == (order.department, order.round))

    @invariant()
    def what_the_others_were_told_is_what_the_document_says(self) -> None:
        if self.desk.tables.documents:
            told = self.followup.progress
            assert told == self.case.progress(self.case.history[-1].at)

    @invariant()
    def nobody_is_warned_twice_of_the_same(self) -> None:
        if self.desk.tables.documents:
            given = [(each.of, each.step, each.due_at, each.since) for each in self.case.warnings]
            assert len(set(given)) == len(given)
            assert all(each.at >= each.planned_at for each in self.case.warnings)

    @invariant()
    def one_order_waits_and_what_a_card_was_stays(self) -> None:
        if self.desk.tables.documents:
            case = self.case
            assert {state_of(case, order) for order in case.orders[:-1]}.isdisjoint({"OPEN", "REPLIED"})
            assert all(order.follows is None or order.follows < order.ordinal for order in case.orders)
            assert [each.ordinal for each in case.cards] == list(range(1, len(case.cards) + 1))
            milder = [[card.given, *(each.colour for each in card.corrections)] for card in case.cards]
            assert all(course == sorted(set(course), key=["RED", "YELLOW", None].index) for course in milder)
            by_rule = [warning for warning in case.warnings if (warning.of, warning.step) in BY_RULE]
            assert sum(card.ground != "BY_HAND" for card in case.cards) <= len(by_rule)

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
            over = self.case.status in ENDED
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
    tried: Counter[Action | None] = Counter()
    for seed in range(LIVES):
        chance, life = Random(seed), Life()
        # What is replied to a report is approved; an urgent one waits for no appraisal.
        report = seed % 4 == 0
        life.registered("REPORT" if report else "HELP", report, None, set(), False)
        for _ in range(STEPS):
            if life.case.status in ENDED and chance.random() < 0.7:
                break
            if life.awaits_feedback() and chance.random() < 0.8:
                life.feedback_tells(chance.random() < 0.5)
            else:
                # Half of the steps what was tried least and done least, so that few lives come by all.
                ready = [action for action in life.possible() if action not in SUPERVISES or life.ready(action)]
                rare = min(ready, key=lambda action: 4 * (done + life.done)[action] + tried[action], default=None)
                tried[rare] += 1
                life.does(*(life.by_somebody(rare, chance) if rare and chance.random() < 0.5 else life.somebodys(chance)))
            if chance.random() < 0.3:
                life.time_passes(chance.choice([1, 5, 40]))
        done += life.done
        life.teardown()
    assert [action for action in COMMANDS if not done[action]] == []


def test_two_replicas_meet_where_it_matters() -> None:
    """Else that they came one after the other would say nothing."""
    mattered: Counter[bool] = Counter()
    for seed in range(MEETINGS):
        chance, life = Random(seed), Life()
        life.registered("HELP", False, None, set(), False)
        for _ in range(STEPS):
            if life.case.status in ENDED:
                break
            life.two_replicas_act_at_once(chance.getrandbits(32), chance.random() < 0.2)
        mattered += life.mattered
        life.teardown()
    assert min(mattered[True], mattered[False]) > MEETINGS
