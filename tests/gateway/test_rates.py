"""How often somebody may ask, counted in memory and in the real store alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from limits.aio.storage import MemoryStorage, MongoDBStorage

from gateway.rates import Rates, TooOften, rates_of
from gateway.settings import GatewaySettings
from shared.settings import CommonSettings


@pytest.fixture(params=["memory", "mongodb"])
def gateway(request: pytest.FixtureRequest, settings: CommonSettings) -> GatewaySettings:
    common = settings.model_dump()
    rates = {"rate_per_viewer": "3/minute", "rate_per_address": "5/minute", "rate_of_fields": {"openByPin": "2/minute"}}
    return GatewaySettings(**common, **rates, rate_store=request.param)


@pytest.fixture
async def made(gateway: GatewaySettings) -> AsyncIterator[Callable[[], Rates]]:
    """Makes the rates of one more gateway process."""
    all_made: list[Rates] = []

    def make() -> Rates:
        all_made.append(rates_of(gateway))
        return all_made[-1]

    yield make
    for each in all_made:
        each.close()


async def refused(counting: Awaitable[None]) -> TooOften:
    with pytest.raises(TooOften) as over:
        await counting
    return over.value


async def test_each_viewer_and_each_address_has_a_rate_of_its_own(made: Callable[[], Rates]) -> None:
    rates = made()
    for _ in range(3):
        await rates.count_viewer("kong")
    over = await refused(rates.count_viewer("kong"))
    assert 1 <= over.seconds <= 60
    assert "at most 3 per 60 s" in over.en
    assert "每 60 秒最多 3 次" in over.zh
    await rates.count_viewer("wang")
    for _ in range(5):
        await rates.count_address("127.0.0.9")
    await refused(rates.count_address("127.0.0.9"))
    await rates.count_address("127.0.0.8")


async def test_a_root_field_is_limited_apart(made: Callable[[], Rates]) -> None:
    rates = made()
    for _ in range(2):
        await rates.count_fields(["openByPin", "me"], "127.0.0.9")
    assert "openByPin" in (await refused(rates.count_fields(["openByPin"], "127.0.0.9"))).en
    await rates.count_fields(["me"], "127.0.0.9")


async def test_gateways_count_together_in_the_store_and_apart_in_memory(gateway: GatewaySettings, made: Callable[[], Rates]) -> None:
    first, second = made(), made()
    for _ in range(3):
        await first.count_viewer("kong")
    if gateway.rate_store == "mongodb":
        await refused(second.count_viewer("kong"))
    else:
        await second.count_viewer("kong")


async def test_where_nothing_is_set_nothing_is_counted_but_openings_by_pin() -> None:
    rates = rates_of(GatewaySettings())
    for _ in range(50):
        await rates.count_viewer("kong")
        await rates.count_address("127.0.0.9")
    for _ in range(20):
        await rates.count_fields(["openByPin"], "127.0.0.9")
    await refused(rates.count_fields(["openByPin"], "127.0.0.9"))


async def test_a_store_that_does_not_answer_stops_nobody() -> None:
    storage = MongoDBStorage("async+mongodb://127.0.0.1:1/", wrap_exceptions=True, serverSelectionTimeoutMS=50)
    rates = Rates(storage, "1/minute", "1/minute", {})
    for _ in range(3):
        await rates.count_viewer("kong")
    rates.close()


def test_a_rate_that_cannot_be_read_ends_the_start() -> None:
    with pytest.raises(ValueError, match="couldn't parse"):
        Rates(MemoryStorage(), "many", "", {})
