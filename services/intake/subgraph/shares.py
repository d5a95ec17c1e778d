"""How grievances come in and what became of them, in numbers (S10, S42)."""

from __future__ import annotations

import strawberry

from services.intake.domain.shares import accused_key, share_of
from services.intake.domain.territory import LOCAL_LEVELS
from services.intake.subgraph.context import IntakeContext
from services.intake.subgraph.coverage import period_or_month
from services.intake.subgraph.organisation_fields import prefix_of, visible_team
from services.intake.subgraph.types import Channel, Ctx
from shared.identity.errors import Refusal


@strawberry.type(description="一个渠道的件数 · of one channel")
class ChannelShare:
    channel: Channel = strawberry.field(description="来源渠道 · the door through which they came")
    grievances: int = strawberry.field(description="件数 · how many")


@strawberry.type(description="诉求来源与办理：下访发现与群众上访 · how grievances came in, and what became of them")
class GrievanceShare:
    period: str = strawberry.field(description="期间，如 2020-06 或 2020 · the period")
    found_by_visit: int = strawberry.field(description="干部下访发现 · found by officials who went out")
    by_petition: int = strawberry.field(description="群众反映 · brought by the people")
    share: float | None = strawberry.field(description="下访发现占比，0 至 1 · part found by visit; null where there is nothing")
    on_spot: int = strawberry.field(description="当场答复 · answered on the spot")
    done: int = strawberry.field(description="已反馈、回访或办结 · answered: fed back, surveyed or closed")
    open: int = strawberry.field(description="在办 · still open")
    by_channel: list[ChannelShare] = strawberry.field(description="分渠道，有的才列 · by channel, those with none left out")


@strawberry.type
class ShareQuery:
    @strawberry.field(
        description="一个区划或团队的诉求来源占比，按登记之日计 · share found by visit, of a division or a team, by the day of registration"
    )
    async def grievance_share(
        self, info: Ctx, division: str | None = None, team: str | None = None, period: str | None = None
    ) -> GrievanceShare | None:
        context = info.context
        asked = period_or_month(context, period)
        key = await _bucket(context, division, team)
        if key is None:
            return None
        # Whoever belongs to an accused department is told nothing of it, in numbers neither.
        own = accused_key(context.viewer.department or "", key)
        numbers = await context.intake.fieldwork.shares.read([key, own])
        found = share_of(numbers[key], numbers[own], asked)
        channels = [ChannelShare(channel=Channel(channel), grievances=count) for channel, count in found.by_channel.items()]
        return GrievanceShare(
            period=asked,
            found_by_visit=found.found_by_visit,
            by_petition=found.by_petition,
            share=found.share,
            on_spot=found.on_spot,
            done=found.done,
            open=found.open,
            by_channel=channels,
        )


async def _bucket(context: IntakeContext, division: str | None, team: str | None) -> str | None:
    """The bucket asked for; None for a team that the viewer may not see. Raises Refusal, Forbidden."""
    if (division is None) == (team is None):
        raise Refusal("DIVISION_OR_TEAM", "请指定区划或团队之一。", "Name either a division or a team.", "division")
    if division is None:
        return f"team:{team}" if await visible_team(context, team or "") else None
    prefix = prefix_of(context, division)
    if context.intake.territory.get(division).level in LOCAL_LEVELS:
        raise Refusal("TOO_NARROW", "诉求统计到村（社区）为止。", "Grievances are counted down to the village.", "division")
    return prefix
