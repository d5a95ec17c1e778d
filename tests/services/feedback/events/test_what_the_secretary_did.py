"""What the secretary did after registration, as feedback learns it: on time, and in any order."""

from __future__ import annotations

from typing import Any

import pytest

from services.feedback.events import HANDLED
from services.feedback.service import participant
from services.feedback.store.mongo import CODEC, access_of
from shared.contracts.base import Contract
from shared.contracts.intake import (
    DeliveryAttemptedV1,
    GrievanceCompletedV1,
    GrievanceReportedUpV1,
    Owner,
    PersonalDataErasedV1,
    PetitionerCorrectedV1,
    PetitionerToldV1,
)
from shared.identity.access import may_see
from shared.identity.roles import Role
from tests.services.builders import AT, DRAW, REF, SURVEY_RULES, Desk, event, viewer
from tests.services.routing.builders import registered
from tests.shared.contracts.examples import EXAMPLES

BY = Owner(staffId="secretary-1", role="SECRETARY", unit="T-1")
REPORTED = GrievanceReportedUpV1(to="370881001000", by=BY, at=AT, summary="s", remark="请街道处理。")
COMPLETED = GrievanceCompletedV1(by=BY, at=AT, petitionerRef="cd" * 32, subject="路灯", attachments=[])
CORRECTED = PetitionerCorrectedV1(by=BY, at=AT, petitionerRef="cd" * 32, subject="路灯")


def desk() -> Desk:
    return Desk(participant(SURVEY_RULES, DRAW), CODEC)


async def heard(*contracts: Contract) -> Desk:
    """Feedback after these events of intake, the registration before them."""
    made = desk()
    for number, contract in enumerate((registered(), *contracts), start=1):
        await made.receive(event(contract, number))
    return made


@pytest.mark.row("S51")
@pytest.mark.row("S23")
@pytest.mark.parametrize(
    ("contract", "words"),
    [
        (REPORTED, ("reported up to the party working committee of 370881001000", "已上报 370881001000 党工委")),
        (PetitionerToldV1(by=BY, at=AT, deliveryId=None), ("the petitioner was told in person", "已当面反馈群众")),
        (COMPLETED, ("what was missing was added", "补录信息")),
        (CORRECTED, ("the petitioner's data was corrected", "更正诉求人信息")),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Contract) else "",
)
async def test_the_timeline_tells_it_in_both_languages(contract: Contract, words: tuple[str, str]) -> None:
    entry = (await heard(contract)).state().timeline[-1]
    assert (entry.what, entry.what_zh) == words
    assert (entry.service, entry.by) == ("intake", "SECRETARY T-1")
    assert type(contract).type in HANDLED


@pytest.mark.parametrize("told", [COMPLETED, CORRECTED], ids=lambda told: type(told).__name__)
async def test_whom_the_grievance_belongs_to_follows_what_was_added_and_nobody_else_gains(told: Contract) -> None:
    before, after = (await heard()).state(), (await heard(told)).state()

    def sees(state: Any, ref: str) -> bool:
        return may_see(viewer(Role.RESIDENT, refs=frozenset({ref})), access_of(state))

    assert [sees(before, ref) for ref in (REF, "cd" * 32, "ee" * 32)] == [True, False, False]
    assert [sees(after, ref) for ref in (REF, "cd" * 32, "ee" * 32)] == [False, True, False]


@pytest.mark.parametrize("told", [COMPLETED, CORRECTED], ids=lambda told: type(told).__name__)
async def test_a_name_that_was_told_before_stays_known_until_the_petitioner_is_erased(told: Contract) -> None:
    marked = [told.model_copy(update={"nameMarks": marks}) for marks in (["3.a"], ["2.b"], ["3.a"])]
    assert (await heard(*marked)).state().name_marks == ["3.a", "2.b"]
    erased = PersonalDataErasedV1(at=AT, reason="REQUEST", petitionerRef="erased:g")
    assert (await heard(*marked, erased, *marked)).state().name_marks == []


@pytest.mark.row("S55")
async def test_a_reply_told_in_person_after_it_failed_opens_the_survey_once() -> None:
    made = desk()
    resolved = next(each for each in EXAMPLES if each.type == "routing.grievance.resolved.v1")
    await made.receive(event(registered(), 1))
    await made.receive(event(resolved, 1))
    id = made.state().reply.delivery_id
    failed = DeliveryAttemptedV1(deliveryId=id, channel="SMS", result="failed", at=AT, reason=None)
    in_person = DeliveryAttemptedV1(deliveryId=id, channel="VISIT", result="sent", at=AT, reason=None)
    # Told before the failure arrives here: the later number waits for its turn.
    for number, contract in ((3, in_person), (4, PetitionerToldV1(by=BY, at=AT, deliveryId=id)), (2, failed)):
        await made.receive(event(contract, number))
    state = made.state()
    assert (state.reply.delivery, state.survey.round) == ("SENT", 1)
    assert made.said().count("feedback.grievance.survey_opened.v1") == 1
    kinds = [entry.kind for entry in state.timeline]
    assert kinds.index("NOT_DELIVERED") < kinds.index("DELIVERED") < kinds.index("ASKED")
    assert kinds.count("TOLD_IN_PERSON") == 1
