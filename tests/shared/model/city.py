"""Three stand-in services on the simulated parts, each with two processes that take commands, consume, relay and sweep.

alpha opens a grievance and notes more; beta begins work on what was opened, and hears what gamma asks; gamma asks about what beta
began. So every service consumes both others, and causes cross: beta's second event comes after gamma's first, which comes after
beta's first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

from shared.contracts.base import Contract
from shared.envelope import Event
from shared.inbox import Handler
from shared.record import Document, Participant, from_waiting
from shared.records import StoreTrouble
from shared.relay import PublishTrouble, Relay
from shared.tags import TAGS, UNSENT
from shared.writer import Decision, NoSuchRecord, Request, Writer, event_of
from tests.shared.model.parts import Broker, BrokerSeen, MemoryRecords, Message, Queue, Tables
from tests.shared.model.world import Action, Process, World

SERVICES = ("alpha", "beta", "gamma")
GRIEVANCE = "g"
TRIES = 2


class Opened(Contract):
    type: ClassVar[str] = "alpha.grievance.opened.v1"


class Noted(Contract):
    type: ClassVar[str] = "alpha.grievance.noted.v1"
    poison: bool = False


class Begun(Contract):
    type: ClassVar[str] = "beta.grievance.begun.v1"


class Heard(Contract):
    type: ClassVar[str] = "beta.grievance.heard.v1"


class Asked(Contract):
    type: ClassVar[str] = "gamma.grievance.asked.v1"


REACTIONS: dict[tuple[str, str], Callable[[], Contract]] = {
    ("beta", Opened.type): Begun,
    ("gamma", Begun.type): Asked,
    ("beta", Asked.type): Heard,
}
HANDLED = {
    "alpha": frozenset({Begun.type, Heard.type, Asked.type}),
    "beta": frozenset({Opened.type, Noted.type, Asked.type}),
    "gamma": frozenset({Opened.type, Noted.type, Begun.type, Heard.type}),
}


class Plain:
    """The stand-ins' aggregate is a dict: `applied`, what was applied in order; `effects`, what commands did."""

    def load(self, document: Document) -> Any:
        return {"applied": list(document["applied"]), "effects": list(document["effects"])}

    def dump(self, state: Any) -> Document:
        return dict(state)


@dataclass
class Parts:
    """What is real in one process."""

    writer: Writer
    handler: Handler
    relay: Relay
    records: MemoryRecords


@dataclass
class Wish:
    """One request of a client, who sends it until it has an answer, and sometimes once more."""

    id: str
    service: str
    contract: Contract
    opens: bool = False
    in_hand: list[Process] = field(default_factory=list)
    """Who is at work on it, once per sending."""
    answers: list[Document] = field(default_factory=list)


@dataclass
class Variant:
    """The real thing; tests replace one part by one that breaks a rule."""

    participant: type[Participant] = Participant
    writer: type[Writer] = Writer
    records: type[MemoryRecords] = MemoryRecords
    sweeps: bool = True
    ack_first: bool = False


@dataclass
class Scenario:
    """What is to happen: `poison` makes beta fail at the first note until it is healed, by replay or by drop."""

    notes: int = 1
    poison: bool = False
    drop: bool = False


class City:
    """The whole: actions to choose from, and what has come of it."""

    def __init__(self, world: World, scenario: Scenario, variant: Variant) -> None:
        self.world = world
        self.scenario = scenario
        self.variant = variant
        self.tables = {service: Tables() for service in SERVICES}
        self.broker = Broker({service: Queue() for service in SERVICES})
        self.poisoned = scenario.poison
        self.dropped: set[str] = set()
        self.wishes = [Wish("open", "alpha", Opened(), opens=True)]
        self.wishes += [Wish(f"note-{n}", "alpha", Noted(poison=scenario.poison and n == 0)) for n in range(scenario.notes)]
        self.processes = [self._process(service, number) for service in SERVICES for number in (1, 2)]

    # --- what can happen ---

    def quiet(self) -> list[Action]:
        """In a fixed order: the first is what happens on a quiet day."""
        found = self.world.going()
        for service, queue in self.broker.queues.items():
            for place, message in enumerate(queue.ready[:3]):
                for process in self._of(service):
                    found.append(self._act(f"{process.name} takes {_named(message)} at {place}", self._deliver, process, queue, message))
        for wish in self.wishes:
            if not wish.answers and not wish.in_hand:
                found += [self._act(f"{wish.id} to {process.name}", self._send, process, wish) for process in self._of(wish.service)]
        return found

    def faults(self) -> list[Action]:
        """What the budget still has, in a fixed order. Much of a search asks for none."""
        budget = self.world.budget
        found = self.world.failing()
        for service, queue in self.broker.queues.items():
            if budget.copy:
                for message in queue.ready[:3]:
                    found.append(self._act(f"{service} gets a copy of {_named(message)}", self._copy, queue, message, fault="copy"))
        for wish in self.wishes:
            if budget.again and (wish.answers or wish.in_hand):
                for process in self._of(wish.service):
                    found.append(self._act(f"{wish.id} again to {process.name}", self._send, process, wish, fault="again"))
        for process in self.processes:
            if budget.crash:
                found.append(self._act(f"{process.name} crashes", self._crash, process, fault="crash"))
            if budget.reconnect:
                found.append(self._act(f"{process.name} loses its connection", self._reconnect, process, fault="reconnect"))
            if budget.sweep and self.variant.sweeps:
                found.append(self._act(f"{process.name} sweeps", self._sweep, process, fault="sweep"))
        return found

    def sweep_all(self) -> bool:
        """What the sweepers do in time: whether any outbox had something in it."""
        if not self.variant.sweeps or not any(UNSENT in d[TAGS] for tables in self.tables.values() for d in tables.documents.values()):
            return False
        for process in self.processes:
            self._sweep(process)
        self.world.settle()
        return True

    def heal(self) -> bool:
        """The operators' turn: mend the consumer and send again what is parked or held up, or have it skipped. Whether there was any."""
        self.poisoned = self.poisoned and self.scenario.drop
        moved = False
        for service, queue in self.broker.queues.items():
            letters = [event for event, _ in queue.dead]
            queue.dead.clear()
            for document in self.tables[service].documents.values():
                blocked = document.get("blocked")
                letters += [
                    from_waiting(held, document["_id"])
                    for held in document["waiting"]
                    if blocked and (held["source"], held["sequence"]) == (blocked["source"], blocked["sequence"])
                ]
            for event in letters:
                skip = "dropped" if self.scenario.drop else ""
                if skip:
                    self.dropped.add(event.id)
                queue.ready.append(Message(event.again(attempt=0, skip=skip)))
                moved = True
        return moved

    def republish(self) -> None:
        """Every event that was ever sent, to everybody, once more."""
        for tables in self.tables.values():
            for row in tables.events.values():
                self.broker.fan_out(event_of(row))

    # --- how it happens ---

    def _process(self, service: str, number: int) -> Process:
        process = Process(service, f"{service}-{number}")
        world, variant = self.world, self.variant
        records = variant.records(world, process, self.tables[service])
        seen = BrokerSeen(world, process, self.broker)
        relay = Relay(service, seen, world.real_now, timedelta(0))
        participant = variant.participant(
            service, lambda state, event: self._apply(service, state, event), HANDLED[service], frozenset({"alpha.grievance.opened"})
        )
        writer = variant.writer(records, participant, Plain(), world, relay.watch(records), b"key")

        async def pause(_seconds: float) -> None:
            await world.point(process, "looks again")

        process.parts = Parts(writer, Handler(writer, seen, {}, tries=TRIES, pause=pause, look_again=(0.01,)), relay, records)
        return process

    def _apply(self, service: str, state: Any, event: Event) -> tuple[Any, list[Contract]]:
        if self.poisoned and service == "beta" and event.type == Noted.type and event.data()["poison"]:
            raise ValueError("poison")
        state = state or {"applied": [], "effects": []}
        state["applied"].append([event.source, event.sequence, event.id, dict(event.after)])
        reaction = REACTIONS.get((service, event.type))
        return state, [reaction()] if reaction else []

    def _act(self, name: str, do: Callable[..., None], *arguments: Any, fault: str = "") -> Action:
        return Action(name, lambda: do(*arguments), fault)

    def _of(self, service: str) -> list[Process]:
        return [process for process in self.processes if process.service == service]

    def _deliver(self, process: Process, queue: Queue, message: Message) -> None:
        queue.ready.remove(message)
        queue.unacked[message] = process
        self.world.start(self._work(process, queue, message))

    async def _work(self, process: Process, queue: Queue, message: Message) -> None:
        """As Inbox._work: hold in trouble, acknowledge only when done. An acknowledgement over a lost connection does nothing."""
        if self.variant.ack_first:
            queue.unacked.pop(message, None)
        while True:
            try:
                await process.parts.handler.handle(message.event)
                break
            except (StoreTrouble, PublishTrouble):
                await self.world.point(process, "backs off")
        await self.world.point(process, "acknowledges")
        if queue.unacked.get(message) is process:
            del queue.unacked[message]

    def _copy(self, queue: Queue, message: Message) -> None:
        queue.ready.append(Message(message.event))

    def _send(self, process: Process, wish: Wish) -> None:
        self.world.start(self._ask(process, wish))

    async def _ask(self, process: Process, wish: Wish) -> None:
        wish.in_hand.append(process)
        request = Request(wish.id, "digest", "somebody", "SECRETARY", "act", "test")

        def decide(state: Any) -> Decision:
            state = state or {"applied": [], "effects": []}
            effects = [*state["effects"], wish.id]
            return Decision({**state, "effects": effects}, [wish.contract], {"effect": len(effects)})

        try:
            if wish.opens:
                answer, _ = await process.parts.writer.create(GRIEVANCE, request, lambda: decide(None))
            else:
                answer = await process.parts.writer.command(GRIEVANCE, request, decide)
            wish.answers.append(answer)
        except (StoreTrouble, NoSuchRecord):
            await self.world.point(process, f"tells the client of {wish.id} to try again")
        finally:
            if process.alive:
                wish.in_hand.remove(process)

    def _sweep(self, process: Process) -> None:
        async def sweep() -> None:
            try:
                await process.parts.relay.sweep()
            except StoreTrouble:
                return

        self.world.start(sweep())

    def _crash(self, process: Process) -> None:
        self.world.crash(process)
        for wish in self.wishes:
            # Whoever waited for this process hears nothing and asks again.
            wish.in_hand = [at_work for at_work in wish.in_hand if at_work is not process]
        self.broker.queues[process.service].give_back(process)
        self.processes[self.processes.index(process)] = self._process(process.service, int(process.name[-1]))

    def _reconnect(self, process: Process) -> None:
        self.broker.queues[process.service].give_back(process)


def _named(message: Message) -> str:
    event = message.event
    return f"{event.source}{event.sequence}"
