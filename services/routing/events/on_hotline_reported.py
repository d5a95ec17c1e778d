"""12345 reported on an order (S50): the case goes on, if it is still with 12345 by that order."""

from __future__ import annotations

from services.routing.domain.case import Case
from services.routing.domain.handoff import reported
from services.routing.domain.policy import Policy, opened
from shared.contracts.base import Contract
from shared.contracts.intake import HotlineReportedV1


def on_hotline_reported(policy: Policy, case: Case | None, event: HotlineReportedV1) -> tuple[Case, list[Contract]]:
    # Business time is ours: a foreign clock moves no deadline.
    return reported(opened(case), event, policy.reckoning(), policy.now())
