"""Reading a petitioner's data in clear, in the graph: ask with a purpose, a second person's word where it is needed, look-up by phone."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from services.intake.domain import reveals
from services.intake.domain.reveals import Reveal as Held
from services.intake.subgraph.access_log import Purpose
from services.intake.subgraph.types import REQUEST, Ctx, Grievance, Owner, PageInfo
from services.intake.usecases.decide_reveal import DecideReveal, decide_reveal
from services.intake.usecases.look_up_by_phone import LookUpByPhone, look_up_by_phone
from services.intake.usecases.personal_access import InClear
from services.intake.usecases.reveal_petitioner import RevealPetitioner, reveal_petitioner
from shared.contracts.base import instant
from shared.subgraph import RefusedFields, page_size, refused_as


@strawberry.enum(description="查看申请的状态：待审批、已批准、未批准、可查看 · how a reveal stands")
class RevealState(Enum):
    PENDING = "PENDING"
    GRANTED = "GRANTED"
    REFUSED = "REFUSED"
    OPEN = "OPEN"


@strawberry.type(description="查看申请 · who asked to read a petitioner's data, for what, and what the second person said")
class Reveal:
    id: strawberry.ID = strawberry.field(description="申请标识 · id")
    state: RevealState = strawberry.field(description="状态 · how it stands")
    by: Owner = strawberry.field(description="申请人 · who asked")
    purpose: Purpose = strawberry.field(description="目的 · purpose")
    reason: str = strawberry.field(description="理由，个人信息已隐去 · why, redacted")
    at: datetime = strawberry.field(description="申请时间 · when it was asked")
    until: datetime | None = strawberry.field(description="时限；待审批时为空 · until when it can be opened or read; null while it waits")
    decided_by: Owner | None = strawberry.field(description="审批人 · who decided")
    decided_at: datetime | None = strawberry.field(description="审批时间 · when it was decided")

    @classmethod
    def of(cls, held: Held) -> Reveal:
        return cls(
            id=strawberry.ID(held.id),
            state=RevealState(held.state),
            by=Owner.of(held.by),
            purpose=Purpose(held.purpose),
            reason=held.reason,
            at=held.at,
            until=held.until,
            decided_by=Owner.of(held.decided_by) if held.decided_by else None,
            decided_at=held.decided_at,
        )


@strawberry.type(description="诉求人的明文信息，仅供本次目的使用 · the petitioner's data in clear, for the stated purpose alone")
class PetitionerInClear:
    name: str | None = strawberry.field(description="姓名 · name")
    phone: str | None = strawberry.field(description="电话 · phone")
    openid: str | None = strawberry.field(description="微信标识 · openid, by which WeChat knows them")
    subject: str = strawberry.field(description="原标题 · the subject as it was told")
    text: str = strawberry.field(description="原话 · the words as they were told")
    place: str | None = strawberry.field(description="具体地点 · the exact place")

    @classmethod
    def of(cls, clear: InClear) -> PetitionerInClear:
        return cls(name=clear.name, phone=clear.phone, openid=clear.openid, subject=clear.subject, text=clear.text, place=clear.place)


@strawberry.type(description="已揭示 · revealed, for some minutes; the same request shows it again until then")
class PetitionerRevealed:
    grievance: Grievance = strawberry.field(description="诉求 · the grievance")
    reveal: Reveal = strawberry.field(description="查看申请 · the reveal")
    petitioner: PetitionerInClear = strawberry.field(description="明文信息 · the data in clear")


@strawberry.type(description="待他人批准 · a second person has to say yes; send the same request again then")
class RevealPending:
    grievance: Grievance = strawberry.field(description="诉求 · the grievance")
    reveal: Reveal = strawberry.field(description="查看申请 · the reveal")


@strawberry.type(description="未揭示 · not revealed")
class RevealRefused(RefusedFields): ...


@strawberry.type(description="已审批 · decided")
class RevealDecided:
    grievance: Grievance = strawberry.field(description="诉求 · the grievance")
    reveal: Reveal = strawberry.field(description="查看申请 · the reveal now")


@strawberry.type(description="未审批 · not decided")
class RevealDecisionRefused(RefusedFields): ...


@strawberry.type(description="按电话查到的诉求 · what whoever answers this phone has told")
class FoundByPhone:
    grievances: list[Grievance] = strawberry.field(description="可见的诉求，新的在前，至多100件 · newest first, 100 at most")


@strawberry.type(description="未查询 · not looked up")
class LookUpRefused(RefusedFields): ...


@strawberry.type(description="待审批的查看申请 · a reveal that waits for a second person's word")
class RevealToDecide:
    id: strawberry.ID = strawberry.field(description="申请标识 · id of the reveal")
    grievance: Grievance = strawberry.field(description="诉求 · the grievance")
    by: Owner = strawberry.field(description="申请人 · who asks")
    purpose: Purpose = strawberry.field(description="目的 · purpose")
    reason: str = strawberry.field(description="理由，个人信息已隐去 · why, redacted")
    at: datetime = strawberry.field(description="申请时间 · when it was asked")


@strawberry.type(description="列表中的一件查看申请 · one reveal of a list")
class RevealEdge:
    cursor: str = strawberry.field(description="游标 · where this row stands")
    node: RevealToDecide = strawberry.field(description="本条内容 · the reveal")


@strawberry.type(description="待审批的查看申请，早的在前 · reveals that wait, oldest first")
class RevealConnection:
    edges: list[RevealEdge] = strawberry.field(description="本页各条 · the rows of this page")
    page_info: PageInfo = strawberry.field(description="分页信息 · about this page")


@strawberry.input(description="查看诉求人信息 · to read a petitioner's data in clear")
class RevealPetitionerInput:
    request_id: strawberry.ID = strawberry.field(description="请求编号：重发可看到审批进展 · the same id again tells how it stands")
    grievance_id: strawberry.ID = strawberry.field(description="诉求 · which grievance")
    purpose: Purpose = strawberry.field(description="目的 · purpose")
    reason: str = strawberry.field(description="理由 · why")


@strawberry.input(description="审批查看申请 · to grant or refuse a reveal")
class DecideRevealInput:
    request_id: strawberry.ID = strawberry.field(description=REQUEST)
    grievance_id: strawberry.ID = strawberry.field(description="诉求 · which grievance")
    reveal_id: strawberry.ID = strawberry.field(description="查看申请 · which reveal")
    granted: bool = strawberry.field(description="是否批准 · whether it is granted")
    reason: str = strawberry.field(description="理由 · why")


@strawberry.input(description="按电话查询 · to look somebody up by phone")
class LookUpByPhoneInput:
    request_id: strawberry.ID = strawberry.field(description=REQUEST)
    phone: str = strawberry.field(description="电话 · phone")
    purpose: Purpose = strawberry.field(description="目的 · purpose")
    reason: str = strawberry.field(description="理由 · why")


RevealResult = Annotated[
    PetitionerRevealed | RevealPending | RevealRefused,
    strawberry.union("RevealPetitionerResult", description="揭示结果 · revealed, waiting for a second person, or why not"),
]
RevealDecisionResult = Annotated[
    RevealDecided | RevealDecisionRefused, strawberry.union("DecideRevealResult", description="审批结果 · decided, or why not")
]
LookUpResult = Annotated[
    FoundByPhone | LookUpRefused, strawberry.union("LookUpByPhoneResult", description="查询结果 · what was found, or why not")
]


@strawberry.type
class RevealQuery:
    @strawberry.field(description="待本人审批的查看申请，早的在前 · reveals that wait for the viewer's word, oldest first")
    async def reveals_to_decide(self, info: Ctx, first: int = 20, after: str | None = None) -> RevealConnection | None:
        viewer = info.context.viewer
        scopes = [scope.prefix for scope in viewer.scopes]
        found = await info.context.intake.grievances.with_pending_reveals(scopes, viewer.department)
        waiting = sorted(
            (f"{instant(reveal.at)}|{reveal.id}", id, held, reveal)
            for id, held in found.items()
            for reveal in reveals.to_decide(held.reveals, viewer.sub)
        )
        # By place and not by name: what was decided meanwhile is gone from the list.
        rest = [each for each in waiting if after is None or each[0] > after]
        page = rest[: page_size(first)]
        edges = [
            RevealEdge(
                cursor=cursor,
                node=RevealToDecide(
                    id=strawberry.ID(reveal.id),
                    grievance=Grievance.of(id, held),
                    by=Owner.of(reveal.by),
                    purpose=Purpose(reveal.purpose),
                    reason=reveal.reason,
                    at=reveal.at,
                ),
            )
            for cursor, id, held, reveal in page
        ]
        more = len(rest) > len(page)
        return RevealConnection(edges=edges, page_info=PageInfo(has_next_page=more, end_cursor=edges[-1].cursor if edges else None))


@strawberry.type
class RevealMutation:
    @strawberry.mutation(description="查看诉求人信息 · read the petitioner's data in clear, for a purpose; it is recorded")
    async def reveal_petitioner(self, info: Ctx, input: RevealPetitionerInput) -> RevealResult:
        context = info.context

        async def work() -> PetitionerRevealed | RevealPending:
            command = RevealPetitioner(
                request_id=str(input.request_id),
                grievance_id=str(input.grievance_id),
                purpose=input.purpose.value,
                reason=input.reason,
            )
            done = await reveal_petitioner(context.intake.privacy.access, context.viewer, command, context.origin)
            grievance, reveal = Grievance.of(command.grievance_id, done.grievance), Reveal.of(done.reveal)
            if done.clear is None:
                return RevealPending(grievance=grievance, reveal=reveal)
            return PetitionerRevealed(grievance=grievance, reveal=reveal, petitioner=PetitionerInClear.of(done.clear))

        return await refused_as(RevealRefused, work)

    @strawberry.mutation(description="审批查看申请 · grant or refuse that somebody reads who a confidential petitioner is")
    async def decide_reveal(self, info: Ctx, input: DecideRevealInput) -> RevealDecisionResult:
        context = info.context

        async def work() -> RevealDecided:
            command = DecideReveal(
                request_id=str(input.request_id),
                grievance_id=str(input.grievance_id),
                reveal_id=str(input.reveal_id),
                granted=input.granted,
                reason=input.reason,
            )
            held, reveal = await decide_reveal(context.intake.privacy.access, context.viewer, command, context.origin)
            return RevealDecided(grievance=Grievance.of(command.grievance_id, held), reveal=Reveal.of(reveal))

        return await refused_as(RevealDecisionRefused, work)

    @strawberry.mutation(description="按电话查询诉求；每人每日限次，并留痕 · find grievances by phone; limited per day, and recorded")
    async def look_up_by_phone(self, info: Ctx, input: LookUpByPhoneInput) -> LookUpResult:
        context = info.context

        async def work() -> FoundByPhone:
            command = LookUpByPhone(request_id=str(input.request_id), phone=input.phone, purpose=input.purpose.value, reason=input.reason)
            found = await look_up_by_phone(context.intake.privacy.looking_up, context.viewer, command, context.origin)
            return FoundByPhone(grievances=[Grievance.of(id, held) for id, held in found])

        return await refused_as(LookUpRefused, work)
