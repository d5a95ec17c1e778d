"""What was added later, as routing learns it."""

from __future__ import annotations

from services.routing.store.mongo import access_of
from shared.contracts.intake import GrievanceCompletedV1
from shared.identity.access import may_see
from shared.identity.roles import Role
from tests.services.builders import AT, REF, event, viewer
from tests.services.routing.builders import SECRETARY, desk, registered

COMPLETED = GrievanceCompletedV1(by=SECRETARY, at=AT, petitionerRef="cd" * 32, subject="小区指示牌破损", attachments=[])


async def test_the_petitioner_who_is_known_only_now_sees_the_case_and_nobody_else_gains() -> None:
    made = desk()
    await made.receive(event(registered(subject="后作街"), 1))
    before = made.state()
    await made.receive(event(COMPLETED, 2))
    after = made.state()
    assert (before.subject, after.subject) == ("后作街", "小区指示牌破损")
    assert (after.status, after.history) == (before.status, before.history)
    for state, seen in ((before, [True, False, False]), (after, [False, True, False])):
        refs = (REF, "cd" * 32, "ee" * 32)
        assert [may_see(viewer(Role.RESIDENT, refs=frozenset({ref})), access_of(state)) for ref in refs] == seen


async def test_it_waits_for_the_registration_where_it_comes_first() -> None:
    made = desk()
    await made.receive(event(COMPLETED, 2))
    await made.receive(event(registered(), 1))
    assert made.state().petitioner_ref == "cd" * 32
