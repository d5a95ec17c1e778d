"""What every subgraph's request has: who asks, from where, and how a refusal of any kind becomes a value. No GraphQL types here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import strawberry
from fastapi import Request
from starlette.requests import HTTPConnection
from strawberry.fastapi import BaseContext

from shared.commands import refusal_of
from shared.identity.errors import Refusal
from shared.identity.tokens import TokenVerifier
from shared.identity.viewer import Viewer

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
        return origin_of(self.request) if self.request else ""


def origin_of(request: HTTPConnection) -> str:
    """From where, for the audit: who connected and, where that was the gateway or said to be, the client's address by its word."""
    peer = request.client.host if request.client else ""
    told = request.headers.get(ORIGIN, "")
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
    except Exception as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        return refused(code=refusal.code, message=refusal.en, message_zh=refusal.zh, field=refusal.field)


def page_size(first: int) -> int:
    """How many a list may answer; raises Refusal."""
    if not 1 <= first <= MAX_PAGE:
        raise Refusal("BAD_PAGE_SIZE", f"每页数量应在 1 到 {MAX_PAGE} 之间。", f"first must be between 1 and {MAX_PAGE}.", "first")
    return first
