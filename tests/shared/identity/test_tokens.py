from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from shared.identity.errors import Unauthenticated
from shared.identity.jwks import FRESH_SECONDS, RETRY_SECONDS, STALE_SECONDS, parse_jwks
from shared.identity.refs import phone_ref, subject_ref
from shared.identity.roles import Role
from shared.identity.scopes import from_code
from shared.identity.tokens import IssuerUnavailable, TokenVerifier
from shared.identity.viewer import ANONYMOUS
from tests.shared.identity.builders import AUDIENCE, ISSUER, REFERENCE_KEY, claims, key_set, token, type_of

KEY = type_of["ES256"]("one")
OTHER = type_of["ES256"]("two")


class Issuer:
    """Key sets by location, a clock, and a count of fetches."""

    def __init__(self, **sets: bytes) -> None:
        self.sets: dict[str, bytes] = sets or {"keys": key_set(KEY)}
        self.fetches = 0
        self.down = False
        self.time = time.time()

    async def fetch(self, location: str) -> bytes:
        self.fetches += 1
        if self.down:
            raise OSError("no route")
        return self.sets[location]

    def clock(self) -> float:
        return self.time

    def verifier(self, locations: list[str] | None = None, issuers: list[str] | None = None) -> TokenVerifier:
        return TokenVerifier(
            locations or list(self.sets),
            issuers or [ISSUER],
            AUDIENCE,
            REFERENCE_KEY,
            now=self.clock,
            monotonic=self.clock,
            fetch=self.fetch,
        )


async def refusal(verifier: TokenVerifier, bearer: str) -> Unauthenticated:
    with pytest.raises(Unauthenticated) as refused:
        await verifier.verify(bearer)
    assert refused.value.zh
    assert refused.value.kind == "UNAUTHENTICATED"
    return refused.value


OPENID = "oTokens_demo-000000000000001"


async def test_a_token_becomes_a_viewer() -> None:
    bearer = token(
        KEY,
        sub="u-1",
        name="某人",
        roles=["HANDLER", "other-system"],
        scopes=[{"level": "TOWN", "code": "370881001000"}],
        department="D-1",
        team="T-1",
        phone_number="+86 13800000001",
        phone_number_verified=True,
        wechat_openid=OPENID,
    )
    viewer = await Issuer().verifier().verify(bearer)
    assert (viewer.sub, viewer.name, viewer.department, viewer.team) == ("u-1", "某人", "D-1", "T-1")
    assert viewer.roles == {Role.HANDLER}
    assert viewer.scopes == (from_code("370881001000", "TOWN"),)
    assert viewer.refs == {subject_ref(REFERENCE_KEY, "u-1"), phone_ref(REFERENCE_KEY, "13800000001")}
    assert viewer.openid == OPENID
    assert OPENID not in repr(viewer)


@pytest.mark.parametrize("claim", [None, "", 7, [OPENID], OPENID[:19], "o" * 65, f"{OPENID[:-1]} ", f"{OPENID[:-1]}微"])
async def test_what_is_no_openid_is_passed_over(claim: Any) -> None:
    assert (await Issuer().verifier().verify(token(KEY, wechat_openid=claim))).openid is None


COLLECTED = time.time()


def as_of_now(changes: dict[str, Any]) -> dict[str, Any]:
    """Times in `changes` were written down when tests were collected, which may be minutes ago."""
    passed = int(time.time() - COLLECTED)
    return {name: value + passed if name in ("exp", "nbf", "iat") and isinstance(value, int) else value for name, value in changes.items()}


@pytest.mark.parametrize("verified", [None, False, "true"])
async def test_an_unverified_phone_opens_nothing(verified: Any) -> None:
    viewer = await Issuer().verifier().verify(token(KEY, phone_number="13800000001", phone_number_verified=verified))
    assert viewer.refs == {subject_ref(REFERENCE_KEY, "somebody")}


@pytest.mark.parametrize("alg", ["ES256", "EdDSA", "Ed25519", "RS256"])
async def test_allowed_algorithms(alg: str) -> None:
    key = type_of[alg]("k")
    text = json.loads(key_set(key))
    with pytest.warns() if alg == "EdDSA" else _quiet():
        bearer = token(key, alg)
    issuer = Issuer(keys=json.dumps(text).encode())
    assert (await issuer.verifier().verify(bearer)).sub == "somebody"


class _quiet:
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"exp": int(time.time()) - 31}, "TOKEN_EXPIRED"),
        ({"exp": None}, "TOKEN_INVALID"),
        ({"exp": "never"}, "TOKEN_INVALID"),
        ({"nbf": int(time.time()) + 300}, "TOKEN_INVALID"),
        ({"iat": int(time.time()) + 300}, "TOKEN_INVALID"),
        ({"aud": "another"}, "TOKEN_AUDIENCE"),
        ({"aud": None}, "TOKEN_AUDIENCE"),
        ({"aud": ["another", "third"]}, "TOKEN_AUDIENCE"),
        ({"aud": "minyi-other"}, "TOKEN_AUDIENCE"),
        ({"iss": "https://evil.example.test"}, "TOKEN_ISSUER"),
        ({"iss": None}, "TOKEN_ISSUER"),
        ({"iss": [ISSUER]}, "TOKEN_ISSUER"),
        ({"sub": None}, "TOKEN_INVALID"),
        ({"sub": ""}, "TOKEN_INVALID"),
        ({"sub": 7}, "TOKEN_INVALID"),
        ({"scopes": [{"level": "TOWN", "code": "370881000000"}]}, "TOKEN_INVALID"),
        ({"scopes": [{"level": "TOWN"}]}, "TOKEN_INVALID"),
        ({"scopes": "370881000000"}, "TOKEN_INVALID"),
        ({"department": ["D-1"]}, "TOKEN_INVALID"),
    ],
)
async def test_claims_that_do_not_hold(changes: dict[str, Any], code: str) -> None:
    assert (await refusal(Issuer().verifier(), token(KEY, **as_of_now(changes)))).code == code


@pytest.mark.parametrize("changes", [{"exp": int(time.time()) - 5}, {"iat": int(time.time()) + 20}, {"nbf": int(time.time()) + 20}])
async def test_clocks_may_differ_by_half_a_minute(changes: dict[str, Any]) -> None:
    assert await Issuer().verifier().verify(token(KEY, **as_of_now(changes)))


async def test_one_audience_of_several_is_enough() -> None:
    assert await Issuer().verifier().verify(token(KEY, aud=["another", AUDIENCE]))


def segment(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.parametrize("alg", ["none", "None", "NONE", ""])
async def test_an_unsigned_token_is_refused(alg: str) -> None:
    for signature in ("", segment(b"x")):
        bearer = f"{segment({'alg': alg, 'kid': 'one'})}.{segment(claims())}.{signature}"
        assert (await refusal(Issuer().verifier(), bearer)).code == "TOKEN_INVALID"


async def test_a_token_signed_with_the_public_key_as_a_secret_is_refused() -> None:
    public = json.loads(key_set(KEY))["keys"][0]
    for secret in (KEY.as_pem(private=False), json.dumps(public).encode(), base64.urlsafe_b64decode(public["x"] + "=")):
        signed = f"{segment({'alg': 'HS256', 'kid': 'one', 'typ': 'JWT'})}.{segment(claims())}"
        mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
        assert (await refusal(Issuer().verifier(), f"{signed}.{segment(mac)}")).code == "TOKEN_INVALID"


async def test_a_symmetric_key_in_the_key_set_is_never_used() -> None:
    oct_key = {"kty": "oct", "kid": "sym", "k": segment(b"0" * 32), "use": "sig"}
    keys = {"keys": [*json.loads(key_set(KEY))["keys"], oct_key]}
    signed = f"{segment({'alg': 'HS256', 'kid': 'sym'})}.{segment(claims())}"
    mac = hmac.new(b"0" * 32, signed.encode(), hashlib.sha256).digest()
    assert (await refusal(Issuer(keys=json.dumps(keys).encode()).verifier(), f"{signed}.{segment(mac)}")).code == "TOKEN_INVALID"
    assert set(parse_jwks(json.dumps(keys).encode())) == {"one"}


async def test_a_tampered_token_is_refused() -> None:
    head, body, signature = token(KEY, roles=["RESIDENT"]).split(".")
    forged = segment(claims(roles=["CITY_ADMIN"]))
    flipped = ("A" if signature[10] != "A" else "B").join([signature[:10], signature[11:]])
    verifier = Issuer().verifier()
    for bearer in (f"{head}.{forged}.{signature}", f"{head}.{body}.{flipped}", f"{head}.{body}.{signature[:-4]}", f"{head}.{body}."):
        assert (await refusal(verifier, bearer)).code == "TOKEN_INVALID"


async def test_a_key_of_the_same_id_that_is_not_the_issuers_is_refused() -> None:
    assert (await refusal(Issuer().verifier(), token(type_of["ES256"]("one")))).code == "TOKEN_INVALID"


async def test_the_algorithm_must_fit_the_key() -> None:
    declared = json.loads(key_set(KEY))
    declared["keys"][0]["alg"] = "RS256"
    assert (await refusal(Issuer(keys=json.dumps(declared).encode()).verifier(), token(KEY))).code == "TOKEN_INVALID"
    bearer = token(KEY)
    wrong = segment({"alg": "RS256", "kid": "one"}) + bearer[bearer.index(".") :]
    assert (await refusal(Issuer().verifier(), wrong)).code == "TOKEN_INVALID"


@pytest.mark.parametrize("header", [{"crit": ["b64"], "b64": False}, {"crit": ["x"], "x": 1}, {"typ": "logout+jwt"}])
async def test_headers_that_change_the_meaning_are_refused(header: dict[str, Any]) -> None:
    signed = f"{segment({'alg': 'ES256', 'kid': 'one', **header})}.{segment(claims())}"
    assert (await refusal(Issuer().verifier(), f"{signed}.{segment(b'0' * 64)}")).code == "TOKEN_INVALID"


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: f"{segment(raw)}.{segment(raw)}.{segment(raw)}"))
async def test_garbage_is_refused_as_such(bearer: str) -> None:
    assert (await refusal(Issuer().verifier(), bearer)).code in {"TOKEN_INVALID", "TOKEN_ISSUER"}


@pytest.mark.parametrize("header", [[], 1, "x", None, {"alg": ["ES256"], "kid": "one"}, {"alg": "ES256", "kid": 5}, {"alg": "ES256"}])
@pytest.mark.parametrize("payload", [[], 1, "x", None, {}])
async def test_json_of_the_wrong_shape_is_refused(header: Any, payload: Any) -> None:
    bearer = f"{segment(header)}.{segment(payload)}.{segment(b'0' * 64)}"
    assert (await refusal(Issuer().verifier(), bearer)).code in {"TOKEN_INVALID", "TOKEN_ISSUER"}


async def test_refusals_repeat_nothing_of_the_token() -> None:
    bearer = token(KEY, sub="13800000001", name="孔凡莹", exp=1)
    refused = await refusal(Issuer().verifier(), bearer)
    for secret in ("13800000001", "孔凡莹", bearer, bearer.split(".")[1]):
        assert secret not in f"{refused} {refused.zh} {refused.en} {refused!r}"
    assert refused.__cause__ is None


async def test_keys_are_fetched_once_in_five_minutes() -> None:
    issuer = Issuer()
    verifier = issuer.verifier()
    for _ in range(5):
        await verifier.verify(token(KEY))
    assert issuer.fetches == 1
    issuer.time += FRESH_SECONDS
    await verifier.verify(token(KEY))
    assert issuer.fetches == 2


async def test_a_rotated_key_is_taken_up_at_once_and_the_old_one_ends() -> None:
    issuer = Issuer()
    verifier = issuer.verifier()
    old = token(KEY)
    await verifier.verify(old)
    issuer.sets["keys"] = key_set(OTHER)
    issuer.time += RETRY_SECONDS
    assert await verifier.verify(token(OTHER))
    assert issuer.fetches == 2
    issuer.time += RETRY_SECONDS
    assert (await refusal(verifier, old)).code == "TOKEN_KEY_UNKNOWN"


async def test_a_key_that_leaves_the_set_ends_tokens_that_were_verified_before() -> None:
    issuer = Issuer(keys=key_set(KEY, OTHER))
    verifier = issuer.verifier()
    bearer = token(KEY)
    await verifier.verify(bearer)
    issuer.sets["keys"] = key_set(OTHER)
    issuer.time += FRESH_SECONDS
    assert (await refusal(verifier, bearer)).code == "TOKEN_KEY_UNKNOWN"


async def test_a_key_replaced_under_its_id_ends_tokens_that_were_verified_before() -> None:
    issuer = Issuer()
    verifier = issuer.verifier()
    bearer = token(KEY)
    await verifier.verify(bearer)
    issuer.sets["keys"] = key_set(type_of["ES256"]("one"))
    issuer.time += FRESH_SECONDS
    assert (await refusal(verifier, bearer)).code == "TOKEN_INVALID"


async def test_a_remembered_token_still_expires() -> None:
    issuer = Issuer()
    verifier = issuer.verifier()
    bearer = token(KEY, exp=int(issuer.time) + 100)
    await verifier.verify(bearer)
    issuer.time += 131
    assert (await refusal(verifier, bearer)).code == "TOKEN_EXPIRED"


async def test_made_up_key_ids_do_not_become_load_on_the_issuer() -> None:
    issuer = Issuer()
    verifier = issuer.verifier()
    await verifier.verify(token(KEY))
    for number in range(50):
        assert (await refusal(verifier, token(type_of["ES256"](f"made-up-{number}")))).code == "TOKEN_KEY_UNKNOWN"
        issuer.time += 0.1
    assert issuer.fetches <= 2


async def test_an_issuer_that_is_down_does_not_sign_everybody_out_at_once() -> None:
    issuer = Issuer()
    verifier = issuer.verifier()
    await verifier.verify(token(KEY))
    issuer.down = True
    issuer.time += FRESH_SECONDS
    assert await verifier.verify(token(KEY))
    issuer.time += STALE_SECONDS
    fresh = token(KEY, iat=int(issuer.time), exp=int(issuer.time) + 60)
    with pytest.raises(IssuerUnavailable):
        await verifier.verify(fresh)
    issuer.down = False
    issuer.time += RETRY_SECONDS
    assert await verifier.verify(token(KEY, iat=int(issuer.time), exp=int(issuer.time) + 60))


async def test_an_issuer_down_at_start_is_said_and_recovered_from() -> None:
    issuer = Issuer()
    issuer.down = True
    verifier = issuer.verifier()
    for _ in range(3):
        assert (await refusal(verifier, token(KEY))).code == "ISSUER_UNAVAILABLE"
    assert issuer.fetches == 1
    issuer.down = False
    issuer.time += RETRY_SECONDS
    assert await verifier.verify(token(KEY))


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"not json", b'{"keys": []}', b'{"keys": [7, {"kid": "one"}]}', b"\xff"])
async def test_a_broken_key_set_counts_as_down(content: bytes) -> None:
    assert (await refusal(Issuer(keys=content).verifier(), token(KEY))).code == "ISSUER_UNAVAILABLE"


async def test_an_issuer_cannot_speak_for_another() -> None:
    issuer = Issuer(first=key_set(KEY), second=key_set(OTHER))
    verifier = issuer.verifier(issuers=["https://first.test", "https://second.test"])
    assert await verifier.verify(token(KEY, iss="https://first.test"))
    assert await verifier.verify(token(OTHER, iss="https://second.test"))
    assert (await refusal(verifier, token(KEY, iss="https://second.test"))).code == "TOKEN_KEY_UNKNOWN"


async def test_one_issuer_may_publish_in_several_places_and_one_may_be_down() -> None:
    issuer = Issuer(first=b"", second=key_set(OTHER))
    assert await issuer.verifier().verify(token(OTHER))


def test_settings_that_do_not_pair_up_stop_the_start() -> None:
    with pytest.raises(ValueError, match="pair up"):
        TokenVerifier(["a", "b"], ["x", "y", "z"], AUDIENCE, REFERENCE_KEY)
    for jwks, issuers, audience in ([], ["x"], "a"), (["a"], [], "a"), (["a"], ["x"], ""):
        with pytest.raises(ValueError, match="MINYI_JWKS"):
            TokenVerifier(jwks, issuers, audience, REFERENCE_KEY)


async def test_keys_come_from_a_file_or_over_http(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(key_set(KEY))

    async def serve(request: web.Request) -> web.Response:
        if request.path == "/moved":
            raise web.HTTPFound("/keys")
        if request.path == "/large":
            return web.Response(body=key_set(KEY) + b" " * 300_000)
        return web.Response(body=key_set(KEY))

    app = web.Application()
    app.router.add_get("/{any}", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        for good in (str(file), f"file://{file}", f"{base}/keys"):
            assert await TokenVerifier([good], [ISSUER], AUDIENCE, REFERENCE_KEY).verify(token(KEY))
        for bad in (str(tmp_path / "absent.json"), f"{base}/moved", f"{base}/large", "http://127.0.0.1:1/keys"):
            assert (await refusal(TokenVerifier([bad], [ISSUER], AUDIENCE, REFERENCE_KEY), token(KEY))).code == "ISSUER_UNAVAILABLE"
    finally:
        await runner.cleanup()


async def test_the_authorization_header() -> None:
    verifier = Issuer().verifier()
    assert await verifier.viewer_of(None) is ANONYMOUS
    assert await verifier.viewer_of(" ") is ANONYMOUS
    assert (await verifier.viewer_of(f"Bearer {token(KEY)}")).sub == "somebody"
    assert (await verifier.viewer_of(f"bearer {token(KEY)}")).sub == "somebody"
    for header in ("Basic dXNlcjpwYXNz", "Bearer", "Bearer x", token(KEY), f"Bearer {token(KEY)} more", "Bearer " + "a" * 20_000 + ".b.c"):
        with pytest.raises(Unauthenticated) as refused:
            await verifier.viewer_of(header)
        assert refused.value.code == "TOKEN_MALFORMED"
