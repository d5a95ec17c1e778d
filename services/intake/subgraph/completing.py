"""Adding later what was not told at registration, in the graph (S45, S51)."""

from __future__ import annotations

from typing import Annotated

import strawberry

from services.intake.subgraph.types import REQUEST, Ctx, Grievance, PetitionerKind
from services.intake.usecases.complete_grievance import CompleteGrievance, NamedPetitioner, complete_grievance
from shared.subgraph import RefusedFields, refused_as


@strawberry.type(description="已补录 · added")
class GrievanceCompleted:
    grievance: Grievance = strawberry.field(description="诉求 · the grievance now")


@strawberry.type(description="未补录 · refused; nothing was stored")
class CompleteRefused(RefusedFields): ...


@strawberry.input(description="补录的诉求人 · the petitioner, where none was named")
class NamedPetitionerInput:
    kind: PetitionerKind | None = strawberry.field(default=None, description="诉求人类型 · kind of petitioner")
    name: str | None = strawberry.field(default=None, description="姓名 · name")
    phone: str | None = strawberry.field(default=None, description="电话 · phone")
    openid: str | None = strawberry.field(default=None, description="微信标识 · openid, by which WeChat knows them")


@strawberry.input(description="补录诉求：只补未登记过的 · what was not told at registration")
class CompleteGrievanceInput:
    request_id: strawberry.ID = strawberry.field(description=REQUEST)
    grievance_id: strawberry.ID = strawberry.field(description="诉求 · which grievance")
    petitioner: NamedPetitionerInput | None = strawberry.field(default=None, description="诉求人 · the petitioner")
    place: str | None = strawberry.field(default=None, description="具体地点 · the exact place")
    subject: str | None = strawberry.field(
        default=None, description="标题：原标题仅重复内容开头时可补 · subject, where the one there only repeats how the words begin"
    )
    attachments: list[strawberry.ID] = strawberry.field(default_factory=list, description="更多附件 · more attachments")

    def command(self) -> CompleteGrievance:
        told = self.petitioner
        named = NamedPetitioner()
        if told is not None:
            named = NamedPetitioner(kind=told.kind.value if told.kind else None, name=told.name, phone=told.phone, openid=told.openid)
        return CompleteGrievance(
            request_id=str(self.request_id),
            grievance_id=str(self.grievance_id),
            petitioner=named,
            place=self.place,
            subject=self.subject,
            attachments=[str(attachment) for attachment in self.attachments],
        )


CompleteResult = Annotated[
    GrievanceCompleted | CompleteRefused, strawberry.union("CompleteGrievanceResult", description="补录结果 · added, or why not")
]


@strawberry.type
class CompletingMutation:
    @strawberry.mutation(description="补录诉求 · add what was not told at registration")
    async def complete_grievance(self, info: Ctx, input: CompleteGrievanceInput) -> CompleteResult:
        context = info.context

        async def work() -> GrievanceCompleted:
            id = await complete_grievance(context.intake.duties.completing, context.viewer, input.command(), context.origin)
            return GrievanceCompleted(grievance=Grievance.of(id, (await context.intake.grievances.find_many([id]))[id]))

        return await refused_as(CompleteRefused, work)
