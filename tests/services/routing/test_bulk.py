"""One action on many cases: each as its own command would have it, answered for itself, and never twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, get_args

import pytest
from graphql import parse

from gateway.costs import FILE, CostMap, read_costs
from gateway.limits import Limits
from gateway.settings import GatewaySettings
from gateway.supergraph_file import read_supergraph
from services.routing.domain.waits import Meeting
from services.routing.subgraph.bulk import Bulk
from services.routing.usecases import act_on_many as bulk
from services.routing.usecases.act_on_many import COMMANDS, MOST, BulkAction, Told, act_on_many
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.read_your_writes import MAX_NAMED, Freshness, noting_writes
from shared.records import StoreTrouble
from tests.services.builders import ID, LUCHENG, Desk, viewer
from tests.services.routing import test_lifecycle
from tests.services.routing.builders import SJJ, ZJJ, case_in, code_of, desk, dispatched, handling
from tests.services.routing.test_lifecycle import BY_ACTION

HANDLER, DISPATCHER = viewer(Role.HANDLER), viewer(Role.DISPATCHER)
IDS = [f"g-{place:03}" for place in range(20)]
# What is told of each action, as its own command is told it in test_lifecycle.
TOLD: dict[BulkAction, Told] = {
    "ACCEPT_WORK_ORDER": Told(),
    "RETURN_WORK_ORDER": Told("不归本部门管。"),
    "GRANT_RETURN": Told("转住建。", ZJJ),
    "REFUSE_RETURN": Told("归本部门管。"),
    "REASSIGN": Told("转住建。", ZJJ),
    "URGE_BY_MEETING": Told("请尽快。", meeting=test_lifecycle.MEETING),
}


def office_of(ids: list[str] = IDS, **changes: Any) -> Desk:
    """With work orders that came to the department."""
    made = desk()
    for id in ids:
        made.put(dispatched(**changes), id)
    return made


async def run(
    made: Desk, ids: list[str], who: Viewer = HANDLER, action: BulkAction = "ACCEPT_WORK_ORDER", request: str = "bulk"
) -> dict[str, str | None]:
    """Of each, the code of its refusal."""
    answers = await act_on_many(handling(made), who, request, action, ids, TOLD[action], "test")
    return {id: refusal and refusal.code for id, refusal in answers.items()}


def accepted(made: Desk, ids: list[str] = IDS) -> list[int]:
    """How often each was accepted, by its history and by what was said."""
    courses = [[step.action for step in made.state(id).history] for id in ids]
    assert [len(made.said(id)) for id in ids] == [course.count("ACCEPT_WORK_ORDER") for course in courses]
    return [course.count("ACCEPT_WORK_ORDER") for course in courses]


def test_the_graph_and_the_table_have_the_same_actions() -> None:
    assert [action.name for action in Bulk] == list(COMMANDS) == list(get_args(BulkAction)) == list(TOLD)


@pytest.mark.parametrize("who", [HANDLER, DISPATCHER], ids=lambda who: who.sub)
@pytest.mark.parametrize("action", COMMANDS)
async def test_each_is_done_as_by_its_own_command(action: BulkAction, who: Viewer) -> None:
    for status in (*BY_ACTION[action].origins, "CLOSED"):
        alone, many = desk(), desk()
        for made in (alone, many):
            made.put(case_in(status))
        refused = await test_lifecycle.refusal_of(test_lifecycle.COMMANDS[action](handling(alone), who, "r"))
        if refused == "ROLE_MISSING":
            assert await code_of(run(many, [ID], who, action, "r")) == ("ROLE_MISSING", None)
        else:
            assert await run(many, [ID], who, action, "r") == {ID: refused}
        told = [entry["row"].get("payload_digest") for entry in many.document(ID)["outbox"]]
        assert told == [entry["row"].get("payload_digest") for entry in alone.document(ID)["outbox"]]
        assert many.state() == alone.state()


async def test_each_is_answered_for_itself_in_the_order_in_which_they_were_named() -> None:
    made = office_of(["b", "a"])
    made.put(dispatched().with_(departments=[SJJ]), "another's")
    made.put(dispatched(accused=[LUCHENG]), "accuses them")
    made.put(case_in("CLOSED"), "closed")
    asked = ["closed", "b", "none such", "accuses them", "another's", "a"]
    answers = await act_on_many(handling(made), HANDLER, "bulk", "ACCEPT_WORK_ORDER", asked, Told(), "test")
    assert list(answers) == asked
    codes = {id: refusal and refusal.code for id, refusal in answers.items()}
    not_there = dict.fromkeys(("none such", "accuses them", "another's"), "NOT_FOUND")
    assert codes == {"a": None, "b": None, "closed": "ILLEGAL_MOVE", **not_there}
    # What is not theirs is answered in the very words of what is not there.
    assert len({(answers[id].zh, answers[id].en, answers[id].field) for id in not_there if answers[id] is not None}) == 1


async def test_the_same_bulk_again_gives_the_same_answers_and_does_nothing_twice() -> None:
    made = office_of()
    asked = [*IDS, "none such"]
    first = await run(made, asked)
    documents = {id: made.document(id)["version"] for id in IDS}
    assert await run(made, asked) == first == {**dict.fromkeys(IDS), "none such": "NOT_FOUND"}
    assert {id: made.document(id)["version"] for id in IDS} == documents
    assert accepted(made) == [1] * len(IDS)


async def test_a_request_id_says_one_thing() -> None:
    made = office_of()
    await run(made, IDS[:3])
    again = await run(made, IDS[:5], action="RETURN_WORK_ORDER")
    assert again == {**dict.fromkeys(IDS[:3], "REQUEST_ID_REUSED"), **dict.fromkeys(IDS[3:5])}


def failing(patch: pytest.MonkeyPatch, made: Desk, after: int, fault: Callable[[], BaseException]) -> Callable[[], None]:
    """Each write but the first `after` fails, half of them once it is kept, until the answer is called."""
    update, writes = made.records.update, 0

    async def broken(*arguments: Any) -> bool:
        nonlocal writes
        writes += 1
        if writes > after:
            if writes % 2:
                await update(*arguments)
            raise fault()
        return await update(*arguments)

    patch.setattr(made.records, "update", broken)

    def mend() -> None:
        patch.setattr(made.records, "update", update)

    return mend


async def test_what_a_failing_store_left_is_done_by_the_same_bulk_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made = office_of()
    mend = failing(monkeypatch, made, 7, lambda: StoreTrouble("away"))
    first = await run(made, IDS)
    assert sorted(map(str, first.values())) == ["None"] * 7 + ["TRY_AGAIN"] * 13
    # After the first that failed no more were begun than were under way.
    assert sum(accepted(made)) <= 7 + bulk.AT_ONCE
    mend()
    assert await run(made, IDS) == dict.fromkeys(IDS)
    assert accepted(made) == [1] * len(IDS)


async def test_a_bulk_that_is_cut_off_is_taken_up_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    made = office_of()
    mend = failing(monkeypatch, made, 7, asyncio.CancelledError)
    with pytest.raises(asyncio.CancelledError):
        await run(made, IDS)
    mend()
    assert await run(made, IDS) == dict.fromkeys(IDS)
    assert accepted(made) == [1] * len(IDS)


async def test_when_the_time_is_over_the_rest_is_to_be_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made = office_of()
    monkeypatch.setattr(bulk, "LONGEST_SECONDS", 0.0)
    assert await run(made, IDS) == dict.fromkeys(IDS, "TRY_AGAIN")
    assert accepted(made) == [0] * len(IDS)
    monkeypatch.undo()
    assert await run(made, IDS) == dict.fromkeys(IDS)


async def test_a_document_that_we_cannot_read_holds_up_no_other() -> None:
    made = office_of()
    made.document(IDS[3])["departments"] = 7
    update = made.document(IDS[4])
    update["returns"] = None
    answers = await run(made, IDS)
    assert [answers[id] for id in (IDS[2], IDS[5])] == [None, None]
    assert answers[IDS[3]] is not None
    assert answers[IDS[4]] is not None


async def test_few_are_under_way_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made, now, most = office_of(), 0, 0
    load = made.records.load

    async def counted(id: str) -> Any:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1
        return await load(id)

    monkeypatch.setattr(made.records, "load", counted)
    await run(made, IDS)
    assert most == bulk.AT_ONCE


@pytest.mark.parametrize(
    ("action", "ids", "told", "refused"),
    [
        ("ACCEPT_WORK_ORDER", [], Told(), ("BULK_SIZE", "grievances")),
        ("ACCEPT_WORK_ORDER", [str(n) for n in range(MOST + 1)], Told(), ("BULK_SIZE", "grievances")),
        ("ACCEPT_WORK_ORDER", ["a", "b", "a"], Told(), ("GRIEVANCE_REPEATED", "grievances")),
        ("ACCEPT_WORK_ORDER", ["a"], Told("因为"), ("REASON_UNASKED", "reason")),
        ("ACCEPT_WORK_ORDER", ["a"], Told(department=ZJJ), ("DEPARTMENT_UNASKED", "department")),
        ("RETURN_WORK_ORDER", ["a"], Told(), ("TEXT_EMPTY", "reason")),
        ("RETURN_WORK_ORDER", ["a"], Told("字" * 2_001), ("TEXT_TOO_LONG", "reason")),
        ("RETURN_WORK_ORDER", ["a"], Told("因为", ZJJ), ("DEPARTMENT_UNASKED", "department")),
        ("GRANT_RETURN", ["a"], Told("因为"), ("DEPARTMENT_MISSING", "department")),
        ("REFUSE_RETURN", ["a"], Told("因为", ZJJ), ("DEPARTMENT_UNASKED", "department")),
        ("REASSIGN", ["a"], Told("因为"), ("DEPARTMENT_MISSING", "department")),
        ("REASSIGN", ["a"], Told(" ", ZJJ), ("TEXT_EMPTY", "reason")),
        ("REASSIGN", ["a"], Told("因为", ZJJ, test_lifecycle.MEETING), ("MEETING_UNASKED", "meeting")),
        ("URGE_BY_MEETING", ["a"], Told("请尽快。"), ("MEETING_MISSING", "meeting")),
        ("URGE_BY_MEETING", ["a"], Told("请尽快。", meeting=Meeting(name=" ", day="2020-06-05")), ("MEETING_NAME", "meeting")),
    ],
)
async def test_a_bulk_that_is_none_is_refused_by_its_field(
    action: BulkAction, ids: list[str], told: Told, refused: tuple[str, str]
) -> None:
    who = Viewer(**{**vars(HANDLER), "roles": frozenset({Role.HANDLER, Role.DISPATCHER})})
    made = office_of(["a"])
    assert await code_of(act_on_many(handling(made), who, "r", action, ids, told, "test")) == refused
    assert made.document("a")["version"] == 7


async def test_a_request_id_has_a_form() -> None:
    assert await code_of(run(office_of(), IDS, request="孔凡莹")) == ("REQUEST_ID_INVALID", "requestId")


async def test_the_answer_names_as_many_writes_as_may_be_sent_back(monkeypatch: pytest.MonkeyPatch) -> None:
    # However slow the machine is.
    monkeypatch.setattr(bulk, "LONGEST_SECONDS", 600.0)
    ids = [f"g-{place:03}" for place in range(MOST)]
    made = office_of(ids)
    with noting_writes() as written:
        assert await run(made, ids) == dict.fromkeys(ids)
    assert len(written) == MOST
    after = Freshness("routing", made.records).extensions(written, fresh=True)["minyi"]["after"]
    # Not in the header's 32: the cases themselves stand in the answer.
    assert [each.partition(":")[0] for each in after] == list(written)[-MAX_NAMED:]


def test_five_hundred_can_be_paid_for() -> None:
    schema = read_supergraph(GatewaySettings().supergraph).public
    document = parse("""mutation($input: BulkActInput!) { bulkAct(input: $input) {
      ... on BulkDone { done refused items { id done code message messageZh field case { id number status dueAt department { code } } } }
      ... on BulkRefused { code message messageZh field } } }""")
    count = CostMap(read_costs(FILE.read_text("utf-8")), schema).operation(document, document.definitions[0])
    assert count({}) <= Limits().cost
