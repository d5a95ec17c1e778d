"""An export is whole or it is told that it is not; it holds the days that were asked for, and is never written over another."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from pathlib import Path

import orjson
import pytest

from shared.audit_export import NotWhole, check, export, main
from shared.identity.keys import KeyMissing, ensure_keys, public_jwks
from shared.settings import CommonSettings
from tests.shared.audited import Audited, audited_by

pytestmark = pytest.mark.slow
AT = datetime(2020, 6, 8, tzinfo=UTC)
DAY = date(2020, 6, 5)
# The first and last instants of 5 June in China, and those beside them.
WHENS = ["2020-06-04T15:59:59.999Z", "2020-06-04T16:00:00.000Z", "2020-06-05T15:59:59.999Z", "2020-06-05T16:00:00.000Z"]


@pytest.fixture
async def trail(settings: CommonSettings) -> AsyncIterator[Audited]:
    async with audited_by(settings) as made:
        await made.write("a", len(WHENS))
        await made.kept()
        for number, when in enumerate(WHENS, 1):
            await made.audit.update_one({"_id": f"homes:a:{number}"}, {"$set": {"when": when}})
        yield made


async def exported(trail: Audited, keys_dir: Path, file: Path, last: date = DAY) -> Path:
    await export(trail.database, "intake", keys_dir, DAY, last, file, AT)
    return file


async def test_the_days_asked_for_are_chinas(trail: Audited, keys_dir: Path, tmp_path: Path) -> None:
    file = await exported(trail, keys_dir, tmp_path / "one")
    head, *rows, _signature = map(orjson.loads, file.read_bytes().splitlines())
    assert head == {"service": "intake", "from": "2020-06-05", "to": "2020-06-05", "entries": 2, "madeAt": "2020-06-08T00:00:00.000Z"}
    assert [row["when"] for row in rows] == WHENS[1:3]
    assert [(row["collection"], row["subject"], row["number"], row["actor"]) for row in rows] == [
        ("homes", "a", number, "staff-1") for number in (2, 3)
    ]
    assert check(file, public_jwks(keys_dir, "audit")).head == head
    assert check(await exported(trail, keys_dir, tmp_path / "two", date(2020, 6, 6)), public_jwks(keys_dir, "audit")).head["entries"] == 3
    assert sorted(os.listdir(tmp_path)) == ["one", "two"]


async def test_days_without_entries_make_a_whole_file(trail: Audited, keys_dir: Path, tmp_path: Path) -> None:
    await trail.audit.delete_many({})
    assert check(await exported(trail, keys_dir, tmp_path / "none"), public_jwks(keys_dir, "audit")).head["entries"] == 0


CHANGES: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "an edited entry": lambda lines: [lines[0], lines[1].replace(b"staff-1", b"staff-2"), *lines[2:]],
    "an edited head": lambda lines: [lines[0].replace(b"intake", b"routed"), *lines[1:]],
    "an entry taken out": lambda lines: [lines[0], *lines[2:]],
    "entries exchanged": lambda lines: [lines[0], lines[2], lines[1], lines[3]],
    "a cut end": lambda lines: lines[:-1],
    "a cut signature": lambda lines: [*lines[:-1], lines[-1][:40]],
    "a line after the signature": lambda lines: [*lines, lines[1]],
    "another space": lambda lines: [lines[0] + b" ", *lines[1:]],
    "the signature alone": lambda lines: lines[-1:],
    "nothing": lambda _lines: [],
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_changed_file_is_told(trail: Audited, keys_dir: Path, tmp_path: Path, change: str) -> None:
    file = await exported(trail, keys_dir, tmp_path / "file")
    file.write_bytes(b"".join(line + b"\n" for line in CHANGES[change](file.read_bytes().splitlines())))
    with pytest.raises(NotWhole):
        check(file, public_jwks(keys_dir, "audit"))


async def test_another_key_signs_nothing(trail: Audited, keys_dir: Path, tmp_path: Path) -> None:
    ensure_keys(tmp_path / "others")
    file = await exported(trail, tmp_path / "others", tmp_path / "file")
    with pytest.raises(NotWhole, match="keys"):
        check(file, public_jwks(keys_dir, "audit"))
    # No token of the platform's issuers is a signature of an export either.
    with pytest.raises(NotWhole, match="keys"):
        check(file, public_jwks(tmp_path / "others", "intake"))


async def test_nothing_is_written_over_a_file_or_without_a_key(trail: Audited, keys_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FileExistsError):
        await exported(trail, keys_dir, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"
    with pytest.raises(KeyMissing, match=r"audit\.pem"):
        await exported(trail, tmp_path, tmp_path / "other")
    assert os.listdir(tmp_path) == ["file"]


async def test_the_command_says_whether_it_is_whole_and_who_signed(
    trail: Audited, keys_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, keys = await exported(trail, keys_dir, tmp_path / "file"), public_jwks(keys_dir, "audit")
    assert main(["check", str(file), "--keys", str(keys)]) == 0
    assert orjson.loads(keys.read_bytes())["keys"][0]["kid"] in capsys.readouterr().out
    file.write_bytes(file.read_bytes().replace(b"staff-1", b"staff-2"))
    assert main(["check", str(file), "--keys", str(keys)]) == 1
    assert "文件不完整" in capsys.readouterr().err
    assert main(["check", str(tmp_path / "no file"), "--keys", str(keys)]) == 1
