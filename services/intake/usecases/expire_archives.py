"""Archives without what is past its retention (S41): the service's own step, safe to run anywhere, any time."""

from __future__ import annotations

from functools import partial

from services.intake.domain.archives import Archive
from services.intake.usecases.archiving import Archiving
from services.intake.usecases.each_for_itself import each_for_itself
from shared.contracts.base import Contract


async def expire_archives(parts: Archiving) -> int:
    """Sweep every archive that is due; how many there were. One that fails keeps no other from it: the failure is raised at the end."""
    today = parts.today()
    due = await parts.archives.due(today)

    def swept(archive: Archive) -> tuple[Archive, list[Contract]] | None:
        after = archive.on(today)
        return (after, []) if after != archive else None

    await each_for_itself({id: partial(parts.writer.act, id, swept) for id in due})
    return len(due)
