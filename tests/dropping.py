"""Dropping what a test has filled. Beside a busy neighbour the store of development takes its time for it (more than 30 s was seen): a
client of the product gives up before, and a fixture that does so leaves its clients open."""

from __future__ import annotations

import asyncio

from pymongo import MongoClient

from shared.settings import CommonSettings


async def drop(settings: CommonSettings, *databases: str) -> None:
    """For as long as it takes: the test's own limit ends it."""

    def dropped() -> None:
        with MongoClient[dict[str, object]](settings.mongodb_url, retryWrites=settings.mongodb_retry_writes) as client:
            for name in databases:
                client.drop_database(name)

    await asyncio.to_thread(dropped)
