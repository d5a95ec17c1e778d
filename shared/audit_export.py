"""The audit's entries of some days as a signed file: `python -m services.<name> export-audit`; `python -m shared.audit_export check FILE`.

JSON lines: a head (`service`, `from`, `to`, `entries`, `madeAt`), the entries by `when`, and a last line `{"signature": JWS}`: ES256 with
the pair `audit` (shared/identity/keys.py) over the SHA-256 of all bytes before that line. Whoever has audit.jwks.json can check it; entries
hold opaque ids and keyed digests, and reasons of looks without what identifies anybody.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import IO, Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from shared.audit import canonical
from shared.china_time import CHINA
from shared.contracts.base import instant
from shared.identity.keys import private_pem, public_jwks
from shared.mongo import ASCENDING, Database
from shared.records import Document, store_errors
from shared.settings import CommonSettings

PAIR = "audit"
ALGORITHM = "ES256"
TYPE = "minyi-audit+jws"


class NotWhole(Exception):
    """The file is not what was signed; the message says in which way."""


@dataclass(frozen=True)
class Checked:
    """A file that is whole: what its head says, and the thumbprint of the key that signed it."""

    head: dict[str, Any]
    key: str


async def export(database: Database, service: str, keys_dir: Path, first: date, last: date, file: Path, made_at: datetime) -> int:
    """Write the entries of these days (China's, both included, business time); returns how many. The file appears whole, or not at all.

    What is on its way into the audit is not in it. Raises KeyMissing, StoreTrouble, FileExistsError.
    """
    key = ECKey.import_key(private_pem(keys_dir, PAIR))
    with tempfile.TemporaryFile(dir=file.parent) as entries:
        count = 0
        async for row in _rows(database, first, last):
            entries.write(_line(row))
            count += 1
        head = {"service": service, "from": first.isoformat(), "to": last.isoformat(), "entries": count, "madeAt": instant(made_at)}
        _sign(head, entries, key, file)
    return count


def _sign(head: Document, entries: IO[bytes], key: ECKey, file: Path) -> None:
    draft, path = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(draft, "w+b") as whole:
            whole.write(_line(head))
            entries.seek(0)
            shutil.copyfileobj(entries, whole)
            whole.seek(0)
            digest = hashlib.file_digest(whole, "sha256").hexdigest()
            protected = {"alg": ALGORITHM, "kid": key.thumbprint(), "typ": TYPE}
            whole.write(_line({"signature": jws.serialize_compact(protected, canonical({"sha256": digest}), key, [ALGORITHM])}))
            whole.flush()
            os.fsync(whole.fileno())
        # Never over a file that is there.
        os.link(path, file)
    finally:
        os.unlink(path)


def check(file: Path, jwks: Path) -> Checked:
    """Raises NotWhole, and OSError for a file that cannot be read."""
    read = hashlib.sha256()
    head: dict[str, Any] = {}
    count = 0
    with file.open("rb") as lines:
        last = lines.readline()
        while following := lines.readline():
            if count == 0:
                head = _parsed(last)
            read.update(last)
            count += 1
            last = following
    signature = _parsed(last).get("signature")
    if not isinstance(signature, str):
        raise NotWhole("its last line is no signature: it was cut")
    try:
        signed = jws.deserialize_compact(signature, KeySet.import_key_set(json.loads(jwks.read_text("utf-8"))), [ALGORITHM])
    except (JoseError, ValueError) as error:
        raise NotWhole(f"none of the keys in {jwks} made the signature: {type(error).__name__}") from None
    if signed.headers().get("typ") != TYPE or _parsed(signed.payload or b"").get("sha256") != read.hexdigest():
        raise NotWhole("its content is not what was signed")
    if head.get("entries") != count - 1:
        raise NotWhole(f"its head says {head.get('entries')} entries, and there are {count - 1}")
    return Checked(head, str(signed.headers()["kid"]))


async def _rows(database: Database, first: date, last: date) -> AsyncIterator[Document]:
    begin, end = (instant(datetime.combine(day, time(), CHINA).astimezone(UTC)) for day in (first, last + timedelta(days=1)))
    with store_errors():
        found = database["audit"].find({"when": {"$gte": begin, "$lt": end}}, {"_id": 0}).sort("when", ASCENDING)
        # Left to itself the store sends 16 MB of them in one answer.
        async for row in found.batch_size(1_000):
            yield row


def _line(value: object) -> bytes:
    return canonical(value).encode() + b"\n"


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        raise NotWhole("a line that ought to be JSON is not") from None
    return value if isinstance(value, dict) else {}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m shared.audit_export")
    commands = parser.add_subparsers(dest="command", required=True)
    checking = commands.add_parser("check", help="whether an exported file is whole, and who signed it; exits 1 when it is not")
    checking.add_argument("file", type=Path)
    checking.add_argument("--keys", type=Path, help="the key set of who may have signed it; by default audit.jwks.json of MINYI_KEYS_DIR")
    given = parser.parse_args(arguments)
    jwks = given.keys or public_jwks(CommonSettings().keys_dir, PAIR)
    try:
        found = check(given.file, jwks)
    except NotWhole as fault:
        sys.stderr.write(f"{given.file}: {fault} · 文件不完整或已被改动\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{error.filename}: {error.strerror} · 无法读取\n")
        return 1
    said = "{service}, {from} to {to}, {entries} entries, made at {madeAt}".format(**found.head)
    sys.stdout.write(f"whole: {said}, signed by key {found.key} · 完整，签名密钥 {found.key}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
