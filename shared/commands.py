"""From a command's payload to the Request that the writer remembers and the audit keeps."""

from __future__ import annotations

from typing import Any

from shared.audit import digest
from shared.identity.viewer import Viewer
from shared.writer import Request


def request_of(reference_key: bytes, viewer: Viewer, request_id: str, what: str, payload: Any, origin: str) -> Request:
    """`payload` is JSON; its digest is keyed, so that short personal values cannot be guessed from the audit."""
    return Request(
        id=request_id,
        digest=digest(reference_key, [what, payload]),
        actor=viewer.sub,
        role=",".join(sorted(viewer.roles)),
        what=what,
        origin=origin,
    )
