"""AskOpinion and GiveOpinion 征求意见 (S46): a dispatcher asks the community's or the compound's party organisation, which answers."""

from __future__ import annotations

from services.routing.domain.appraisal import Body, Finding, village_of
from services.routing.domain.case import Case
from services.routing.domain.judging import answering_refused, ask_opinion, asking_refused, give_opinion
from services.routing.usecases.parties import author, check, check_visible, roles_of
from services.routing.usecases.ports import Handling
from services.routing.usecases.words import REASON_LENGTH, check_words, kept
from shared.commands import request_of
from shared.identity.viewer import Viewer
from shared.writer import Decision


async def ask_for_opinion(
    parts: Handling, viewer: Viewer, request_id: str, grievance: str, of: Body, compound: str | None, question: str, origin: str
) -> None:
    """`compound`: of COMPOUND, which one, by its code. Raises Refusal (no rights, no words, illegal move, no such body at the place, asked
    before) or NoSuchRecord."""
    viewer.require(*roles_of("ASK_OPINION"))
    check_words(question, "question", REASON_LENGTH)
    payload = {"grievance": grievance, "of": of, "compound": compound, "question": question}
    request = request_of(parts.reference_key, viewer, request_id, "AskOpinion", payload, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, "ASK_OPINION", case)
        if refusal := asking_refused(case, of, compound):
            raise refusal
        words = kept(parts.reference_key, grievance, case, question)
        asked, events = ask_opinion(case, of, compound, words, author(viewer, "ASK_OPINION", case), parts.reckoning(), parts.now())
        return Decision(asked, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))


async def say_opinion(
    parts: Handling,
    viewer: Viewer,
    request_id: str,
    grievance: str,
    of: Body,
    reasonable: Finding,
    truthful: Finding,
    opinion: str,
    origin: str,
) -> None:
    """Raises Refusal (no rights, no words, illegal move, not asked) or NoSuchRecord."""
    viewer.require(*roles_of("GIVE_OPINION"))
    check_words(opinion, "opinion", REASON_LENGTH)
    payload = {"grievance": grievance, "of": of, "reasonable": reasonable, "truthful": truthful, "opinion": opinion}
    request = request_of(parts.reference_key, viewer, request_id, "GiveOpinion", payload, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, "GIVE_OPINION", case)
        if refusal := answering_refused(case, of, viewer.scopes):
            raise refusal
        words = kept(parts.reference_key, grievance, case, opinion)
        place = case.appraisal.waiting()[of].compound or village_of(case.division)
        by = author(viewer, "GIVE_OPINION", case).model_copy(update={"unit": place})
        given, events = give_opinion(case, of, reasonable, truthful, words, by, parts.now())
        return Decision(given, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))
