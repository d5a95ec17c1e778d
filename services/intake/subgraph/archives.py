"""Archives of households and enterprises in the graph: what is past its retention is not there."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import strawberry

from services.intake.domain.archives import STALE
from services.intake.store.registry import any_of
from services.intake.subgraph.access_log import Purpose
from services.intake.subgraph.archive_inputs import ArchiveKind, DecideArchiveChangeInput, ProposeArchiveChangeInput
from services.intake.subgraph.archive_types import TABLE, Archive, ArchiveField
from services.intake.subgraph.context import IntakeContext
from services.intake.subgraph.organisation_fields import prefix_of
from services.intake.subgraph.types import REQUEST, Ctx, PageInfo, find_division
from services.intake.usecases.archiving import READING_OFFICES, may_read
from services.intake.usecases.decide_archive_change import decide_archive_change
from services.intake.usecases.propose_archive_change import propose_archive_change
from services.intake.usecases.reveal_archive import RevealArchive, reveal_archive
from shared import ids
from shared.identity.errors import Forbidden
from shared.subgraph import RefusedFields, page_size, refused_as


@strawberry.type(description="列表中的一份档案 · one archive of a list")
class ArchiveEdge:
    cursor: str = strawberry.field(description="游标 · cursor of this item")
    node: Archive = strawberry.field(description="档案 · the archive")


@strawberry.type(description="档案列表 · archives")
class ArchiveConnection:
    edges: list[ArchiveEdge] = strawberry.field(description="本页 · the items of this page")
    page_info: PageInfo = strawberry.field(description="分页 · whether more follow")


@strawberry.type(description="已提出，待他人确认 · proposed; somebody else decides")
class ArchiveChangeProposed:
    archive: Archive = strawberry.field(description="档案 · the archive with this proposal")
    proposal_id: strawberry.ID = strawberry.field(description="变更标识 · id of the proposal")


@strawberry.type(description="已处理 · decided")
class ArchiveChangeDecided:
    archive: Archive = strawberry.field(description="档案 · the archive after it")


@strawberry.type(description="未提出 · refused; nothing was stored")
class ArchiveProposalRefused(RefusedFields): ...


@strawberry.type(description="未处理 · refused; nothing was stored")
class ArchiveDecisionRefused(RefusedFields):
    current: str | None = strawberry.field(default=None, description="STALE 时：现值，脱敏 · when stale: what is there now, masked")
    proposed: str | None = strawberry.field(default=None, description="STALE 时：拟改值，脱敏 · when stale: what was proposed, masked")


@strawberry.type(description="已揭示 · in clear, for some minutes; the same request shows it again until then")
class ArchiveRevealed:
    archive: Archive = strawberry.field(description="档案，内容为明文 · the archive, its values in clear")
    until: datetime = strawberry.field(description="时限 · until when the same request shows it again")


@strawberry.type(description="未揭示 · not revealed")
class ArchiveRevealRefused(RefusedFields): ...


@strawberry.input(description="查看档案原文 · to read an archive in clear")
class RevealArchiveInput:
    request_id: strawberry.ID = strawberry.field(description=REQUEST)
    archive_id: strawberry.ID = strawberry.field(description="档案 · which archive")
    purpose: Purpose = strawberry.field(description="目的 · purpose")
    reason: str = strawberry.field(description="理由 · why")


RevealArchiveResult = Annotated[
    ArchiveRevealed | ArchiveRevealRefused,
    strawberry.union("RevealArchiveResult", description="揭示结果 · revealed, or why not"),
]
ProposeArchiveChangeResult = Annotated[
    ArchiveChangeProposed | ArchiveProposalRefused,
    strawberry.union("ProposeArchiveChangeResult", description="提出结果 · proposed, or why not"),
]
DecideArchiveChangeResult = Annotated[
    ArchiveChangeDecided | ArchiveDecisionRefused,
    strawberry.union("DecideArchiveChangeResult", description="处理结果 · decided, or why not"),
]


async def archives_of(context: IntakeContext, ids: list[str], *, in_clear: bool = False) -> dict[str, Archive]:
    """Those that are there and that the viewer may read, as they are today: id → archive. Two reads, however many they are. `in_clear`:
    for a look that was recorded."""
    parts = context.intake.fieldwork
    found = await parts.archives.find_many(ids)
    homes = await parts.households.find_many(id for id, held in found.items() if held.kind == "HOUSEHOLD")
    today, readable = parts.today(), {}
    for id, held in found.items():
        team = homes[id].team if id in homes else held.team
        if may_read(context.viewer, team, held.village):
            readable[id] = Archive(
                id=strawberry.ID(id),
                kind=ArchiveKind(held.kind),
                village=find_division(context, held.village),
                team=team,
                held=held.on(today),
                key=parts.cipher.unwrap(held.person, held.key),
                in_clear=in_clear,
            )
    return readable


async def archives_page(
    context: IntakeContext, village: str | None, team: str | None, proposed: bool, first: int, after: str | None
) -> ArchiveConnection:
    """By village for an office whose territory holds it, else by team; in the order of the ids. Raises Refusal, Forbidden."""
    parts, viewer, size = context.intake.fieldwork, context.viewer, page_size(first)
    rows: list[dict[str, Any]]
    if village is not None and team is None and viewer.has(*READING_OFFICES):
        prefix_of(context, village, "village")
        rows = await parts.archives.listed({"proposed_village" if proposed else "village": village})
    else:
        asked = team or viewer.team
        if asked is None:
            raise Forbidden("NO_TEAM", "您不属于任何团队，请指定村（社区）。", "You are in no team; name a village.", "village")
        homes = [row["_id"] for row in await parts.households.listed({"team": asked})]
        rows = await parts.archives.listed({"team": asked})
        rows += await parts.archives.listed({"_id": any_of(homes)}) if homes else []
        rows = [row for row in rows if may_read(viewer, asked, row["village"]) and village in (None, row["village"])]
        rows = [row for row in rows if row["proposed_village"]] if proposed else rows
    behind = sorted(row["_id"] for row in rows if after is None or row["_id"] > after)
    readable = await archives_of(context, behind[:size])
    edges = [ArchiveEdge(cursor=id, node=readable[id]) for id in behind[:size] if id in readable]
    return ArchiveConnection(
        edges=edges, page_info=PageInfo(has_next_page=len(behind) > size, end_cursor=edges[-1].cursor if edges else None)
    )


async def _compare(context: IntakeContext, input: DecideArchiveChangeInput, refused: ArchiveDecisionRefused) -> None:
    """Show both values of the change that the refusal names, to who may read them."""
    archive = (await archives_of(context, [str(input.archive_id)])).get(str(input.archive_id))
    proposal = archive.held.proposal(str(input.proposal_id)) if archive else None
    if archive is not None and proposal is not None:
        change = archive.change(proposal.changes[int((refused.field or "").partition(".")[2])], open=True)
        refused.current, refused.proposed = change.current, change.value


@strawberry.type
class ArchiveQuery:
    @strawberry.field(description="档案可填的字段 · which fields archives may hold, and under which conditions")
    def archive_fields(self) -> list[ArchiveField]:
        return TABLE

    @strawberry.field(description="一份档案 · one archive; null where there is none to see")
    async def archive(self, info: Ctx, id: strawberry.ID) -> Archive | None:
        return (await archives_of(info.context, [str(id)])).get(str(id))

    @strawberry.field(
        description="本团队或一个村（社区）的档案；proposed 只列有待确认变更的 · archives of a team, the own one when left out, or of a "
        "village; proposed: with changes to be decided"
    )
    async def archives(
        self,
        info: Ctx,
        village: str | None = None,
        team: str | None = None,
        proposed: bool = False,
        first: int = 20,
        after: str | None = None,
    ) -> ArchiveConnection | None:
        return await archives_page(info.context, village, team, proposed, first, after)


@strawberry.type
class ArchiveMutation:
    @strawberry.mutation(description="提出档案变更，由他人确认 · propose changes of an archive; somebody else decides")
    async def propose_archive_change(self, info: Ctx, input: ProposeArchiveChangeInput) -> ProposeArchiveChangeResult:
        context = info.context

        async def work() -> ArchiveChangeProposed:
            command = input.command()
            id = await propose_archive_change(context.intake.fieldwork.archiving, context.viewer, command, context.origin)
            proposal = strawberry.ID(ids.document_id(context.viewer.sub, command.request_id))
            return ArchiveChangeProposed(archive=(await archives_of(context, [id]))[id], proposal_id=proposal)

        return await refused_as(ArchiveProposalRefused, work)

    @strawberry.mutation(description="确认或退回档案变更 · confirm or refuse a change that somebody else proposed")
    async def decide_archive_change(self, info: Ctx, input: DecideArchiveChangeInput) -> DecideArchiveChangeResult:
        context = info.context

        async def work() -> ArchiveChangeDecided:
            id = await decide_archive_change(context.intake.fieldwork.archiving, context.viewer, input.command(), context.origin)
            return ArchiveChangeDecided(archive=(await archives_of(context, [id]))[id])

        decided = await refused_as(ArchiveDecisionRefused, work)
        if isinstance(decided, ArchiveDecisionRefused) and decided.code == STALE:
            await _compare(context, input, decided)
        return decided

    @strawberry.mutation(description="查看档案原文 · read an archive in clear, for a purpose; it is recorded")
    async def reveal_archive(self, info: Ctx, input: RevealArchiveInput) -> RevealArchiveResult:
        context = info.context

        async def work() -> ArchiveRevealed:
            id = str(input.archive_id)
            command = RevealArchive(request_id=str(input.request_id), archive_id=id, purpose=input.purpose.value, reason=input.reason)
            until = await reveal_archive(context.intake.fieldwork.archiving, context.viewer, command, context.origin)
            return ArchiveRevealed(archive=(await archives_of(context, [id], in_clear=True))[id], until=until)

        return await refused_as(ArchiveRevealRefused, work)
