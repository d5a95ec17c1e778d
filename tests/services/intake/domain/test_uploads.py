"""Tickets, names, types and signed URLs."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.uploads import (
    CONTENT_TYPES,
    NAME_LENGTH,
    Incoming,
    UploadLimits,
    UploadRefusal,
    UploadRefused,
    canonical,
    check_url,
    clean_name,
    file_url,
    is_what_it_claims,
    new_ticket,
    sign,
    upload_url,
)
from tests.services.intake.builders import NOW, png, ticket

KEY = bytes(range(32))
DECLARED: dict[str, Any] = {
    "id": "u-1",
    "uploader": "resident-kong",
    "grievance": None,
    "name": "before.jpg",
    "content_type": "image/jpeg",
    "size": 1000,
    "sha256": "ab" * 32,
    "purpose": None,
    "now": NOW,
    "limits": UploadLimits(max_bytes=1000),
}


def test_ticket_keeps_what_was_declared_and_lives_for_its_time() -> None:
    made = ticket(b"x", content_type="IMAGE/PNG; charset=x", sha256="AB" * 32, now=NOW + timedelta(microseconds=7))
    assert (made.content_type, made.sha256, made.size) == ("image/png", "ab" * 32, 1)
    assert (made.opened_at, made.expires_at) == (NOW, NOW + timedelta(minutes=15))


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"content_type": "text/html"}, "UPLOAD_TYPE_NOT_ALLOWED", "contentType"),
        ({"content_type": "image/svg+xml"}, "UPLOAD_TYPE_NOT_ALLOWED", "contentType"),
        ({"content_type": ""}, "UPLOAD_TYPE_NOT_ALLOWED", "contentType"),
        ({"size": 0}, "UPLOAD_EMPTY", "size"),
        ({"size": -1}, "UPLOAD_EMPTY", "size"),
        ({"size": 1001}, "UPLOAD_TOO_LARGE", "size"),
        ({"sha256": "ab" * 31}, "UPLOAD_HASH_MALFORMED", "sha256"),
        ({"sha256": "zz" * 32}, "UPLOAD_HASH_MALFORMED", "sha256"),
    ],
)
def test_refuses_in_both_languages(change: dict[str, Any], code: str, field: str) -> None:
    refused = new_ticket(**(DECLARED | change))
    assert isinstance(refused, UploadRefusal)
    assert (refused.code, refused.field) == (code, field)
    assert refused.message.isascii()
    assert not refused.message_zh.isascii()


def test_the_limit_itself_is_allowed() -> None:
    assert not isinstance(new_ticket(**DECLARED), UploadRefusal)


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("路牌 前.jpg", "路牌 前.jpg"),
        ("PHOTO.JPEG", "PHOTO.JPEG"),
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\Users\\kong\\照片.jpg", "照片.jpg"),
        ("invoice.exe", "invoice.exe.jpg"),
        ("photo.png", "photo.png.jpg"),
        ("a\r\nSet-Cookie: x.jpg", "a Set-Cookie_ x.jpg"),
        ("gpj.\u202eexe.jpg", "gpj.exe.jpg"),
        ("nul\x00l.jpg", "null.jpg"),
        ('a"b<c>d|e?f*g.jpg', "a_b_c_d_e_f_g.jpg"),
        (".jpg", "file.jpg"),
        ("", "file.jpg"),
        ("...", "file.jpg"),
        ("e\u0301.jpg", "\u00e9.jpg"),
        ("路" * 300 + ".jpg", "路" * (NAME_LENGTH - 4) + ".jpg"),
    ],
)
def test_names_are_made_safe(given_name: str, kept: str) -> None:
    assert clean_name(given_name, CONTENT_TYPES["image/jpeg"]) == kept


@given(st.text(max_size=300), st.sampled_from(sorted(CONTENT_TYPES)))
def test_any_name_becomes_one_safe_name_of_the_right_type(name: str, content_type: str) -> None:
    kind = CONTENT_TYPES[content_type]
    cleaned = clean_name(name, kind)
    assert 1 < len(cleaned) <= NAME_LENGTH
    assert cleaned.lower().endswith(kind.extensions)
    assert not set(cleaned) & set('/\\<>:"|?*\r\n\x00')
    assert not cleaned.startswith(".")
    assert clean_name(cleaned, kind) == cleaned


@pytest.mark.parametrize(
    ("declared", "detected", "fits"),
    [
        ("image/jpeg", {"image/jpeg", ".jfif"}, True),
        ("image/heic", {"image/heif", ".heif"}, True),
        ("audio/amr", {".amr"}, True),
        ("image/jpeg", {"image/png", ".png"}, False),
        ("image/jpeg", set(), False),
        ("text/html", {"text/html"}, False),
    ],
)
def test_type_by_content_must_be_the_declared_one(declared: str, detected: set[str], fits: bool) -> None:
    assert is_what_it_claims(declared, frozenset(detected)) is fits


def test_incoming_accepts_exactly_the_declared_bytes() -> None:
    content = png(5000)
    incoming = Incoming(ticket(content))
    for start in range(0, len(content), 999):
        incoming.take(content[start : start + 999])
    incoming.finish()


def test_incoming_refuses_the_first_byte_too_many() -> None:
    content = png(5000)
    incoming = Incoming(ticket(content))
    incoming.take(content)
    with pytest.raises(UploadRefused) as raised:
        incoming.take(b"x")
    assert raised.value.refusal.code == "UPLOAD_SIZE_MISMATCH"


@pytest.mark.parametrize(("sent", "code"), [(png(5000)[:-1], "UPLOAD_SIZE_MISMATCH"), (png(5000, seed=2), "UPLOAD_HASH_MISMATCH")])
def test_incoming_refuses_other_bytes_at_the_end(sent: bytes, code: str) -> None:
    incoming = Incoming(ticket(png(5000)))
    incoming.take(sent)
    with pytest.raises(UploadRefused) as raised:
        incoming.finish()
    assert raised.value.refusal.code == code


def _query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_upload_url_is_genuine_until_it_expires() -> None:
    made = ticket(b"x", id="u-1")
    url = upload_url("http://intake", made, KEY)
    query = _query(url)
    assert urlsplit(url).path == "/uploads/u-1"

    def check(**changes: Any) -> str | None:
        wanted = {"key": KEY, "method": "PUT", "path": "/uploads/u-1", **query, "now": NOW} | changes
        refusal = check_url(**wanted)
        return refusal.code if refusal else None

    assert check() is None
    assert check(now=made.expires_at - timedelta(seconds=1)) is None
    assert check(now=made.expires_at) == "URL_EXPIRED"
    assert check(key=b"other") == "URL_NOT_GENUINE"
    assert check(method="GET") == "URL_NOT_GENUINE"
    assert check(path="/uploads/u-2") == "URL_NOT_GENUINE"
    assert check(expires=str(int(query["expires"]) + 1)) == "URL_NOT_GENUINE"
    assert check(signature=query["signature"][:-1]) == "URL_NOT_GENUINE"
    assert check(name="x") == "URL_NOT_GENUINE"


@pytest.mark.parametrize("expires", ["", "x", "-1", "1e3", "１２", "9" * 13, "0x10"])
@pytest.mark.parametrize("signature", ["", "é", sign(KEY, "PUT", "/uploads/u-1", 0)])
def test_a_malformed_url_is_never_genuine(expires: str, signature: str) -> None:
    refusal = check_url(KEY, "PUT", "/uploads/u-1", expires, signature, NOW)
    assert refusal is not None
    assert refusal.code == "URL_NOT_GENUINE"


def test_reading_url_carries_the_name_under_signature() -> None:
    query = _query(file_url("http://intake", "ab" * 32, "路牌 & 灯.png", NOW + timedelta(minutes=5), KEY))
    path = f"/files/{'ab' * 32}"
    assert query["name"] == "路牌 & 灯.png"
    assert check_url(KEY, "GET", path, query["expires"], query["signature"], NOW, query["name"]) is None
    forged = check_url(KEY, "GET", path, query["expires"], query["signature"], NOW, "evil.exe")
    assert forged is not None


def test_no_two_requests_share_a_canonical_string() -> None:
    """Only the last line, the name, may contain a line break."""
    assert canonical("GET", "/files/a", 1, "x\n2") != canonical("GET", "/files/a", 1, "x")
    assert canonical("GET", "/files/a", 12) != canonical("GET", "/files/a", 1, "2")
    assert len(sign(KEY, "GET", "/files/a", 1)) == 43
