"""The events as one AsyncAPI 3 document, from the contracts, the topology and the consumers.

A channel is a routing key on the topic exchange. A service sends on the channels of its own contracts; it receives on every channel whose
key its queue is bound to, also where it has no use for the event and only advances `seen` (architecture.md, section 3).
"""

from __future__ import annotations

import importlib
import re
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from services.feedback.events import HANDLED as FEEDBACK_HANDLED
from services.intake.events import CONSUMERS as INTAKE_CONSUMERS
from services.routing.events import CONSUMERS as ROUTING_CONSUMERS
from shared import envelope
from shared.broker import HOTLINE_ORDERS, REFERENCES, SERVICES, Names
from shared.contracts.base import Contract
from shared.contracts.hotline import HotlineReportV1
from shared.contracts.intake import DepartmentsRecordedV1, PostsRecordedV1

JsonObject = dict[str, Any]

PREFIX = "minyi"
# What each service does something with; of the others that reach its queue it only notes that they came.
USED: dict[str, frozenset[str]] = {
    "intake": frozenset(INTAKE_CONSUMERS),
    "routing": frozenset({*ROUTING_CONSUMERS, DepartmentsRecordedV1.type, PostsRecordedV1.type}),
    "feedback": FEEDBACK_HANDLED,
}
ABOUT = f"""Events between the services of 民意 Minyi, and to whoever listens. At least once: dedupe by `id`, order by
(`source`, `sequence`). Every exchange and queue name starts with the prefix of the installation (MINYI_PREFIX; here its default,
`{PREFIX}`). Everything also goes to the stream `{Names(PREFIX).stream}`, kept for 30 days. A body is a CloudEvents 1.0 event in
structured JSON; within a version fields are only ever added: a reader ignores what it does not know.
各服务之间的事件；至少一次投递，按 id 去重，按 (source, sequence) 排序。"""


def contracts_of(service: str) -> tuple[type[Contract], ...]:
    """What a service produces."""
    events: tuple[type[Contract], ...] = importlib.import_module(f"shared.contracts.{service}").EVENTS
    return events


def bindings_of(service: str) -> list[str]:
    """The binding keys of a service's queue."""
    return [*(f"{other}.grievance.#" for other in SERVICES if other != service), *REFERENCES[service]]


def matches(binding: str, key: str) -> bool:
    """Whether a topic exchange routes `key` by `binding`; `#` as the last word is the only wildcard that the topology uses."""
    head, wildcard, _ = binding.partition(".#")
    return key.startswith(f"{head}.") if wildcard else key == binding


def asyncapi() -> JsonObject:
    """The document, as JSON."""
    produced = {service: contracts_of(service) for service in SERVICES}
    every = [contract for contracts in produced.values() for contract in contracts]
    models: list[type[BaseModel]] = [*every, HotlineReportV1]
    _, definitions = models_json_schema([(model, "validation") for model in models], ref_template="#/components/schemas/{model}")
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "民意 Minyi: events",
            "version": "1.0.0",
            "description": " ".join(ABOUT.splitlines()),
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {**{contract.type: _channel(contract) for contract in every}, HOTLINE_IN: _REPORTS},
        "operations": {**_operations(produced), **_of_the_hotline()},
        "components": {
            "messages": {**{contract.__name__: _message(contract) for contract in every}, HotlineReportV1.__name__: _REPORT},
            "schemas": {**definitions["$defs"], **{f"{contract.__name__}Event": _envelope(contract) for contract in every}},
            "messageTraits": {"judged": {"headers": HEADERS}},
        },
    }


def _channel(contract: type[Contract]) -> JsonObject:
    return {
        "address": contract.type,
        "messages": {contract.__name__: {"$ref": f"#/components/messages/{contract.__name__}"}},
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {"name": Names(PREFIX).exchange, "type": "topic", "durable": True, "autoDelete": False},
                "bindingVersion": "0.3.0",
            }
        },
    }


def _operations(produced: dict[str, tuple[type[Contract], ...]]) -> JsonObject:
    found: JsonObject = {}
    for service, contracts in produced.items():
        for contract in contracts:
            found[f"{service}.sends.{contract.type}"] = _operation(
                "send",
                contract,
                f"{service} sends it, mandatory and confirmed, after the write that caused it.",
                {"deliveryMode": 2, "mandatory": True, "bindingVersion": "0.3.0"},
            )
    for service in SERVICES:
        queue, bindings = Names(PREFIX).queue(service), bindings_of(service)
        for contract in (contract for contracts in produced.values() for contract in contracts):
            if not any(matches(binding, contract.type) for binding in bindings):
                continue
            use = "applies it in one write" if contract.type in USED[service] else "has no use for it and notes that it came"
            found[f"{service}.receives.{contract.type}"] = _operation(
                "receive",
                contract,
                f"{service} takes it from its quorum queue {queue} and {use}.",
                {"ack": True, "bindingVersion": "0.3.0"},
            )
    return found


def _operation(action: str, contract: type[Contract], summary: str, amqp: JsonObject) -> JsonObject:
    channel = f"#/channels/{contract.type}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{contract.__name__}"}],
        "summary": summary,
        "bindings": {"amqp": amqp},
    }


def _message(contract: type[Contract]) -> JsonObject:
    return {
        "name": contract.type,
        "title": contract.__name__,
        "summary": " ".join((contract.__doc__ or "").split()),
        "contentType": "application/cloudevents+json",
        "payload": {"$ref": f"#/components/schemas/{contract.__name__}Event"},
        "traits": [{"$ref": "#/components/messageTraits/judged"}],
        "bindings": {"amqp": {"contentEncoding": "utf-8", "messageType": contract.type, "bindingVersion": "0.3.0"}},
    }


HOTLINE_IN = "hotline.in"
_REPORTS: JsonObject = {
    "address": Names(PREFIX).hotline_in,
    "description": "By the default exchange, straight to the queue; quorum, unbounded. 发布到默认交换机，路由键为队列名。",
    "messages": {HotlineReportV1.__name__: {"$ref": f"#/components/messages/{HotlineReportV1.__name__}"}},
    "bindings": {"amqp": {"is": "queue", "queue": {"name": Names(PREFIX).hotline_in, "durable": True}, "bindingVersion": "0.3.0"}},
}
_REPORT: JsonObject = {
    "name": HotlineReportV1.type,
    "title": HotlineReportV1.__name__,
    "summary": " ".join((HotlineReportV1.__doc__ or "").split()),
    "contentType": "application/json",
    "payload": {"$ref": f"#/components/schemas/{HotlineReportV1.__name__}"},
}


def _of_the_hotline() -> JsonObject:
    """The 12345 platform takes orders and reports on them (examples/hotline/README.md)."""
    orders = next(contract for contract in contracts_of("intake") if contract.type == HOTLINE_ORDERS)
    reports = f"#/channels/{HOTLINE_IN}"
    return {
        f"hotline.takes.{HOTLINE_ORDERS}": _operation(
            "receive",
            orders,
            f"The 12345 platform takes it from the quorum queue {Names(PREFIX).hotline}, where it waits as long as it takes.",
            {"ack": True, "bindingVersion": "0.3.0"},
        ),
        f"intake.takes.{HOTLINE_IN}": {
            "action": "receive",
            "channel": {"$ref": reports},
            "messages": [{"$ref": f"{reports}/messages/{HotlineReportV1.__name__}"}],
            "summary": "intake takes it once per id; what it cannot take it parks with the reason.",
            "bindings": {"amqp": {"ack": True, "bindingVersion": "0.3.0"}},
        },
    }


# From these a consumer judges an event without decoding it.
HEADERS: JsonObject = {
    "type": "object",
    "required": [envelope.SUBJECT, envelope.SOURCE, envelope.SEQUENCE, envelope.AFTER, envelope.VERSIONS, envelope.TYPE],
    "properties": {
        envelope.SUBJECT: {"type": "string", "description": "Id of the grievance, or of the page of reference rows."},
        envelope.SOURCE: {"type": "string", "enum": list(SERVICES), "description": "The producing service."},
        envelope.SEQUENCE: {"type": "integer", "minimum": 1, "description": "Counts per source and subject, without gaps for grievances."},
        envelope.AFTER: {"type": "string", "description": "What the producer had seen of the others, e.g. `intake=1,routing=4`."},
        envelope.VERSIONS: {"type": "string", "description": "All versions in which this event was sent, e.g. `1,2`; take exactly one."},
        envelope.TYPE: {"type": "string", "description": "The event's type, which is also its routing key."},
        envelope.TRACE: {"type": "string", "description": "W3C trace context."},
        envelope.ATTEMPT: {"type": "integer", "minimum": 1, "description": "How often this message has failed; only on a retry."},
    },
}


def _envelope(contract: type[Contract]) -> JsonObject:
    source = contract.type.split(".")[0]
    return {
        "type": "object",
        "required": ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "sequence", "after", "data"],
        "properties": {
            "specversion": {"type": "string", "const": "1.0"},
            "id": {"type": "string", "format": "uuid", "description": "UUIDv7; the same in every version of the event."},
            "source": {"type": "string", "pattern": f"^/minyi/{re.escape(source)}/grievances/.+$"},
            "type": {"type": "string", "const": contract.type},
            "subject": {"type": "string"},
            "time": {"type": "string", "format": "date-time", "description": "Business time, UTC."},
            "datacontenttype": {"type": "string", "const": "application/json"},
            "sequence": {"type": "string", "pattern": "^[0-9]{10}$", "description": "CloudEvents extension; sorts as text."},
            "after": {"type": "string"},
            "traceparent": {"type": "string"},
            "data": {"$ref": f"#/components/schemas/{contract.__name__}"},
        },
    }
