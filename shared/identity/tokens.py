"""Access tokens (JWT, asymmetric only) into Viewers. The gateway verifies, and each subgraph verifies again."""

from __future__ import annotations

import json
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import ExpiredTokenError, JoseError, UnsupportedAlgorithmError
from joserfc.jws import JWSRegistry

from shared.identity.errors import Unauthenticated
from shared.identity.issuers import INTAKE, PLATFORM
from shared.identity.jwks import KeySource, KeysUnavailable, PublicKey
from shared.identity.refs import grievance_ref, openid_ref, phone_ref, subject_ref
from shared.identity.roles import Role, known_roles
from shared.identity.scopes import MalformedScope, Scope, from_code
from shared.identity.viewer import ANONYMOUS, Viewer
from shared.settings import CommonSettings

ALGORITHMS = ("EdDSA", "Ed25519", "ES256", "RS256")
"""Ed25519 is the newer name of EdDSA with that curve (RFC 9864)."""
SKEW_SECONDS = 30
MAX_TOKEN_BYTES = 16 * 1024
REMEMBERED = 4096
_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
_BEARER = re.compile(r"[Bb]earer +([A-Za-z0-9_=-]+\.[A-Za-z0-9_=-]+\.[A-Za-z0-9_=-]+) *")


class IssuerUnavailable(Unauthenticated):
    """The issuer's keys cannot be had: our trouble or the issuer's, not the user's. Worth a retry."""

    def __init__(self) -> None:
        super().__init__(
            "ISSUER_UNAVAILABLE", "登录服务暂时不可用，请稍后再试。", "The sign-in service cannot be reached; try again later."
        )


class _Algorithms(JWSRegistry):
    """The allow-list and nothing else. The parent warns of the older name EdDSA on every token; identity providers still use it."""

    max_header_length = 2048
    max_payload_length = MAX_TOKEN_BYTES

    def get_alg(self, name: str) -> Any:
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError("algorithm is not allowed")
        return self.algorithms[name]


_REGISTRY = _Algorithms(strict_check_header=False)


@dataclass(frozen=True)
class _Verified:
    viewer: Viewer
    expires: float
    source: KeySource
    generation: int


class TokenVerifier:
    """Verifies signature, issuer, audience and times (30 s of skew), and builds the Viewer.

    `jwks` are file paths or URLs. With as many issuers as locations they belong together in order, so that no issuer can speak for
    another; with one of either it goes with all of the other; anything else is a ValueError at start. With `keys_dir` the platform's own
    issuers are trusted too, each for its one role.
    """

    def __init__(
        self,
        jwks: Sequence[str],
        issuers: Sequence[str],
        audience: str,
        reference_key: bytes,
        *,
        keys_dir: Path | None = None,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        fetch: Callable[[str], Awaitable[bytes]] | None = None,
    ) -> None:
        if not jwks or not issuers or not audience:
            raise ValueError("tokens cannot be verified: set MINYI_JWKS, MINYI_ISSUER and MINYI_AUDIENCE")
        if len(jwks) != len(issuers) and len(jwks) != 1 and len(issuers) != 1:
            raise ValueError("MINYI_JWKS and MINYI_ISSUER must pair up: as many of one as of the other, or one of either")
        sources = [KeySource(location, monotonic=monotonic, fetch=fetch) for location in jwks]
        self._sources: dict[str, list[KeySource]] = {}
        if len(sources) == len(issuers):
            for issuer, source in zip(issuers, sources, strict=True):
                self._sources.setdefault(issuer, []).append(source)
        else:
            self._sources = dict.fromkeys(issuers, sources)
        self._only: dict[str, Role] = {}
        if keys_dir is not None:
            for own in PLATFORM:
                self._sources[own.issuer] = [KeySource(own.jwks(keys_dir), monotonic=monotonic, fetch=fetch)]
                self._only[own.issuer] = own.role
        self._audience = audience
        self._reference_key = reference_key
        self._now = now
        self._remembered: OrderedDict[str, _Verified] = OrderedDict()

    async def viewer_of(self, authorization: str | None) -> Viewer:
        """The viewer behind an Authorization header; ANONYMOUS without one. Raises Unauthenticated."""
        if authorization is None or not authorization.strip():
            return ANONYMOUS
        match = _BEARER.fullmatch(authorization) if len(authorization) <= MAX_TOKEN_BYTES else None
        if match is None:
            raise Unauthenticated("TOKEN_MALFORMED", "登录凭证格式不正确。", "The Authorization header is not `Bearer` and a token.")
        return await self.verify(match[1])

    async def verify(self, bearer: str) -> Viewer:
        """The viewer of a token. Raises Unauthenticated with a code that says what did not hold; nothing of the token is repeated."""
        try:
            return await self._verify(bearer)
        except ExpiredTokenError:
            raise Unauthenticated("TOKEN_EXPIRED", "登录已过期，请重新登录。", "The token has expired; sign in again.") from None
        except KeysUnavailable:
            raise IssuerUnavailable() from None
        except (JoseError, MalformedScope, ValueError, TypeError, KeyError, RecursionError):
            raise Unauthenticated("TOKEN_INVALID", "登录凭证无效，请重新登录。", "The token is not valid; sign in again.") from None

    async def _verify(self, bearer: str) -> Viewer:
        if len(bearer) > MAX_TOKEN_BYTES:
            raise ValueError("token too long")
        remembered = await self._recall(bearer)
        if remembered is not None:
            return remembered
        claims, source = await self._signed_claims(bearer)
        self._check(claims)
        viewer = self._viewer(claims)
        self._remembered[bearer] = _Verified(viewer, float(claims["exp"]) + SKEW_SECONDS, source, source.generation)
        if len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)
        return viewer

    async def _recall(self, bearer: str) -> Viewer | None:
        """What an earlier verification found, while the token lives and its issuer's keys are the same: a signature costs 0.1 ms."""
        known = self._remembered.get(bearer)
        if known is None:
            return None
        await known.source.refresh_if_old()
        if known.expires > self._now() and known.generation == known.source.generation:
            return known.viewer
        self._remembered.pop(bearer, None)
        return None

    async def _signed_claims(self, bearer: str) -> tuple[dict[str, Any], KeySource]:
        signed = jws.extract_compact(bearer.encode("ascii"), registry=_REGISTRY)
        header = signed.headers()
        kid, alg = header.get("kid"), header.get("alg")
        if not isinstance(kid, str) or alg not in ALGORITHMS or str(header.get("typ", "JWT")).lower() not in _TYPES:
            raise ValueError("header")
        # The issuer is only read here to choose whose keys to ask; it is believed once the signature holds under those keys.
        claims = json.loads(signed.payload or b"")
        issuer = claims.get("iss") if isinstance(claims, dict) else None
        sources = self._sources.get(issuer, []) if isinstance(issuer, str) else []
        if not sources:
            raise Unauthenticated("TOKEN_ISSUER", "登录凭证的签发方不受信任。", "The token's issuer is not trusted.")
        key, source = await self._key(sources, kid)
        declared = key.as_dict(private=False).get("alg")
        if declared is not None and declared != alg and {declared, alg} != {"EdDSA", "Ed25519"}:
            raise ValueError("algorithm of another key")
        return dict(jwt.decode(bearer, key, registry=_REGISTRY).claims), source

    async def _key(self, sources: list[KeySource], kid: str) -> tuple[PublicKey, KeySource]:
        down: KeysUnavailable | None = None
        for source in sources:
            try:
                await source.refresh_if_old()
            except KeysUnavailable as error:
                down = error
                continue
            key = await source.find(kid)
            if key is not None:
                return key, source
        raise down or Unauthenticated("TOKEN_KEY_UNKNOWN", "登录凭证的签名密钥未知，请重新登录。", "The token's key is unknown; sign in.")

    def _check(self, claims: dict[str, Any]) -> None:
        audience = claims.get("aud")
        if self._audience not in (audience if isinstance(audience, list) else [audience]):
            raise Unauthenticated("TOKEN_AUDIENCE", "登录凭证不是签发给本平台的。", "The token was not issued for this platform.")
        now = int(self._now())
        registry = jwt.JWTClaimsRegistry(now=now, leeway=SKEW_SECONDS, sub={"essential": True}, exp={"essential": True})
        registry.validate(claims)
        if not claims["sub"] or len(claims["sub"]) > 255:
            raise ValueError("sub")

    def _roles(self, claims: dict[str, Any]) -> frozenset[Role]:
        """One of the platform's own issuers gives the role that it is for, and no other."""
        roles = known_roles(claims.get("roles"))
        only = self._only.get(claims["iss"])
        return roles if only is None else roles & {only}

    def _viewer(self, claims: dict[str, Any]) -> Viewer:
        sub: str = claims["sub"]
        # Who opened a grievance by its number and PIN is its petitioner, of this one only. No other issuer can say so.
        opened = claims["grievance"] if claims["iss"] == INTAKE.issuer else None
        refs = {subject_ref(self._reference_key, sub) if opened is None else grievance_ref(self._reference_key, opened)}
        phone = claims.get("phone_number")
        # Whoever may type any number into their profile must not see what its true owner has told us.
        if isinstance(phone, str) and claims.get("phone_number_verified") is True and (ref := phone_ref(self._reference_key, phone)):
            refs.add(ref)
        return Viewer(
            sub=sub,
            roles=self._roles(claims),
            scopes=_scopes(claims.get("scopes")),
            department=_optional(claims, "department"),
            team=_optional(claims, "team"),
            refs=frozenset(refs),
            name=_optional(claims, "name"),
            openid=_openid(claims),
        )


def verifier_of(settings: CommonSettings, reference_key: bytes) -> TokenVerifier:
    """The verifier of one process."""
    return TokenVerifier(settings.jwks_locations(), settings.issuers(), settings.audience, reference_key, keys_dir=settings.keys_dir)


def _scopes(claim: object) -> tuple[Scope, ...]:
    """Absent is none. One malformed scope voids the token: passing it over would hide a mistake of the issuer's."""
    if claim is None:
        return ()
    if not isinstance(claim, list) or len(claim) > 64:
        raise MalformedScope("scopes is a list of at most 64")
    return tuple(from_code(entry["code"], entry["level"]) for entry in claim)


def _openid(claims: dict[str, Any]) -> str | None:
    """What is none is passed over: it says how somebody is reached, and not who they are."""
    openid = claims.get("wechat_openid")
    return openid if isinstance(openid, str) and openid_ref(b"", openid) is not None else None


def _optional(claims: dict[str, Any], name: str) -> str | None:
    value = claims.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError(name)
    return value or None
