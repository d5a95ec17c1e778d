"""docs/access-matrix.md, cell by cell: what it tells is asked of the real subgraphs, for every role, relation and field.

Nothing here reads a policy or a rule: the document is what is tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from services.intake.domain.numbers import mint
from services.intake.domain.pins import pin_of
from services.routing.domain.appraisal import Appraisal
from shared.broker import SERVICES
from shared.china_time import day_in_china
from tests.access.conftest import World
from tests.access.documents import (
    AT,
    RELATIONS,
    Described,
    keep_case,
    keep_followup,
    keep_grievance,
    mark,
    masks_of,
    name_of,
    openid_of,
    phone_of,
)
from tests.access.fieldwork import COMMANDS as FIELDWORK
from tests.access.fieldwork import keep_look
from tests.access.people import ANONYMOUS, COLUMNS, ELSEWHERE, HANDLING, HERE, SUB, THIRD_UNIT
from tests.access.states import (
    APPRAISING,
    CARDED,
    DUE_LATER,
    HERE_ALONE,
    NOBODY_URGES,
    NOTHING_ASKED,
    UNANSWERED,
    URGED,
    at,
    draft_waiting,
    extension_asked,
    opinion_asked,
    order_issued,
    order_replied,
    owned,
    part_asked,
    report_waiting,
    returned,
    suspended,
)
from tests.access.walking import Found, Walk
from tests.world import ROOT
from tools.matrix import DOCUMENT, read

TOLD = read((ROOT / DOCUMENT).read_text(encoding="utf-8"))
# The whole of an error, by its code: nothing else may be in it.
WORDS = {"UNAUTHENTICATED": ("Please sign in first.", "请先登录。"), "FORBIDDEN": ("You may not do this.", "您没有权限进行此操作。")}
# By this field one sees whether a service tells anything of a grievance.
TELLING = {"intake": "Grievance.text", "routing": "Case.number", "feedback": "Reply.text"}
everybody_everywhere = pytest.mark.parametrize(("service", "who"), [(service, who) for service in SERVICES for who in COLUMNS])


def walk_of(service: str) -> Walk:
    return Walk(service, [row for row in TOLD[service] if row.startswith("_entities")])


@cache
def read_rows(service: str) -> frozenset[str]:
    """The rows that are asked by queries and entities."""
    walk = walk_of(service)
    walk.question(SOME)
    return frozenset(walk.asked)


SOME = {relation: Described(relation, bytes(32), relation) for relation in RELATIONS}


@dataclass
class Whole:
    """Everything that one person is told by one service."""

    body: str
    errors: list[dict[str, Any]]
    found: dict[str, list[Found]]
    asked: set[str]


@pytest.fixture(scope="session")
def wholes() -> dict[tuple[str, str], Whole]:
    return {}


@pytest.fixture
async def whole(world: World, wholes: dict[tuple[str, str], Whole], service: str, who: str) -> Whole:
    """Asked once for each person and service."""
    if (service, who) not in wholes:
        walk = walk_of(service)
        question = walk.question(world.read)
        authorization = None if who == ANONYMOUS else f"Bearer {world.token(who)}"
        response = await world.post(service, authorization, question.text, question.variables)
        answer = response.json()
        found = walk.found(question, answer["data"], world.read)
        wholes[service, who] = Whole(response.text, answer.get("errors", []), found, walk.asked)
    return wholes[service, who]


def difference(service: str, who: str, seen: dict[str, set[str]]) -> dict[str, str]:
    told = {row: TOLD[service][row].cells[who] for row in seen}
    return {row: f"told {sorted(told[row])}, seen {sorted(seen[row])}" for row in seen if seen[row] != told[row]}


@everybody_everywhere
async def test_each_role_sees_of_each_field_what_the_matrix_tells(whole: Whole, service: str, who: str) -> None:
    seen: dict[str, set[str]] = {row: set() for row in whole.asked}
    for relation, fields in whole.found.items():
        for each in fields:
            if each.seen:
                seen[each.row].add(relation)
    assert not difference(service, who, seen)


@everybody_everywhere
async def test_each_denial_is_a_null_with_its_code_at_its_path_and_there_is_no_other_error(whole: Whole, service: str, who: str) -> None:
    code = "UNAUTHENTICATED" if who == ANONYMOUS else "FORBIDDEN"
    english, chinese = WORDS[code]
    told = TOLD[service]
    denied = {each.path for fields in whole.found.values() for each in fields if each.value is None and code in told[each.row].codes}
    assert {tuple(error["path"]) for error in whole.errors} == denied
    assert len(whole.errors) == len(denied)
    for error in whole.errors:
        assert set(error) == {"message", "locations", "path", "extensions"}
        assert error["message"] == english
        assert error["extensions"] == {"code": code, "reason": code, "messageZh": chinese}


@everybody_everywhere
async def test_nothing_of_a_hidden_grievance_stands_anywhere_in_the_answer(whole: Whole, service: str, who: str) -> None:
    for relation in RELATIONS:
        assert (mark(relation) in whole.body) == (relation in TOLD[service][TELLING[service]].cells[who])
        known = service == "intake" and relation in TOLD[service]["Petitioner.displayName"].cells[who]
        assert [mask in whole.body for mask in masks_of(relation)] == [known] * 3
        assert name_of(relation) not in whole.body
        assert phone_of(relation) not in whole.body
        assert openid_of(relation) not in whole.body


PHOTO = {"name": "a.png", "contentType": "image/png", "size": 70, "sha256": "ce" * 32}
# How each command is given, of a grievance in this relation. A new mutation needs a line here.
REGISTRATION = {
    "kind": "REPORT",
    "channel": "VISIT",
    "subject": "指示牌破损",
    "text": "门口的指示牌看不清字。",
    "petitioner": {"name": "王某", "phone": "13900000009"},
    "photos": [PHOTO],
}
UPLOAD = {"name": "a.png", "contentType": "image/png", "size": 70, "sha256": "cd" * 32}
REGISTERING = frozenset({"registerGrievance", "recordEncounter", "syncFieldBatch"})
# Of a work order, and what is told beside the grievance.
ORDERS: dict[str, dict[str, Any]] = {
    "reportResolution": {"text": "已更换。"},
    "returnWorkOrder": {"reason": "不归本部门管。"},
    "adjudicateReturn": {"granted": True, "department": THIRD_UNIT, "reason": "转住建。"},
    "reassignWorkOrder": {"department": THIRD_UNIT, "reason": "转住建。"},
    "declineGrievance": {"reason": "属于诉讼事项。", "route": "请向人民法院提起。"},
    "askExtension": {"days": 3, "reason": "等待制作。"},
    "decideExtension": {"granted": True, "reason": "同意。"},
    "suspendWorkOrder": {"reason": "等待材料。"},
    "resumeWorkOrder": {},
    "endSuspension": {"reason": "材料已到。"},
    "approveReply": {},
    "refuseReply": {"reason": "请写明日期。"},
    "askVerification": {"what": "看看现场。"},
    "verifyOnSite": {"confirmed": True},
    "rejectResolution": {"reason": "没有照片。"},
    "releaseResolution": {"reason": "书记休假。"},
    "withdrawGrievance": {},
    "issueSupervisionOrder": {"demand": "请说明进展。"},
    "replySupervisionOrder": {"reply": "三日内更换。"},
    "decideSupervisionReply": {"accepted": True, "reason": "可以。"},
    "giveCard": {"colour": "YELLOW", "reason": "推诿。"},
    "appealCard": {"card": 1, "reason": "等待批复。"},
    "decideCard": {"card": 1, "upheld": False, "reason": "确有批复。"},
    "urgeGrievance": {"words": "等了很久。"},
    "answerUrges": {"answer": "明天完工。"},
    "handOverWorkOrder": {"staffId": "handler-lucheng", "reason": "另有任务。"},
    "addCoHandler": {"department": THIRD_UNIT, "task": "核实产权。"},
    "reportPart": {"text": "已核实。"},
    "releaseCoHandler": {"department": THIRD_UNIT, "reason": "不需要了。"},
    "recallForAppraisal": {"reason": "类别有误。"},
    "askOpinion": {"of": "COMMUNITY", "question": "情况属实吗？"},
    "giveOpinion": {"of": "COMMUNITY", "reasonable": "YES", "truthful": "YES", "opinion": "属实。"},
    "judgeGrievance": {"reasonable": "YES", "truthful": "YES", "reason": "情况属实。", "department": THIRD_UNIT},
    "answerGrievance": {"text": "已在整改。"},
    "bulkAct": {},
}
SAID: dict[str, dict[str, Any]] = {
    "answerSurvey": {"resolved": True, "satisfied": "SATISFIED"},
    "recordCallback": {"result": "REACHED", "confirmed": True},
}
LATER: dict[str, dict[str, Any]] = {
    "tellPetitioner": {"words": "已告知。"},
    "completeGrievance": {"place": "东门旁"},
    "revealPetitioner": {"purpose": "CONTACT", "reason": "电话核实。"},
    "decideReveal": {"revealId": "reveal", "granted": True, "reason": "同意。"},
    "exportPersonalData": {},
    "correctPetitioner": {"place": "西门旁", "reason": "记错了。"},
    "erasePetitioner": {"reason": "REQUEST", "note": "本人书面申请。"},
}
COMMANDS: dict[str, tuple[str, ...]] = {
    "intake": ("registerGrievance", "createUpload", "openByPin", *FIELDWORK, *LATER),
    "routing": ("acceptWorkOrder", *ORDERS),
    "feedback": ("answerSurvey", "recordCallback"),
}


async def input_for(world: World, mutation: str, described: Described) -> dict[str, Any]:
    """The input, and in the store what the command needs: a grievance of its own, in the state in which it is legal."""
    if mutation == "registerGrievance":
        petitioner = REGISTRATION["petitioner"] | {"confidential": described.confidential}
        place = HERE if described.near else ELSEWHERE
        return REGISTRATION | {"division": place, "petitioner": petitioner, "accusedDepartments": described.accused}
    if mutation == "openByPin":
        number = str(mint(HERE, AT, RELATIONS.index(described.relation)))
        await world.services["intake"].runtime.database["numbers"].replace_one({"_id": number}, {"grievance": described.id}, upsert=True)
        return {"number": number, "pin": pin_of(world.reference_key, described.id)}
    if mutation == "createUpload":
        return UPLOAD | {"grievanceId": world.read[described.relation].id}
    if mutation in FIELDWORK:
        return FIELDWORK[mutation](described)
    if mutation in LATER:
        await keep_grievance(world, described)
        if mutation == "exportPersonalData":
            await keep_look(world.services["intake"], described.id, HERE if described.near else ELSEWHERE)
        return LATER[mutation] | {"grievanceId": described.id}
    if mutation in SAID:
        await keep_followup(world, described)
        return SAID[mutation] | {"grievanceId": described.id}
    # It is sent back, and suspended, for days.
    now = world.services["routing"].runtime.world.now()
    await keep_case(world, described, sent=now)
    if mutation == "bulkAct":
        return {"grievances": [described.id]}
    until = {"suspendWorkOrder": timedelta(0), "issueSupervisionOrder": timedelta(days=7)}.get(mutation)
    days = {"until": day_in_china(now + until).isoformat()} if until is not None else {}
    return ORDERS.get(mutation, {}) | days | {"grievanceId": described.id}


CHANGES: dict[str, dict[str, Any]] = {
    "acceptWorkOrder": at("DISPATCHED"),
    "reportResolution": NOTHING_ASKED,
    "returnWorkOrder": at("DISPATCHED"),
    "adjudicateReturn": returned(HANDLING),
    "reassignWorkOrder": at("HANDLING"),
    "suspendWorkOrder": NOTHING_ASKED | HERE_ALONE,
    "resumeWorkOrder": suspended(HANDLING),
    "endSuspension": suspended(HANDLING),
    "approveReply": draft_waiting(HANDLING),
    "refuseReply": draft_waiting(HANDLING),
    "askVerification": NOTHING_ASKED,
    "verifyOnSite": report_waiting(HANDLING),
    "rejectResolution": report_waiting(HANDLING),
    "releaseResolution": report_waiting(HANDLING),
    "declineGrievance": at("DISPATCHED"),
    "askExtension": DUE_LATER,
    "decideExtension": extension_asked(HANDLING),
    "withdrawGrievance": at("DISPATCHED"),
    "issueSupervisionOrder": at("HANDLING") | HERE_ALONE | {"orders": []},
    "replySupervisionOrder": order_issued(HANDLING, AT),
    "decideSupervisionReply": order_replied(HANDLING),
    "giveCard": at("HANDLING") | HERE_ALONE,
    "appealCard": CARDED,
    "decideCard": CARDED,
    "urgeGrievance": NOBODY_URGES,
    "answerUrges": URGED,
    "handOverWorkOrder": owned(SUB, HANDLING),
    "addCoHandler": at("HANDLING") | HERE_ALONE,
    "reportPart": part_asked(HANDLING, THIRD_UNIT),
    "releaseCoHandler": part_asked(THIRD_UNIT, HANDLING),
    "recallForAppraisal": at("DISPATCHED"),
    "askOpinion": APPRAISING | {"appraisal": Appraisal()},
    "giveOpinion": opinion_asked(HERE),
    "judgeGrievance": APPRAISING,
    "answerGrievance": APPRAISING,
    "bulkAct": at("DISPATCHED"),
    "answerSurvey": UNANSWERED,
    "completeGrievance": at("HANDLING"),
}


@pytest.mark.parametrize("who", COLUMNS)
@pytest.mark.parametrize(("service", "mutation"), [(service, mutation) for service in SERVICES for mutation in COMMANDS[service]])
async def test_each_role_commands_what_the_matrix_tells(world: World, service: str, mutation: str, who: str) -> None:
    walk = walk_of(service)
    field = walk.schema.mutation_type.fields[mutation]
    kind = field.args["input"].type
    # Whoever registers reads the answer, whatever they may read later: the grievance in it, and where it was told, are only named.
    selection = walk.selection(field.type, ("Grievance", "Encounter") if mutation in REGISTERING else ())
    described = {r: world.describe(r, f"{mutation}-{who}-{r}", **CHANGES.get(mutation, {})) for r in RELATIONS}
    given = {r: await input_for(world, mutation, described[r]) for r in RELATIONS}
    if "requestId" in walk.schema.type_map[str(kind).rstrip("!")].fields:
        given = {r: {"requestId": f"{who}-{r}", **input} for r, input in given.items()}
    if mutation == "bulkAct":
        # Each does their own to many.
        takes = {"action": "ACCEPT_WORK_ORDER"}
        sends = {"action": "REASSIGN", "department": THIRD_UNIT, "reason": "转住建。"}
        urges = {"action": "URGE_BY_MEETING", "reason": "请尽快。", "meeting": {"name": "分析会", "heldOn": "2026-06-05"}}
        does = {"DISPATCHER": sends, "HANDLER": takes, "DEPARTMENT_HEAD": takes}.get(who, urges)
        given = {r: input | does for r, input in given.items()}
    declared = ", ".join(f"${r}: {kind}" for r in RELATIONS)
    fields = " ".join(f"{r}: {mutation}(input: ${r}) {selection}" for r in RELATIONS)
    own = [each.id for each in described.values()]
    await forget_others(world, service, mutation, own)
    before = LEFT.get(service, {}) | await versions(world, service, own if service in LEFT else None)
    answer = await world.ask(service, who, f"mutation({declared}) {{ {fields} }}", given)
    assert "errors" not in answer
    LEFT[service] = await versions(world, service)
    changed = {id for id, version in LEFT[service].items() if version != before.get(id)}

    seen: dict[str, set[str]] = {row: set() for row in [*walk.asked, f"Mutation.{mutation}"]}
    for relation in RELATIONS:
        result = answer["data"][relation]
        for each in walk.below(field.type, result, ()):
            if each.seen:
                seen[each.row].add(relation)
        if result["__typename"].endswith("Refused"):
            assert result["code"] in TOLD[service][f"Mutation.{mutation}"].codes
            assert (result["code"] == "UNAUTHENTICATED") == (who == ANONYMOUS)
            assert result["message"].isascii()
            assert not result["messageZh"].isascii()
            assert described[relation].mark not in str(result)
        else:
            seen[f"Mutation.{mutation}"].add(relation)
    # What can also be read in other ways, or is answered by others too, need not be told of every relation here, but never of more.
    readable = (read_rows(service) | shared_rows(service)) & seen.keys()
    assert not difference(service, who, {row: relations for row, relations in seen.items() if row not in readable})
    assert [row for row in readable if not seen[row] <= TOLD[service][row].cells[who]] == []
    if mutation in REGISTERING:
        assert len(changed) == len(seen[f"Mutation.{mutation}"])
    elif mutation in FIELDWORK:
        assert changed == set()
    elif mutation == "bulkAct":
        assert changed == {described[relation].id for relation in seen["BulkItem.case"]}
    elif mutation not in ("createUpload", "openByPin"):
        assert changed == {described[relation].id for relation in seen[f"Mutation.{mutation}"]}


@cache
def shared_rows(service: str) -> frozenset[str]:
    """The rows that more than one command answers with."""
    walk = walk_of(service)
    once: set[str] = set()
    shared: set[str] = set()
    for field in walk.schema.mutation_type.fields.values():
        walk.asked = set()
        walk.selection(field.type)
        shared |= once & walk.asked
        once |= walk.asked
    return frozenset(shared)


# Of each service, the mutation whose documents are there, and they. Those of the mutations before it are taken away again: every command
# looks at whatever is there, so that all of them together would take a time that grows with its square.
THERE: dict[str, tuple[str, set[str]]] = {}
COLLECTION = {"intake": "grievances", "routing": "cases", "feedback": "followups"}


async def forget_others(world: World, service: str, mutation: str, own: list[str]) -> None:
    last, ids = THERE.setdefault(service, (mutation, set()))
    if last != mutation:
        await world.services[service].runtime.database[COLLECTION[service]].delete_many({"_id": {"$in": sorted(ids)}})
        ids = set()
    THERE[service] = mutation, ids | set(own)


# As the last command left each service's grievances: nobody writes between one and the next.
LEFT: dict[str, dict[str, int]] = {}


async def versions(world: World, service: str, ids: list[str] | None = None) -> dict[str, int]:
    """Of each grievance document, or of these, how often it was written."""
    query = {} if ids is None else {"_id": {"$in": ids}}
    rows = await world.services[service].runtime.database[COLLECTION[service]].find(query, {"version": 1}).to_list(None)
    return {row["_id"]: row["version"] for row in rows}


@pytest.mark.parametrize("service", SERVICES)
def test_every_row_of_the_matrix_is_asked(service: str) -> None:
    walk = walk_of(service)
    walk.question(SOME)
    fields = walk.schema.mutation_type.fields
    for mutation in fields:
        assert mutation in COMMANDS[service]
        walk.asked.add(f"Mutation.{mutation}")
        walk.selection(fields[mutation].type)
    assert walk.asked == set(TOLD[service])
