"""The supergraph that this gateway serves, from its file."""

from __future__ import annotations

from pathlib import Path

from gateway.engine.errors import Refused
from gateway.engine.loader import load_supergraph
from gateway.engine.supergraph import Supergraph


def read_supergraph(path: Path) -> Supergraph:
    """Raises Refused with a way out when there is none."""
    try:
        return load_supergraph(path.read_text("utf-8"))
    except OSError as error:
        raise Refused(f"no supergraph at {path}: compose it (make supergraph) or name one (--supergraph FILE)") from error
