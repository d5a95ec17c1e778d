"""Every text of every contract is either words, which an erasure takes out of kept events, or known to tell of nobody who was erased."""

from __future__ import annotations

from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import orjson
import pytest
from pydantic import BaseModel

from shared.contracts import feedback, intake, routing
from shared.contracts.base import Contract
from shared.envelope import encode
from shared.erasure import ERASED, WORDS, scrubbed
from tests.shared.contracts.examples import AT, EXAMPLES

# Codes, ids of ours and of staff, rules, and what officials call their own units.
TELL_OF_NOBODY = frozenset(
    {
        *("number", "category", "division", "campaign", "attachments", "evidence", "rule", "department", "action", "channel", "deliveryId"),
        *(
            "to",
            "summary",
            "staffId",
            "role",
            "unit",
            "toRole",
            "toUnit",
            "team",
            "departments",
            "handlers",
            "accusedDepartments",
            "importId",
        ),
        # The reference rows are of offices and posts.
        *("code", "name", "head", "receiver", "id", "holder", "leader", "contactUnits", "programmes"),
        # Of an order to 12345, and the official name of a place.
        *("orderId", "reportId", "divisionName"),
    }
)
# Ours alone: how to say how it went, why a sender could not send, what it was to send, role and unit of a caller, the reference that stands
# for nobody, and keyed hashes of a day's trail.
OF_THIS_EVENT = {
    ("feedback.grievance.delivery_requested.v1", "invitation"),
    ("intake.grievance.delivery_attempted.v1", "reason"),
    ("intake.grievance.delivery_attempted.v1", "purpose"),
    ("feedback.grievance.petitioner_called.v1", "by"),
    ("intake.grievance.personal_data_erased.v1", "petitionerRef"),
    *((f"{service}.audit.anchored.v1", field) for service in ("intake", "routing", "feedback") for field in ("previous", "digest")),
}
CONTRACTS = (*intake.EVENTS, *routing.EVENTS, *feedback.EVENTS)


def texts(model: type[BaseModel], path: str = "") -> Iterator[str]:
    """The paths of all fields that may hold any text."""
    for name, field in model.model_fields.items():
        for kind in kinds(field.annotation):
            if kind is str:
                yield path + name
            elif isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from texts(kind, f"{path}{name}.")


def kinds(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) in (Union, UnionType, list):
        for each in get_args(annotation):
            yield from kinds(each)
    elif annotation is not NoneType:
        yield annotation


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.type)
def test_every_text_is_declared_or_known(contract: type[Contract]) -> None:
    found = set(texts(contract))
    assert set(contract.words) <= found
    unknown = {path for path in found - set(contract.words) if path.rpartition(".")[2] not in TELL_OF_NOBODY}
    assert {(contract.type, path) for path in unknown} <= OF_THIS_EVENT


@pytest.mark.parametrize("contract", EXAMPLES, ids=lambda contract: contract.type)
def test_a_scrubbed_body_differs_in_its_words_alone(contract: Contract) -> None:
    body = encode(contract, id="e", source="intake", subject="g", sequence=1, after={"routing": 2}, at=AT, traceparent="t")
    after = scrubbed(contract.type, body)
    type(contract).read(orjson.loads(after)["data"])
    assert scrubbed(contract.type, after) == after
    before_data, after_data = orjson.loads(body), orjson.loads(after)
    for path in WORDS.get(contract.type, ()):
        *parents, name = path.split(".")
        for document in (before_data, after_data):
            part = document["data"]
            for parent in parents:
                part = part[parent]
            held = part.pop(name)
            assert held is None or document is before_data or held in (ERASED, [])
    assert orjson.dumps(before_data) == orjson.dumps(after_data)
