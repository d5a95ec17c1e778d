"""Who may command, beyond the matrix: several roles, repeats, other people's request ids, and what the answer to its author tells."""

from __future__ import annotations

from typing import Any

import pytest

from tests.access.conftest import World
from tests.access.documents import keep_case, keep_followup
from tests.access.people import ELSEWHERE_UNIT, HANDLING, HERE, OTHER_UNIT, claims
from tests.access.states import UNANSWERED, at

REFUSED = "code message messageZh field"
ACCEPT = f"... on Case {{ id number }} ... on AcceptRefused {{ {REFUSED} }}"
REPORT = f"... on Case {{ id workOrder {{ resolution }} }} ... on ReportRefused {{ {REFUSED} }}"
ANSWER = f"... on SurveyAnswered {{ survey {{ resolved reason }} }} ... on SurveyRefused {{ {REFUSED} }}"
UPLOAD = f"... on Upload {{ attachmentId }} ... on UploadRefused {{ {REFUSED} }}"
REGISTER = (
    "... on Registered { grievance { id number text petitioner { displayName phone } attachments { name } } }"
    f"... on RegisterRefused {{ {REFUSED} }}"
)
SATISFIED = {"resolved": True, "satisfied": "SATISFIED"}
UNHAPPY = {"resolved": False, "satisfied": "DISSATISFIED", "reason": "还是看不清。"}
STRANGERS = {
    "of another department": claims("HANDLER", sub="stranger", department=ELSEWHERE_UNIT),
    "without a department": claims("HANDLER", sub="stranger", department=None),
}


@pytest.mark.row("S55")
@pytest.mark.parametrize(
    ("who", "relation", "code"),
    [
        (claims("RESIDENT", "SUPERVISOR"), "S", "NOT_YOUR_SURVEY"),
        (claims("RESIDENT", "SECRETARY"), "S", "HANDLER_MAY_NOT_SURVEY"),
        (claims("RESIDENT", "HANDLER"), "S", "HANDLER_MAY_NOT_SURVEY"),
        (claims("CALLER", department=HANDLING), "S", "HANDLER_MAY_NOT_SURVEY"),
        (claims("CALLER", "SECRETARY"), "S", "HANDLER_MAY_NOT_SURVEY"),
        (claims("CALLER"), "X", "NOT_FOUND"),
        (claims("RESIDENT", sub="somebody-near"), "S", "NOT_FOUND"),
        (claims("RESIDENT", "CALLER", "HANDLER"), "A", "NOT_FOUND"),
        (claims("RESIDENT", "HANDLER", department=ELSEWHERE_UNIT), "O", None),
        (claims("CALLER", "SUPERVISOR"), "S", None),
    ],
)
async def test_only_the_petitioner_or_a_caller_who_does_not_handle_it_answers(
    world: World, who: dict[str, Any], relation: str, code: str | None
) -> None:
    id = f"survey-{relation}-{code}-{'-'.join(who['roles'])}-{who['department']}-{who['sub']}"
    await keep_followup(world, world.describe(relation, id, **UNANSWERED))
    result = await world.do("feedback", who, "answerSurvey", ANSWER, requestId="one", grievanceId=id, **SATISFIED)
    assert result.get("code") == code


@pytest.mark.parametrize("mutation", ["acceptWorkOrder", "reportResolution"])
async def test_who_sees_a_case_by_another_role_does_not_act_for_its_department(world: World, mutation: str) -> None:
    id = f"not-yours-{mutation}"
    state = at("DISPATCHED" if mutation == "acceptWorkOrder" else "HANDLING")
    await keep_case(world, world.describe("S", id, **state))
    input = {"requestId": "one", "grievanceId": id} | ({"text": "办好了。"} if mutation == "reportResolution" else {})
    fields = ACCEPT if mutation == "acceptWorkOrder" else REPORT
    for who in (claims("HANDLER", "SUPERVISOR", department=ELSEWHERE_UNIT), claims("DEPARTMENT_HEAD", "SECRETARY", department=OTHER_UNIT)):
        assert (await world.do("routing", who, mutation, fields, **input))["code"] == "NOT_YOUR_WORK_ORDER"
    assert "code" not in await world.do("routing", "HANDLER", mutation, fields, **input)


@pytest.mark.parametrize("stranger", STRANGERS)
@pytest.mark.parametrize("mutation", ["acceptWorkOrder", "reportResolution"])
async def test_another_persons_request_id_opens_nothing(world: World, mutation: str, stranger: str) -> None:
    id = f"request-id-{mutation}-{stranger}"
    state = at("DISPATCHED" if mutation == "acceptWorkOrder" else "HANDLING")
    await keep_case(world, world.describe("S", id, **state))
    more = {"text": "办好了。"} if mutation == "reportResolution" else {}
    fields = ACCEPT if mutation == "acceptWorkOrder" else REPORT
    done = await world.do("routing", "HANDLER", mutation, fields, requestId="guessed", grievanceId=id, **more)
    assert done["id"] == id

    who = STRANGERS[stranger]
    unknown = await world.do("routing", who, mutation, fields, requestId="guessed", grievanceId="none-such", **more)
    assert unknown["code"] == "NOT_FOUND"
    other = {"text": "别的话。"} if more else {}
    for input in ({"requestId": "guessed", **more}, {"requestId": "guessed", **other}, {"requestId": "new", **more}):
        assert await world.do("routing", who, mutation, fields, grievanceId=id, **input) == unknown
    assert await world.do("routing", "HANDLER", mutation, fields, requestId="guessed", grievanceId=id, **more) == done


async def test_another_persons_request_id_tells_no_answer_of_a_survey(world: World) -> None:
    await keep_followup(world, world.describe("O", "request-id-survey", **UNANSWERED))
    mine = {"requestId": "guessed", "grievanceId": "request-id-survey", **UNHAPPY}
    done = await world.do("feedback", "RESIDENT", "answerSurvey", ANSWER, **mine)
    assert done["survey"]["reason"] == UNHAPPY["reason"]
    stranger = claims("RESIDENT", sub="stranger")
    unknown = await world.do("feedback", stranger, "answerSurvey", ANSWER, **{**mine, "grievanceId": "none-such"})
    assert unknown["code"] == "NOT_FOUND"
    for input in (mine, {**mine, **SATISFIED, "reason": None}, {**mine, "requestId": "new"}):
        assert await world.do("feedback", stranger, "answerSurvey", ANSWER, **input) == unknown
    assert await world.do("feedback", "RESIDENT", "answerSurvey", ANSWER, **mine) == done


async def test_an_upload_for_a_hidden_grievance_is_refused_as_for_none(world: World) -> None:
    file = {"name": "a.png", "contentType": "image/png", "size": 9, "sha256": "01" * 32}
    unknown = await world.do("intake", "HANDLER", "createUpload", UPLOAD, requestId="hidden", grievanceId="none-such", **file)
    assert unknown["code"] == "NOT_FOUND"
    for relation in "OPXA":
        id = world.read[relation].id
        assert await world.do("intake", "HANDLER", "createUpload", UPLOAD, requestId="hidden", grievanceId=id, **file) == unknown


@pytest.mark.parametrize(
    ("who", "code"),
    [("RESIDENT", None), ("HANDLER", None), ("MACHINE_CLIENT", None)]
    + [(role, "ROLE_MISSING") for role in ("AUDITOR", "OPERATOR", "SUPERVISOR", "DATA_OFFICER", "COUNTY_ADMIN", "CITY_ADMIN")],
)
async def test_who_neither_registers_nor_handles_has_nothing_to_upload(world: World, who: str, code: str | None) -> None:
    file = {"name": "a.png", "contentType": "image/png", "size": 9, "sha256": "02" * 32}
    assert (await world.do("intake", who, "createUpload", UPLOAD, requestId=f"upload-{who}", **file)).get("code") == code


def registration(**changes: Any) -> dict[str, Any]:
    return {"kind": "REPORT", "channel": "WALK_IN", "subject": "反映", "text": "反映一件事。", "division": HERE, **changes}


async def test_the_answer_to_its_author_is_all_that_an_author_gets_of_what_is_hidden_from_them(world: World) -> None:
    """A caller takes down a report against the caller's own department: the number may be told on the phone, and that is all."""
    input = registration(requestId="against-us", accusedDepartments=[OTHER_UNIT], petitioner={"name": "赵某某", "phone": "13900000007"})
    first = await world.do("intake", "CALLER", "registerGrievance", REGISTER, **input)
    grievance = first["grievance"]
    assert grievance["number"]
    assert (grievance["petitioner"], grievance["attachments"]) == (None, None)
    read = "query($id: ID) { grievance(id: $id) { number } }"
    assert await world.ask("intake", "CALLER", read, {"id": grievance["id"]}) == {"data": {"grievance": None}}
    assert await world.do("intake", "CALLER", "registerGrievance", REGISTER, **input) == first
    other_unit = claims("CALLER", department=ELSEWHERE_UNIT)
    assert (await world.ask("intake", other_unit, read, {"id": grievance["id"]}))["data"]["grievance"]


async def test_typing_a_phone_does_not_tell_what_its_owner_is_called(world: World) -> None:
    # Nobody of documents.py: those are counted by their masks.
    phone, shown = "13899990017", "周*明"
    secretary = {"requestId": "phone-owner", "petitioner": {"name": "周小明", "phone": phone}}
    told = await world.do("intake", "SECRETARY", "registerGrievance", REGISTER, **registration(**secretary))
    assert told["grievance"]["petitioner"]["displayName"] == shown

    curious = claims("RESIDENT", sub="curious")
    asked = await world.do(
        "intake", curious, "registerGrievance", REGISTER, **registration(requestId="curious", petitioner={"phone": phone})
    )
    assert asked["grievance"]["petitioner"]["displayName"] == "未留姓名 (no name given)"
    unverified = claims("RESIDENT", sub="curious-2", phone_number=phone, phone_number_verified=False)
    asked = await world.do("intake", unverified, "registerGrievance", REGISTER, **registration(requestId="c2", petitioner={"phone": phone}))
    assert asked["grievance"]["petitioner"]["displayName"] == "未留姓名 (no name given)"

    owner = claims("RESIDENT", sub="owner", phone_number=phone)
    theirs = await world.do("intake", owner, "registerGrievance", REGISTER, **registration(requestId="owner", petitioner={"phone": phone}))
    assert theirs["grievance"]["petitioner"]["displayName"] == shown


@pytest.mark.parametrize("request_id", ["", "a b", "请求", "x" * 101, "a\x00b"])
async def test_what_is_no_request_id_is_refused_by_every_command(world: World, request_id: str) -> None:
    id, file = world.read["S"].id, {"name": "a.png", "contentType": "image/png", "size": 9, "sha256": "03" * 32}
    refused = [
        await world.do("intake", "HANDLER", "createUpload", UPLOAD, requestId=request_id, **file),
        await world.do("routing", "HANDLER", "acceptWorkOrder", ACCEPT, requestId=request_id, grievanceId=id),
        await world.do("routing", "HANDLER", "reportResolution", REPORT, requestId=request_id, grievanceId=id, text="办结。"),
        await world.do("feedback", "CALLER", "answerSurvey", ANSWER, requestId=request_id, grievanceId=id, **SATISFIED),
    ]
    assert {(each["code"], each["field"]) for each in refused} == {("REQUEST_ID_INVALID", "requestId")}


async def test_a_colleagues_request_id_is_not_ones_own(world: World) -> None:
    described = world.describe("S", "colleagues", **at("DISPATCHED"))
    await keep_case(world, described)
    asked = {"requestId": "colleague", "grievanceId": described.id}
    first, second = claims("HANDLER", sub="handler-one"), claims("HANDLER", sub="handler-two")
    assert (await world.do("routing", first, "acceptWorkOrder", ACCEPT, **asked))["__typename"] == "Case"
    assert (await world.do("routing", second, "acceptWorkOrder", ACCEPT, **asked))["code"] == "REQUEST_ID_REUSED"
    assert (await world.do("routing", first, "acceptWorkOrder", ACCEPT, **asked))["__typename"] == "Case"


async def test_people_who_share_a_phone_are_each_shown_under_their_own_name(world: World) -> None:
    async def shown(request: str, name: str | None) -> str:
        asked = registration(requestId=f"shared-{request}", petitioner={"name": name, "phone": "13899990018"})
        told = await world.do("intake", "SECRETARY", "registerGrievance", REGISTER, **asked)
        return str(told["grievance"]["petitioner"]["displayName"])

    assert [await shown("1", "郑一山"), await shown("2", "郑二水"), await shown("3", "郑一山")] == ["郑*山", "郑*水", "郑*山"]
    assert await shown("2", "郑二水") == "郑*水"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"attachments": ["00000000-0000-5000-8000-000000000000"]}, "ATTACHMENT_UNKNOWN"),
        ({"accusedDepartments": ["张三13812345678"]}, "DEPARTMENT_UNKNOWN"),
        ({"accusedDepartments": ["D-1"] * 21}, "DEPARTMENT_UNKNOWN"),
        ({"occurredAt": "0001-01-01T00:00:00+14:00"}, "TIME_OUT_OF_RANGE"),
        ({"occurredAt": "9999-12-31T23:59:59-12:00"}, "TIME_OUT_OF_RANGE"),
        ({"subject": "别的事"}, "REQUEST_ID_REUSED"),
    ],
)
async def test_a_refused_registration_leaves_nothing_behind(world: World, changes: dict[str, Any], code: str) -> None:
    """Neither a person nor a number, nor a file tied to another grievance."""
    database = world.services["intake"].runtime.database
    request = "kept-once" if code == "REQUEST_ID_REUSED" else f"refused-{code}-{len(str(changes))}"
    if code == "REQUEST_ID_REUSED":
        await world.do("intake", "SECRETARY", "registerGrievance", REGISTER, **registration(requestId=request))
    before = [await database[name].count_documents({}) for name in ("persons", "numbers", "grievances")]
    asked = registration(requestId=request, petitioner={"name": "冯某某", "phone": "13899990019"}, **changes)
    assert (await world.do("intake", "SECRETARY", "registerGrievance", REGISTER, **asked))["code"] == code
    assert [await database[name].count_documents({}) for name in ("persons", "numbers", "grievances")] == before


async def test_registering_out_of_ones_territory_is_refused_by_the_field(world: World) -> None:
    refused = await world.do("intake", "SECRETARY", "registerGrievance", REGISTER, **registration(requestId="far", division="370811002001"))
    assert (refused["code"], refused["field"]) == ("OUT_OF_SCOPE", "division")
