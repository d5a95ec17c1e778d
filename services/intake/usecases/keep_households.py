"""Households of an imported file, a chunk at a time: what is new goes in one write of many, what has changed one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.intake.adapters.cipher import FieldCipher
from services.intake.domain.households import Household
from services.intake.domain.people import Member, Team
from services.intake.domain.sheets import Column
from services.intake.domain.territory import DivisionLevel, is_code
from services.intake.domain.texts import Line as OneLine
from services.intake.domain.transfers import Outcome, Transfer
from services.intake.store.households import Households
from services.intake.store.organisation import Members, Teams
from services.intake.store.places import Atlas
from services.intake.usecases.keep_rows import Kept, Line, RowFault, faults_of, require_inside, values_of
from services.intake.usecases.recording import IMPORT_ORIGIN, Recording
from shared import ids
from shared.audit import digest
from shared.identity.errors import Refusal
from shared.identity.scopes import holds
from shared.identity.viewer import Viewer
from shared.writer import RequestReused

SEALED = ("head", "phone", "address", "number", "place")


class HouseholdRow(BaseModel):
    """One row of the sheet. `place`: a code, or an address as people write it."""

    model_config = ConfigDict(frozen=True)

    place: OneLine = Field(max_length=200)
    number: OneLine = Field(max_length=40)
    head: OneLine | None = Field(None, max_length=50)
    phone: OneLine | None = Field(None, max_length=30)
    address: OneLine | None = Field(None, max_length=200)
    persons: int = Field(0, ge=0, le=99)
    team: str | None = Field(None, max_length=64)
    contract: str | None = Field(None, max_length=64)


@dataclass(frozen=True)
class Taken:
    line: Line
    row: HouseholdRow
    id: str
    place: str
    digest: str


@dataclass(frozen=True)
class KeepHouseholds:
    recording: Recording
    households: Households
    atlas: Atlas
    cipher: FieldCipher
    teams: Teams
    members: Members

    async def keep(self, job: Transfer, columns: Sequence[Column | None], lines: Sequence[Line]) -> list[Kept]:
        await self.atlas.current()
        viewer = job.asker.viewer()
        kept: dict[int, Kept] = {}
        taken: dict[str, Taken] = {}
        read: list[Taken] = []
        for line in lines:
            try:
                read.append(self._read(job, viewer, columns, line))
            except (RowFault, Refusal, ValidationError) as fault:
                kept[line.number] = "refused", faults_of(job.kind, line, fault)
        teams = await self.teams.find_many(each.row.team for each in read if each.row.team)
        members = await self.members.find_many(each.row.contract for each in read if each.row.contract)
        for each in read:
            line = each.line
            try:
                _require_team(each, teams)
                _require_contract(each, members)
                if each.id in taken:
                    raise RowFault("number", "TWICE", "The same household stands twice in the file.", "同一户在文件中重复。")
                taken[each.id] = each
            except (RowFault, Refusal, ValidationError) as fault:
                kept[line.number] = "refused", faults_of(job.kind, line, fault)
        for number, outcome in (await self._write(job, viewer, taken)).items():
            kept[number] = outcome
        return [kept[line.number] for line in lines]

    def _read(self, job: Transfer, viewer: Viewer, columns: Sequence[Column | None], line: Line) -> Taken:
        row = HouseholdRow.model_validate(values_of(job.kind, columns, line))
        place = row.place if is_code(row.place) else self.atlas.gazetteer.locate(row.place).code
        known = self.atlas.territory.find(place) if place else None
        if known is None:
            raise RowFault("place", "PLACE_UNKNOWN", "No place of ours is named.", "无法确定所在区划。")
        if self.atlas.territory.ancestor(known.code, DivisionLevel.VILLAGE) is None:
            raise RowFault("place", "PLACE_TOO_WIDE", "Name the village or community at least.", "请至少写到村（社区）。")
        viewer.require_cover(known.code)
        require_inside(job, known.code, "place")
        # By village and number, keyed: where a compound is recorded later the same row is still the same household, and nobody who has
        # the document can try numbers out.
        id = ids.document_id("household", digest(self.recording.reference_key, [known.code[:12], row.number]))
        return Taken(line, row, id, known.code, digest(self.recording.reference_key, [known.code, row.model_dump()]))

    async def _write(self, job: Transfer, viewer: Viewer, taken: dict[str, Taken]) -> dict[int, Kept]:
        if not taken:
            return {}
        # Most are new: they are written first, and only those that were there already are looked at.
        met = await self.households.add_many((self._sealed(each, None), self._request(job, each)) for each in taken.values())
        there = await self.households.digests(sorted(met)) if met else {}
        kept: dict[int, Kept] = {each.line.number: ("added", []) for each in taken.values() if each.id not in met}
        for id, each in taken.items():
            if each.line.number in kept:
                continue
            request = f"{job.id}:{each.line.number}"
            earlier = next((held for held in there.get(id, {}).get("requests", ()) if held["id"] == request), None)
            if earlier is not None:
                kept[each.line.number] = cast(Outcome, earlier["result"]["kept"]), []
            elif id in there and there[id]["digest"] == each.digest:
                kept[each.line.number] = "unchanged", []
            else:
                kept[each.line.number] = await self._change(job, viewer, each, request)
        return kept

    async def _change(self, job: Transfer, viewer: Viewer, each: Taken, request: str) -> Kept:
        def decide(held: Household | None) -> Household:
            return held if held is not None and held.digest == each.digest else self._sealed(each, held)

        try:
            payload = each.row.model_dump()
            return await self.recording.keep(viewer, request, "ImportHousehold", each.id, payload, f"{IMPORT_ORIGIN}{job.id}", decide), []
        except RequestReused as fault:
            return "refused", faults_of(job.kind, each.line, fault)

    def _request(self, job: Transfer, each: Taken) -> dict[str, Any]:
        """As the writer would remember it: doing the chunk again finds what was done."""
        payload = digest(self.recording.reference_key, ["ImportHousehold", each.row.model_dump()])
        return {"id": f"{job.id}:{each.line.number}", "digest": payload, "result": {"id": each.id, "kept": "added"}}

    def _sealed(self, each: Taken, held: Household | None) -> Household:
        person = held.person if held else ids.document_id("household person", each.id)
        if held is None:
            key, wrapped = self.cipher.new_person_key(person)
        else:
            key, wrapped = self.cipher.unwrap(person, held.key), held.key
        row = each.row.model_dump() | {"place": each.place}
        row |= {field: key.encrypt(field, row[field]) for field in SEALED if row[field]}
        visits = held.visits if held else []
        where = {"id": each.id, "village": each.place[:12]}
        return Household(**row, **where, person=person, key=wrapped, digest=each.digest, visits=visits)


def _require_team(each: Taken, teams: Mapping[str, Team]) -> None:
    """A household is with a team of its own place. Raises RowFault."""
    if each.row.team is None:
        return
    team = teams.get(each.row.team)
    if team is None:
        raise RowFault("team", "TEAM_UNKNOWN", "There is no such team; record the team first.", "没有这个团队，请先录入团队。")
    if not any(holds(place, each.place) for place in team.places):
        raise RowFault("team", "TEAM_ELSEWHERE", "That team is of another place.", "该团队不在这一户所在的地方。")


def _require_contract(each: Taken, members: Mapping[str, Member]) -> None:
    """Whoever answers for it is recorded, and of its team where it has one. Raises RowFault."""
    if each.row.contract is None:
        return
    member = members.get(each.row.contract)
    if member is None:
        raise RowFault("contract", "MEMBER_UNKNOWN", "There is no such member; record the member first.", "没有这个成员，请先录入成员。")
    if each.row.team is not None and member.team != each.row.team:
        raise RowFault("contract", "MEMBER_ELSEWHERE", "That member is of another team.", "该成员属于其他团队。")
