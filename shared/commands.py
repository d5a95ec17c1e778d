"""From a command's payload to the Request that the writer remembers and the audit keeps; from what it raises to what a user is told."""

from __future__ import annotations

import re
from typing import Any

from pydantic import ValidationError

from shared.audit import digest
from shared.identity.errors import Refusal
from shared.identity.refs import subject_ref
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.writer import NoSuchRecord, NotYetRegistered, Request, RequestReused

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
        # A resident's account may be an openid. What they do is found by the reference that their grievances have.
        actor=subject_ref(reference_key, viewer.sub) if viewer.roles <= {Role.RESIDENT} else viewer.sub,
        role=",".join(sorted(viewer.roles)),
        what=what,
        origin=origin,
    )


def refusal_of(error: Exception) -> Refusal | None:
    """What a user is told of it; None for a defect, and for trouble that is no fault of the request's."""
    match error:
        case Refusal():
            return error
        case ValidationError():
            return _invalid(error)
        case NotYetRegistered():
            return Refusal("NOT_YET", "诉求正在流转中，请稍后再试。", "The grievance is still on its way here; try again shortly.")
        case NoSuchRecord():
            return Refusal("NOT_FOUND", "没有这个诉求，或您无权查看。", "There is no such grievance, or it is not yours to see.")
        case RequestReused():
            zh = "这个请求编号已用于其他内容。"
            return Refusal("REQUEST_ID_REUSED", zh, "This request id was used before with other content.", "requestId")
    return None


def _invalid(error: ValidationError) -> Refusal:
    """The first fault by field, without the value."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    field = ".".join(camel(str(part)) for part in first["loc"]) or None
    return Refusal("INVALID_INPUT", f"字段 {field} 的内容不符合要求。", f"{field}: {first['msg']}", field)


def camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
