"""What an archive holds over the real store: sealed at rest, nowhere once it is refused or erased, gone when its day is over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio

from services.intake.domain.archives import Archive
from services.intake.service import Service
from services.intake.usecases.archiving import Archiving, value_name
from services.intake.usecases.expire_archives import expire_archives
from services.intake.usecases.propose_archive_change import ArchiveChange
from shared.identity.development import DevelopmentIssuer
from tests.services.intake.archive_desk import (
    DECIDE,
    ID_NUMBER,
    LEADER,
    PERSON,
    PROPOSE,
    READ,
    archive_desk,
    change,
    decide,
    household,
    propose,
    stored,
)
from tests.services.intake.test_desks import Desk
from tests.services.intake.viewers import SECRETARY


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(intake_service: Service, issuer: DevelopmentIssuer) -> AsyncIterator[Desk]:
    async with archive_desk(intake_service, issuer) as made:
        yield made


@pytest.mark.row("S41")
async def test_what_is_planted_is_found_nowhere_in_the_store(desk: Desk) -> None:
    id = await household(desk)
    planted = ["孔植入甲", "13811112222", ID_NUMBER, "植入之病", "植入之井", "植入之路", "植入之注", "植入之由"]
    name, phone, number, health, well, road, note, reason = planted
    for round_, water in enumerate((well, "自来水")):
        base = [change(desk, "name", name, PERSON), change(desk, "phone", phone, PERSON), change(desk, "water", water)]
        more = [change(desk, "idNumber", number, PERSON), change(desk, "health", health, PERSON)]
        proposal = await propose(desk, id, f"planted-{round_}", *base, *more, note=note)
        await decide(desk, id, proposal, reason=reason)
    await propose(desk, id, "planted-open", change(desk, "road", road), note=note)
    refused = await propose(desk, id, "planted-refused", change(desk, "road", road))
    await decide(desk, id, refused, confirmed=False, reason=reason)
    database = desk.service.runtime.database
    raw = ""
    for collection in await database.list_collection_names():
        raw += "".join(map(str, await database[collection].find({}).to_list(None)))
    assert id in raw
    assert [text for text in planted if text in raw] == []
    read = await desk.see(SECRETARY, READ, id=id)
    assert [text for text in planted if text in str(read)] == [well, road, note, reason]


def at_rest(desk: Desk, archive: Archive) -> list[str]:
    """Every value that is still kept, opened."""
    key = desk.service.cipher.unwrap(archive.person, archive.key)
    kept = [(resident, field, datum.value) for resident, field, datum in archive.data()]
    kept += [(step.resident, step.field, step.was.value) for step in archive.history if step.was]
    kept += [(change.resident, change.field or "", change.value) for each in archive.proposals for change in each.changes]
    return sorted(key.decrypt(value_name(resident, field), value) for resident, field, value in kept if value)


@pytest.mark.row("S41")
async def test_what_is_refused_or_erased_is_kept_nowhere_and_what_is_confirmed_once(desk: Desk) -> None:
    id = await household(desk)
    refused = await propose(desk, id, "refused", change(desk, "idNumber", ID_NUMBER, PERSON), note=ID_NUMBER)
    await decide(desk, id, refused, confirmed=False, reason="本人不同意")
    archive = await stored(desk, id)
    assert (at_rest(desk, archive), archive.proposals[0].note) == ([], None)
    for request, phone in (("first", "13800001234"), ("second", "13800005678")):
        await decide(
            desk, id, await propose(desk, id, request, change(desk, "name", "孔凡莹", PERSON), change(desk, "phone", phone, PERSON))
        )
    assert at_rest(desk, await stored(desk, id)) == ["13800001234", "13800005678", "孔凡莹", "孔凡莹"]
    withdrawn = await propose(desk, id, "phone", ArchiveChange(action="ERASE", resident=PERSON, field="phone"))
    await decide(desk, id, withdrawn)
    assert at_rest(desk, await stored(desk, id)) == ["孔凡莹", "孔凡莹"]
    asked = {"requestId": "all", "archiveId": id, "changes": [{"action": "ERASE", "resident": PERSON}]}
    proposal = (await desk.see(SECRETARY, PROPOSE, input=asked))["proposalId"]
    asked = {"requestId": "all-yes", "archiveId": id, "proposalId": proposal, "confirmed": True}
    told = (await desk.see(LEADER, DECIDE, input=asked))["archive"]
    assert at_rest(desk, await stored(desk, id)) == []
    assert (told["residents"], told["history"][0]) == (
        [],
        {"action": "ERASED", "field": "phone", "was": None, "by": LEADER.sub, "proposal": proposal},
    )


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ({"resident": ID_NUMBER}, "resident"),
        ({"resident": "+0"}, "resident"),
        ({"resident": "+100"}, "resident"),
        ({"seen": "13800001234 孔凡莹家"}, "seen"),
        ({"seen": PERSON.upper() + PERSON}, "seen"),
    ],
)
async def test_what_lies_in_clear_is_a_uuid_and_no_words(desk: Desk, given: dict[str, str], at: str) -> None:
    id = await household(desk)
    asked = {"requestId": "clear", "archiveId": id, "changes": [{"action": "REMOVE", "field": "phone", "resident": PERSON, **given}]}
    told = await desk.see(SECRETARY, PROPOSE, input=asked)
    assert (told["code"], told["field"]) == ("INVALID_INPUT", f"changes.0.{at}")
    assert given[at] not in str(told)
    for number, seen in enumerate(("", PERSON)):
        await propose(desk, id, f"clear-{number}", change(desk, "water", "井水", seen=seen))


async def version(desk: Desk, id: str) -> int:
    document = await desk.service.fieldwork.archives.load(id)
    assert document is not None
    return int(document["version"])


def later(parts: Archiving, days: int) -> str:
    return (parts.day + timedelta(days=days)).isoformat()


@pytest.mark.row("S41")
async def test_what_is_past_its_day_is_not_read_and_the_sweep_takes_it_from_the_store(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = desk.service.fieldwork.archiving
    id, stays = await household(desk), await household(desk)
    short = {"retain_until": parts.day + timedelta(days=2)}
    await decide(
        desk, id, await propose(desk, id, "a", change(desk, "name", "孔凡莹", PERSON, **short), change(desk, "water", "井水", **short))
    )
    await decide(desk, id, await propose(desk, id, "b", change(desk, "water", "自来水")))
    await decide(desk, stays, await propose(desk, stays, "c", change(desk, "water", "井水")))
    held = await stored(desk, id)
    sealed = {each.value for _resident, field, each in held.data() if field == "name"} | {
        each.was.value for each in held.history if each.was
    }
    assert len(sealed) == 2

    last, after = later(parts, 2), later(parts, 3)
    assert id not in await parts.archives.due(last)
    monkeypatch.setattr(desk.service.fieldwork, "today", lambda: last)
    assert len((await desk.see(SECRETARY, READ, id=id))["residents"]) == 1
    monkeypatch.setattr(desk.service.fieldwork, "today", lambda: after)
    told = await desk.see(SECRETARY, READ, id=id)
    assert (told["residents"], [each["value"] for each in told["conditions"]]) == ([], ["自来水"])
    assert [(each["action"], each["was"]) for each in told["history"]][:2] == [("EXPIRED", None), ("SET", None)]

    assert id in await parts.archives.due(after)
    assert stays not in await parts.archives.due(after)
    before = await version(desk, stays)
    swept = replace(parts, today=lambda: after)
    await expire_archives(swept)
    assert await expire_archives(swept) == 0
    raw = str(await desk.service.runtime.database["archives"].find_one({"_id": id}))
    assert [value for value in sealed if value and value in raw] == []
    assert await desk.see(SECRETARY, READ, id=id) == told
    assert await version(desk, stays) == before


async def test_one_archive_that_cannot_be_swept_keeps_no_other_from_it(desk: Desk) -> None:
    parts = desk.service.fieldwork.archiving
    broken, whole = await household(desk), await household(desk)
    for id in (broken, whole):
        await propose(desk, id, "x", change(desk, "water", "井水", retain_until=parts.day))
    archives = desk.service.runtime.database["archives"]
    await archives.update_one({"_id": broken}, {"$set": {"kind": "NO KIND"}})
    swept = replace(parts, today=lambda: later(parts, 1))
    with pytest.raises(ValueError, match="kind"):
        await expire_archives(swept)
    assert await parts.archives.due(later(parts, 1)) == [broken]
    await archives.update_one({"_id": broken}, {"$set": {"kind": "HOUSEHOLD"}})
    assert await expire_archives(swept) == 1


async def test_another_persons_request_id_and_a_refused_value_tell_nothing(desk: Desk) -> None:
    id = await household(desk)
    asked = {"requestId": "form", "archiveId": id, "changes": [{"field": "income", "value": "三万元整"}]}
    told = await desk.see(SECRETARY, PROPOSE, input=asked)
    assert (told["code"], told["field"]) == ("BAD_VALUE", "changes.0.value")
    assert "三万" not in str(told)
    assert await desk.see(SECRETARY, READ, id=id) is None
    too_long = await desk.see(SECRETARY, PROPOSE, input={**asked, "note": "植" * 501})
    assert (too_long["code"], too_long["field"]) == ("INVALID_INPUT", "note")
    assert "植" not in str(too_long)
