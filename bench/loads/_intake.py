"""Intake's own parts over a store, for the loads that ask it below its graph."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from deploy.local.parts import Parts
from services.intake.service import Service
from services.intake.settings import IntakeSettings
from shared.identity.keys import ensure_keys


@asynccontextmanager
async def intake_of(settings: IntakeSettings) -> AsyncIterator[Service]:
    service = Service(settings)
    try:
        yield service
    finally:
        await service.runtime.relay.drain()
        service.runtime.client.close()


@asynccontextmanager
async def fresh_intake(parts: Parts, directory: Path) -> AsyncIterator[Service]:
    """Migrated, with keys of its own in the directory."""
    ensure_keys(directory / "keys")
    settings = IntakeSettings(
        prefix="load",
        rabbitmq_url=parts.rabbitmq_url,
        mongodb_url=parts.mongodb_url,
        mongodb_retry_writes=parts.retry_writes,
        keys_dir=directory / "keys",
    )
    async with intake_of(settings) as service:
        await service.migrate()
        yield service
