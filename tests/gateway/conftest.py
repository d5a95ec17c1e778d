"""A gateway process over real HTTP, started once for a module; its subgraphs behave well again before each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.gateway.front import Front, front_before
from tests.gateway.stand_in import Subgraphs, three_subgraphs


@pytest.fixture(scope="module")
async def stand_ins() -> AsyncIterator[Subgraphs]:
    async with three_subgraphs() as started:
        yield started


@pytest.fixture
def subgraphs(stand_ins: Subgraphs) -> Subgraphs:
    stand_ins.forget()
    return stand_ins


@pytest.fixture(scope="module")
async def front(stand_ins: Subgraphs, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Front]:
    async with front_before(stand_ins, tmp_path_factory.mktemp("gateway")) as started:
        yield started
