"""What must be true when all has come to rest."""

from __future__ import annotations

from shared.audit import AuditEntry, ChainHead, verify
from shared.tags import TAGS, UNSENT
from tests.shared.model.city import GRIEVANCE, SERVICES, City
from tests.shared.model.world import Violation


def check(city: City) -> None:
    """Raises Violation for the first law that is broken."""
    _answers(city)
    _at_rest(city)
    for service in SERVICES:
        _memory(city, service)
        _applied(city, service)
    _chain(city)


def _answers(city: City) -> None:
    document = city.tables["alpha"].documents.get(GRIEVANCE)
    for wish in city.wishes:
        if not wish.answers:
            raise Violation("every request is answered", wish.id)
        if any(answer != wish.answers[0] for answer in wish.answers):
            raise Violation("the same request, the same answer", f"{wish.id}: {wish.answers}")
        done = document["effects"].count(wish.id) if document else 0
        if done != 1:
            raise Violation("one effect per request", f"{wish.id} took effect {done} times")


def _at_rest(city: City) -> None:
    for service, tables in city.tables.items():
        document = tables.documents[GRIEVANCE]
        if document["outbox"] or UNSENT in document[TAGS]:
            raise Violation("the outbox empties", f"{service} holds {[entry['id'] for entry in document['outbox']]}")
        if document["waiting"] or document.get("blocked"):
            raise Violation("nothing waits for ever", f"{service}: {len(document['waiting'])} wait, blocked {document.get('blocked')}")
        if not document["registered"]:
            raise Violation("nothing waits for ever", f"{service} is still a stub")


def _memory(city: City, service: str) -> None:
    """What a service gave out is what it remembers: sequences 1…n, each once."""
    tables = city.tables[service]
    sequences = sorted(row["sequence"] for row in tables.events.values())
    given = tables.documents[GRIEVANCE]["sequence"]
    if sequences != list(range(1, given + 1)):
        raise Violation("every event is remembered once", f"{service} gave out {given} and remembers {sequences}")


def _applied(city: City, service: str) -> None:
    """Each event of the others once, in order, not before what it came after."""
    document = city.tables[service].documents[GRIEVANCE]
    applied = document["applied"]
    for source in SERVICES:
        if source == service:
            continue
        sent = sorted((row["sequence"], row["event_id"]) for row in city.tables[source].events.values())
        wanted = [(number, id) for number, id in sent if not (id in city.dropped and service == "beta")]
        got = [(number, id) for from_, number, id, _ in applied if from_ == source]
        if got != wanted:
            law = "nothing is lost" if len(got) < len(wanted) else "nothing happens twice" if len(got) > len(wanted) else "in order"
            raise Violation(law, f"{service} applied {got} of {source}, who sent {wanted}")
    seen: dict[str, int] = {}
    for source, number, _id, after in applied:
        for other, least in after.items():
            if other not in (service, source) and seen.get(other, 0) < least and not city.dropped:
                raise Violation("not before its causes", f"{service} applied {source}{number} before {other}{least}")
        seen[source] = number


def _chain(city: City) -> None:
    tables = city.tables["alpha"]
    document = tables.documents[GRIEVANCE]
    entries = [AuditEntry.from_document(row) for row in sorted(tables.audit.values(), key=lambda row: row["number"])]
    faults = verify(entries, ChainHead(document["auditHead"], document["auditLength"]), key=b"key", subject=GRIEVANCE)
    if faults:
        raise Violation("the audit chain holds", str(faults[0]))
