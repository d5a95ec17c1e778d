"""Who comes in, with which document, and how often: what is asked of a request before anything is planned for it.

A bare gateway (`--no-auth`) has a guard that asks nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from gateway.api_keys import KeyExchange
from gateway.http_form import BadRequest, GraphQLRequest
from gateway.rates import Rates, TooOften
from gateway.trusted_documents import Documents, hash_of
from shared.identity.errors import Unauthenticated
from shared.identity.roles import Role
from shared.identity.tokens import IssuerUnavailable
from shared.identity.viewer import ANONYMOUS, Viewer
from shared.records import StoreTrouble

AUTHORIZATION, API_KEY, FORWARDED_FOR = b"authorization", b"x-api-key", b"x-forwarded-for"
Verify = Callable[[str | None], Awaitable[Viewer]]
"""The viewer behind an Authorization header. Raises Unauthenticated."""


@dataclass(frozen=True)
class Visitor:
    """Who asks, from where; `authorization` is what subgraphs are sent, empty for none."""

    viewer: Viewer
    authorization: str
    address: str


class Guard(Protocol):
    """Every method raises BadRequest for what it does not let pass."""

    async def visitor(self, headers: Mapping[bytes, bytes], peer: str) -> Visitor: ...

    async def query_of(self, request: GraphQLRequest, visitor: Visitor) -> str:
        """The text of the document that is to run."""
        ...

    async def count_fields(self, roots: Iterable[str], visitor: Visitor) -> None: ...

    def may_be_kept(self, request: GraphQLRequest, roots: Iterable[str]) -> bool:
        """Whether everybody gets the same answer, and by an address that stays."""
        ...


class OpenDoor:
    """Lets everybody in; an Authorization header is passed on unread."""

    async def visitor(self, headers: Mapping[bytes, bytes], peer: str) -> Visitor:
        return Visitor(ANONYMOUS, headers.get(AUTHORIZATION, b"").decode("latin-1"), peer)

    async def query_of(self, request: GraphQLRequest, visitor: Visitor) -> str:
        if request.query is None:
            raise BadRequest(400, "PERSISTED_QUERY_NOT_SUPPORTED", "This gateway knows no documents by hash.", "此网关不支持按摘要查询。")
        return request.query

    async def count_fields(self, roots: Iterable[str], visitor: Visitor) -> None:
        return None

    def may_be_kept(self, request: GraphQLRequest, roots: Iterable[str]) -> bool:
        return False


@dataclass(frozen=True)
class Rules:
    """`trusted_only`: nothing runs but trusted documents, except for `ad_hoc_roles`. `public`: root fields whose answer is the same for
    everybody. `forwarded_by`: how many proxies of ours stand before us."""

    trusted_only: bool = False
    ad_hoc_roles: frozenset[Role] = frozenset()
    public: frozenset[str] = frozenset()
    forwarded_by: int = 0


class Doorkeeper:
    """The guard of the platform."""

    def __init__(self, verify: Verify, keys: KeyExchange, documents: Documents, rates: Rates, rules: Rules) -> None:
        self._verify = verify
        self._keys = keys
        self._documents = documents
        self._rates = rates
        self._rules = rules

    async def visitor(self, headers: Mapping[bytes, bytes], peer: str) -> Visitor:
        address = self._address(headers, peer)
        try:
            await self._rates.count_address(address)
            authorization = await self._authorization(headers)
            viewer = await self._verify(authorization or None)
            await self._rates.count_viewer(viewer.sub)
        except TooOften as over:
            raise _too_often(over) from over
        except IssuerUnavailable as error:
            raise BadRequest(503, error.code, error.en, error.zh, [(b"retry-after", b"5")]) from error
        except Unauthenticated as error:
            challenge = [(b"www-authenticate", b'Bearer error="invalid_token"')]
            raise BadRequest(401, error.kind, error.en, error.zh, challenge, reason=error.code) from error
        except StoreTrouble as trouble:
            raise _no_store() from trouble
        return Visitor(viewer, authorization, address)

    async def query_of(self, request: GraphQLRequest, visitor: Visitor) -> str:
        if request.hash is not None:
            return await self._by_hash(request, request.hash, visitor)
        return self._ad_hoc(request.query, visitor)

    async def count_fields(self, roots: Iterable[str], visitor: Visitor) -> None:
        try:
            await self._rates.count_fields(roots, visitor.address)
        except TooOften as over:
            raise _too_often(over) from over

    def may_be_kept(self, request: GraphQLRequest, roots: Iterable[str]) -> bool:
        asked = set(roots)
        return request.hash is not None and bool(asked) and asked <= self._rules.public

    async def _authorization(self, headers: Mapping[bytes, bytes]) -> str:
        given, key = headers.get(AUTHORIZATION, b""), headers.get(API_KEY, b"")
        if given and key:
            raise BadRequest(400, "TWO_CREDENTIALS", "Send a token or an API key, not both.", "请只提供令牌或接口密钥之一。")
        return await self._keys.authorization_for(key.decode("latin-1")) if key else given.decode("latin-1")

    async def _by_hash(self, request: GraphQLRequest, hash: str, visitor: Visitor) -> str:
        if request.query is not None and hash_of(request.query) != hash:
            raise BadRequest(400, "PERSISTED_QUERY_MISMATCH", "The hash is not that of the query.", "摘要与查询内容不符。")
        try:
            body = await self._documents.body_of(hash)
        except StoreTrouble as trouble:
            raise _no_store() from trouble
        if body is not None:
            return body
        if request.query is not None:
            # Asking with hash and text is how others register; here it is an ad hoc query.
            return self._ad_hoc(request.query, visitor)
        raise BadRequest(400, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound", "没有登记这个文档。")

    def _ad_hoc(self, query: str | None, visitor: Visitor) -> str:
        if query is None:
            raise BadRequest(400, "BAD_REQUEST", "The request has no query.", "请求缺少 query。")
        if self._rules.trusted_only and not visitor.viewer.has(*self._rules.ad_hoc_roles):
            raise BadRequest(
                403,
                "DOCUMENT_NOT_TRUSTED",
                "Only documents that were uploaded beforehand run here; ask for one by its hash.",
                "此处只运行预先登记的文档，请按摘要请求。",
            )
        return query

    def _address(self, headers: Mapping[bytes, bytes], peer: str) -> str:
        """The client's address as the outermost of our own proxies saw it: what a client itself writes there is not believed."""
        hops = [hop.strip() for hop in headers.get(FORWARDED_FOR, b"").decode("latin-1").split(",") if hop.strip()]
        behind = self._rules.forwarded_by
        return hops[-behind] if behind and len(hops) >= behind else peer


def _too_often(over: TooOften) -> BadRequest:
    return BadRequest(429, over.code, over.en, over.zh, [(b"retry-after", b"%d" % over.seconds)], retryAfter=over.seconds)


def _no_store() -> BadRequest:
    return BadRequest(
        503, "UNAVAILABLE", "The store does not answer; try again shortly.", "存储暂时没有响应，请稍后再试。", [(b"retry-after", b"1")]
    )
