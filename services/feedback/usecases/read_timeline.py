"""全程记录: what of a history is whose to know. Whoever sees the grievance sees that it goes on, and not all that is done about it."""

from __future__ import annotations

from services.feedback.domain.followup import FollowUp
from services.feedback.domain.history_words import Readers, readers_of
from services.feedback.domain.timeline import Entry
from services.feedback.store.mongo import access_of
from services.feedback.usecases.answer_survey import hidden_from
from services.feedback.usecases.look_at_callbacks import access_to_call, has_part
from shared.identity.access import is_petitioner
from shared.identity.viewer import Viewer


def read_by(viewer: Viewer, followup: FollowUp) -> list[Entry]:
    """In its order. For somebody who may see the grievance."""
    readers = _reads(viewer, followup)
    # How often somebody thought better of an answer is a part of it.
    hidden = {"ANSWER_CHANGED"} if followup.is_anonymous() and hidden_from(viewer, access_to_call(followup)) else set()
    return [entry for entry in followup.timeline if readers_of(entry.kind, entry.about) in readers and entry.kind not in hidden]


def _reads(viewer: Viewer, followup: FollowUp) -> frozenset[Readers]:
    """Whoever is the petitioner reads as the petitioner, whatever else they are."""
    if is_petitioner(viewer, access_of(followup)):
        return frozenset({"ALL", "APART"})
    if has_part(viewer, access_to_call(followup)):
        return frozenset({"ALL", "OFFICIALS"})
    return frozenset({"ALL", "OFFICIALS", "APART"})
