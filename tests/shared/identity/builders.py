"""Keys, key sets and tokens for the tests of identity."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

ISSUER = "https://id.example.test"
AUDIENCE = "minyi"
REFERENCE_KEY = bytes(range(32))

type_of: dict[str, Callable[[str], Any]] = {
    "ES256": lambda kid: ECKey.generate_key("P-256", {"kid": kid, "use": "sig"}),
    "EdDSA": lambda kid: OKPKey.generate_key("Ed25519", {"kid": kid, "use": "sig"}),
    "Ed25519": lambda kid: OKPKey.generate_key("Ed25519", {"kid": kid, "use": "sig"}),
    "RS256": lambda kid: RSAKey.generate_key(2048, {"kid": kid, "use": "sig"}),
}


def key_set(*keys: Any) -> bytes:
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]}).encode()


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    whole = {"iss": ISSUER, "aud": AUDIENCE, "sub": "somebody", "iat": now, "exp": now + 600, "roles": ["RESIDENT"], **changes}
    return {name: value for name, value in whole.items() if value is not None}


def token(key: Any, alg: str = "ES256", *, header: dict[str, Any] | None = None, **changes: Any) -> str:
    return jwt.encode({"alg": alg, "kid": key.kid, **(header or {})}, claims(**changes), key, algorithms=[alg])
