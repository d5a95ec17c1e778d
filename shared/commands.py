"""From a command's payload to the Request that the writer remembers and the audit keeps."""

from __future__ import annotations

import re
from typing import Any

from shared.audit import digest
from shared.identity.errors import Refusal
from shared.identity.viewer import Viewer
from shared.writer import Request

REQUEST_ID = re.compile(r"[\x21-\x7e]{1,100}")


def checked_request_id(request_id: str) -> str:
    """It is kept as it comes, so it has a form. Raises Refusal."""
    if not REQUEST_ID.fullmatch(request_id):
        raise Refusal(
            "REQUEST_ID_INVALID",
            "requestId 须为1至100个可见的英文字符。",
            "requestId has 1 to 100 visible ASCII characters.",
            "requestId",
        )
    return request_id


def request_of(reference_key: bytes, viewer: Viewer, request_id: str, what: str, payload: Any, origin: str) -> Request:
    """`payload` is JSON; its digest is keyed, so that short personal values cannot be guessed from the audit. Whose request it is is part
    of it: a colleague's request id is not one's own. Raises Refusal for what is no request id."""
    return Request(
        id=checked_request_id(request_id),
        digest=digest(reference_key, [viewer.sub, what, payload]),
        actor=viewer.sub,
        role=",".join(sorted(viewer.roles)),
        what=what,
        origin=origin,
    )
