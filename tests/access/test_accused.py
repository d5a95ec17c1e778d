"""A report (举报) is not there for the unit that it accuses: whoever of it asks in whatever way is told what they were told before it came.

The ways are those of the SDL: a field, an entity or a mutation without a place here fails. Everybody asked is of the accused department and
would otherwise see it, by place, team and post, and as the petitioner.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import pytest
import pytest_asyncio
from graphql import GraphQLInputObjectType, get_named_type

from deploy.local.parts import Parts
from services.feedback.domain.waiting import What
from services.feedback.usecases.answer_survey import Said, answer
from services.intake.domain.uploads import UploadLimits, UploadTicket, new_ticket
from services.intake.usecases.check_day_summary import CheckDaySummary, ItemLook, check_day_summary
from services.intake.usecases.hand_up_day_summary import HandUpDaySummary, hand_up_day_summary
from services.intake.usecases.register_grievance import PetitionerInput, RegisterGrievance, register_grievance
from services.intake.usecases.reveal_petitioner import RevealPetitioner, reveal_petitioner
from services.intake.usecases.tell_petitioner import TellPetitioner, tell_petitioner
from services.routing.domain.judging import Judgement
from services.routing.usecases.accept_work_order import accept
from services.routing.usecases.approve_reply import approve_reply
from services.routing.usecases.consult import ask_for_opinion
from services.routing.usecases.judge_grievance import judge
from services.routing.usecases.report_resolution import report
from shared import ids
from shared.broker import SERVICES
from shared.identity.development import DevelopmentIssuer
from shared.identity.roles import Role
from tests.access.conftest import World, made_world
from tests.access.documents import Described
from tests.access.people import HANDLING, HERE, TEAM, THIRD_UNIT, claims
from tests.access.test_matrix import LATER, ORDERS, SAID, TOLD, UPLOAD
from tests.access.walking import Walk
from tests.services.builders import viewer
from tests.services.intake.builders import project
from tests.services.intake.viewers import SECRETARY
from tests.services.town import Town

ACCUSED, WORD, PHONE = HANDLING, "收受红包", "13800007001"
DISPATCHER = viewer(Role.DISPATCHER)
NOWHERE = "5b1f6a52-0000-5000-8000-00000000dead"
# How far each report has come, by the request that told it.
REPORTS = ("waits", "told", "over")
IDS = {request: ids.document_id(SECRETARY.sub, request) for request in REPORTS}


@dataclass(frozen=True)
class Asked(Described):
    """One of the reports, asked for by id and by number."""

    told_number: str = "none-such"

    @property
    def number(self) -> str:
        return self.told_number


def of_the_accused(*roles: str) -> dict[str, Any]:
    """Of the accused department; over the place, of the team that heard it, and with the petitioner's phone."""
    place = [{"level": "VILLAGE", "code": HERE}]
    return claims(*roles, department=ACCUSED, scopes=place, phone_number=PHONE, phone_number_verified=True)


# Roles add up: what one of them let through, who has every one of them would be told too.
ROLES = (Role.RESIDENT, Role.SECRETARY, Role.DISPATCHER, Role.HANDLER, Role.SUPERVISOR, Role.DATA_OFFICER)
PERSONS = {role.value: of_the_accused(role) for role in ROLES} | {"every role": of_the_accused(*Role)}


def town_over(world: World) -> Town:
    return Town(world.services["intake"], world.services["routing"], world.services["feedback"])


def today(world: World) -> str:
    return str(world.services["intake"].fieldwork.today())


def walk_of(world: World, service: str) -> Walk:
    """Of this day and month, in which the reports are told."""
    day = today(world)
    now = {
        "grievanceShare": f'(division: "{HERE}", period: "{day[:7]}")',
        "teamLedger": f'(team: "{TEAM}", period: "{day[:7]}", first: 100)',
        "accessLog": f'(division: "{HERE}", day: "{day}")',
        "daySummary": "",
        "handedUp": f'(division: "{HERE}")',
        "grievances": "(first: 2)",
        "revealsToDecide": "(first: 1)",
    }
    routing = {"cases": "(first: 2)"}
    return Walk(
        service, [row for row in TOLD[service] if row.startswith("_entities")], **{"intake": now, "routing": routing}.get(service, {})
    )


# Beside what the walk asks: the same with other arguments, in which something might be counted.
MORE = {
    "intake": f"""{{
      share: grievanceShare(team: "{TEAM}") {{ foundByVisit byPetition share onSpot done open byChannel {{ channel grievances }} }}
      year: teamLedger(team: "{TEAM}", first: 1) {{ heard open done onSpot edges {{ cursor node {{ number }} }}
        pageInfo {{ hasNextPage endCursor }} }}
      town: handedUp(division: "370881001000", first: 1) {{ edges {{ cursor node {{ day remark items {{ grievanceId state }} }} }}
        pageInfo {{ hasNextPage endCursor }} }}
      all: grievances(first: 100) {{ edges {{ cursor node {{ id number text }} }} pageInfo {{ hasNextPage endCursor }} }}
      told: encounter(id: "encounter-S") {{ grievances {{ id number text }} }}
    }}""",
    "routing": f"""{{
      all: cases(first: 100) {{ edges {{ cursor node {{ id number }} }} pageInfo {{ hasNextPage endCursor }} }}
      dispatched: cases(status: DISPATCHED) {{ edges {{ cursor node {{ id }} }} pageInfo {{ hasNextPage endCursor }} }}
      closed: cases(status: CLOSED) {{ edges {{ cursor node {{ id }} }} pageInfo {{ hasNextPage endCursor }} }}
      theirs: cases(department: "D-3708-RXB") {{ edges {{ cursor node {{ id }} }} pageInfo {{ hasNextPage endCursor }} }}
      own: cases(department: "{ACCUSED}") {{ edges {{ cursor node {{ id }} }} pageInfo {{ hasNextPage endCursor }} }}
    }}""",
    "feedback": "{ satisfactionGrades { grade } followUpNumbers { what today threeDays week longer total }"
    + " ".join(
        f"{what}: followUpDesk(what: {what}, first: 2) {{ edges {{ cursor since node {{ id }} }} pageInfo {{ hasNextPage endCursor }} }}"
        for what in get_args(What)
    )
    + " }",
}


class Ways:
    """Everything that can be asked of one service, about the reports and in general."""

    def __init__(self, world: World, service: str, numbers: dict[str, str]) -> None:
        walk = walk_of(world, service)
        # Nobody is given a number before there is one.
        key = world.reference_key
        named = {
            letter: Asked("S", key, IDS[request], {}, numbers.get(request, "none-such"))
            for letter, request in zip("OPS", REPORTS, strict=True)
        }
        question = walk.question(world.read | named)
        self.walk, self.text, self.variables = walk, question.text, question.variables
        self._stubs = {
            alias
            for alias, (row, about) in question.aliases.items()
            if row == "_entities → Grievance(id)" and about is not None and about in "OPS"
        }
        self._service = service

    def seen(self, answer: dict[str, Any]) -> str:
        """The whole answer as text. A service that only adds to a grievance is asked of what it was given by intake: what it tells of one
        that it was not given is another test's."""
        if self._service != "intake":
            answer["data"] = {alias: value for alias, value in answer["data"].items() if alias not in self._stubs}
            answer["errors"] = [error for error in answer.get("errors", []) if error["path"][0] not in self._stubs]
        # A signed address says until when it is good; what is left goes by the minute, and what it is left of is compared.
        told = re.sub(r"[?&](until|exp|expires|signature|sig|s|u)=[^\"&]*", "", json.dumps(answer, ensure_ascii=False, sort_keys=True))
        return re.sub(r'"remaining(Minutes|Days)": -?\d+', "", told)


async def everything(world: World, numbers: dict[str, str]) -> dict[tuple[str, str], tuple[str, str]]:
    """(service, person) → what they are told, in the walk and beside it."""
    found = {}
    for service in SERVICES:
        ways = Ways(world, service, numbers)
        for name, who in PERSONS.items():
            walked, beside = await world.ask(service, who, ways.text, ways.variables), await world.ask(service, who, MORE[service])
            assert None not in (walked["data"], beside["data"])
            found[service, name] = ways.seen(walked), json.dumps(beside, ensure_ascii=False)
    return found


@dataclass(frozen=True)
class Twice:
    """What everybody is told before the reports came, and after; the reports' numbers."""

    world: World
    before: dict[tuple[str, str], tuple[str, str]]
    after: dict[tuple[str, str], tuple[str, str]]
    numbers: dict[str, str]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def twice(parts: Parts, keys_dir: Path, issuer: DevelopmentIssuer) -> AsyncIterator[Twice]:
    async with made_world(parts, keys_dir, issuer) as world:
        before = await everything(world, {})
        await tell_reports(world)
        held = await world.services["intake"].grievances.find_many(list(IDS.values()))
        numbers = {request: held[id].number for request, id in IDS.items()}
        yield Twice(world, before, await everything(world, numbers), numbers)


async def tell_reports(world: World) -> None:
    """Told to a secretary, in an encounter; looked at, handed up, handled, told, surveyed; each as far as it has come."""
    town = town_over(world)
    intake, handling = town.intake, town.routing.handling()
    for request in REPORTS:
        confidential = request == "waits"
        command = RegisterGrievance(
            request_id=request,
            kind="REPORT",
            channel="VISIT",
            subject=f"干部{WORD}",
            text=f"鲁城街道的干部{WORD}。",
            division=f"{HERE}-01",
            petitioner=PetitionerInput(name="孔凡莹", phone=PHONE, confidential=confidential),
            accused_departments=[ACCUSED],
            encounter="encounter-S",
        )
        assert await register_grievance(intake.registration(), SECRETARY, command, "test") == IDS[request]
        await town.settle(IDS[request])
        ticket = new_ticket(
            id=ids.document_id("photo", request), uploader=SECRETARY.sub, grievance=IDS[request], name="a.png", content_type="image/png",
            size=70, sha256="bc" * 32, purpose="before", now=intake.runtime.world.real_now(), limits=UploadLimits(),
        )  # fmt: skip
        assert isinstance(ticket, UploadTicket)
        await intake.uploads.open(ticket)
        assert await intake.uploads.stored(ticket.id, intake.runtime.world.real_now())
        # Somebody else asks to read who told it: of the confidential one that waits for a second person.
        look = RevealPetitioner(request_id=f"look-{request}", grievance_id=IDS[request], purpose="VERIFY", reason="核实。")
        await reveal_petitioner(intake.privacy.access, viewer(Role.CALLER), look, "test")
    day = datetime.fromisoformat(today(world)).date()
    items = [ItemLook(grievance_id=id, keep=True, remark="属实。") for id in IDS.values()]
    await check_day_summary(intake.duties.summarising, SECRETARY, CheckDaySummary(request_id="check", day=day, items=items), "test")
    await hand_up_day_summary(intake.duties.summarising, SECRETARY, HandUpDaySummary(request_id="hand", day=day), "test")
    for id in IDS.values():
        # It waited for people; the community was asked.
        await ask_for_opinion(handling, DISPATCHER, "ask", id, "COMMUNITY", None, "情况属实吗？", "test")
        await judge(handling, DISPATCHER, "judge", id, Judgement("YES", "YES", None, None, None, "经核实属实。"), None, "test")
        await town.settle(id)
    for request in REPORTS[1:]:
        id = IDS[request]
        [department] = (await town.routing.cases.find_many([id]))[id].departments
        desk = viewer(Role.HANDLER, department=department)
        await accept(handling, desk, "accept", id, "test")
        await report(handling, desk, "report", id, "已核查处理。", [], "test")
        await approve_reply(handling, viewer(Role.DEPARTMENT_HEAD, department=department), "approve", id, "test")
        await town.settle(id)
        told = TellPetitioner(request_id="tell", grievance_id=id, words="已经告知。")
        await tell_petitioner(intake.duties.telling, SECRETARY, told, "test")
        await town.settle(id)
    await answer(town.feedback.surveying(), viewer(Role.CALLER), "answer", IDS["over"], Said(True, "SATISFIED"), "test")
    for id in IDS.values():
        await town.settle(id)
    statuses = {request: (await town.routing.cases.find_many([id]))[id].status for request, id in IDS.items()}
    assert statuses == {"waits": "DISPATCHED", "told": "FED_BACK", "over": "CLOSED"}
    assert await flushed(world)
    await project(intake)
    await world.services["feedback"].projector().round()


async def flushed(world: World) -> bool:
    """The looks are in the audit."""
    audit = world.services["intake"].runtime.database["audit"]
    return await audit.count_documents({"subject": {"$in": list(IDS.values())}, "what": "RevealPetitioner"}) == len(REPORTS)


@pytest.mark.parametrize("who", PERSONS)
@pytest.mark.parametrize("service", SERVICES)
def test_whoever_is_of_the_accused_unit_is_told_what_they_were_told_before(twice: Twice, service: str, who: str) -> None:
    before, after = twice.before[service, who], twice.after[service, who]
    for then, now in zip(before, after, strict=True):
        assert now == then
        for word in (WORD, *twice.numbers.values()):
            assert word not in now


async def test_others_of_the_same_posts_do_see_them(twice: Twice) -> None:
    """Else the same before and after would say nothing."""
    for service in SERVICES:
        ways = Ways(twice.world, service, twice.numbers)
        who = claims(*Role, department=THIRD_UNIT)
        told = json.dumps(await twice.world.ask(service, who, ways.text, ways.variables), ensure_ascii=False)
        told += json.dumps(await twice.world.ask(service, who, MORE[service]), ensure_ascii=False)
        assert [id for id in IDS.values() if id not in told] == []
        assert {"intake": WORD, "routing": twice.numbers["waits"], "feedback": "已核查处理。"}[service] in told
    looks = f'{{ accessLog(division: "{HERE}", day: "{today(twice.world)}") {{ edges {{ node {{ subject }} }} }} }}'
    seen = await twice.world.ask("intake", who, looks)
    assert {edge["node"]["subject"] for edge in seen["data"]["accessLog"]["edges"]} >= set(IDS.values())


ADDED = {"routing": "status case { id }", "feedback": "reply { text } survey { round } timeline { what }"}
STUB = "query($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Grievance { id %s } } }"


@pytest.mark.parametrize("who", PERSONS)
@pytest.mark.parametrize(
    ("service", "fields"), [("routing", "status case { id }"), ("feedback", "reply { text } survey { round } timeline { what }")]
)
async def test_a_service_that_adds_to_a_grievance_tells_of_them_as_of_what_is_out_of_reach(
    twice: Twice, service: str, fields: str, who: str
) -> None:
    """The gateway asks them only of what intake has given; intake gives none."""

    async def told(id: str) -> str:
        answer = await twice.world.ask(service, PERSONS[who], STUB % fields, {"r": [{"__typename": "Grievance", "id": id}]})
        return json.dumps(answer).replace(id, "ID")

    out_of_reach = await told("read-X")
    assert [await told(id) for id in IDS.values()] == [out_of_reach] * len(REPORTS)


# Every mutation that names a grievance, and what is told with it. A new one needs a line here, or in test_matrix.py.
BESIDE: dict[str, dict[str, Any]] = {
    "acceptWorkOrder": {},
    **{mutation: told for mutation, told in ORDERS.items() if mutation != "bulkAct"},
    **LATER,
    "suspendWorkOrder": {"reason": "等待材料。", "until": "2026-06-30"},
    "issueSupervisionOrder": {"demand": "请说明进展。", "until": "2099-06-30"},
    "createUpload": UPLOAD,
    **SAID,
}
BULKS: list[dict[str, Any]] = [
    {"action": "ACCEPT_WORK_ORDER"},
    {"action": "RETURN_WORK_ORDER", "reason": "不归本部门管。"},
    {"action": "GRANT_RETURN", "reason": "转住建。", "department": THIRD_UNIT},
    {"action": "REFUSE_RETURN", "reason": "归本部门管。"},
    {"action": "REASSIGN", "reason": "转住建。", "department": THIRD_UNIT},
]


def inputs(mutation: str, id: str, world: World) -> list[dict[str, Any]]:
    if mutation == "bulkAct":
        return [{"grievances": [id, NOWHERE.replace("dead", "beef")], **bulk} for bulk in BULKS]
    if mutation == "checkDaySummary":
        return [{"day": today(world), "items": [{"grievanceId": id}]}]
    return [{"grievanceId": id, **BESIDE[mutation]}]


def names_a_grievance(kind: GraphQLInputObjectType, within: tuple[str, ...] = ()) -> bool:
    """By id; what an encounter tells of new ones names none."""
    for name, field in kind.fields.items():
        named = get_named_type(field.type)
        if isinstance(named, GraphQLInputObjectType):
            if named.name not in within and names_a_grievance(named, (*within, kind.name)):
                return True
        elif "grievance" in name.lower():
            return True
    return False


def mutations() -> Iterator[tuple[str, str]]:
    for service in SERVICES:
        kind = Walk(service, []).schema.mutation_type
        assert kind is not None
        for name, field in kind.fields.items():
            input = get_named_type(field.args["input"].type)
            assert isinstance(input, GraphQLInputObjectType)
            if names_a_grievance(input):
                yield service, name


def test_the_mutations_that_name_a_grievance_are_these() -> None:
    assert {name for _service, name in mutations()} == {*BESIDE, "bulkAct", "checkDaySummary"}


async def versions(world: World) -> list[int]:
    found = []
    for service, collection in {"intake": "grievances", "routing": "cases", "feedback": "followups"}.items():
        rows = world.services[service].runtime.database[collection].find({"_id": {"$in": list(IDS.values())}}, {"version": 1})
        found += [row["version"] for row in sorted(await rows.to_list(None), key=lambda row: str(row["_id"]))]
    return found


@pytest.mark.parametrize(("service", "mutation"), list(mutations()))
async def test_a_command_on_one_is_answered_as_on_what_is_not_there(twice: Twice, service: str, mutation: str) -> None:
    world, written = twice.world, await versions(twice.world)
    walk = Walk(service, [])
    field = walk.schema.mutation_type.fields[mutation]
    text = f"mutation($input: {field.args['input'].type}) {{ {mutation}(input: $input) {walk.selection(field.type)} }}"

    async def told(who: str, id: str) -> list[str]:
        answers = []
        for place, input in enumerate(inputs(mutation, id, world)):
            request = f"{mutation}-{who[:9]}-{id}-{place}".replace(" ", "-")
            answer = await world.ask(service, PERSONS[who], text, {"input": {"requestId": request, **input}})
            answers.append(json.dumps(answer, ensure_ascii=False).replace(id, "ID"))
        return answers

    for who in PERSONS:
        nothing = await told(who, NOWHERE)
        assert "Refused" in nothing[0] or mutation == "bulkAct"
        for id in IDS.values():
            assert await told(who, id) == nothing
    assert await versions(world) == written


async def test_who_looks_for_the_petitioners_phone_finds_none_of_them(twice: Twice) -> None:
    input = {"phone": PHONE, "purpose": "CONTACT", "reason": "来电查询。"}
    fields = "... on FoundByPhone { grievances { id } } ... on LookUpRefused { code }"
    for who in ("SECRETARY", "DISPATCHER", "DATA_OFFICER", "every role"):
        found = await twice.world.do("intake", PERSONS[who], "lookUpByPhone", fields, requestId=f"by-phone-{who[:5]}", **input)
        assert found == {"__typename": "FoundByPhone", "grievances": []}
    others = await twice.world.do(
        "intake", claims("DATA_OFFICER", department=THIRD_UNIT, sub="officer"), "lookUpByPhone", fields, requestId="by-phone", **input
    )
    # The data officer may not know of the confidential one.
    assert {each["id"] for each in others["grievances"]} == {IDS["told"], IDS["over"]}
