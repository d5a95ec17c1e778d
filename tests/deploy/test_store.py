"""A mongod from PATH. None is at hand here: the embedded store, which speaks the same protocol, wears its name and notes its arguments."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local import store
from deploy.local.ports import Ports
from deploy.local.store import OwnStore, store_for
from shared.mongo import PyMongoError

MONGOD = """#!{python}
import os, sys
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
open({noted!r}, "w").write(" ".join(sys.argv[1:]))
here = ["--config", {config!r}, "--host", options["--bind_ip"], "--port", options["--port"], "--storage-path", options["--dbpath"]]
os.execv(sys.executable, [sys.executable, "-m", "secantus", *here])
"""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[OwnStore]:
    (tmp_path / "empty.toml").touch()
    mongod = tmp_path / "bin" / "mongod"
    mongod.parent.mkdir()
    mongod.write_text(
        MONGOD.format(python=sys.executable, noted=str(tmp_path / "noted"), config=str(tmp_path / "empty.toml")), encoding="utf-8"
    )
    mongod.chmod(0o755)
    env = {**os.environ, "PATH": f"{mongod.parent}{os.pathsep}{os.environ['PATH']}"}
    env.pop("MINYI_MONGODB_URL", None)
    made = store_for(tmp_path / "store", Ports(), tmp_path / "store.log", env)
    assert isinstance(made, OwnStore)
    yield made
    made.stop()


class ReplicaSet:
    """Answers as mongod does to the commands that make and change a replica set; all else goes to the process."""

    def __init__(self, config: dict[str, Any] | None, ask: Any) -> None:
        self.config = config
        self.asked: list[str] = []
        self._ask = ask

    def __call__(self, url: str, name: str, value: Any = 1, **more: Any) -> dict[str, Any]:
        if not name.startswith("replSet"):
            answer: dict[str, Any] = self._ask(url, name, value, **more)
            return answer
        self.asked.append(name)
        if name == "replSetGetConfig" and self.config is None:
            raise PyMongoError("no replset config has been received")
        if name != "replSetGetConfig":
            assert name != "replSetReconfig" or more == {"force": True}
            self.config = dict(value)
        return {"ok": 1, "config": self.config}


@pytest.mark.slow
def test_a_mongod_on_the_path_becomes_a_one_node_replica_set(own: OwnStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replica_set = ReplicaSet(None, store.command)
    monkeypatch.setattr(store, "command", replica_set)
    own.start()
    assert own.retry_writes
    assert own.ready()
    words = (tmp_path / "noted").read_text(encoding="utf-8").split()
    port = words[words.index("--port") + 1]
    assert own.url == f"mongodb://127.0.0.1:{port}/?directConnection=true"
    assert words[words.index("--bind_ip") + 1] == "127.0.0.1"
    assert words[words.index("--replSet") + 1] == "minyi"
    assert replica_set.config == {"_id": "minyi", "members": [{"_id": 0, "host": f"127.0.0.1:{port}"}]}
    own.restart()
    assert replica_set.asked == ["replSetGetConfig", "replSetInitiate", "replSetGetConfig"]


@pytest.mark.slow
def test_a_replica_set_learns_its_new_port(own: OwnStore, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {"_id": "minyi", "version": 3, "members": [{"_id": 0, "host": "127.0.0.1:1", "priority": 1}]}
    replica_set = ReplicaSet(before, store.command)
    monkeypatch.setattr(store, "command", replica_set)
    own.start()
    assert replica_set.config is not None
    assert replica_set.config["version"] == 4
    assert replica_set.config["members"] == [{"_id": 0, "host": own.url.split("/")[2], "priority": 1}]


def test_a_standalone_server_is_refused_with_the_way_to_mend_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "command", lambda *_args, **_more: {"isWritablePrimary": True})
    monkeypatch.setattr(store, "knows_transactions", lambda _url: False)
    with pytest.raises(store.Trouble, match=r"standalone server.*rs\.initiate"):
        store.GivenStore("mongodb://127.0.0.1/", retry_writes=True).start()


@pytest.mark.parametrize(("said", "meant"), [("false", False), ("0", False), ("true", True), (None, True)])
def test_retryable_writes_of_a_given_store_are_a_setting(tmp_path: Path, said: str | None, meant: bool) -> None:
    env = {"MINYI_MONGODB_URL": "mongodb://somewhere/", **({"MINYI_MONGODB_RETRY_WRITES": said} if said else {})}
    assert store_for(tmp_path, Ports(), tmp_path / "log", env).retry_writes is meant


@pytest.mark.parametrize("url", ["127.0.0.1:27017", "http://127.0.0.1/", "mongodb://", "mongodb://127.0.0.1:notaport/"])
def test_an_address_that_is_none_is_named(url: str) -> None:
    with pytest.raises(store.Trouble, match="MINYI_MONGODB_URL is no store's address"):
        store.GivenStore(url, retry_writes=True).start()
