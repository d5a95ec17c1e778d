"""What was added or corrected later, as routing learns it."""

from __future__ import annotations

import pytest

from services.routing.store.mongo import access_of
from shared.contracts.base import Contract
from shared.contracts.intake import GrievanceCompletedV1, PersonalDataErasedV1, PetitionerCorrectedV1
from shared.identity.access import may_see
from shared.identity.roles import Role
from tests.services.builders import AT, REF, event, viewer
from tests.services.routing.builders import SECRETARY, desk, registered

COMPLETED = GrievanceCompletedV1(by=SECRETARY, at=AT, petitionerRef="cd" * 32, subject="小区指示牌破损", attachments=[])
CORRECTED = PetitionerCorrectedV1(by=SECRETARY, at=AT, petitionerRef="cd" * 32, subject="小区指示牌破损")
later = pytest.mark.parametrize("told", [COMPLETED, CORRECTED], ids=lambda told: type(told).__name__)


@later
async def test_the_petitioner_who_is_known_only_now_sees_the_case_and_nobody_else_gains(told: Contract) -> None:
    made = desk()
    await made.receive(event(registered(subject="后作街"), 1))
    before = made.state()
    await made.receive(event(told, 2))
    after = made.state()
    assert (before.subject, after.subject) == ("后作街", "小区指示牌破损")
    assert (after.status, after.history) == (before.status, before.history)
    for state, seen in ((before, [True, False, False]), (after, [False, True, False])):
        refs = (REF, "cd" * 32, "ee" * 32)
        assert [may_see(viewer(Role.RESIDENT, refs=frozenset({ref})), access_of(state)) for ref in refs] == seen


@later
async def test_it_waits_for_the_registration_where_it_comes_first(told: Contract) -> None:
    made = desk()
    await made.receive(event(told, 2))
    await made.receive(event(registered(), 1))
    assert made.state().petitioner_ref == "cd" * 32


@later
async def test_a_name_that_was_told_before_stays_known_until_the_petitioner_is_erased(told: Contract) -> None:
    made = desk()
    await made.receive(event(registered(nameMarks=["3.a"]), 1))
    for number, marks in enumerate((["2.b"], ["3.a"]), start=2):
        await made.receive(event(told.model_copy(update={"nameMarks": marks}), number))
    assert made.state().name_marks == ["3.a", "2.b"]
    await made.receive(event(PersonalDataErasedV1(at=AT, reason="REQUEST", petitionerRef="erased:g"), 4))
    await made.receive(event(told.model_copy(update={"nameMarks": ["4.c"]}), 5))
    assert made.state().name_marks == []
