"""What is checked before anything else at a start."""

from __future__ import annotations

from unittest.mock import AsyncMock

import pytest

from shared import runtime
from shared.identity.keys import KeyMissing
from shared.records import StoreTrouble
from shared.runtime import Runtime
from shared.settings import CommonSettings


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """It has no broker to wait for."""
    monkeypatch.setattr(runtime, "STORE_SECONDS", 0)
    made = Runtime("intake", CommonSettings())
    monkeypatch.setattr(made.broker, "start", AsyncMock())
    return made


async def test_a_start_waits_for_a_store_that_is_not_there_yet(started: Runtime) -> None:
    check = AsyncMock(side_effect=[StoreTrouble("down"), StoreTrouble("down"), None])
    started.first(check)
    await started.start()
    assert check.await_count == 3
    await started.stop()


async def test_a_start_fails_by_what_is_wrong_before_anything_is_sent_or_taken(started: Runtime) -> None:
    started.first(AsyncMock(side_effect=KeyMissing("master key")))
    with pytest.raises(KeyMissing):
        await started.start()
    assert not started._loops
    started.client.close()
