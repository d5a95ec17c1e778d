"""What every subgraph's request has: who asks, from where, and how a refusal of any kind becomes a value. No GraphQL types here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import strawberry
from fastapi import Request
from pydantic import ValidationError
from strawberry.fastapi import BaseContext

from shared.identity.errors import Refusal
from shared.identity.tokens import TokenVerifier
from shared.identity.viewer import Viewer
from shared.writer import NoSuchRecord, NotYetRegistered, RequestReused

MAX_PAGE = 100
ORIGIN = "minyi-origin"
"""The header in which the gateway says from where its client came."""
MAX_ORIGIN = 64
Refused = TypeVar("Refused")
Done = TypeVar("Done")


class RequestContext(BaseContext):
    """One request: the viewer is verified once, before the operation runs. Loaders are made here and die with it."""

    def __init__(self, request: Request, viewer: Viewer) -> None:
        super().__init__()
        self.request = request
        self.viewer = viewer

    @property
    def origin(self) -> str:
        """From where, for the audit: who connected and, where that was the gateway or said to be, the client's address by its word."""
        client = self.request.client if self.request else None
        peer = client.host if client else ""
        told = self.request.headers.get(ORIGIN, "") if self.request else ""
        return f"{told[:MAX_ORIGIN]} via {peer}" if told else peer


async def viewer_of(request: Request, verifier: TokenVerifier) -> Viewer:
    return await verifier.viewer_of(request.headers.get("authorization"))


@strawberry.type
class RefusedFields:
    """What every refusal that is a mutation's value tells; each mutation has a type of its own with these."""

    code: str = strawberry.field(description="代码 · stable code, for programs")
    message: str = strawberry.field(description="英文说明 · what is wrong, in English")
    message_zh: str = strawberry.field(description="中文说明 · what is wrong, in Chinese")
    field: str | None = strawberry.field(description="有误的输入项 · the input at fault, where there is one")


async def refused_as(refused: Callable[..., Refused], work: Callable[[], Awaitable[Done]]) -> Done | Refused:
    """Run a command; what a user can cause becomes the mutation's refusal value, defects go on as exceptions."""
    try:
        return await work()
    except Refusal as refusal:
        return refused(code=refusal.code, message=refusal.en, message_zh=refusal.zh, field=refusal.field)
    except ValidationError as error:
        return refused(**_invalid(error))
    except NotYetRegistered:
        return refused(**NOT_YET)
    except NoSuchRecord:
        return refused(**NOT_FOUND)
    except RequestReused:
        return refused(**REQUEST_REUSED)


def _words(code: str, message: str, message_zh: str, field: str | None = None) -> dict[str, Any]:
    return {"code": code, "message": message, "message_zh": message_zh, "field": field}


NOT_YET = _words("NOT_YET", "The grievance is still on its way here; try again shortly.", "诉求正在流转中，请稍后再试。")
NOT_FOUND = _words("NOT_FOUND", "There is no such grievance, or it is not yours to see.", "没有这个诉求，或您无权查看。")
REQUEST_REUSED = _words(
    "REQUEST_ID_REUSED", "This request id was used before with other content.", "这个请求编号已用于其他内容。", "requestId"
)


def _invalid(error: ValidationError) -> dict[str, Any]:
    """The first fault by field, without the value."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    field = ".".join(camel(str(part)) for part in first["loc"]) or None
    return _words("INVALID_INPUT", f"{field}: {first['msg']}", f"字段 {field} 的内容不符合要求。", field)


def camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def page_size(first: int) -> int:
    """How many a list may answer; raises Refusal."""
    if not 1 <= first <= MAX_PAGE:
        raise Refusal("BAD_PAGE_SIZE", f"每页数量应在 1 到 {MAX_PAGE} 之间。", f"first must be between 1 and {MAX_PAGE}.", "first")
    return first
