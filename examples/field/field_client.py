"""A phone of a 民情书记 that works without a network: what is told is kept in SQLite and sent when there is one. Standard library alone.

    phone = FieldClient("phone.sqlite3", "http://127.0.0.1:8000/graphql", token)
    talk = phone.tell("encounter", kind="HOUSEHOLD_TALK", text="路牌看不清", place="鼓楼社区后作街小区3号楼")
    phone.tell("grievance", text="路牌看不清，希望更换", place="鼓楼社区后作街小区", encounter=talk, photos=["before.jpg"])
    phone.sync()       # as often as one likes: what was answered is not sent again, what was not is
    phone.open_items() # what waits still, and what was refused and why

Each item has an id of our own making, a UUIDv7: the server does it once, however often it comes. So a lost answer needs no thought.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
import secrets
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

BATCH = 50  # the server's limit
AGAIN = ("WAITING", "FAILED")  # to be sent again; DONE, CONFLICT and REFUSED are final answers
SYNC = """mutation Sync($input: SyncFieldBatchInput!) { syncFieldBatch(input: $input) { __typename
  ... on FieldBatchRefused { code message messageZh field }
  ... on FieldBatchSynced { clockOffBy answers { id outcome recordId refusal { code message messageZh field }
    uploads { sha256 stored url } registered { pin grievance { number } uploads { sha256 stored url } }
    encounter { heads { id at by text } } diary { heads { id at text } } } } } }"""
TABLES = """
CREATE TABLE IF NOT EXISTS items (id TEXT PRIMARY KEY, kind TEXT, fields TEXT, outcome TEXT DEFAULT 'NEW', answer TEXT);
CREATE TABLE IF NOT EXISTS photos (item TEXT, sha256 TEXT, type TEXT, bytes BLOB, stored INTEGER DEFAULT 0, PRIMARY KEY (item, sha256));
"""
Post = Callable[[str, str, bytes, dict[str, str]], bytes]


class Refused(Exception):
    """The batch as a whole, or the one who sends it, is refused: sending it again does not help."""


def post(method: str, url: str, body: bytes, headers: dict[str, str]) -> bytes:
    """One request; raises OSError where there is no network or no answer."""
    request = urllib.request.Request(url, body, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return bytes(answer.read())


def uuid7(now: float) -> str:
    """RFC 9562: milliseconds, then chance; ids of one phone sort by time."""
    number = (int(now * 1000) << 80) | secrets.randbits(80)
    number = (number & ~(0xF << 76) | 7 << 76) & ~(0x3 << 62) | 2 << 62
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


class FieldClient:
    """One phone. `clock` gives seconds since 1970, by the phone's own clock; `send` is the network."""

    def __init__(self, database: str | Path, endpoint: str, token: str, send: Post = post, clock: Callable[[], float] = time.time) -> None:
        self._held = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
        self._held.executescript(TABLES)
        self._endpoint, self._token, self._send, self._clock = endpoint, token, send, clock

    def tell(self, kind: str, /, *, photos: list[str] | None = None, **fields: Any) -> str:
        """Keep one item (encounter, amendEncounter, diary, amendDiary, grievance …) and return its id; `photos` are files."""
        id = uuid7(self._clock())
        self._held.execute("BEGIN")
        for name in photos or []:
            content, type = Path(name).read_bytes(), mimetypes.guess_type(name)[0] or "application/octet-stream"
            told = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "name": Path(name).name, "contentType": type}
            fields.setdefault("photos", []).append(told)
            self._held.execute("INSERT OR IGNORE INTO photos VALUES (?, ?, ?, ?, 0)", (id, told["sha256"], type, content))
        self._held.execute("INSERT INTO items (id, kind, fields) VALUES (?, ?, ?)", (id, kind, json.dumps(fields)))
        self._held.execute("COMMIT")
        return id

    def sync(self) -> int:
        """Send what waits, then the photos; returns how many items wait still. Raises OSError where the network fails: try again later."""
        again = self._items("outcome IN ('NEW', 'WAITING', 'FAILED') OR id IN (SELECT item FROM photos WHERE stored = 0)")
        for start in range(0, len(again), BATCH):
            items = [{"id": id, kind: json.loads(fields)} for id, kind, fields, *_ in again[start : start + BATCH]]
            sent_at = datetime.fromtimestamp(self._clock(), UTC).isoformat()
            for answer in self._asked({"sentAt": sent_at, "items": items})["answers"]:
                self._held.execute(
                    "UPDATE items SET outcome = ?, answer = ? WHERE id = ?", (answer["outcome"], json.dumps(answer), answer["id"])
                )
                for upload in answer["uploads"] + ((answer["registered"] or {}).get("uploads") or []):
                    self._upload(answer["id"], upload)
        return len(self._items(f"outcome IN {('NEW', *AGAIN)}"))

    def open_items(self) -> list[dict[str, Any]]:
        """What is not kept yet, what is refused and why, and what stands beside another version (all its heads are in the answer)."""
        rows = self._items("outcome != 'DONE'")
        return [
            {"id": id, "kind": kind, "outcome": outcome, "answer": json.loads(answer or "null")} for id, kind, _, outcome, answer in rows
        ]

    def answer(self, id: str) -> dict[str, Any] | None:
        """What the server said last of this item: a grievance's number and PIN, say."""
        ((*_, answer),) = self._items("id = ?", id)
        return json.loads(answer) if answer else None

    def _items(self, where: str, *values: str) -> list[tuple[str, str, str, str, str | None]]:
        return self._held.execute(f"SELECT id, kind, fields, outcome, answer FROM items WHERE {where} ORDER BY id", values).fetchall()

    def _asked(self, input: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps({"query": SYNC, "operationName": "Sync", "variables": {"input": input}}).encode()
        headers = {"content-type": "application/json", "authorization": f"Bearer {self._token}"}
        answer = json.loads(self._send("POST", self._endpoint, body, headers))
        if answer.get("errors") or not answer.get("data"):
            raise OSError(f"no answer to the batch: {answer.get('errors')}")
        result: dict[str, Any] = answer["data"]["syncFieldBatch"]
        if result["__typename"] != "FieldBatchSynced":
            raise Refused(f"{result['code']}: {result['messageZh']} {result['message']}")
        return result

    def _upload(self, item: str, upload: dict[str, Any]) -> None:
        """The bytes of one photo, unless they are there. An address that is refused is asked for anew with the next batch."""
        of = (item, upload["sha256"])
        if not upload["stored"]:
            found = self._held.execute("SELECT type, bytes FROM photos WHERE item = ? AND sha256 = ?", of).fetchone()
            try:
                self._send("PUT", upload["url"], found[1], {"content-type": found[0]})
            except urllib.error.HTTPError:
                return
        self._held.execute("UPDATE photos SET stored = 1, bytes = NULL WHERE item = ? AND sha256 = ?", of)
