"""The small federations that the engine is tried on. Their composed supergraphs are committed: `python -m tests.gateway.compose`."""

from tests.gateway.cases import abstract, entities, joined, plain
from tests.gateway.federation import Case

ALL: dict[str, Case] = {case.name: case for module in (plain, entities, joined, abstract) for case in module.CASES}
