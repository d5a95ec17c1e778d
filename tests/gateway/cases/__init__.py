"""The small federations that the engine is tried on. Their composed supergraphs are committed: `python -m tests.gateway.compose`."""

from __future__ import annotations

from tests.gateway.cases import abstract, entities, interface_objects, joined, keys, legacy, plain, provisions, requirements, variety
from tests.gateway.federation import Case

MODULES = (plain, entities, abstract, joined, interface_objects, requirements, provisions, legacy, keys, variety)
ALL: dict[str, Case] = {case.name: case for module in MODULES for case in module.CASES}
