"""Tokens for development and tests. Cannot be built outside MINYI_ENV=development."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from shared.identity.keys import ensure_development_keys

TOKEN_SECONDS = 12 * 3600


@dataclass(frozen=True)
class Minted:
    token: str
    expires_at: int
    """Seconds since 1970, real time."""


class DevelopmentIssuer:
    """Signs any claims with issuer.pem of `keys_dir` (made when missing). `jwks_file` is what verifiers are given."""

    def __init__(self, *, env: str, keys_dir: Path, issuer: str, audience: str) -> None:
        if env != "development":
            raise RuntimeError("the development issuer is for MINYI_ENV=development only; production trusts its own identity provider")
        ensure_development_keys(keys_dir)
        self.issuer = issuer
        self.audience = audience
        self.jwks_file = keys_dir / "issuer.jwks.json"
        self.jwks: dict[str, Any] = json.loads(self.jwks_file.read_text(encoding="utf-8"))
        self._key = ECKey.import_key((keys_dir / "issuer.pem").read_bytes())
        self._kid: str = self.jwks["keys"][0]["kid"]

    def mint(self, claims: Mapping[str, object], *, seconds: int = TOKEN_SECONDS) -> Minted:
        """A token with `claims` (at least `sub`), which may override iss, aud, iat and exp. A phone number counts as verified
        unless the claims say otherwise."""
        if not claims.get("sub"):
            raise ValueError("a token needs a sub")
        now = int(time.time())
        whole: dict[str, Any] = {"iss": self.issuer, "aud": self.audience, "iat": now, "exp": now + seconds, **claims}
        if "phone_number" in whole:
            whole.setdefault("phone_number_verified", True)
        token = jwt.encode({"alg": "ES256", "kid": self._kid, "typ": "at+jwt"}, whole, self._key, algorithms=["ES256"])
        return Minted(token, int(whole["exp"]))
