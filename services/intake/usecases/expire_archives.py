"""Archives without what is past its retention (S41): the service's own step, safe to run anywhere, any time."""

from __future__ import annotations

from services.intake.domain.archives import Archive
from services.intake.usecases.archiving import Archiving
from shared.contracts.base import Contract


async def expire_archives(parts: Archiving) -> int:
    """Sweep every archive that is due; how many there were. One that fails keeps no other from it: the failure is raised at the end."""
    today, failed = parts.today(), None
    due = await parts.archives.due(today)

    def swept(archive: Archive) -> tuple[Archive, list[Contract]] | None:
        after = archive.on(today)
        return (after, []) if after != archive else None

    for id in due:
        try:
            await parts.writer.act(id, swept)
        except Exception as error:
            failed = error
    if failed is not None:
        raise failed
    return len(due)
