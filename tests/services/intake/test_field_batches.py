"""syncFieldBatch over the real store: whatever is split, reordered, doubled, interleaved or unanswered, the same is kept once."""

import asyncio
import itertools
import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from pydantic import ValidationError

from services.intake.domain.versions import Version
from services.intake.field_sync import syncing
from services.intake.service import Service
from services.intake.usecases.record_member import RecordMember, record_member
from services.intake.usecases.sync_field_batch import LONGEST, MOST_ITEMS, Answer, FieldBatch, FieldItem, Syncing, sync_field_batch
from services.intake.usecases.write_diary import WriteDiary, write_diary
from services.intake.usecases.writing import record_id
from shared import ids
from shared.china_time import day_in_china
from shared.identity.development import DevelopmentIssuer
from shared.identity.errors import Refusal
from shared.identity.viewer import Viewer
from shared.records import StoreTrouble
from tests.services.intake.field import COLLEAGUE, MESSAGE, OTHER_SECRETARY, SECRETARY, TEAM, client_id, colleague, found_team, keep_home
from tests.services.intake.graph import graph_of
from tests.services.intake.viewers import CITY_ADMIN, COUNTY_ADMIN, NOBODY, RESIDENT, VILLAGE

FAST = timedelta(hours=2)
PHOTO = {"sha256": "ab" * 32, "size": 70, "name": "a.png", "content_type": "image/png"}
salts = itertools.count()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(intake_service: Service) -> Service:
    await found_team(intake_service)
    return intake_service


@pytest.fixture
def parts(service: Service) -> Syncing:
    return syncing(service.fieldwork, service.registration())


async def send(
    parts: Syncing, items: list[FieldItem], viewer: Viewer = SECRETARY, ahead: timedelta = timedelta(0)
) -> tuple[timedelta, list[Answer]]:
    return await sync_field_batch(parts, viewer, FieldBatch(sent_at=parts.now() + ahead, items=items), "")


def item(parts: Syncing, name: str, kind: Any, /, **fields: Any) -> FieldItem:
    return FieldItem(id=client_id(parts.now() - timedelta(hours=1), name), kind=kind, fields=fields)


@dataclass
class Phone:
    viewer: Viewer
    ahead: timedelta
    queue: list[FieldItem] = field(default_factory=list)
    done: list[FieldItem] = field(default_factory=list)


class Plan:
    """What three phones of one team collect: encounters and diaries, later versions of them on any earlier one, grievances, photos."""

    def __init__(self, service: Service, seed: int) -> None:
        self.service = service
        self.salt = f"s{next(salts)}"
        self.draw = random.Random(seed)
        self.made = service.runtime.world.now() - timedelta(hours=5)
        self.phones = [Phone(SECRETARY, timedelta(0)), Phone(SECRETARY, FAST), Phone(colleague(), -FAST)]
        self.names: dict[str, str] = {}
        self.homes = [f"home-{self.salt}-{n}" for n in range(2)]
        encounters: list[tuple[Phone, FieldItem]] = []
        for n in range(self.draw.randint(1, 4)):
            phone = self.draw.choice(self.phones)
            fields = {"kind": self.draw.choice(["HOUSEHOLD_TALK", "STREET_TALK"]), "division": VILLAGE, **self._notes()}
            encounters.append((phone, self._add(phone, f"encounter{n}", "encounter", fields)))
            if self.draw.random() < 0.5:
                told = {"text": f"诉求{n}", "division": VILLAGE, "encounter": encounters[-1][1].id, "photos": [PHOTO]}
                self._add(phone, f"grievance{n}", "grievance", told)
        versions = {made.id: [made.id] for _phone, made in encounters}
        for n in range(self.draw.randint(0, 5)):
            phone, made = self.draw.choice(encounters)
            writer = self.draw.choice(self.phones)
            name = made.id if writer.viewer.sub == phone.viewer.sub else self.record(phone, made)
            base = self.draw.sample(versions[made.id], self.draw.randint(1, min(2, len(versions[made.id]))))
            amended = self._add(writer, f"amend{n}", "amend_encounter", {"encounter": name, "base": base, **self._notes()})
            versions[made.id].append(amended.id)
        for n in range(self.draw.randint(0, 2)):
            phone = self.draw.choice(self.phones)
            diary = self._add(phone, f"diary{n}", "diary", {"text": f"日记{n}", "encounters": [encounters[0][1].id]})
            if self.draw.random() < 0.5:
                self._add(phone, f"again{n}", "amend_diary", {"diary": diary.id, "base": [diary.id], "text": f"又记{n}"})

    def _notes(self) -> dict[str, Any]:
        return {
            "text": f"聊了{self.draw.randint(0, 99)}",
            "household": self.draw.choice([None, *self.homes]),
            "participants": self.draw.choice([[], [SECRETARY.sub], [COLLEAGUE]]),
            "messages": self.draw.choice([[], [MESSAGE]]),
            "attendance": self.draw.choice([None, 3]),
        }

    def _add(self, phone: Phone, name: str, kind: Any, fields: dict[str, Any]) -> FieldItem:
        # By the phone's own clock, which is ahead or behind.
        self.made += timedelta(minutes=1)
        made = FieldItem(id=client_id(self.made + phone.ahead, self.salt + name), kind=kind, fields=fields)
        self.names |= {made.id: name, self.record(phone, made): f"record of {name}"}
        phone.queue.append(made)
        return made

    def record(self, phone: Phone, made: FieldItem) -> str:
        if made.kind == "grievance":
            return ids.document_id(phone.viewer.sub, made.id)
        return record_id(phone.viewer, "diary" if "diary" in made.kind else "encounter", made.id)

    async def play(self, parts: Syncing, chaos: random.Random | None) -> None:
        """Sends all until all is answered; with chaos by parts, doubled, out of order, at the same time, every third answer lost."""
        for home in self.homes:
            await keep_home(self.service, home)
        for _round in range(200):
            waiting = [phone for phone in self.phones if phone.queue]
            if not waiting:
                return
            if chaos is None:
                for phone in waiting:
                    await self._send(parts, phone, list(phone.queue), lost=False)
                continue
            sent = chaos.sample(waiting, chaos.randint(1, len(waiting)))
            batches = [chaos.sample(phone.queue, chaos.randint(1, min(4, len(phone.queue)))) for phone in sent]
            batches = [batch + chaos.sample(phone.done, min(1, len(phone.done))) for batch, phone in zip(batches, sent, strict=True)]
            for batch in batches:
                chaos.shuffle(batch)
            losses = [chaos.random() < 1 / 3 for _ in sent]
            await asyncio.gather(*(self._send(parts, *each) for each in zip(sent, batches, losses, strict=True)))
        pytest.fail("the phones never came to an end")

    async def _send(self, parts: Syncing, phone: Phone, batch: list[FieldItem], lost: bool) -> None:
        _off, answers = await send(parts, batch, phone.viewer, phone.ahead)
        assert [answer.id for answer in answers] == [each.id for each in batch]
        # A colleague knows an encounter by our id, and so after it has come; here the phones are not that patient.
        early = {answer.id for answer in answers if answer.refusal and answer.refusal.code in ("NOT_FOUND", "BUILDS_ON_REFUSED")}
        assert not [answer for answer in answers if answer.outcome == "REFUSED" and answer.id not in early]
        if not lost:
            kept = {answer.id for answer in answers if answer.outcome in ("DONE", "CONFLICT")}
            phone.done += [each for each in phone.queue if each.id in kept]
            phone.queue = [each for each in phone.queue if each.id not in kept]

    async def state(self) -> dict[str, Any]:
        """Everything that came of it, by the names of the plan and not by ids."""
        fieldwork, found = self.service.fieldwork, {}
        records = [id for id, name in self.names.items() if name.startswith("record of")]
        for id, held in (await fieldwork.encounters.find_many(records)).items():
            key = self.service.cipher.unwrap(held.person, held.key)
            found[self.names[id]] = {
                "day": held.on,
                "minute": self._minute(held.at),
                "clock": held.clock,
                "versions": [self._version(version, key.decrypt("text", version.content.original)) for version in held.versions],
                "tellings": {self._named(telling): done for telling, done in held.tellings.items()},
            }
        for id, diary in (await fieldwork.diaries.find_many(records)).items():
            found[self.names[id]] = {
                "versions": [(self.names[version.id], version.content.text) for version in diary.versions],
                "told": diary.told,
            }
        for id, grievance in (await self.service.grievances.find_many(records)).items():
            uploads = await self.service.uploads.find_many(grievance.attachments)
            told = self.names[grievance.encounter or ""]
            found[self.names[id]] = {"text": grievance.text, "in": told, "photos": [upload.ticket.sha256 for upload in uploads if upload]}
        for n, home in enumerate(self.homes):
            household = await fieldwork.households.find(home)
            assert household is not None
            found[f"home {n}"] = sorted((self.names[visit.id], visit.on, visit.member) for visit in household.visits)
        for sub in (SECRETARY.sub, COLLEAGUE):
            member = await fieldwork.members.find(sub)
            assert member is not None
            found[sub] = sorted((self.names[id], on) for id, on in member.outings.items() if id in self.names)
        return found

    def _version(self, version: Version[Any], text: str) -> tuple[Any, ...]:
        notes = version.content
        home = self._named(f":{notes.household}") if notes.household else None
        base = sorted(self.names[id] for id in version.base)
        return (
            self.names[version.id],
            base,
            version.by,
            self._minute(version.at),
            text,
            home,
            notes.participants,
            notes.messages,
            notes.attendance,
        )

    def _minute(self, at: Any) -> int:
        return round((self.made - at) / timedelta(minutes=1))

    def _named(self, telling: str) -> str:
        what, _, whom = telling.partition(":")
        return f"{what}:home {self.homes.index(whom)}" if whom in self.homes else telling


@pytest.mark.parametrize("seed", range(24))
async def test_any_split_order_repeat_and_interleaving_gives_the_same_state(service: Service, parts: Syncing, seed: int) -> None:
    straight, wild = Plan(service, seed), Plan(service, seed)
    await straight.play(parts, None)
    await wild.play(parts, random.Random(seed))
    await service.fieldwork.mark_outings()
    assert await wild.state() == await straight.state()
    assert await service.fieldwork.encounters.untold(1000) == []


async def test_a_phones_wrong_clock_is_noticed_and_corrected_and_a_repeat_by_another_network_is_the_same(
    service: Service, parts: Syncing
) -> None:
    now = parts.now()
    told = FieldItem(id=client_id(now + FAST - timedelta(minutes=30), "clock"), kind="diary", fields={"text": "一天"})
    off, (answer,) = await send(parts, [told], ahead=FAST)
    assert (off, answer.outcome, answer.clock) == (-FAST, "DONE", "CORRECTED")
    held = await service.fieldwork.diaries.find(answer.record or "")
    assert held is not None
    assert abs(held.at - (now - timedelta(minutes=30))) < timedelta(minutes=1)
    _off, (again,) = await send(parts, [told], ahead=FAST + timedelta(minutes=3))
    assert (again.outcome, again.record) == ("DONE", answer.record)


async def test_a_time_that_cannot_be_counts_as_now_and_says_so(service: Service, parts: Syncing) -> None:
    for name, at in (("ahead", timedelta(days=3)), ("behind", timedelta(days=-9000))):
        told = FieldItem(
            id=client_id(parts.now() + at, name), kind="encounter", fields={"kind": "STREET_TALK", "text": "x", "division": VILLAGE}
        )
        _off, (answer,) = await send(parts, [told])
        held = await service.fieldwork.encounters.find(answer.record or "")
        assert held is not None
        assert (answer.clock, held.clock, held.on) == ("TAKEN_AS_NOW", "TAKEN_AS_NOW", service.fieldwork.today())


async def test_what_builds_on_a_record_that_is_still_on_its_way_waits_and_both_versions_come_back(service: Service, parts: Syncing) -> None:
    first = item(parts, "both", "encounter", kind="STREET_TALK", text="第一次", division=VILLAGE)
    second = item(parts, "both-2", "amend_encounter", encounter=first.id, base=[first.id], text="第二次")
    crossing = item(parts, "both-3", "amend_encounter", encounter=first.id, base=[first.id], text="另一部手机")
    assert [answer.outcome for answer in (await send(parts, [second]))[1]] == ["WAITING"]
    assert [answer.outcome for answer in (await send(parts, [second, first]))[1]] == ["DONE", "DONE"]
    assert [answer.outcome for answer in (await send(parts, [crossing]))[1]] == ["CONFLICT"]


@pytest.mark.row("S34")
@pytest.mark.row("S41")
async def test_an_enterprise_that_is_opened_without_a_network_is_named_by_the_item_that_opened_it(service: Service, parts: Syncing) -> None:
    title = {"field": "title", "value": "鼓楼早餐店"}
    opened = FieldItem(
        id=client_id(parts.now() - timedelta(hours=2), "shop"),
        kind="archive_change",
        fields={"enterprise": {"kind": "SHOP", "village": VILLAGE}, "changes": [title]},
    )
    more = item(parts, "shop-2", "archive_change", archive_id=opened.id, changes=[{"field": "industry", "value": "餐饮"}])
    visit = item(parts, "shop-visit", "encounter", kind="ENTERPRISE_VISIT", text="", division=VILLAGE, enterprise=opened.id)
    assert [answer.outcome for answer in (await send(parts, [more, visit]))[1]] == ["WAITING", "DONE"]
    _off, answers = await send(parts, [visit, more, opened])
    assert [answer.outcome for answer in answers] == ["DONE", "DONE", "DONE"]
    archive = await service.fieldwork.archives.find(answers[2].record or "")
    encounter = await service.fieldwork.encounters.find(answers[0].record or "")
    assert archive is not None
    assert encounter is not None
    assert encounter.notes.enterprise == archive.id
    assert len(archive.proposals) == 2


async def test_every_item_is_answered_for_itself(parts: Syncing) -> None:
    good = item(parts, "good", "diary", text="好")
    reused = FieldItem(id=good.id, kind="diary", fields={"text": "别的话"})
    wrong = FieldItem(id="not-a-uuid", kind="diary", fields={"text": "x"})
    blank = item(parts, "blank", "diary", text=" ")
    unknown = item(parts, "unknown", "grievance", text="", division="999999999999")
    naive = item(parts, "naive", "diary", text="x", at=parts.now().replace(tzinfo=None))
    endless = FieldItem(id="ffffffff-ffff-7fff-bfff-ffffffffffff", kind="diary", fields={"text": "x"})
    long = item(parts, "long", "diary", text="长" * 20_001)
    _off, answers = await send(parts, [good, reused, wrong, blank, unknown, naive, long, endless])
    assert [(answer.outcome, answer.refusal.code if answer.refusal else None) for answer in answers] == [
        ("DONE", None),
        ("REFUSED", "REQUEST_ID_REUSED"),
        ("REFUSED", "ID_NOT_UUID7"),
        ("REFUSED", "TEXT_EMPTY"),
        ("REFUSED", "DIVISION_UNKNOWN"),
        ("REFUSED", "TIME_WITHOUT_ZONE"),
        ("REFUSED", "INVALID_INPUT"),
        ("DONE", None),
    ]


@pytest.mark.parametrize("fault", [StoreTrouble("no store"), ZeroDivisionError()])
async def test_a_fault_of_ours_holds_up_no_other_item_and_is_to_be_sent_again(service: Service, parts: Syncing, fault: Exception) -> None:
    async def failing(*_arguments: Any) -> Any:
        raise fault

    broken = replace(parts, begin=lambda: {**parts.begin(), "grievance": failing})
    told = item(parts, f"hurt {fault}", "grievance", text="x", division=VILLAGE)
    _off, answers = await send(broken, [told, item(parts, f"well {fault}", "diary", text="好")])
    assert [answer.outcome for answer in answers] == ["FAILED", "DONE"]
    assert [answer.outcome for answer in (await send(parts, [told]))[1]] == ["DONE"]


@pytest.mark.parametrize(
    ("viewer", "code"),
    [(NOBODY, "UNAUTHENTICATED"), (RESIDENT, "ROLE_MISSING"), (COUNTY_ADMIN, "ROLE_MISSING"), (CITY_ADMIN, "ROLE_MISSING")],
)
async def test_only_who_goes_out_sends_batches(parts: Syncing, viewer: Viewer, code: str) -> None:
    with pytest.raises(Refusal, match=code):
        await send(parts, [], viewer)


async def test_another_teams_secretary_who_sends_our_items_makes_none_of_ours(service: Service, parts: Syncing) -> None:
    mine = item(parts, "mine", "diary", text="我的")
    _off, (ours,) = await send(parts, [mine])
    _off, (theirs,) = await send(parts, [mine], OTHER_SECRETARY)
    assert ours.record != theirs.record
    amend = item(parts, "steal", "amend_diary", diary=ours.record, base=[mine.id], text="偷改")
    _off, (answer,) = await send(parts, [amend], OTHER_SECRETARY)
    assert (answer.outcome, answer.refusal.code if answer.refusal else "") == ("REFUSED", "NOT_FOUND")


def test_an_item_has_exactly_one_part_and_a_batch_at_most_fifty_items() -> None:
    assert [FieldItem.of("id", {"encounter": None, "diary": part}).kind for part in ({"text": "x"}, {}, None)] == ["diary", "diary", None]
    assert FieldItem.of("id", {"diary": {"text": "x"}, "grievance": {"text": "x"}}).kind is None
    with pytest.raises(ValidationError):
        FieldBatch(sent_at=datetime.now(UTC), items=[FieldItem(id="x", kind="diary", fields={})] * (MOST_ITEMS + 1))


async def test_an_item_that_is_none_or_two_at_once_is_refused_alone_and_what_builds_on_it_with_it(parts: Syncing) -> None:
    good = item(parts, "whole", "diary", text="好")
    none, two = (FieldItem(id=client_id(parts.now(), name), kind=None, fields={}) for name in ("none", "two"))
    more = item(parts, "of none", "amend_diary", diary=none.id, base=[none.id], text="又")
    _off, answers = await send(parts, [more, two, good, none])
    assert [(answer.outcome, answer.refusal and (answer.refusal.code, answer.refusal.field)) for answer in answers] == [
        ("REFUSED", ("BUILDS_ON_REFUSED", None)),
        ("REFUSED", ("ONE_OF", "items.1")),
        ("DONE", None),
        ("REFUSED", ("ONE_OF", "items.3")),
    ]


async def test_a_malformed_item_is_answered_in_the_graph_and_the_others_go_through(service: Service, issuer: DevelopmentIssuer) -> None:
    now = service.runtime.world.now()
    made = [client_id(now, f"in the graph {n}") for n in range(3)]
    diary = {"text": "好"}
    items = [{"id": made[0]}, {"id": made[1], "diary": diary}, {"id": made[2], "diary": diary, "grievance": {"text": "路灯不亮"}}]
    query = """mutation($input: SyncFieldBatchInput!) { syncFieldBatch(input: $input) { ... on FieldBatchSynced { answers {
        id outcome recordId diary { page { text } } refusal { code message messageZh field } } } } }"""
    async with graph_of(service, issuer) as graph:
        answers = (await graph.see(SECRETARY, query, input={"sentAt": now.isoformat(), "items": items}))["answers"]
    malformed = {"code": "ONE_OF", "message": "Each item holds exactly one of its parts.", "messageZh": "每项须恰有一种内容。"}
    assert [answer["id"] for answer in answers] == made
    assert [(answer["outcome"], answer["diary"], answer["refusal"]) for answer in answers] == [
        ("REFUSED", None, malformed | {"field": "items.0"}),
        ("DONE", {"page": diary}, None),
        ("REFUSED", None, malformed | {"field": "items.2"}),
    ]


async def test_who_sends_a_batch_is_read_once_for_all_its_items(service: Service, parts: Syncing, monkeypatch: pytest.MonkeyPatch) -> None:
    fieldwork = service.fieldwork
    talks = [item(parts, f"read {n}", "encounter", kind="STREET_TALK", text="x", division=VILLAGE) for n in range(3)]
    more = [item(parts, f"more {n}", "amend_encounter", encounter=talk.id, base=[talk.id], text="y") for n, talk in enumerate(talks)]
    read: list[str] = []
    for name, registry in (("teams", fieldwork.teams), ("members", fieldwork.members)):

        async def counted(query: dict[str, Any], name: str = name, found: Any = registry._found) -> Any:
            read.append(name)
            return await found(query)

        monkeypatch.setattr(registry, "_found", counted)
    _off, answers = await send(parts, [*talks, *more, item(parts, "read 3", "diary", text="x")])
    assert [answer.outcome for answer in answers] == ["DONE"] * 7
    assert sorted(read) == ["members", "teams"]


async def test_a_batch_that_takes_long_leaves_the_rest_for_the_next(parts: Syncing) -> None:
    clock = iter(parts.real_now() + LONGEST * n / 2 for n in range(10))
    slow = replace(parts, real_now=lambda: next(clock))
    told = [item(parts, f"slow {n}", "diary", text="慢") for n in range(4)]
    _off, answers = await send(slow, told)
    assert sorted(answer.outcome for answer in answers) == ["DONE", "WAITING", "WAITING", "WAITING"]
    assert [answer.outcome for answer in (await send(parts, told))[1]] == ["DONE"] * 4


@pytest.mark.row("S51")
async def test_what_a_phone_took_down_days_ago_is_of_that_day(service: Service, parts: Syncing) -> None:
    ago = parts.now() - timedelta(days=3)
    told = FieldItem(id=client_id(ago, "three days ago"), kind="grievance", fields={"text": "路灯不亮", "division": VILLAGE})
    _off, (answer,) = await send(parts, [told])
    day = day_in_china(ago).isoformat()
    assert answer.record in await service.grievances.heard_by(SECRETARY.sub, day)
    assert answer.record in await service.grievances.of_team(TEAM, day[:7])
    assert answer.record not in await service.grievances.heard_by(SECRETARY.sub, service.fieldwork.today())


async def test_a_repeat_is_answered_as_before_whatever_has_become_of_the_secretary(service: Service, parts: Syncing) -> None:
    moving = replace(SECRETARY, sub="field-moving")
    row: dict[str, Any] = {"name": "孔某", "kinds": ["GRID_WORKER"], "rank": "SECTION"}
    for number, (unit, team) in enumerate(((VILLAGE, TEAM), ("370811011001", OTHER_SECRETARY.team))):
        command = RecordMember(request_id=f"moving-{number}", id=moving.sub, unit=unit, team=team, **row)
        await record_member(service.fieldwork.record_members, CITY_ADMIN, command, "")
        if number == 0:
            talk = item(parts, "moved", "encounter", kind="SYMPOSIUM", text="x", division=VILLAGE, campaign="C-LISTEN")
            more = item(parts, "moved-2", "amend_encounter", encounter=talk.id, base=[talk.id], text="y")
            told = item(parts, "moved-3", "grievance", text="路灯不亮", encounter=talk.id)
            _off, first = await send(parts, [talk, more, told], moving)
    moved = replace(moving, team=OTHER_SECRETARY.team, scopes=OTHER_SECRETARY.scopes)
    _off, again = await send(parts, [talk, more, told], moved)
    assert [answer.outcome for answer in first] == ["DONE"] * 3
    assert again == first
    grievance = (await service.grievances.find_many([first[2].record or ""]))[first[2].record or ""]
    # As over the network: the encounter says through which door, where and in which campaign.
    assert (grievance.channel, grievance.campaign, grievance.division) == ("SYMPOSIUM", "C-LISTEN", VILLAGE)


async def test_when_it_happened_is_kept_as_it_was_said_and_a_lost_online_request_may_come_again_in_a_batch(
    service: Service, parts: Syncing
) -> None:
    long_ago = parts.now() - timedelta(days=800)
    told = item(parts, "pothole", "grievance", text="坑", division=VILLAGE, occurred_at=long_ago)
    _off, (answer,) = await send(parts, [told], ahead=FAST)
    grievance = (await service.grievances.find_many([answer.record or ""]))[answer.record or ""]
    assert abs(grievance.occurred_at - long_ago) < timedelta(seconds=1)
    diary = item(parts, "twice", "diary", text="一篇")
    id = await write_diary(service.fieldwork.write_diaries, SECRETARY, WriteDiary(request_id=diary.id, text="一篇"), "")
    _off, (answer,) = await send(parts, [diary])
    assert (answer.outcome, answer.record) == ("DONE", id)


async def test_who_is_named_as_a_petitioner_is_named_in_nothing_that_is_written_beside(service: Service, parts: Syncing) -> None:
    talk = item(parts, "named", "encounter", kind="STREET_TALK", text="孔凡莹说路牌看不清", division=VILLAGE)
    told = item(parts, "named-2", "grievance", text="孔凡莹希望更换", encounter=talk.id, petitioner={"name": "孔凡莹"})
    _off, answers = await send(parts, [talk, told])
    raw = str(await service.runtime.database["encounters"].find_one({"_id": answers[0].record}))
    assert "孔凡莹" not in raw
    held = await service.fieldwork.encounters.find(answers[0].record or "")
    assert held is not None
    assert held.notes.text == "〔姓名〕说路牌看不清"


async def test_what_builds_on_a_refused_item_or_on_nothing_is_refused_and_not_put_off_for_ever(parts: Syncing) -> None:
    blank = item(parts, "refused", "encounter", kind="STREET_TALK", text=" ", division=VILLAGE)
    more = item(parts, "refused-2", "amend_encounter", encounter=blank.id, base=[blank.id], text="y")
    diary = item(parts, "based", "diary", text="x")
    nothing = item(parts, "based-2", "amend_diary", diary=diary.id, base=["no version"], text="y")
    _off, answers = await send(parts, [blank, more, diary, nothing])
    codes = [answer.refusal.code if answer.refusal else answer.outcome for answer in answers]
    assert codes == ["TEXT_EMPTY", "BUILDS_ON_REFUSED", "DONE", "BASE_UNKNOWN"]
