"""Archives and changes of them, as the tests of the domain tell them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.intake.domain.archive_changes import Change, Consent, Proposal
from services.intake.domain.archives import Archive, Verdict, until_of
from shared.identity.errors import Refusal

TODAY = date(2026, 6, 5)
AT = datetime(2026, 6, 5, 2, 0, tzinfo=UTC)
HOME = Archive(id="h", kind="HOUSEHOLD", village="370881001901", team=None, person="p", key="k")
SHOP = HOME.model_copy(update={"id": "s", "kind": "SHOP", "team": "T"})
ORAL, WRITTEN = Consent(how="ORAL", on="2026-06-01"), Consent(how="WRITTEN", on="2026-06-01")


def day(after: int) -> str:
    return (TODAY + timedelta(days=after)).isoformat()


def put(name: str = "water", value: str | None = "井水", resident: str | None = None, **changes: Any) -> Change:
    whole: dict[str, Any] = {"purpose": "SERVICE", "consent": ORAL, "retain_until": day(100)}
    return Change(action="SET", field=name, value=value, resident=resident, **(whole | changes))


def remove(name: str = "water", resident: str | None = None, **changes: Any) -> Change:
    return Change(action="REMOVE", field=name, resident=resident, **changes)


def leave(resident: str) -> Change:
    return Change(action="REMOVE_RESIDENT", resident=resident)


def erase(name: str | None = None, resident: str | None = None) -> Change:
    return Change(action="ERASE", field=name, resident=resident)


def proposal(id: str, *changes: Change, by: str = "asker", note: str | None = None) -> Proposal:
    return Proposal(id=id, by=by, at=AT, encounter="e", note=note, changes=list(changes), until=until_of(list(changes), TODAY))


def propose(archive: Archive, id: str, *changes: Change, on: date = TODAY) -> Archive:
    return archive.proposed(proposal(id, *changes), on)


def decide(archive: Archive, id: str, confirmed: bool = True, by: str = "leader", on: date = TODAY) -> Archive:
    return archive.decided(Verdict(proposal=id, confirmed=confirmed, by=by, at=AT, reason=None), on)


def settle(archive: Archive, id: str, *changes: Change) -> Archive:
    return decide(propose(archive, id, *changes), id)


def refusal(work: Callable[[], object]) -> tuple[str, str | None]:
    with pytest.raises(Refusal) as refused:
        work()
    assert str(refused.value).isascii()
    assert not refused.value.zh.isascii()
    return refused.value.code, refused.value.field


def held(archive: Archive) -> dict[tuple[str | None, str], str | None]:
    return {(resident, name): datum.value for resident, name, datum in archive.data()}


def values(archive: Archive) -> set[str]:
    """Whatever is still held anywhere, texts included."""
    found = [datum.value for _resident, _name, datum in archive.data()]
    found += [each.was.value for each in archive.history if each.was]
    for each in archive.proposals:
        found += [change.value for change in each.changes] + [each.note, each.reason]
    return {value for value in found if value is not None}
