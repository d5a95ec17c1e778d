"""TakeHotlineReport: what the 12345 platform says of an order (S26, S50), from the queue `hotline.in`: validated, and taken once."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from services.intake.domain.grievance import Grievance
from services.intake.domain.hotline import MAX_REPORTS, HotlineReport, is_known, order_of, take_report
from services.intake.store.mongo import Grievances
from services.intake.store.numbers import MongoNumbers
from services.intake.usecases.ports import Persons
from shared.contracts.base import Contract
from shared.contracts.hotline import HotlineReportV1
from shared.erasure import ERASED
from shared.redaction import redact
from shared.writer import Writer

MAX_BYTES = 64 * 1024
FIELDS = frozenset(HotlineReportV1.model_fields)


class BadReport(Exception):
    """It cannot be taken, however often it comes. The reason names the field, in both languages, and holds nothing of the report."""

    def __init__(self, field: str, zh: str, en: str) -> None:
        super().__init__(f"{field}：{zh} · {field}: {en}")


@dataclass(frozen=True)
class TakingReports:
    writer: Writer
    grievances: Grievances
    numbers: MongoNumbers
    persons: Persons


def read_report(body: bytes) -> HotlineReportV1:
    """Raises BadReport."""
    if len(body) > MAX_BYTES:
        raise BadReport("body", f"超过{MAX_BYTES}字节", f"more than {MAX_BYTES} bytes")
    try:
        return HotlineReportV1.model_validate_json(body, extra="ignore")
    except ValidationError as error:
        raise _bad(error) from None


async def take_hotline_report(parts: TakingReports, body: bytes) -> str:
    """What became of it. Raises BadReport, StoreTrouble."""
    report = read_report(body)
    id, told = await _grievance_of(parts, report.orderId)
    names = [each.name for each in await parts.persons.contacts([told.person]) if each.name]
    outcome = "repeated"

    def decide(held: Grievance) -> tuple[Grievance, list[Contract]] | None:
        nonlocal outcome
        outcome = "repeated"
        if is_known(held, str(report.id)):
            return None
        order = order_of(held, report.orderId)
        if order is None:
            raise _unknown()
        if len(order.reports) >= MAX_REPORTS:
            raise BadReport("orderId", f"该工单的报告已满{MAX_REPORTS}条", f"the order has its {MAX_REPORTS} reports")
        outcome = "applied"
        words = _kept(held, report.text, names)
        return take_report(held, order.id, HotlineReport(id=str(report.id), kind=report.kind, at=report.at, text=words))

    await parts.writer.act(id, decide)
    return outcome


async def _grievance_of(parts: TakingReports, order: str) -> tuple[str, Grievance]:
    number, _, _n = order.partition("/")
    id = await parts.numbers.grievance_of(number)
    held = (await parts.grievances.find_many([id])).get(id) if id is not None else None
    if id is None or held is None:
        raise _unknown()
    return id, held


def _kept(grievance: Grievance, text: str | None, names: list[str]) -> str | None:
    """Somebody at the platform typed it: who knows whom it names."""
    if text is None or not text.strip():
        return None
    return ERASED if grievance.erasure is not None else redact(text, names).text


def _unknown() -> BadReport:
    return BadReport("orderId", "没有该工单", "there is no such order")


def _bad(error: ValidationError) -> BadReport:
    fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
    kind = fault["type"]
    if kind == "text_missing":
        return BadReport("text", "办结和退回须填写说明", "RESOLVED and RETURNED are said in words")
    field = str(fault["loc"][0]) if fault["loc"] else "body"
    if field not in FIELDS:
        field = "body"
    if kind == "missing":
        return BadReport(field, "缺少", "missing")
    if kind == "string_too_long":
        return BadReport(field, "过长", "too long")
    return BadReport(field, "无效", f"not valid ({kind})")
