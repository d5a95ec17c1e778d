from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.identity.development import DevelopmentIssuer
from shared.identity.keys import (
    PLATFORM_PAIRS,
    KeyMissing,
    ensure_development_keys,
    ensure_keys,
    fingerprint,
    master_keys,
    reference_key,
    upload_key,
)
from shared.identity.roles import Role
from shared.identity.tokens import TokenVerifier
from tests.shared.identity.builders import REFERENCE_KEY


@pytest.mark.parametrize("load", [reference_key, upload_key, master_keys])
def test_a_missing_key_names_its_mend(load: object, tmp_path: Path) -> None:
    with pytest.raises(KeyMissing) as missing:
        load(tmp_path)
    message = str(missing.value)
    assert str(tmp_path) in message
    assert "python -m shared.identity.keys" in message
    assert "backup" in message


def test_a_spoilt_key_is_refused_without_showing_it(tmp_path: Path) -> None:
    (tmp_path / "reference.key").write_text("secretsecret")
    with pytest.raises(KeyMissing) as spoilt:
        reference_key(tmp_path)
    assert "secretsecret" not in str(spoilt.value)
    (tmp_path / "reference.key").write_bytes(b"\xff\xfe")
    with pytest.raises(KeyMissing):
        reference_key(tmp_path)


def test_made_keys_stay_and_are_for_their_owner_only(tmp_path: Path) -> None:
    directory = tmp_path / "keys"
    ensure_development_keys(directory)
    first = {path.name: path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    pairs = {f"{name}.{half}" for name in ("issuer", *PLATFORM_PAIRS) for half in ("pem", "jwks.json")}
    assert set(first) == {"reference.key", "upload.key", "0001.key", *pairs}
    ensure_development_keys(directory)
    assert first == {path.name: path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in directory.rglob("*") if path.is_file())
    assert reference_key(directory) != upload_key(directory)
    assert "d" not in json.loads(first["issuer.jwks.json"])["keys"][0]


def test_processes_that_start_together_agree_on_the_keys(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: ensure_development_keys(tmp_path), range(8)))
        found = set(pool.map(lambda _: (reference_key(tmp_path), master_keys(tmp_path).current()), range(8)))
    assert len(found) == 1
    assert not list(tmp_path.rglob(".*"))


def test_production_keys_have_no_issuer(tmp_path: Path) -> None:
    ensure_keys(tmp_path)
    assert not (tmp_path / "issuer.pem").exists()


def test_the_newest_master_key_is_current_and_the_older_still_open(tmp_path: Path) -> None:
    ensure_keys(tmp_path)
    (tmp_path / "master" / "0002.key").write_text("ab" * 32)
    keys = master_keys(tmp_path)
    assert keys.current() == ("0002", bytes.fromhex("ab" * 32))
    assert keys.get("0001")
    assert "abab" not in repr(keys)
    with pytest.raises(KeyMissing, match=r"master/0000\.key"):
        keys.get("0000")


def test_a_key_put_beside_the_others_opens_without_a_restart_and_wraps_when_it_is_told(tmp_path: Path) -> None:
    ensure_keys(tmp_path)
    keys = master_keys(tmp_path)
    (tmp_path / "master" / "0002.key").write_text("ab" * 32)
    assert keys.get("0002") == bytes.fromhex("ab" * 32)
    assert keys.current()[0] == "0001"
    keys.turn_to("0002")
    assert keys.current() == ("0002", bytes.fromhex("ab" * 32))
    with pytest.raises(KeyMissing, match=r"'0003' is missing.*缺少主密钥 0003"):
        keys.turn_to("0003")
    assert keys.current()[0] == "0002"


def test_what_is_known_opens_on_when_its_file_is_gone_or_another_is_in_its_place(tmp_path: Path) -> None:
    ensure_keys(tmp_path)
    keys = master_keys(tmp_path)
    before, first = keys.get("0001"), keys.look()["0001"]
    (tmp_path / "master" / "0001.key").write_text("ab" * 32)
    assert keys.look()["0001"] != first
    assert keys.get("0001") == before
    (tmp_path / "master" / "0001.key").rename(tmp_path / "master" / "0002.key")
    assert "0001" not in keys.look()
    assert keys.get("0001") == before


def test_a_fingerprint_tells_keys_apart_and_shows_none() -> None:
    one, other = bytes.fromhex("ab" * 32), bytes.fromhex("cd" * 32)
    assert fingerprint(one) == fingerprint(one) != fingerprint(other)
    assert "abab" not in fingerprint(one)


@pytest.mark.parametrize("given", [f"0001:{'ab' * 32},0002:{'CD' * 32}", f" 0002:{'cd' * 32} , 0001 : {'ab' * 32},\n"])
def test_master_keys_are_given_in_the_environment_in_place_of_files(given: str, tmp_path: Path) -> None:
    ensure_keys(tmp_path)
    keys = master_keys(tmp_path, given)
    assert keys.current() == ("0002", bytes.fromhex("cd" * 32))
    assert keys.get("0001") == bytes.fromhex("ab" * 32)
    assert keys.place("0001") == "MINYI_MASTER_KEYS"
    assert "abab" not in repr(keys)
    with pytest.raises(KeyMissing, match="MINYI_MASTER_KEYS"):
        keys.get("0003")


def test_an_empty_variable_means_the_files(tmp_path: Path) -> None:
    ensure_keys(tmp_path)
    assert master_keys(tmp_path, " ").place("0001") == str(tmp_path / "master" / "0001.key")


@pytest.mark.parametrize(
    ("given", "entry"),
    [
        ("ab" * 32, 1),
        (f"0001:{'ab' * 31}", 1),
        (f"0001:{'ab' * 32},0002", 2),
        (f"0001:{'ab' * 32},,0002:{'ab' * 32}", 2),
        (f"0001:{'ab' * 32};0002:{'ab' * 32}", 1),
        (f"0001:{'ab' * 32},0001:{'cd' * 32}", 2),
        (f"{'ab' * 32}:0001", 1),
        (f"１:{'ab' * 32}", 1),
        (",", 1),
    ],
)
def test_a_mistyped_variable_is_refused_by_the_number_of_its_entry(given: str, entry: int, tmp_path: Path) -> None:
    with pytest.raises(KeyMissing, match=f"MINYI_MASTER_KEYS: entry {entry} .*第 {entry} 项") as refused:
        master_keys(tmp_path, given)
    assert "abab" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("env", ["production", "", "Development", "test"])
def test_the_development_issuer_is_for_development_only(env: str, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="MINYI_ENV=development"):
        DevelopmentIssuer(env=env, keys_dir=tmp_path, issuer="http://x", audience="minyi")
    assert not list(tmp_path.iterdir())


async def test_minted_tokens_verify(tmp_path: Path) -> None:
    issuer = DevelopmentIssuer(env="development", keys_dir=tmp_path, issuer="http://x/dev/issuer", audience="minyi")
    minted = issuer.mint({"sub": "u", "roles": ["SUPERVISOR"], "phone_number": "13800000001"}, seconds=60)
    viewer = await TokenVerifier([str(issuer.jwks_file)], [issuer.issuer], "minyi", REFERENCE_KEY).verify(minted.token)
    assert viewer.roles == {Role.SUPERVISOR}
    assert len(viewer.refs) == 2
    with pytest.raises(ValueError, match="sub"):
        issuer.mint({"roles": []})
