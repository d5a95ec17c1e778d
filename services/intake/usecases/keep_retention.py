"""Retention of petitioners' data: what is over is erased (data/retention.csv). The service's own step, safe to run anywhere, any time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from services.intake.domain.archive_changes import past
from services.intake.domain.erasure import SERVICE, Erasure
from services.intake.domain.retention import CONTACT, Retention, due, kept_of, last_day
from services.intake.store.mongo import Notices
from services.intake.store.persons import Kept
from services.intake.usecases.erase_petitioner import Erasing
from shared import ids
from shared.china_time import CHINA

AT_ONCE = 500


@dataclass(frozen=True)
class Retaining:
    erasing: Erasing
    notices: Notices
    retention: Retention


async def keep_retention(parts: Retaining) -> int:
    """Look at everybody of whom something may be over; how many there were. One that fails keeps no other from it: it is raised at the
    end."""
    today, failed = date.fromisoformat(parts.erasing.access.today()), None
    over = await parts.erasing.persons.over(today.isoformat(), AT_ONCE)
    for kept in over:
        try:
            await _look(parts, kept, today)
        except Exception as error:
            failed = error
    before = datetime.combine(parts.retention.notices_before(today), time(), CHINA)
    await parts.notices.forget_before(before.astimezone(UTC))
    if failed is not None:
        raise failed
    return len(over)


async def _look(parts: Retaining, kept: Kept, today: date) -> None:
    """Their last days anew, by what they have told: that it ended or is open moves them on. What is over then goes: how they are called and
    reached first, at last the person with all their words."""
    persons = parts.erasing.persons
    told = (await parts.erasing.grievances.of_people([kept.id])).values()
    if not told:
        # Whoever comes between is not harmed: the row is looked at as one that no grievance names.
        await persons.look_again(kept.id)
    consent = all(grievance.consent for grievance in told)
    recorded_on, last = kept.recorded_on or today.isoformat(), last_day(told, today)
    data = parts.retention.data(kept_of(kept.named, kept.reachable, kept.openid), consent, recorded_on, last)
    now = today.isoformat()
    if told and all(past(datum.retain_until, now) for datum in data):
        at = parts.erasing.access.now()
        erasure = Erasure(id=ids.document_id("retention", kept.id), at=at, by=SERVICE, reason="RETENTION")
        await persons.erase(kept.id, erasure, while_due=kept.due)
        return
    contact = [datum for datum in data if datum.what in CONTACT]
    if told and contact and all(past(datum.retain_until, now) for datum in contact):
        data = [datum for datum in data if datum.what not in CONTACT]
        if not past(due(data), now):
            await persons.drop_contact(kept, data)
            return
    await persons.moved(kept, data, consent)
