"""Every supergraph that the engine is tried on, by name."""

from __future__ import annotations

from tests.gateway.cases import abstract, entities, interface_objects, joined, plain

MODULES = (plain, entities, abstract, joined, interface_objects)
ALL = {case.name: case for module in MODULES for case in module.CASES}
