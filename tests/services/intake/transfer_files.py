"""Files that are imported and exported, and the job that takes them, for the tests of transfers."""

import csv
import hashlib
import io
import uuid
from pathlib import Path
from typing import Any

from services.intake.domain.sheets import header
from services.intake.domain.transfers import CSV, Kind, Transfer
from services.intake.domain.uploads import IMPORT, UploadLimits, UploadTicket, new_ticket
from services.intake.service import Service
from services.intake.usecases.record_member import RecordMember, record_member
from services.intake.usecases.record_team import RecordTeam, record_team
from services.intake.usecases.run_transfer import RunTransfers
from services.intake.usecases.start_transfer import StartImport, start_import
from shared.identity.viewer import Viewer
from tests.services.intake.viewers import CITY_ADMIN, COUNTY_ADMIN, VILLAGE

COUNTY, TOWN = "370881000000", "370881001000"


def sheet(kind: Kind, rows: list[list[str]], encoding: str = "utf-8-sig") -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([header(kind), *rows])
    return out.getvalue().encode(encoding)


def people(tag: str, count: int) -> list[list[str]]:
    return [
        [f"{tag}-{n}", f"孔{chr(0x4E00 + n)}", f"1380000{n:04}", "", "网格员、楼栋长", "科级", "党代表", TOWN, VILLAGE, "", "双报到"]
        for n in range(count)
    ]


def homes(tag: str, count: int) -> list[list[str]]:
    return [[f"{VILLAGE}-01", f"{tag}{n}", "孔凡莹", "13800000001", "3号楼2单元501", "3", "T-H", ""] for n in range(count)]


async def found_team(service: Service) -> None:
    """The team that the households of these files are with."""
    parts = service.fieldwork
    leader: dict[str, Any] = {"name": "孔某", "kinds": ["AGENCY_OFFICIAL"], "rank": "SECTION", "unit": COUNTY}
    await record_member(parts.record_members, CITY_ADMIN, RecordMember(request_id="T-H", id="lead-h", **leader), "")
    made = RecordTeam(request_id="T-H", code="T-H", name="一组", division=COUNTY, leader="lead-h", contact_units=[VILLAGE])
    await record_team(parts.record_teams, CITY_ADMIN, made, "")


async def begin(service: Service, kind: Kind, content: bytes, tmp_path: Path, viewer: Viewer = COUNTY_ADMIN, type_: str = CSV) -> str:
    """Upload and start; the job's id."""
    sha256, id = hashlib.sha256(content).hexdigest(), str(uuid.uuid4())
    path = tmp_path / id
    path.write_bytes(content)
    now = service.runtime.world.real_now()
    ticket = new_ticket(
        id=id,
        uploader=viewer.sub,
        grievance=None,
        name="a.csv",
        content_type=type_,
        size=len(content),
        sha256=sha256,
        purpose=IMPORT,
        now=now,
        limits=UploadLimits(),
    )
    assert isinstance(ticket, UploadTicket)
    await service.uploads.open(ticket)
    await service.files.put(path, sha256, type_, f"{id}/1", now)
    assert await service.uploads.stored(id, now)
    command = StartImport(request_id=id, kind=kind, attachment_id=id, division=COUNTY)
    return await start_import(service.fieldwork.start_transfers, viewer, command, "")


async def done(service: Service, id: str, run: RunTransfers | None = None) -> Transfer:
    await (run or service.fieldwork.run_transfers).round()
    job = await service.fieldwork.transfers.find(id)
    assert job is not None
    return job


async def content_of(service: Service, sha256: str | None) -> bytes:
    content = await service.files.find(sha256 or "")
    assert content is not None
    return b"".join([piece async for piece in service.files.read(content)])


def counts(job: Transfer) -> tuple[int, int, int, int]:
    return job.added, job.changed, job.unchanged, job.refused
