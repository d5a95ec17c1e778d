"""By what WeChat knows a petitioner: told by an official, or known from the sign-in; kept, shown and erased as a phone is."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import Any

import pytest

from services.intake.domain.channels import offered_from
from services.intake.domain.contact import Contact
from services.intake.domain.delivery import Delivery, Outcome
from services.intake.usecases.complete_grievance import CompleteGrievance
from services.intake.usecases.correct_petitioner import CorrectPetitioner
from services.intake.usecases.deliver import Delivering, deliver
from services.intake.usecases.register_grievance import PetitionerInput, RegisterGrievance
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from tests.services.intake.graph import REFUSED, Graph
from tests.services.intake.test_erasing import ended, erase, graph, held_of, retained, row_of, somebody
from tests.services.intake.test_personal_data import WEB
from tests.services.intake.test_reveals import ASK, OFFICER
from tests.services.intake.viewers import SECRETARY

__all__ = ["graph"]

SHOWN = "query($id: ID!) { grievance(id: $id) { petitioner { openid } } }"
REVEAL = "__typename ... on PetitionerRevealed { petitioner { phone openid } }"
EXPORT = "__typename ... on PersonalDataExported { data { what basis } records { petitioner { openid } } }"
OPENID = "oTold_at_the_door-0000000001"
REFUSALS = {
    "registerGrievance": f"__typename ... on RegisterRefused {{ {REFUSED} }}",
    "completeGrievance": f"__typename ... on CompleteRefused {{ {REFUSED} }}",
    "correctPetitioner": f"__typename ... on CorrectionRefused {{ {REFUSED} }}",
}


class WeChat:
    """A channel that accepts what it is given."""

    knows_references = True

    def __init__(self) -> None:
        self.addresses: list[str | None] = []

    async def send(self, reference: str, grievance: str, address: str | None, text: str) -> Outcome:
        self.addresses.append(address)
        return Outcome("sent")

    async def ask(self, reference: str) -> Outcome:
        return Outcome("trouble", "not_accepted")


def resident(openid: str | None, sub: str = "") -> Viewer:
    return Viewer(sub=sub or f"resident-{uuid.uuid4()}", roles=frozenset({Role.RESIDENT}), openid=openid)


async def kept(graph: Graph, id: str) -> Contact:
    return (await graph.service.persons.contacts([(await held_of(graph, id)).person]))[0]


async def reached(graph: Graph, id: str) -> list[str | None]:
    """The addresses to which a reply to this grievance goes by WeChat."""
    parts: Delivering = graph.service.outbound.delivering
    wechat, reply = WeChat(), Delivery(id=str(uuid.uuid4()), purpose="REPLY", text="答复")
    await graph.service.writer.act(id, lambda held: (held.with_delivery(reply), []))
    parts = replace(parts, channels={**parts.channels, "WECHAT": wechat}, rules=replace(parts.rules, offered=offered_from(["WECHAT"])))
    await deliver(parts, id, (await held_of(graph, id)).person)
    return wechat.addresses


async def refused(graph: Graph, viewer: Viewer, mutation: str, **input: Any) -> tuple[str, str]:
    answer = await graph.do(viewer, mutation, REFUSALS[mutation], **input)
    assert answer["message"]
    assert answer["messageZh"]
    return answer["code"], answer["field"]


def openids_in(rows: Any) -> bool:
    return OPENID in json.dumps(rows, default=str)


@pytest.mark.row("S54")
async def test_who_left_an_openid_is_told_there_and_it_is_shown_as_a_phone_is(graph: Graph) -> None:
    id = await graph.hear(petitioner=somebody(openid=OPENID))
    assert await reached(graph, id) == [OPENID]
    assert await graph.see(SECRETARY, SHOWN, id=id) == {"petitioner": {"openid": "****0001"}}
    revealed = await graph.do(OFFICER, "revealPetitioner", REVEAL, grievanceId=id, **ASK)
    assert revealed["petitioner"]["openid"] == OPENID
    exported = await graph.do(OFFICER, "exportPersonalData", EXPORT, grievanceId=id)
    assert exported["records"] == [{"petitioner": {"openid": OPENID}}]
    assert {"what": "OPENID", "basis": "CONSENT"} in exported["data"]
    assert not openids_in(await graph.said(id))
    for name in ("persons", "grievances", "notices", "events", "audit"):
        assert not openids_in(await graph.service.runtime.database[name].find({}).to_list(None)), name


async def test_who_signs_in_by_wechat_is_told_there(graph: Graph) -> None:
    me = resident(OPENID)
    id = await graph.hear(me, petitioner={"name": "颜路"}, **WEB | {"channel": "WECHAT"})
    assert await reached(graph, id) == [OPENID]
    later = replace(me, openid=OPENID[:-1] + "2")
    again = await graph.hear(later, petitioner={"name": "颜路"}, **WEB)
    assert (await held_of(graph, again)).person == (await held_of(graph, id)).person
    assert (await kept(graph, id)).openid == later.openid
    await graph.hear(replace(me, openid=None), petitioner={"name": "颜路"}, **WEB)
    assert (await kept(graph, id)).openid == later.openid


async def test_who_gives_no_name_is_not_known_by_their_sign_in_either(graph: Graph) -> None:
    id = await graph.hear(resident(OPENID), petitioner={"anonymous": True}, **WEB)
    assert await kept(graph, id) == Contact()


async def test_a_typed_openid_is_not_given_to_whoever_answers_the_phone(graph: Graph) -> None:
    known = somebody()
    first = await graph.hear(petitioner=known)
    second = await graph.hear(petitioner=known | {"openid": OPENID})
    third = await graph.hear(petitioner=known | {"openid": OPENID})
    assert [(await kept(graph, id)).openid for id in (first, second, third)] == [None, OPENID, OPENID]
    assert (await held_of(graph, second)).person == (await held_of(graph, third)).person
    assert await reached(graph, first) == []


async def test_what_is_no_openid_is_refused_by_its_field_and_a_resident_types_none(graph: Graph) -> None:
    id = await graph.hear()
    told: dict[str, Any] = {"kind": "HELP", "text": "路灯不亮。", **WEB}
    for openid in (OPENID[:19], "o" * 65, f"{OPENID} ", "微信" * 10, ""):
        who = {"name": "颜路", "openid": openid}
        assert await refused(graph, SECRETARY, "registerGrievance", **told, petitioner=who) == ("OPENID_INVALID", "petitioner.openid")
        fix = {"openid": openid, "reason": "登记有误"}
        assert await refused(graph, SECRETARY, "correctPetitioner", grievanceId=id, **fix) == ("OPENID_INVALID", "openid")
    wrong = {"petitioner": {"openid": OPENID[:19]}}
    assert await refused(graph, SECRETARY, "completeGrievance", grievanceId=id, **wrong) == ("OPENID_INVALID", "petitioner.openid")
    me = resident(None)
    typed = {"petitioner": {"name": "颜路", "openid": OPENID}}
    assert await refused(graph, me, "registerGrievance", **told, **typed) == ("OPENID_BY_SIGN_IN", "petitioner.openid")
    mine = await graph.hear(me, petitioner={"name": "颜路"}, **WEB)
    fix = {"openid": OPENID, "reason": "换了账号"}
    assert await refused(graph, me, "correctPetitioner", grievanceId=mine, **fix) == ("OPENID_BY_SIGN_IN", "openid")
    assert (await kept(graph, mine)).openid is None


@pytest.mark.parametrize("petitioner", [{}, {"name": "漆雕开"}, {"phone": "13800029001"}, {"name": "漆雕开", "phone": "13800029002"}])
async def test_it_is_completed_where_none_was_told_and_corrected_where_it_was_wrong(graph: Graph, petitioner: dict[str, Any]) -> None:
    id = await graph.hear(petitioner=petitioner)
    completed = "__typename ... on GrievanceCompleted { grievance { petitioner { openid } } }"
    done = await graph.do(SECRETARY, "completeGrievance", completed, grievanceId=id, petitioner={"openid": OPENID})
    assert done["grievance"]["petitioner"]["openid"] == "****0001"
    expected = Contact(petitioner.get("name"), petitioner.get("phone"), OPENID)
    assert await kept(graph, id) == expected
    again = {"petitioner": {"openid": OPENID}}
    assert await refused(graph, SECRETARY, "completeGrievance", grievanceId=id, **again) == ("ALREADY_TOLD", "petitioner")
    corrected = "__typename ... on PetitionerCorrected { grievance { petitioner { openid } } }"
    right = OPENID[:-1] + "3"
    done = await graph.do(SECRETARY, "correctPetitioner", corrected, grievanceId=id, openid=right, reason="登记有误")
    assert done["grievance"]["petitioner"]["openid"] == "****0003"
    assert await kept(graph, id) == replace(expected, openid=right)


def test_a_request_of_before_stays_the_same_request() -> None:
    told = RegisterGrievance(request_id="r", text="路灯不亮。", petitioner=PetitionerInput(name="颜路"))
    assert "openid" not in told.model_dump(mode="json")["petitioner"]
    assert "openid" not in CorrectPetitioner(request_id="r", grievance_id="g", reason="记错了").model_dump(mode="json")
    assert "openid" not in CompleteGrievance(request_id="r", grievance_id="g").model_dump(mode="json")["petitioner"]


async def test_it_goes_with_the_phone_when_it_is_over_and_with_the_person_when_they_are_erased(graph: Graph) -> None:
    over, erased = [await graph.hear(petitioner=somebody(openid=OPENID)) for _ in range(2)]
    await ended(graph, over, 4)
    await retained(graph)
    assert await kept(graph, over) == Contact()
    row = await row_of(graph, (await held_of(graph, over)).person)
    assert row is not None
    assert [datum["what"] for datum in row["data"]] == ["WORDS", "PLACE"]
    person = (await held_of(graph, erased)).person
    await erase(graph, erased)
    assert set(await row_of(graph, person) or {}).isdisjoint({"key", "name", "phone", "openid"})
    assert await graph.see(SECRETARY, SHOWN, id=erased) == {"petitioner": {"openid": None}}


async def test_who_comes_again_without_it_is_still_told_there(graph: Graph) -> None:
    persons = graph.service.persons
    await persons.keep("known", Contact("冉雍", "13800029009", OPENID))
    await persons.keep("known", Contact("冉雍", "13800029009"))
    assert await persons.contacts(["known", "nobody"]) == [Contact("冉雍", "13800029009", OPENID), Contact()]
    assert [datum.what for datum in (await persons.terms(["known"]))["known"]] == ["NAME", "PHONE", "OPENID", "WORDS", "PLACE"]
