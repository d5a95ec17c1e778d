"""GiveCard 发牌, AppealCard 申诉, DecideCard 维持或更正: what is held against a department, and what it says against that."""

from __future__ import annotations

from services.routing.domain import cards
from services.routing.domain.case import Case
from services.routing.domain.lifecycle import Action
from services.routing.domain.supervised import Colour
from services.routing.usecases.parties import author, check, check_visible, is_carded, roles_of
from services.routing.usecases.ports import Handling
from services.routing.usecases.words import REASON_LENGTH, check_words, kept
from shared.commands import request_of
from shared.identity.viewer import Viewer
from shared.writer import Decision


async def give_card(parts: Handling, viewer: Viewer, request_id: str, grievance: str, colour: Colour, reason: str, origin: str) -> int:
    """Returns which card of the case it is. Raises Refusal (no rights, no words, illegal move, with 12345) or NoSuchRecord."""
    viewer.require(*roles_of("GIVE_CARD"))
    check_words(reason, "reason", REASON_LENGTH)
    payload = {"grievance": grievance, "colour": colour, "reason": reason}
    request = request_of(parts.reference_key, viewer, request_id, "GiveCard", payload, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, "GIVE_CARD", case)
        by, words = author(viewer, "GIVE_CARD", case), kept(parts.reference_key, grievance, case, reason)
        given, events = cards.give(case, colour, words, by, parts.now())
        return Decision(given, events, {"id": grievance, "card": given.cards[-1].ordinal})

    result = await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))
    return int(result["card"])


async def appeal_against(parts: Handling, viewer: Viewer, request_id: str, grievance: str, card: int, reason: str, origin: str) -> int:
    """By the head of the department that got it, also where the case has gone elsewhere since. Raises Refusal (not theirs, no words, too
    late, appealed before) or NoSuchRecord."""
    viewer.require(*roles_of("APPEAL_CARD"))
    check_words(reason, "reason", REASON_LENGTH)
    payload = {"grievance": grievance, "card": card, "reason": reason}
    request = request_of(parts.reference_key, viewer, request_id, "AppealCard", payload, origin)

    def admit(case: Case) -> None:
        if not is_carded(viewer, case, parts.access_of(case)):
            check_visible(parts, viewer, case)

    def decide(case: Case) -> Decision:
        check(parts, viewer, "APPEAL_CARD", case)
        held = cards.card_of(case, card)
        if refusal := cards.appeal_refused(held, viewer.department, parts.reckoning(), parts.now()):
            raise refusal
        by, words = author(viewer, "APPEAL_CARD", case), kept(parts.reference_key, grievance, case, reason)
        appealed, events = cards.appeal(case, held, words, by, parts.now())
        return Decision(appealed, events, {"id": grievance, "card": card})

    await parts.writer.command(grievance, request, decide, admit)
    return card


async def decide_on_card(
    parts: Handling,
    viewer: Viewer,
    request_id: str,
    grievance: str,
    card: int,
    upheld: bool,
    colour: Colour | None,
    reason: str,
    origin: str,
) -> int:
    """Upheld, or corrected to `colour` (None: taken back), also without an appeal; by another supervisor than who gave it. Raises Refusal
    (no rights, no words, illegal move, own card, no appeal waits, not milder) or NoSuchRecord."""
    action: Action = "UPHOLD_CARD" if upheld else "CORRECT_CARD"
    viewer.require(*roles_of(action))
    check_words(reason, "reason", REASON_LENGTH)
    payload = {"grievance": grievance, "card": card, "upheld": upheld, "colour": colour, "reason": reason}
    request = request_of(parts.reference_key, viewer, request_id, "DecideCard", payload, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, action, case)
        held = cards.card_of(case, card)
        if refusal := cards.decision_refused(held, action, colour, viewer.sub):
            raise refusal
        by, words, at = author(viewer, action, case), kept(parts.reference_key, grievance, case, reason), parts.now()
        decided, events = cards.uphold(case, held, words, by, at) if upheld else cards.correct(case, held, colour, words, by, at)
        return Decision(decided, events, {"id": grievance, "card": card})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))
    return card
