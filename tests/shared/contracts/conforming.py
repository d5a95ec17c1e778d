"""Whether a message is what the committed AsyncAPI document promises."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from shared.envelope import Event, decode
from tests.world import ROOT

CONTRACTS = ROOT / "shared" / "contracts"


@cache
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CONTRACTS / "asyncapi.json").read_text(encoding="utf-8"))
    return found


@cache
def _validator(reference: str) -> Draft202012Validator:
    """Of one part of the document, whose references stay within it."""
    return Draft202012Validator({"$ref": reference, "components": document()["components"]}, format_checker=FormatChecker())


def faults(event: Event) -> list[str]:
    """What of the event's body and headers the document does not promise."""
    channel = document()["channels"].get(event.type)
    if channel is None or channel["address"] != event.type:
        return [f"no channel {event.type}"]
    [name] = channel["messages"]
    found = [*_validator(f"#/components/schemas/{name}Event").iter_errors(decode(event.body))]
    found += _validator("#/components/messageTraits/judged/headers").iter_errors(event.headers())
    return [f"{event.type} {fault.json_path}: {fault.message}" for fault in found]
