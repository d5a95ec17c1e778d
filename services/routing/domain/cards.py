"""红黄牌 (S12, S53): what is held against a department in a month, by rule as the clock warns, or by a supervisor; what the department
says against it; and what another supervisor makes of that. Pure.
"""

from __future__ import annotations

from datetime import datetime

from services.routing.domain.case import Case, order_of
from services.routing.domain.lifecycle import Action
from services.routing.domain.reckoning import Reckoning
from services.routing.domain.supervised import Card, Colour, Correction, Ground
from services.routing.domain.supervision import nobody_had_it
from services.routing.domain.work_order import Asked
from shared.china_time import day_in_china
from shared.contracts.base import Contract
from shared.contracts.intake import Owner
from shared.contracts.routing import GrievanceMovedV1, WarnedOf, WarningStep
from shared.identity.errors import Refusal

BY_RULE: dict[tuple[WarnedOf, WarningStep], tuple[Colour, Ground]] = {
    ("RESPONSE", "RED"): ("YELLOW", "RESPONSE_OVERDUE"),
    ("RESULT", "RED"): ("YELLOW", "RESULT_OVERDUE"),
    ("RESULT", "TO_CITY"): ("RED", "RESULT_TO_CITY"),
    ("SUPERVISION_ORDER", "RED"): ("RED", "ORDER_OVERDUE"),
}
"""Which warning is a card of the department that has it in hand."""
APPEAL_DAYS = 5
"""Working days after it was given."""
MOST_CARDS = 50
_RANK: dict[Colour | None, int] = {None: 0, "YELLOW": 1, "RED": 2}


def hindrance(case: Case, action: Action, department: str | None) -> Refusal | None:
    """Why it may not be done now although the state allows it; which of several cards is meant, the command says."""
    if action == "GIVE_CARD":
        if case.work_order is None:
            return nobody_had_it()
        if len(case.cards) >= MOST_CARDS:
            return Refusal("TOO_MANY_CARDS", f"该诉求的红黄牌已达{MOST_CARDS}张。", f"It has {MOST_CARDS} cards already.")
    if action == "APPEAL_CARD" and not any(each.department == department and each.appeal is None and each.colour for each in case.cards):
        return Refusal("NO_CARD_TO_APPEAL", "没有可申诉的红黄牌。", "There is no card to appeal against.")
    if action == "UPHOLD_CARD" and not any(each.appealed for each in case.cards):
        return Refusal("NO_APPEAL_WAITS", "没有待审核的申诉。", "No appeal waits for a decision.")
    if action == "CORRECT_CARD" and not any(each.colour for each in case.cards):
        return Refusal("NO_CARD_TO_CORRECT", "没有可更正的红黄牌。", "There is no card to correct.")
    return None


def card_of(case: Case, ordinal: int) -> Card:
    """Raises Refusal."""
    found = next((each for each in case.cards if each.ordinal == ordinal), None)
    if found is None:
        raise Refusal("CARD_UNKNOWN", "没有这张牌。", "There is no such card.", "card")
    return found


def given_by_rule(case: Case, of: WarnedOf, step: WarningStep, planned_at: datetime, by: Owner, at: datetime) -> Case:
    """With the card that this warning is, of the month for which it was planned; as it is where it is none, where no department has it,
    and where 12345 has it in hand."""
    rule, order = BY_RULE.get((of, step)), case.work_order
    if rule is None or order is None or case.with_platform or len(case.cards) >= MOST_CARDS:
        return case
    card = _card(case, order.department, rule[0], rule[1], None, by, at)
    return case.with_(cards=[*case.cards, card.model_copy(update={"month": month_of(planned_at)})])


def give(case: Case, colour: Colour, reason: str, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    card = _card(case, order_of(case).department, colour, "BY_HAND", reason, by, at)
    return _moved(case, "GIVE_CARD", [*case.cards, card], by, at)


def appeal_refused(card: Card, department: str | None, reckoning: Reckoning, at: datetime) -> Refusal | None:
    if card.department != department:
        return Refusal("NOT_YOUR_CARD", "这张牌不是您所在部门的。", "This card is not your department's.", "card")
    if card.colour is None:
        return Refusal("CARD_TAKEN_BACK", "这张牌已撤销。", "This card was taken back.", "card")
    if card.appeal is not None:
        return Refusal("APPEALED_BEFORE", "这张牌已申诉过。", "This card was appealed against already.", "card")
    if at > reckoning.days(card.at, APPEAL_DAYS, card.department).at:
        zh, en = f"申诉应在{APPEAL_DAYS}个工作日内提出。", f"An appeal is made within {APPEAL_DAYS} working days."
        return Refusal("APPEAL_TOO_LATE", zh, en, "card")
    return None


def appeal(case: Case, card: Card, reason: str, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    asked = Asked(department=card.department, at=at, by=by, reason=reason)
    return _changed(case, "APPEAL_CARD", card, card.model_copy(update={"appeal": asked}), by, at)


def decision_refused(card: Card, action: Action, colour: Colour | None, by: str) -> Refusal | None:
    """Upheld is what was appealed against; corrected is what is too much: a harsher card is given anew."""
    if card.by.staffId == by:
        return Refusal("OWN_CARD", "红黄牌由他人复核。", "Somebody else decides on a card that one gave.", "card")
    if action == "UPHOLD_CARD" and not card.appealed:
        return Refusal("NO_APPEAL_WAITS", "这张牌没有待审核的申诉。", "No appeal against this card waits.", "card")
    if action == "CORRECT_CARD" and _RANK[colour] >= _RANK[card.colour]:
        return Refusal("NOT_MILDER", "更正应轻于现状。", "A correction is milder than what stands.", "colour")
    return None


def uphold(case: Case, card: Card, answer: str, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    assert card.appeal is not None, "nothing is upheld that nobody appealed against (decision_refused)"
    decided = card.model_copy(update={"appeal": card.appeal.decided(False, answer, by, at)})
    return _changed(case, "UPHOLD_CARD", card, decided, by, at)


def correct(case: Case, card: Card, colour: Colour | None, reason: str, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """Also without an appeal; an appeal that waits is granted by it."""
    appealed = card.appeal.decided(True, reason, by, at) if card.appeal is not None and card.appealed else card.appeal
    corrections = [*card.corrections, Correction(at=at, by=by, colour=colour, reason=reason)]
    return _changed(case, "CORRECT_CARD", card, card.model_copy(update={"appeal": appealed, "corrections": corrections}), by, at)


def month_of(at: datetime) -> str:
    """In China: 2026-11."""
    return day_in_china(at).isoformat()[:7]


def _card(case: Case, department: str, colour: Colour, ground: Ground, reason: str | None, by: Owner, at: datetime) -> Card:
    return Card(
        ordinal=len(case.cards) + 1,
        department=department,
        month=month_of(at),
        given=colour,
        ground=ground,
        at=at,
        by=by,
        reason=reason,
    )


def _changed(case: Case, action: Action, before: Card, after: Card, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    return _moved(case, action, [after if each.ordinal == before.ordinal else each for each in case.cards], by, at)


def _moved(case: Case, action: Action, cards: list[Card], by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    after = case.moved(action, at, by).with_(cards=cards)
    return after, [GrievanceMovedV1(action=action, by=by, progress=after.progress(at))]
