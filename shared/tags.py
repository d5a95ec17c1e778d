"""Tags: the words by which a document is found for what has to be done with it, or by an equality of its own (docs/decisions/0049). Pure.

`unsent`, `dirty`, `scrub`, `blocked:routing`, `person:…`: one list, one index. An index of its own for each of them costs at every write of
every document, whether that word changes or not. Whoever sends, counts or scrubs takes its word back without moving the version; every
write raises anew what it has made to be sent or counted, whatever it has read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Document = dict[str, Any]

TAGS = "tags"
UNSENT = "unsent"
"""The outbox has entries. It may stay up behind an empty one, where a write met the relay; the sweeper takes it down then."""
DIRTY = "dirty"
"""The projector has not counted its `facts`."""
RECOUNT = "recount"
"""The projector has not counted it into the generation that is being built."""
SCRUB = "scrub"
"""Kept events may hold words of somebody erased."""
TAKEN_BACK = frozenset({UNSENT, DIRTY, RECOUNT, SCRUB})
_BLOCKED = "blocked:"


def blocked_by(source: str) -> str:
    """Held up by an event of this source."""
    return _BLOCKED + source


def with_blocked(tags: Iterable[str], document: Document) -> list[str]:
    """A document's own tags, and that of its mark."""
    blocked = document.get("blocked")
    return [*tags, blocked_by(blocked["source"])] if blocked else list(tags)


def of_unreadable(document: Document) -> list[str]:
    """What this code cannot read keeps the tags that it has; those of the protocol are set by what it is."""
    return [tag for tag in document.get(TAGS, []) if tag not in TAKEN_BACK and not tag.startswith(_BLOCKED)]


def retagged(before: Document, after: list[str], *, counts_alike: bool) -> tuple[list[str] | None, list[str]]:
    """(all tags anew, where one goes; tags to be added). `counts_alike`: the facts are as they were, and nothing is to be counted."""
    held: list[str] | None = before.get(TAGS)
    own = [tag for tag in after if tag not in TAKEN_BACK]
    raised = [tag for tag in after if tag in TAKEN_BACK]
    if held is None or any(tag not in own for tag in held if tag not in TAKEN_BACK):
        # What was taken back, or raised for a rebuild, since it was read: all is raised, and who comes finds nothing to do.
        return list(dict.fromkeys([*own, *raised, *(tag for tag in held or () if tag in TAKEN_BACK)])), []
    return None, [*(tag for tag in own if tag not in held), *(tag for tag in raised if not (counts_alike and tag == DIRTY))]
