"""Key files, from MINYI_KEYS_DIR.

    reference.key       keyed hashes of people, audit digests; 32 bytes in hex. Kept as long as the data: it cannot be rotated.
    master/<id>.key     wrap the data keys of people; 32 bytes in hex. One newer by name becomes current by `rotate-keys` of intake.
                        MINYI_MASTER_KEYS (`0001:<hex>,0002:<hex>`) stands in their place where it is set.
    upload.key          signs upload URLs; 32 bytes in hex.
    <name>.pem, <name>.jwks.json   the key pair (ES256) of an issuer and its public half: `intake` and `gateway` are the platform's own
                        (issuers.py), `audit` signs exports of the audit (audit_export.py); `issuer` is the development issuer's, never in
                        production.

`python -m shared.identity.keys DIR` makes what a production installation lacks and touches nothing that exists.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

KEY_BYTES = 32
PLATFORM_PAIRS = ("intake", "gateway", "audit")
MASTER_KEYS = "MINYI_MASTER_KEYS"
_KEY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]{0,31}", re.ASCII)
_HEX = re.compile(rf"[0-9a-fA-F]{{{2 * KEY_BYTES}}}", re.ASCII)


class KeyMissing(RuntimeError):
    """A key is absent, unreadable as a key, or not the one that it was. The message names the key and the mend, never the content."""


class MasterKeys:
    """The master keys by id: one that is put beside the others opens without a restart.

    New data keys are wrapped with the current one, values that name another id still open. The newest by name is current until it is told
    to `turn_to` another. `read` gives the keys that are there, `place` says where the key of an id belongs.
    """

    __slots__ = ("__current", "__known", "__read", "place")

    def __init__(self, read: Callable[[], Mapping[str, bytes]], place: Callable[[str], str]) -> None:
        self.place = place
        self.__read = read
        self.__known = dict(read())
        self.__current = max(self.__known)

    def current(self) -> tuple[str, bytes]:
        """Id and key."""
        return self.__current, self.__known[self.__current]

    def turn_to(self, key_id: str) -> None:
        """Wrap with this one from here on. Raises KeyMissing."""
        self.get(key_id)
        self.__current = key_id

    def get(self, key_id: str) -> bytes:
        """Raises KeyMissing for an id that is not there."""
        if key_id not in self.__known:
            self.look()
        try:
            return self.__known[key_id]
        except KeyError:
            raise self.missing(key_id) from None

    def look(self) -> dict[str, str]:
        """Read again; the fingerprints of those that are there, by id. Raises KeyMissing."""
        found = dict(self.__read())
        # An id never changes its key here: what was wrapped under the one that is known would not open under another in its place.
        self.__known = found | self.__known
        return {key_id: fingerprint(key) for key_id, key in found.items()}

    def missing(self, key_id: str) -> KeyMissing:
        return KeyMissing(
            f"master key {key_id!r} is missing, but stored data was wrapped with it: put it back from its backup, {self.place(key_id)}"
            f" · 缺少主密钥 {key_id}，已存数据由它加密：请从备份恢复到 {self.place(key_id)}"
        )

    def another(self, key_id: str) -> KeyMissing:
        return KeyMissing(
            f"master key {key_id!r} is another than the one that stored data was wrapped with: put that one back from its backup, "
            f"{self.place(key_id)}; a new key needs a new id · 主密钥 {key_id} 与加密已存数据的密钥不符：请从备份恢复原密钥到 "
            f"{self.place(key_id)}；新密钥须用新编号"
        )

    def __repr__(self) -> str:
        return f"MasterKeys({', '.join(sorted(self.__known))})"


def fingerprint(key: bytes) -> str:
    """What a key is known again by; it opens nothing, and nobody finds the key by it."""
    return hmac.new(key, b"minyi: the fingerprint of a key", hashlib.sha256).hexdigest()[:32]


def reference_key(directory: Path) -> bytes:
    return _read(directory / "reference.key", directory)


def upload_key(directory: Path) -> bytes:
    return _read(directory / "upload.key", directory)


def private_pem(directory: Path, name: str) -> bytes:
    """The private half of an issuer's pair."""
    file = directory / f"{name}.pem"
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise KeyMissing(_mend(file, directory)) from None
    except OSError:
        raise KeyMissing(f"{file} cannot be read: check its owner and its mode") from None


def public_jwks(directory: Path, name: str) -> Path:
    """Where the public half of an issuer's pair stands."""
    return directory / f"{name}.jwks.json"


def master_keys(directory: Path, given: str = "") -> MasterKeys:
    """From MINYI_MASTER_KEYS where it is set (`given`), else from the files. Raises KeyMissing."""
    if given.strip():
        by_id = _given(given)
        return MasterKeys(lambda: by_id, lambda _id: MASTER_KEYS)
    return MasterKeys(lambda: _from_files(directory), lambda key_id: str(directory / "master" / f"{key_id}.key"))


def _from_files(directory: Path) -> dict[str, bytes]:
    files = sorted((directory / "master").glob("*.key"))
    if not files:
        raise KeyMissing(_mend(directory / "master" / "<id>.key", directory))
    for file in files:
        if not _KEY_ID.fullmatch(file.stem):
            raise KeyMissing(f"{file}: a master key's id is letters, digits and underscores, 32 at most; rename the file")
    return {file.stem: _read(file, directory) for file in files}


def _given(text: str) -> dict[str, bytes]:
    """Entries are told by their number alone: whatever stands in one may be a key."""
    found: dict[str, bytes] = {}
    for number, entry in enumerate(text.strip().rstrip(",").split(","), start=1):
        key_id, _, key = (part.strip() for part in entry.partition(":"))
        if not _KEY_ID.fullmatch(key_id) or not _HEX.fullmatch(key):
            raise KeyMissing(
                f"{MASTER_KEYS}: entry {number} is not <id>:<key>, the id letters, digits and underscores (32 at most), the key "
                f"{2 * KEY_BYTES} hex digits; entries are parted by commas: mend it"
                f" · {MASTER_KEYS} 第 {number} 项格式不对，应为 <编号>:<{2 * KEY_BYTES} 位十六进制>，各项以逗号分隔"
            )
        if key_id in found:
            raise KeyMissing(f"{MASTER_KEYS}: entry {number} repeats an id: each key has its own · {MASTER_KEYS} 第 {number} 项编号重复")
        found[key_id] = bytes.fromhex(key)
    return found


def ensure_keys(directory: Path) -> None:
    """Make what a production installation needs and lacks: reference.key, upload.key, a first master key, the platform's key pairs.

    Safe when several processes do it at once: one wins, all read the winner's.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    (directory / "master").mkdir(exist_ok=True, mode=0o700)
    for name in ("reference.key", "upload.key"):
        _create(directory / name, secrets.token_hex(KEY_BYTES))
    if not any((directory / "master").glob("*.key")):
        _create(directory / "master" / "0001.key", secrets.token_hex(KEY_BYTES))
    for name in PLATFORM_PAIRS:
        _ensure_pair(directory, name)


def ensure_development_keys(directory: Path) -> None:
    """As ensure_keys, and the development issuer's key pair."""
    ensure_keys(directory)
    _ensure_pair(directory, "issuer")


def _ensure_pair(directory: Path, name: str) -> None:
    """A private key if there is none, and its JWKS, which is always made anew from the private key."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    pem = directory / f"{name}.pem"
    if not pem.exists():
        fresh = ec.generate_private_key(ec.SECP256R1())
        encoded = fresh.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        _create(pem, encoded.decode("ascii"))
    jwks = directory / f"{name}.jwks.json"
    wanted = json.dumps({"keys": [_public_jwk(pem)]}, indent=1) + "\n"
    if not jwks.exists() or jwks.read_text(encoding="utf-8") != wanted:
        _replace(jwks, wanted)


def _public_jwk(pem: Path) -> dict[str, object]:
    from joserfc.jwk import ECKey

    key = ECKey.import_key(pem.read_bytes())
    return {**key.as_dict(private=False), "kid": key.thumbprint(), "use": "sig", "alg": "ES256"}


def _read(file: Path, directory: Path) -> bytes:
    try:
        text = file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise KeyMissing(_mend(file, directory)) from None
    except (OSError, ValueError):
        raise KeyMissing(f"{file} cannot be read: check its owner, its mode, and that it is a text file") from None
    if not _HEX.fullmatch(text):
        raise KeyMissing(f"{file} is not a key of {KEY_BYTES} bytes in hex ({2 * KEY_BYTES} characters): restore it from its backup")
    return bytes.fromhex(text)


def _mend(file: Path, directory: Path) -> str:
    return (
        f"{file} is missing. On a fresh installation make it with `python -m shared.identity.keys {directory}` (in development `make up` "
        f"does); where data exists already, restore it from its backup: a new key does not open old data. Other place: MINYI_KEYS_DIR"
    )


def _create(file: Path, text: str) -> None:
    """Write once, whole or not at all: the name appears with its content, and the first of several writers wins."""
    if file.exists():
        return
    draft = _draft(file, text)
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _replace(file: Path, text: str) -> None:
    os.replace(_draft(file, text), file)


def _draft(file: Path, text: str) -> Path:
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    return draft


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m shared.identity.keys DIR")
    ensure_keys(Path(sys.argv[1]))
    sys.stdout.write(f"keys are in {sys.argv[1]}; back them up apart from the data\n")
