"""Contracts: nothing unknown is produced, everything unknown is ignored where it is read, and the schemas say what is sent."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import ValidationError

from services.feedback.events import HANDLED, consumers
from services.intake.events import CONSUMERS as INTAKE
from services.routing.events import CONSUMERS as ROUTING
from shared.broker import SERVICES
from shared.contracts.base import Contract
from shared.contracts.intake import DepartmentsRecordedV1, GrievanceRegisteredV1, PostsRecordedV1
from shared.envelope import Event, encode
from tests.services.builders import DRAW, SURVEY_RULES
from tests.shared.contracts.conforming import CONTRACTS, document, faults
from tests.shared.contracts.examples import AT, EXAMPLES
from tools.asyncapi import USED, bindings_of, contracts_of, matches

EVERY = [contract for service in SERVICES for contract in contracts_of(service)]
READ: list[tuple[str, type[Contract]]] = [
    *(("intake", contract) for contract, _ in INTAKE.values()),
    *(("routing", contract) for contract, _ in ROUTING.values()),
    ("routing", DepartmentsRecordedV1),
    ("routing", PostsRecordedV1),
    ("feedback", GrievanceRegisteredV1),
    *(("feedback", contract) for contract, _ in consumers(SURVEY_RULES, DRAW).values()),
]


def named(example: Contract) -> str:
    return type(example).__name__


def with_unknown_fields(value: Any) -> Any:
    """The same with a field more in every object."""
    if isinstance(value, dict):
        return {"addedLater": {"deep": True}} | {name: with_unknown_fields(inner) for name, inner in value.items()}
    return [with_unknown_fields(inner) for inner in value] if isinstance(value, list) else value


def as_sent(example: Contract) -> Event:
    service = example.type.split(".")[0]
    id, subject = "01977a3e-6c00-7000-8000-000000000001", "7d9f1c1e-0000-5333-8444-555555555555"
    after = {other: 3 for other in SERVICES if other != service}
    body = encode(example, id=id, source=service, subject=subject, sequence=4, after=after, at=AT, traceparent="")
    return Event(id, example.type, service, subject, 4, after, (1,), body)


def test_there_is_an_example_of_every_event() -> None:
    assert sorted(type(example).type for example in EXAMPLES) == sorted(contract.type for contract in EVERY)


@pytest.mark.parametrize("service", SERVICES)
def test_every_type_names_source_aggregate_event_and_version(service: str) -> None:
    for contract in contracts_of(service):
        source, aggregate, _event, version = contract.type.split(".")
        assert aggregate in ("grievance", "reference", "audit", "hotline_order")
        assert (source, version) == (service, f"v{contract.version()}")


def test_anchors_of_the_audit_are_for_the_stream_alone() -> None:
    anchored = [contract for contract in EVERY if ".audit." in contract.type]
    assert len(anchored) == len(SERVICES)
    for contract in anchored:
        assert not any(matches(binding, contract.type) for service in SERVICES for binding in bindings_of(service))


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_every_event_is_what_its_schema_says(example: Contract) -> None:
    schema = json.loads((CONTRACTS / "schemas" / f"{example.type}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    found = [*Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(example.model_dump(mode="json"))]
    assert found == []


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_every_message_is_what_the_asyncapi_document_says(example: Contract) -> None:
    assert faults(as_sent(example)) == []


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_the_asyncapi_document_tells_a_wrong_message(example: Contract) -> None:
    event = as_sent(example)
    assert faults(event.again(body=event.body.replace(event.type.encode(), b"another.type.of_event.v1")))
    assert faults(event.again(body=event.body.replace(b'"data":{', b'"data":{"unknown":1,')))
    assert faults(event.again(source="nobody"))


@pytest.mark.parametrize(("service", "contract"), READ, ids=lambda part: part if isinstance(part, str) else part.__name__)
def test_every_consumer_reads_what_the_producer_adds_later(service: str, contract: type[Contract]) -> None:
    [example] = [example for example in EXAMPLES if type(example) is contract]
    assert contract.read(with_unknown_fields(example.model_dump(mode="json"))) == example


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_an_unknown_field_is_not_produced(example: Contract) -> None:
    data = example.model_dump(mode="json")
    assert type(example).model_validate(deepcopy(data)) == example
    with pytest.raises(ValidationError, match="addedLater"):
        type(example).model_validate({**data, "addedLater": 1})


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_a_missing_field_is_noticed_by_the_reader(example: Contract) -> None:
    data = example.model_dump(mode="json")
    for name, field in type(example).model_fields.items():
        if field.is_required():
            with pytest.raises(ValidationError):
                type(example).read({key: value for key, value in data.items() if key != name})


def test_every_reference_in_the_asyncapi_document_leads_somewhere() -> None:
    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [found for inner in value.values() for found in references(inner)]
        return [found for inner in value for found in references(inner)] if isinstance(value, list) else []

    for reference in references(document()):
        part: Any = document()
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]


def test_each_event_is_sent_by_its_source_and_received_wherever_its_key_is_bound() -> None:
    operations = document()["operations"]
    for contract in EVERY:
        source = contract.type.split(".")[0]
        receivers = {service for service in SERVICES if any(matches(binding, contract.type) for binding in bindings_of(service))}
        assert [name for name in operations if name.endswith(f".sends.{contract.type}")] == [f"{source}.sends.{contract.type}"]
        assert {name.split(".")[0] for name in operations if name.endswith(f".receives.{contract.type}")} == receivers
        assert source not in receivers


def test_what_a_service_applies_reaches_its_queue() -> None:
    assert {service for service, _ in READ} == set(USED)
    for service, contract in READ:
        assert contract.type in USED[service]
        assert any(matches(binding, contract.type) for binding in bindings_of(service))
    assert USED["feedback"] == HANDLED
