"""What a reply is found to lack, as the graph shows it to those who write and judge it."""

from __future__ import annotations

from typing import Self

import strawberry

from services.routing.domain import approval, verification
from services.routing.domain.case import Case
from services.routing.domain.reply_rules import Finding, findings
from services.routing.usecases.ports import Handling
from services.routing.usecases.words import REPORT_LENGTH, check_words


@strawberry.type(description="答复规范比对的一条 · one thing that a reply is found to lack")
class ReplyFinding:
    code: str = strawberry.field(description="规则 · which rule")
    message: str = strawberry.field(description="说明（英文） · in English")
    message_zh: str = strawberry.field(description="说明（中文） · in Chinese")
    refused: bool = strawberry.field(description="不改则不能上报 · it is not taken as long as it says so")
    phrase: str | None = strawberry.field(description="涉及的词句 · the words that are in the way; null: something is missing")

    @classmethod
    def of(cls, held: Finding) -> Self:
        return cls(code=held.code, message=held.en, message_zh=held.zh, refused=held.refused, phrase=held.phrase)


def submitted(case: Case) -> str | None:
    """The reply that waits, else the one that a dispatcher gave or that was reported."""
    waits = approval.waiting(case) or verification.waiting(case)
    if waits is not None:
        return waits.text
    if case.appraisal.answered is not None:
        return case.appraisal.answered.text
    return case.work_order.resolution if case.work_order else None


def found_in(text: str, case: Case, parts: Handling) -> list[ReplyFinding]:
    """Raises Refusal: no words, or too many."""
    check_words(text, "text", REPORT_LENGTH)
    return [ReplyFinding.of(each) for each in findings(text, case.subject, parts.reply_rules)]
