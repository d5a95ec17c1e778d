"""What becomes of one event that cannot simply be applied: no fault of message, code or stored document holds up the others."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from services.feedback.service import participant
from services.feedback.store.mongo import CODEC
from shared.contracts.intake import GrievanceRegisteredV1
from shared.contracts.routing import GrievanceAppraisedV1
from shared.envelope import Event
from shared.inbox import Handler, Receiver
from shared.record import Outcome
from shared.records import StoreTrouble
from shared.relay import PublishTrouble
from tests.services.builders import DRAW, ID, SURVEY_RULES, Desk, event
from tests.shared.contracts.examples import EXAMPLES

TRIES = 2
NOW = 1_700_000_000.0
BY_TYPE = {example.type: example for example in EXAMPLES}


@dataclass
class Queues:
    """Where messages went that were not done with."""

    retried: list[Event] = field(default_factory=list)
    parked: list[tuple[Event, str]] = field(default_factory=list)

    async def retry(self, event: Event, tries: int) -> None:
        self.retried.append(event)

    async def delay(self, event: Event) -> None:
        raise AssertionError("nothing is delayed here")

    async def park(self, event: Event, reason: str) -> None:
        self.parked.append((event, reason))


@dataclass
class Failing:
    """A receiver that fails in its own way, also when it is to mark."""

    error: Exception
    marking: Exception | None = None

    async def receive(self, event: Event, *, may_wait: bool) -> Outcome:
        raise self.error

    async def block(self, event: Event, reason: str) -> bool:
        if self.marking is not None:
            raise self.marking
        return True


async def no_pause(_seconds: float) -> None:
    return None


def handler(receiver: Receiver, queues: Queues) -> Handler:
    return Handler(receiver, queues, {}, tries=TRIES, pause=no_pause, now=lambda: NOW)


async def handled_to_the_end(at: Handler, queues: Queues, first: Event) -> list[str]:
    """As the retry queues bring it back, until it is done with."""
    outcomes = [await at.handle(first)]
    while outcomes[-1] == "retry":
        outcomes.append(await at.handle(queues.retried[-1]))
    return outcomes


REGISTERED = event(BY_TYPE[GrievanceRegisteredV1.type], 1)
APPRAISED = event(BY_TYPE[GrievanceAppraisedV1.type], 1)


@pytest.mark.parametrize("error", [ValueError("of the store's driver"), OverflowError(), KeyError("x"), AssertionError()])
@pytest.mark.parametrize("marking", [None, ValueError("again")])
async def test_a_defect_around_the_decision_is_retried_and_parked_and_holds_no_place(error: Exception, marking: Exception | None) -> None:
    queues = Queues()
    outcomes = await handled_to_the_end(handler(Failing(error, marking), queues), queues, REGISTERED)
    assert outcomes == ["retry"] * TRIES + ["parked"]
    ((parked, reason),) = queues.parked
    assert parked.id == REGISTERED.id
    assert reason == f"{type(error).__name__} while receiving {REGISTERED.type}"


@pytest.mark.parametrize("trouble", [StoreTrouble("x"), PublishTrouble("x")])
async def test_trouble_of_store_or_broker_burns_nothing(trouble: Exception) -> None:
    queues = Queues()
    with pytest.raises(type(trouble)):
        await handler(Failing(trouble), queues).handle(REGISTERED)
    assert (queues.retried, queues.parked) == ([], [])


async def unreadable() -> Desk:
    """A follow-up whose stored document this code cannot read, as after a release was taken back."""
    desk = Desk(participant(SURVEY_RULES, DRAW), CODEC)
    assert await desk.receive(REGISTERED) is Outcome.APPLIED
    desk.document()["timeline"] = "of another release"
    return desk


async def test_the_next_event_of_a_document_that_cannot_be_read_is_parked_and_marked_and_later_ones_wait() -> None:
    desk, queues = await unreadable(), Queues()
    before = dict(desk.document())
    assert (await handled_to_the_end(handler(desk.writer, queues), queues, APPRAISED))[-1] == "parked"
    assert queues.parked[0][1] == "ValidationError in the stored document"
    later = APPRAISED.again(id="routing-2", sequence=2)
    assert await handler(desk.writer, queues).handle(later) == "waiting"
    assert await handler(desk.writer, queues).handle(REGISTERED) == "repeat"
    document = desk.document()
    assert (document["blocked"]["source"], document["blocked"]["sequence"]) == ("routing", 1)
    assert [held["sequence"] for held in document["waiting"]] == [2]
    # Nothing of the document's own was written.
    protocol = {"blocked", "waiting", "version", "tags"}
    assert {name: value for name, value in document.items() if name not in protocol} == {
        name: value for name, value in before.items() if name not in protocol
    }
    # A code that reads it again goes on from there.
    document["timeline"] = []
    assert await handler(desk.writer, queues).handle(APPRAISED) == "applied"
    assert desk.document()["seen"]["routing"] == 2
    assert desk.document()["blocked"] is None


async def test_an_instruction_to_skip_is_followed_in_its_time_and_no_longer() -> None:
    for until, followed in ((0, True), (int(NOW) + 1, True), (int(NOW) - 1, False)):
        desk, queues = await unreadable(), Queues()
        outcome = await handler(desk.writer, queues).handle(APPRAISED.again(skip="dropped by an operator", skip_until=until))
        assert (outcome == "applied") == followed, outcome
        assert (desk.document(ID)["seen"].get("routing") == 1) == followed
