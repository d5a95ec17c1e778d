"""The reference client of a phone: its queue survives the phone, and nothing is sent twice that was answered."""

from __future__ import annotations

import io
import json
import urllib.error
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from examples.field.field_client import SYNC, FieldClient, Refused, uuid7
from services.intake.domain.clocks import is_client_id, made_at
from tests.services.intake.builders import png
from tests.world import ROOT

NOW = 1591318800.0  # 2020-06-05T01:00:00Z


class Server:
    """Answers as it is told to; keeps what was asked."""

    def __init__(self) -> None:
        self.outcomes: dict[str, str] = {}
        self.batches: list[list[dict[str, Any]]] = []
        self.puts: list[bytes] = []
        self.lose = self.refuse_put = False
        self.stored: set[str] = set()

    def send(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> bytes:
        if method == "PUT":
            self.puts.append(body)
            if self.refuse_put:
                raise urllib.error.HTTPError(url, 410, "expired", Message(), io.BytesIO())
            self.stored.add(url)
            return b""
        assert headers["authorization"] == "Bearer token"
        items = json.loads(body)["variables"]["input"]["items"]
        self.batches.append(items)
        if self.lose:
            raise ConnectionError
        return json.dumps(
            {"data": {"syncFieldBatch": {"__typename": "FieldBatchSynced", "clockOffBy": 0, "answers": [*map(self._answer, items)]}}}
        ).encode()

    def _answer(self, item: dict[str, Any]) -> dict[str, Any]:
        told = next(value for name, value in item.items() if name != "id")
        uploads = [
            {"sha256": photo["sha256"], "stored": f"put:{photo['sha256']}" in self.stored, "url": f"put:{photo['sha256']}"}
            for photo in told.get("photos", [])
        ]
        return {"id": item["id"], "outcome": self.outcomes.get(item["id"], "DONE"), "uploads": uploads, "registered": None, "refusal": None}


@pytest.fixture
def server() -> Server:
    return Server()


def phone(server: Server, folder: Path) -> FieldClient:
    return FieldClient(folder / "phone.sqlite3", "http://gateway", "token", send=server.send, clock=lambda: NOW)


def test_its_ids_are_uuid7_of_the_phones_clock_and_differ() -> None:
    made = {uuid7(NOW) for _ in range(1000)}
    assert len(made) == 1000
    assert all(map(is_client_id, made))
    assert {made_at(id).timestamp() for id in made} == {NOW}


def test_a_lost_answer_and_a_phone_that_was_off_lose_nothing_and_an_answered_item_is_not_sent_again(server: Server, tmp_path: Path) -> None:
    first = phone(server, tmp_path)
    told = first.tell("encounter", kind="STREET_TALK", text="路牌看不清", division="370881001901")
    server.lose = True
    with pytest.raises(ConnectionError):
        first.sync()
    server.lose = False
    again = phone(server, tmp_path)
    assert again.sync() == 0
    assert [[item["id"] for item in batch] for batch in server.batches] == [[told], [told]]
    assert again.sync() == 0
    assert len(server.batches) == 2


def test_what_waits_is_sent_again_and_what_is_refused_is_shown(server: Server, tmp_path: Path) -> None:
    client = phone(server, tmp_path)
    waits, bad = client.tell("diary", text="一"), client.tell("diary", text="二")
    server.outcomes = {waits: "WAITING", bad: "REFUSED"}
    assert client.sync() == 1
    assert {(row["id"], row["outcome"]) for row in client.open_items()} == {(waits, "WAITING"), (bad, "REFUSED")}
    server.outcomes.pop(waits)
    assert client.sync() == 0
    assert [row["id"] for row in client.open_items()] == [bad]


def test_a_photo_is_sent_once_and_asked_for_anew_when_its_address_has_expired(server: Server, tmp_path: Path) -> None:
    picture = tmp_path / "before.png"
    picture.write_bytes(png())
    client = phone(server, tmp_path)
    client.tell("encounter", kind="STREET_TALK", text="x", division="370881001901", photos=[str(picture)])
    server.refuse_put = True
    client.sync()
    server.refuse_put = False
    client.sync()
    assert server.puts == [png(), png()]
    client.sync()
    assert len(server.puts) == 2
    assert len(server.batches) == 2


def test_more_than_a_batch_goes_in_several(server: Server, tmp_path: Path) -> None:
    client = phone(server, tmp_path)
    for number in range(120):
        client.tell("diary", text=str(number))
    assert client.sync() == 0
    assert [len(batch) for batch in server.batches] == [50, 50, 20]


def test_a_refused_batch_is_told_as_such(server: Server, tmp_path: Path) -> None:
    def refuses(*_arguments: Any) -> bytes:
        refused = {"__typename": "FieldBatchRefused", "code": "ROLE_MISSING", "message": "no", "messageZh": "不"}
        return json.dumps({"data": {"syncFieldBatch": refused}}).encode()

    client = FieldClient(tmp_path / "phone.sqlite3", "http://gateway", "token", send=refuses)
    client.tell("diary", text="x")
    with pytest.raises(Refused, match="ROLE_MISSING"):
        client.sync()


def test_it_is_short_and_needs_the_standard_library_alone() -> None:
    text = (ROOT / "examples" / "field" / "field_client.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    imported = {line.split()[1].partition(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert imported <= {
        "__future__",
        "collections",
        "datetime",
        "hashlib",
        "json",
        "mimetypes",
        "pathlib",
        "secrets",
        "sqlite3",
        "time",
        "typing",
        "urllib",
    }
    assert "syncFieldBatch" in SYNC
