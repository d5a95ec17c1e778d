"""Who told it, as those who handle, dispatch and supervise see it: masked, or not at all where they asked to stay unknown."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.parts import Parts
from services.intake.usecases.register_grievance import PetitionerInput, RegisterGrievance, register_grievance
from services.routing.usecases.accept_work_order import accept
from services.routing.usecases.report_resolution import report
from shared.broker import SERVICES
from shared.identity.development import DevelopmentIssuer
from shared.identity.roles import Role
from tests.access.conftest import World, made_world
from tests.access.people import HANDLING, HERE, claims
from tests.access.test_accused import Asked, town_over
from tests.access.test_matrix import TOLD
from tests.access.walking import Walk
from tests.services.builders import LUCHENG, viewer
from tests.services.intake.viewers import SECRETARY

OFFICES = ("HANDLER", "DEPARTMENT_HEAD", "DISPATCHER", "SUPERVISOR", "CALLER")
# By how they are told: name, phone, openid, and what of them is shown to offices.
PEOPLE = {
    "named": ("闵子骞", "13800009101", "oMasks-demo-0000000000-named", "闵*骞", "138****9101", "****amed"),
    "confidential": ("冉伯牛", "13800009102", "oMasks-demo-0000000000-confi", "冉*牛", "138****9102", "****onfi"),
    "anonymous": ("仲子路", "13800009103", "oMasks-demo-0000000000-unnam", "仲*路", "138****9103", "****nnam"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def told(parts: Parts, keys_dir: Path, issuer: DevelopmentIssuer) -> AsyncIterator[tuple[World, dict[str, str]]]:
    """One of each, handled and answered, with who told it in every text; their ids."""
    async with made_world(parts, keys_dir, issuer) as world:
        town, found = town_over(world), {}
        handler = viewer(Role.HANDLER, department=LUCHENG)
        for how, (name, phone, openid, *_masks) in PEOPLE.items():
            words = f"我叫{name}，电话{phone}，路灯不亮。"
            anonymous = how == "anonymous"
            # Whoever gives no name does not say it either: of a name that nobody declares we do not know that it is one.
            text = f"电话{phone}，路灯不亮。" if anonymous else words
            petitioner = PetitionerInput(name=name, phone=phone, openid=openid, confidential=how == "confidential", anonymous=anonymous)
            command = RegisterGrievance(
                request_id=how, channel="VISIT", subject=text[:40], text=text, division=f"{HERE}-01", place=phone, petitioner=petitioner
            )
            id = found[how] = await register_grievance(town.intake.registration(), SECRETARY, command, "test")
            await town.settle(id)
            await accept(town.routing.handling(), handler, "accept", id, "test")
            await report(town.routing.handling(), handler, "report", id, text, [], "test")
            await town.settle(id)
        yield world, found


async def everything(world: World, who: dict[str, Any], id: str) -> str:
    """All that the three services tell this person."""
    answers = []
    for service in SERVICES:
        walk = Walk(service, [row for row in TOLD[service] if row.startswith("_entities")])
        number = (await world.services["intake"].grievances.find_many([id]))[id].number
        question = walk.question(world.read | {"S": Asked("S", world.reference_key, id, {}, number)})
        answers.append(await world.ask(service, who, question.text, question.variables))
    return json.dumps(answers, ensure_ascii=False)


@pytest.mark.parametrize("role", OFFICES)
async def test_offices_see_who_told_it_masked_and_nothing_of_who_asked_to_stay_unknown(
    told: tuple[World, dict[str, str]], role: str
) -> None:
    world, ids = told
    who = claims(role, department=HANDLING)
    for how, id in ids.items():
        text = await everything(world, who, id)
        assert id in text
        for each, (name, phone, openid, *masks) in PEOPLE.items():
            assert name not in text
            assert phone not in text
            assert openid not in text
            # All are in the list, whichever is asked for.
            assert [mask in text for mask in masks] == [each == "named"] * 3, (how, each)


@pytest.mark.parametrize("role", ["DISPATCHER", "CALLER", "DATA_OFFICER"])
async def test_a_phone_leads_no_office_to_what_was_told_in_confidence_or_without_a_name(
    told: tuple[World, dict[str, str]], role: str
) -> None:
    assert await by_phone(told, claims(role)) == {"named"}


async def test_the_team_that_heard_it_finds_it_by_the_phone_that_it_took_down(told: tuple[World, dict[str, str]]) -> None:
    assert await by_phone(told, claims("SECRETARY")) == set(PEOPLE)


async def by_phone(told: tuple[World, dict[str, str]], who: dict[str, Any]) -> set[str]:
    """Which of them are found by their phones."""
    world, ids = told
    fields, found = "... on FoundByPhone { grievances { id petitioner { displayName phone } } }", set()
    for how, (_name, phone, *_masks) in PEOPLE.items():
        request = f"{how}-{who['roles'][0]}"
        input = {"requestId": request, "phone": phone, "purpose": "CONTACT", "reason": "来电查询。"}
        answer = await world.do("intake", who | {"sub": f"looks-{request}"}, "lookUpByPhone", fields, **input)
        assert [each["id"] for each in answer["grievances"]] in ([], [ids[how]])
        found |= {how} if answer["grievances"] else set()
    return found
