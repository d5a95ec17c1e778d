"""The platform's own issuers: intake, for who opens a grievance by number and PIN, and the gateway, for machine clients with an API key.

Their tokens live five minutes and can say no more than the issuer is for: whoever holds intake's key cannot make an administrator.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from shared.identity.keys import private_pem, public_jwks
from shared.identity.roles import Role

TOKEN_SECONDS = 300


@dataclass(frozen=True)
class PlatformIssuer:
    """`pair` names its key files, `role` is the only one that its tokens give."""

    pair: str
    issuer: str
    role: Role

    def jwks(self, keys_dir: Path) -> str:
        return str(public_jwks(keys_dir, self.pair))

    def signer(self, keys_dir: Path, audience: str) -> Signer:
        return Signer(keys_dir, self.pair, self.issuer, audience)


INTAKE = PlatformIssuer("intake", "urn:minyi:intake", Role.RESIDENT)
GATEWAY = PlatformIssuer("gateway", "urn:minyi:gateway", Role.MACHINE_CLIENT)
PLATFORM = (INTAKE, GATEWAY)


@dataclass(frozen=True)
class Minted:
    token: str
    expires_at: int
    """Seconds since 1970, real time."""


class Signer:
    """Signs tokens with <name>.pem of `keys_dir` (ES256). Raises KeyMissing at once where there is none."""

    def __init__(self, keys_dir: Path, name: str, issuer: str, audience: str, *, now: Callable[[], float] = time.time) -> None:
        self._key = ECKey.import_key(private_pem(keys_dir, name))
        self._kid = self._key.thumbprint()
        self._issuer = issuer
        self._audience = audience
        self._now = now

    def mint(self, claims: Mapping[str, object], *, seconds: int = TOKEN_SECONDS) -> Minted:
        """A token with `claims` (at least `sub`), which may override iss, aud, iat and exp."""
        if not claims.get("sub"):
            raise ValueError("a token needs a sub")
        now = int(self._now())
        whole: dict[str, Any] = {"iss": self._issuer, "aud": self._audience, "iat": now, "exp": now + seconds, **claims}
        header = {"alg": "ES256", "kid": self._kid, "typ": "at+jwt"}
        return Minted(jwt.encode(header, whole, self._key, algorithms=["ES256"]), int(whole["exp"]))
