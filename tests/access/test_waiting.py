"""The desk of what waits: no department and no team reads of callbacks there, nor does anybody who has a part in the matter."""

from __future__ import annotations

from typing import Any

import pytest

from tests.access.conftest import World
from tests.access.documents import keep_followup
from tests.access.people import HANDLING, SUB, THIRD_UNIT, claims

DESK = (
    "query($what: FollowUpWait!, $first: Int!) { followUpDesk(what: $what, first: $first) { edges { what node { id reply { text } } } } }"
)
PART_IN = {
    "none": (claims("SUPERVISOR"), True),
    "it is of their office": (claims("SUPERVISOR", department=HANDLING), False),
    "it was of their office": (claims("SUPERVISOR", department=THIRD_UNIT), False),
    "they handle it": (claims("SUPERVISOR", sub="handles"), False),
    "it is their own": (claims("SUPERVISOR", "RESIDENT", sub=SUB), False),
}


@pytest.mark.row("S55")
@pytest.mark.parametrize("part", PART_IN)
async def test_who_waits_to_be_called_is_listed_for_who_has_no_part_in_the_matter(world: World, part: str) -> None:
    who, listed = PART_IN[part]
    id = f"0-waits-{part}".replace(" ", "-")
    relation, near = ("O", {"division": world.describe("S", id).division}) if part == "it is their own" else ("S", {})
    await keep_followup(world, world.describe(relation, id, involved=[THIRD_UNIT], handlers=["handles"], **near))
    for what, expected in (("CALLBACK", listed), ("DELIVERY", True)):
        answer = await world.ask("feedback", who, DESK, {"what": what, "first": 100})
        found = {edge["node"]["id"]: edge for edge in answer["data"]["followUpDesk"]["edges"]}
        assert (id in found) == expected
        if expected:
            assert found[id]["what"] == what
            assert found[id]["node"]["reply"]["text"]


@pytest.mark.parametrize("role", ["HANDLER", "DEPARTMENT_HEAD", "SECRETARY", "TEAM_LEADER"])
async def test_refuses_callbacks_to_departments_and_teams(world: World, role: str) -> None:
    answer: dict[str, Any] = await world.ask("feedback", role, DESK, {"what": "CALLBACK", "first": 20})
    assert answer["data"] == {"followUpDesk": None}
    assert answer["errors"][0]["extensions"]["reason"] == "CALLBACKS_NOT_HERE"
    told = await world.ask("feedback", role, "{ followUpNumbers { what total } }")
    assert [row["what"] for row in told["data"]["followUpNumbers"]] == ["REPLY", "APPROVAL", "DELIVERY", "SURVEY"]
