"""The field cipher for personal data: AES-256-GCM, one data key per person, wrapped by a master key.

A sealed field is text, `m1.<data key id>.<nonce and ciphertext, base64url>`; a wrapped key is `k1.<data key id>.<master key id>.<…>`. The
associated data binds a field to its person, name and data key, and a wrapped key to its person: nothing opens in another's place.
Rotation of a master key rewraps the data keys and touches no field; a person is erased by destroying the wrapped key.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.identity.keys import KEY_BYTES, MasterKeys
from shared.identity.refs import phone_ref, subject_ref

NONCE_BYTES = 12
SEAL_BYTES = NONCE_BYTES + 16
_FIELD = re.compile(r"m1\.([0-9a-f]{16})\.([A-Za-z0-9_-]+)", re.ASCII)
_WRAPPED = re.compile(r"k1\.([0-9a-f]{16})\.([A-Za-z0-9_]+)\.([A-Za-z0-9_-]+)", re.ASCII)


class Unreadable(Exception):
    """A sealed value does not open: altered, cut, another person's or field's, or sealed under another key. Carries no content."""


class PersonKey:
    """One person's data key, open. Live no longer than the request that needs it."""

    __slots__ = ("__aead", "id", "person")

    def __init__(self, person: str, id: str, material: bytes) -> None:
        self.person = person
        self.id = id
        self.__aead = AESGCM(material)

    def encrypt(self, field: str, text: str) -> str:
        """The text as a sealed field; every time another value."""
        nonce = os.urandom(NONCE_BYTES)
        return f"m1.{self.id}.{_encode(nonce + self.__aead.encrypt(nonce, text.encode(), self._bound(field)))}"

    def decrypt(self, field: str, value: str) -> str:
        """Raises Unreadable."""
        match = _FIELD.fullmatch(value)
        if match is None or match[1] != self.id:
            raise Unreadable("the value was not sealed under this key")
        return _open(self.__aead, match[2], self._bound(field)).decode()

    def seal(self, field: str, raw: bytes) -> bytes:
        """As `encrypt`, of bytes: nonce and ciphertext, SEAL_BYTES longer."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self.__aead.encrypt(nonce, raw, self._bound(field))

    def unseal(self, field: str, sealed: bytes) -> bytes:
        """Raises Unreadable."""
        try:
            return self.__aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self._bound(field))
        except (InvalidTag, ValueError):
            raise Unreadable("the bytes do not open") from None

    def _bound(self, field: str) -> bytes:
        return _associated("m1", self.person, self.id, field)

    def __repr__(self) -> str:
        return f"PersonKey({self.id})"

    def __reduce__(self) -> str:
        raise TypeError("a person's key does not leave the process")


class FieldCipher:
    """Makes, opens and rewraps the keys of people."""

    def __init__(self, master: MasterKeys, reference_key: bytes) -> None:
        self._master = master
        self._reference_key = reference_key

    def new_person_key(self, person: str) -> tuple[PersonKey, str]:
        """A fresh data key and its wrapped form, to be stored before anything that it seals."""
        id, material = secrets.token_hex(8), secrets.token_bytes(KEY_BYTES)
        return PersonKey(person, id, material), self._wrap(person, id, material)

    def unwrap(self, person: str, wrapped: str) -> PersonKey:
        """Raises Unreadable, or KeyMissing when the master key that it names is not there."""
        id, material = self._material(person, wrapped)
        return PersonKey(person, id, material)

    def rewrap(self, person: str, wrapped: str) -> str:
        """The same data key under the current master key; unchanged where it is under that one already."""
        return self._wrap(person, *self._material(person, wrapped)) if self.is_outdated(wrapped) else wrapped

    def is_outdated(self, wrapped: str) -> bool:
        """Whether an older master key wraps it. Raises Unreadable for what is no wrapped key."""
        return self.wrapped_by(wrapped) != self._master.current()[0]

    def wrapped_by(self, wrapped: str) -> str:
        """The id of the master key that wraps it. Raises Unreadable for what is no wrapped key."""
        return _parse(wrapped)[1]

    def blind_index(self, phone: str) -> str | None:
        """What a phone is looked up by: the reference that a Viewer of this phone holds. None for what is no phone number."""
        return phone_ref(self._reference_key, phone)

    def namesake(self, person: str, name: str) -> str:
        """The id of whoever answers the same phone under this name; without the key no name can be tried against it."""
        return subject_ref(self._reference_key, f"person:{person}:{name}")

    def _wrap(self, person: str, id: str, material: bytes) -> str:
        nonce, (master, master_key) = os.urandom(NONCE_BYTES), self._master.current()
        sealed = AESGCM(master_key).encrypt(nonce, material, _associated("k1", person, id, master))
        return f"k1.{id}.{master}.{_encode(nonce + sealed)}"

    def _material(self, person: str, wrapped: str) -> tuple[str, bytes]:
        id, master, sealed = _parse(wrapped)
        return id, _open(AESGCM(self._master.get(master)), sealed, _associated("k1", person, id, master))

    def __repr__(self) -> str:
        return f"FieldCipher({self._master!r})"


def _parse(wrapped: str) -> tuple[str, str, str]:
    match = _WRAPPED.fullmatch(wrapped)
    if match is None:
        raise Unreadable("not a wrapped key")
    return match[1], match[2], match[3]


def _open(aead: AESGCM, sealed: str, bound: bytes) -> bytes:
    try:
        raw = base64.b64decode(sealed + "=" * (-len(sealed) % 4), altchars=b"-_", validate=True)
        return aead.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound)
    except (InvalidTag, ValueError, binascii.Error):
        raise Unreadable("the value does not open") from None


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _associated(*parts: str) -> bytes:
    # Each part with its length: no two lists of parts give the same bytes.
    return b"".join(len(raw).to_bytes(4, "big") + raw for raw in (part.encode() for part in parts))
