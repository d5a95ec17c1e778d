"""What the stand-in provider has accepted, and whom it has told: a file that survives its death. No address and no words are in it."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import sqlite3
from dataclasses import dataclass
from pathlib import Path

_TABLE = """CREATE TABLE IF NOT EXISTS told (
    number INTEGER PRIMARY KEY, channel TEXT NOT NULL, reference TEXT NOT NULL, recipient TEXT NOT NULL, at REAL NOT NULL)"""
_INDEX = "CREATE INDEX IF NOT EXISTS told_by_reference ON told (channel, reference)"


@dataclass(frozen=True)
class Entry:
    """One message that went out. `recipient`: a keyed hash of the address."""

    channel: str
    reference: str
    recipient: str


class Ledger:
    """Each entry is on the disk before anybody hears of it. The key of the hashes lies beside the file."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._key = _key(file.with_suffix(".key"))
        self._database = sqlite3.connect(file, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute(_TABLE)
        self._database.execute(_INDEX)

    def tell(self, channel: str, reference: str, address: str, at: float) -> None:
        recipient = hmac.new(self._key, address.encode(), hashlib.sha256).hexdigest()
        self._database.execute(
            "INSERT INTO told (channel, reference, recipient, at) VALUES (?, ?, ?, ?)", (channel, reference, recipient, at)
        )

    def times(self, channel: str, reference: str) -> int:
        """How often it was told."""
        return int(
            self._database.execute("SELECT count(*) FROM told WHERE channel = ? AND reference = ?", (channel, reference)).fetchone()[0]
        )

    def close(self) -> None:
        self._database.close()


def entries(file: Path) -> list[Entry]:
    """In their order; for whoever compares, also while the provider runs."""
    if not file.exists():
        return []
    database = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        if not database.execute("SELECT name FROM sqlite_master WHERE name = 'told'").fetchone():
            # It is being made.
            return []
        return [Entry(*row) for row in database.execute("SELECT channel, reference, recipient FROM told ORDER BY number")]
    finally:
        database.close()


def _key(file: Path) -> bytes:
    try:
        with open(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as fresh:
            fresh.write(secrets.token_bytes(32))
    except FileExistsError:
        pass
    return file.read_bytes()
