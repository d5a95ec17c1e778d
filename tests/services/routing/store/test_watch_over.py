"""Cases of before there were ledgers are watched over once they are migrated; what is provisional is found."""

from __future__ import annotations

from typing import Any

from services.routing.domain.case import Case
from services.routing.store.mongo import CODEC, Cases, migrate, watch_over
from shared.mongo import Database
from shared.record import stub
from shared.timers import TIMER
from tests.services.builders import AT
from tests.services.routing.builders import RECKONING, case_in, handled, limit, provisionally_due

DUE = limit(AT, 5).at


def kept(id: str, case: Case) -> dict[str, Any]:
    return {**stub(id), "version": 1, "registered": True, **CODEC.dump(case)}


def of_before(id: str, case: Case) -> dict[str, Any]:
    """As the version before kept it."""
    document = kept(id, case) | {"due_at": case.due_at, "due_provisional": case.due_provisional}
    for name in ("deadlines", "warnings", "urges", TIMER):
        document.pop(name, None)
    return document


async def test_a_case_of_before_gets_its_ledger_and_its_time_nodes_once(mongo: Database) -> None:
    await migrate(mongo)
    cases = Cases(mongo)
    await mongo["cases"].insert_many([of_before("open", handled()), of_before("closed", case_in("CLOSED"))])
    await watch_over(mongo, RECKONING)
    document = await cases.load("open")
    assert document is not None
    case: Case = CODEC.load(document)
    assert (case.due_at, [entry.kind for entry in case.deadlines.result.entries]) == (DUE, ["START"])
    assert case.deadlines.result.nodes == handled().deadlines.result.nodes
    assert document[TIMER] == case.deadlines.result.nodes[0].at
    closed = await cases.load("closed")
    assert closed is not None
    assert TIMER not in closed
    versions = [document["version"], closed["version"]]
    await watch_over(mongo, RECKONING)
    again = [await cases.load(id) for id in ("open", "closed")]
    assert [each["version"] for each in again if each] == versions


async def test_what_is_provisional_is_found(mongo: Database) -> None:
    await migrate(mongo)
    cases = Cases(mongo)
    await mongo["cases"].insert_many([kept("sure", handled()), kept("guessed", provisionally_due(handled()))])
    assert await cases.provisional() == ["guessed"]
