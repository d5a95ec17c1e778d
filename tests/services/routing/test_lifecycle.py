"""The life cycle as data: every state, every action; and the graph says the same states."""

from __future__ import annotations

import pytest

from services.routing.domain.lifecycle import MOVES, STATUS_NAMES, STATUSES, IllegalMove, Move, actions_from, next_status
from services.routing.subgraph.types import GrievanceStatus
from shared.contracts.routing import Status


def test_the_graph_and_the_table_have_the_same_states() -> None:
    assert [status.value for status in GrievanceStatus] == list(STATUSES) == list(STATUS_NAMES)


@pytest.mark.row("S47")
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.action)
def test_every_state_and_action(status: Status, move: Move) -> None:
    if status in move.origins:
        assert next_status(status, move.action) == move.target
        return
    with pytest.raises(IllegalMove) as refused:
        next_status(status, move.action)
    for legal in actions_from(status):
        assert next(each.zh for each in MOVES if each.action == legal) in refused.value.zh
