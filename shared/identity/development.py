"""Tokens for development and tests. Cannot be built outside MINYI_ENV=development."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shared.identity.issuers import Minted, Signer
from shared.identity.keys import ensure_development_keys, public_jwks

TOKEN_SECONDS = 12 * 3600


class DevelopmentIssuer:
    """Signs any claims with issuer.pem of `keys_dir` (made when missing). `jwks_file` is what verifiers are given."""

    def __init__(self, *, env: str, keys_dir: Path, issuer: str, audience: str) -> None:
        if env != "development":
            raise RuntimeError("the development issuer is for MINYI_ENV=development only; production trusts its own identity provider")
        ensure_development_keys(keys_dir)
        self.issuer = issuer
        self.audience = audience
        self.jwks_file = public_jwks(keys_dir, "issuer")
        self.jwks: dict[str, Any] = json.loads(self.jwks_file.read_text(encoding="utf-8"))
        self._signer = Signer(keys_dir, "issuer", issuer, audience)

    def mint(self, claims: Mapping[str, object], *, seconds: int = TOKEN_SECONDS) -> Minted:
        """A token with `claims` (at least `sub`), which may override iss, aud, iat and exp. A phone number counts as verified
        unless the claims say otherwise."""
        verified = {"phone_number_verified": True} if "phone_number" in claims else {}
        return self._signer.mint({**verified, **claims}, seconds=seconds)
