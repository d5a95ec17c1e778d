"""Intake's audit trail, by the operator's own commands: all its kinds of documents are looked at."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.intake.service import Service
from services.intake.usecases.record_member import RecordMember, record_member
from shared.audit_export import check
from shared.identity.development import DevelopmentIssuer
from shared.identity.keys import public_jwks
from shared.verify_audit import Verification, chained
from tests.services.intake.test_archives import change, propose
from tests.services.intake.test_coverage import home, keep, visit
from tests.services.intake.test_desks import Desk
from tests.services.intake.viewers import CITY_ADMIN, SECRETARY, TEAM, VILLAGE
from tests.world import ROOT


async def archived(service: Service, issuer: DevelopmentIssuer) -> str:
    """A household and its archive, of one id, each with a chain."""
    id = f"trail-{uuid.uuid4()}"
    await keep(service, home(service, id, team=TEAM))
    row: dict[str, Any] = {"name": "孔某", "kinds": ["GRID_WORKER"], "rank": "SECTION", "unit": VILLAGE, "team": TEAM}
    command = RecordMember(request_id=f"secretary-{SECRETARY.sub}", id=SECRETARY.sub, **row)
    await record_member(service.fieldwork.record_members, CITY_ADMIN, command, "")
    await visit(service, id, f"v-{id}")
    async with httpx.AsyncClient() as http:
        desk = Desk(service, http, issuer)
        await propose(desk, id, f"p-{id}", change(desk, "farmland", "3.5", purpose="RELIEF"))
    await service.runtime.relay.drain()
    return id


async def told(service: Service, *command: str) -> subprocess.CompletedProcess[str]:
    settings = service.settings
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MINYI_")} | {
        "MINYI_ENV": "development",
        "MINYI_PREFIX": settings.prefix,
        "MINYI_MONGODB_URL": settings.mongodb_url,
        "MINYI_MONGODB_RETRY_WRITES": str(settings.mongodb_retry_writes),
        "MINYI_KEYS_DIR": str(settings.keys_dir),
    }
    whole = [sys.executable, "-m", *command]
    return await asyncio.to_thread(subprocess.run, whole, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)


async def test_every_collection_with_a_chain_is_looked_at(intake_service: Service, issuer: DevelopmentIssuer) -> None:
    await archived(intake_service, issuer)
    database = intake_service.runtime.database
    names = await database.list_collection_names()
    kept = {name for name in names if await database[name].find_one({"auditLength": {"$gt": 0}}) is not None}
    assert kept >= {"archives", "households"}
    assert kept <= set(chained(intake_service.runtime.relay.watched))


async def test_a_household_and_its_archive_have_one_id_and_two_whole_chains(intake_service: Service, issuer: DevelopmentIssuer) -> None:
    id = await archived(intake_service, issuer)
    database = intake_service.runtime.database
    assert {row["collection"] async for row in database["audit"].find({"subject": id})} == {"archives", "households"}
    names = chained(intake_service.runtime.relay.watched)
    verification = Verification(database, "intake", names, intake_service.reference_key)
    assert [found.line() async for found in verification.faults() if found.id == id] == []


@pytest.mark.timeout(180)
async def test_the_commands_verify_and_export(intake_service: Service, issuer: DevelopmentIssuer, tmp_path: Path) -> None:
    id = await archived(intake_service, issuer)
    audit = intake_service.runtime.database["audit"]
    done = await told(intake_service, "services.intake", "verify-audit", "--without-stream")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "完整无缺" in done.stdout
    # Never taken for compared when it is not.
    done = await told(intake_service, "services.intake", "verify-audit")
    assert done.returncode == 1
    assert "MINYI_RABBITMQ_URL" in done.stderr

    await audit.update_one({"_id": f"archives:{id}:1"}, {"$set": {"actor": "somebody-else"}})
    done = await told(intake_service, "services.intake", "verify-audit", "--without-stream")
    assert done.returncode == 1
    assert f"archives {id} entry 1: EDITED · 内容被改" in done.stdout.splitlines()
    assert "发现 1 处异常" in done.stdout
    await audit.delete_many({"subject": id})
    for name in ("archives", "households"):
        await intake_service.runtime.database[name].delete_one({"_id": id})

    file = tmp_path / "out.jsonl"
    command = ["services.intake", "export-audit", "--from", "2000-01-01", "--to", "2100-01-01", "--file", str(file)]
    done = await told(intake_service, *command)
    assert (done.returncode, done.stderr) == (0, "")
    assert check(file, public_jwks(intake_service.settings.keys_dir, "audit")).head["entries"] == await audit.count_documents({})
    done = await told(intake_service, *command)
    assert (done.returncode, "已存在" in done.stderr) == (1, True)
    done = await told(intake_service, "shared.audit_export", "check", str(file))
    assert (done.returncode, done.stderr) == (0, "")
