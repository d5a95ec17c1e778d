"""Files that come with a grievance: what may be uploaded, the ticket for one upload, and signed short-lived URLs.

A URL's signature covers method, path, expiry and, for reading, the name shown. What the bytes must be (size, hash, type) stands in the
ticket on the server: a URL cannot change it.
"""

import hashlib
import hmac
import re
import unicodedata
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from shared.redaction import redact

HEAD_BYTES: Final = 4096
"""How much of the beginning is enough to tell the type of every allowed kind of file."""
NAME_LENGTH: Final = 100
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_FORBIDDEN: Final = re.compile(r'[<>:"|?*]')


@dataclass(frozen=True, slots=True)
class ContentType:
    """An allowed kind of file.

    `signs` are the media types and extensions by which a detector may call it; `inline`: a browser may show it.
    """

    media_type: str
    extensions: tuple[str, ...]
    signs: frozenset[str]
    inline: bool = False


def _kind(media_type: str, extensions: str, *signs: str, inline: bool = False) -> ContentType:
    names = tuple(extensions.split())
    return ContentType(media_type, names, frozenset({media_type, *names, *signs}), inline)


# No text, HTML, SVG, archives or office files: they carry scripts, or cannot be told by content.
CONTENT_TYPES: Final[Mapping[str, ContentType]] = {
    kind.media_type: kind
    for kind in (
        _kind("image/jpeg", ".jpg .jpeg", inline=True),
        _kind("image/png", ".png", inline=True),
        _kind("image/webp", ".webp", inline=True),
        _kind("image/gif", ".gif", inline=True),
        _kind("image/heic", ".heic .heif", "image/heif"),
        _kind("application/pdf", ".pdf"),
        _kind("video/mp4", ".mp4"),
        _kind("video/quicktime", ".mov"),
        _kind("audio/mpeg", ".mp3", ".mpga"),
        _kind("audio/mp4", ".m4a"),
        _kind("audio/amr", ".amr"),
        _kind("audio/wav", ".wav", "audio/wave", "audio/x-wav"),
    )
}

IMPORT: Final = "import"
"""The purpose of a file whose rows are to be taken up. Such a file is never shown: it is read by us alone."""
IMPORT_TYPES: Final[Mapping[str, ContentType]] = {
    kind.media_type: kind
    for kind in (
        _kind("text/csv", ".csv"),
        _kind("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx", "application/zip", ".zip", ".docx", ".pptx"),
    )
}


def types_for(purpose: str | None) -> Mapping[str, ContentType]:
    return IMPORT_TYPES if purpose == IMPORT else CONTENT_TYPES


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """Policy: the greatest size in bytes, how long a ticket lives, and how often a broken transfer may be tried again."""

    max_bytes: int = 20 * 1024 * 1024
    import_bytes: int = 64 * 1024 * 1024
    lifetime: timedelta = timedelta(minutes=15)
    max_tries: int = 5

    def greatest(self, purpose: str | None) -> int:
        return self.import_bytes if purpose == IMPORT else self.max_bytes


@dataclass(frozen=True, slots=True)
class UploadRefusal:
    """Why a user cannot have what was asked: a stable code, the input field if one is to blame, words in English and Chinese."""

    code: str
    field: str | None
    message: str
    message_zh: str


class UploadRefused(Exception):
    """Carries a refusal out of a transfer that is under way."""

    def __init__(self, refusal: UploadRefusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class UploadTicket:
    """Leave to upload one file once.

    Times are aware UTC in whole seconds; `uploader` is the reference of who asked; `sha256` is lower-case hex.
    """

    id: str
    uploader: str
    grievance: str | None
    name: str
    content_type: str
    size: int
    sha256: str
    purpose: str | None
    opened_at: datetime
    expires_at: datetime


def new_ticket(
    *,
    id: str,
    uploader: str,
    grievance: str | None,
    name: str,
    content_type: str,
    size: int,
    sha256: str,
    purpose: str | None,
    now: datetime,
    limits: UploadLimits,
    names: Iterable[str] = (),
) -> UploadTicket | UploadRefusal:
    """A ticket for what the user declares, or the first reason against it. The name is redacted (`names` are declared ones) and cleaned,
    never refused."""
    media_type = content_type.partition(";")[0].strip().lower()
    types = types_for(purpose)
    kind = types.get(media_type)
    if kind is None:
        allowed = ", ".join(types)
        return UploadRefusal(
            "UPLOAD_TYPE_NOT_ALLOWED",
            "contentType",
            f"Files of this type are not accepted; accepted are {allowed}.",
            f"不支持该类型的文件；支持的类型：{allowed}。",
        )
    if size < 1:
        return UploadRefusal("UPLOAD_EMPTY", "size", "The file is empty.", "文件为空。")
    if size > limits.greatest(purpose):
        return too_large(limits.greatest(purpose))
    if not _SHA256.fullmatch(sha256.lower()):
        return UploadRefusal("UPLOAD_HASH_MALFORMED", "sha256", "sha256 must be 64 hexadecimal digits.", "sha256 应为64位十六进制数。")
    opened = now.astimezone(UTC).replace(microsecond=0)
    return UploadTicket(
        id=id,
        uploader=uploader,
        grievance=grievance,
        # Nobody is shown what an import was called, and whose name that is nobody has declared.
        name=clean_name(IMPORT if purpose == IMPORT else redact(name, names).text, kind),
        content_type=kind.media_type,
        size=size,
        sha256=sha256.lower(),
        purpose=purpose,
        opened_at=opened,
        expires_at=opened + limits.lifetime,
    )


def too_large(limit: int) -> UploadRefusal:
    """The refusal of a file above the limit in bytes."""
    megabytes = f"{limit / 1024 / 1024:.3g} MB"
    return UploadRefusal("UPLOAD_TOO_LARGE", "size", f"The file is larger than {megabytes}.", f"文件超过 {megabytes}。")


def clean_name(name: str, kind: ContentType) -> str:
    """A name that is safe to show, to save and to put in a header, with an extension that fits the type; at most NAME_LENGTH characters.

    Folders, control and direction-changing characters and what file systems refuse are taken out; what is left empty becomes `file`.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    visible = "".join(" " if char.isspace() else char for char in last if char.isspace() or unicodedata.category(char)[0] != "C")
    tidy = _FORBIDDEN.sub("_", " ".join(visible.split())).rstrip(". ")
    stem, extension = tidy, kind.extensions[0]
    for known in kind.extensions:
        if tidy.lower().endswith(known):
            stem, extension = tidy[: -len(known)], tidy[-len(known) :]
            break
    stem = stem[: NAME_LENGTH - len(extension)].strip(". ")
    return (stem or "file") + extension


def is_what_it_claims(content_type: str, detected: frozenset[str]) -> bool:
    """Whether what a detector found in the bytes (media types and extensions) fits the declared type."""
    kind = CONTENT_TYPES.get(content_type) or IMPORT_TYPES.get(content_type)
    return kind is not None and not kind.signs.isdisjoint(detected)


class Incoming:
    """Checks bytes against the ticket while they pass by, in constant memory."""

    def __init__(self, ticket: UploadTicket) -> None:
        self._ticket = ticket
        self._hash = hashlib.sha256()
        self._size = 0

    def take(self, chunk: bytes) -> None:
        """Counts one more chunk. Raises UploadRefused as soon as there are more bytes than declared."""
        self._size += len(chunk)
        if self._size > self._ticket.size:
            raise UploadRefused(
                UploadRefusal("UPLOAD_SIZE_MISMATCH", "size", "The file is longer than declared.", "文件大小超过申报的大小。")
            )
        self._hash.update(chunk)

    def finish(self) -> None:
        """Raises UploadRefused unless size and hash are what was declared."""
        if self._size != self._ticket.size:
            raise UploadRefused(
                UploadRefusal("UPLOAD_SIZE_MISMATCH", "size", "The file is shorter than declared.", "文件大小小于申报的大小。")
            )
        if not hmac.compare_digest(self._hash.hexdigest(), self._ticket.sha256):
            raise UploadRefused(
                UploadRefusal("UPLOAD_HASH_MISMATCH", "sha256", "The file is not the one that was declared.", "文件与申报的校验值不符。")
            )


def upload_url(base: str, ticket: UploadTicket, key: bytes) -> str:
    """The URL to PUT the file to, once, until the ticket expires. `base` is intake's public address without a slash at its end."""
    expires = int(ticket.expires_at.timestamp())
    query = urlencode({"expires": expires, "signature": sign(key, "PUT", f"/uploads/{ticket.id}", expires)})
    return f"{base}/uploads/{ticket.id}?{query}"


def file_url(base: str, sha256: str, name: str, expires_at: datetime, key: bytes) -> str:
    """The URL to read a stored file from until `expires_at` (aware), to be given only to a viewer who may read the grievance."""
    expires = int(expires_at.timestamp())
    query = urlencode({"name": name, "expires": expires, "signature": sign(key, "GET", f"/files/{sha256}", expires, name)})
    return f"{base}/files/{sha256}?{query}"


def sign(key: bytes, method: str, path: str, expires: int, name: str = "") -> str:
    """HMAC-SHA256 over the canonical string, base64url without padding. `expires` in seconds since 1970."""
    text = canonical(method, path, expires, name)
    return urlsafe_b64encode(hmac.digest(key, text.encode(), "sha256")).rstrip(b"=").decode()


def canonical(method: str, path: str, expires: int, name: str = "") -> str:
    """The string that is signed: one line each for scheme, method, path, expiry and name. The name comes last: it may hold anything."""
    return f"minyi-url-1\n{method}\n{path}\n{expires}\n{name}"


def check_url(key: bytes, method: str, path: str, expires: str, signature: str, now: datetime, name: str = "") -> UploadRefusal | None:
    """None when the URL is genuine and alive, else the refusal. The signature is compared in constant time, and first of all."""
    genuine = expires.isascii() and expires.isdigit() and len(expires) <= 12
    wanted = sign(key, method, path, int(expires) if genuine else 0, name)
    if not hmac.compare_digest(wanted.encode(), signature.encode()) or not genuine:
        return UploadRefusal("URL_NOT_GENUINE", "signature", "This address was not given out by us.", "该地址无效。")
    if now.timestamp() >= int(expires):
        return expired()
    return None


def expired() -> UploadRefusal:
    """The refusal of an address or ticket whose time is over."""
    return UploadRefusal("URL_EXPIRED", "expires", "This address has expired; ask for a new one.", "该地址已过期，请重新获取。")
