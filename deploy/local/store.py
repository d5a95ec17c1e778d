"""MongoDB for one machine: what MINYI_MONGODB_URL names, else a `mongod` on PATH, else the embedded SecantusDB as its own process."""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from deploy.local.ports import Ports
from deploy.local.processes import Process, wait_for
from deploy.local.trouble import Trouble
from shared.mongo import Client, OperationFailure, PyMongoError

BOOT_SECONDS = 60.0
REPLICA_SET = "minyi"
Answer = TypeVar("Answer")
FORM = "mongodb://user:password@host:27017/?replicaSet=name"


class GivenStore:
    """Somebody's MongoDB, checked and otherwise left alone."""

    own = False

    def __init__(self, url: str, retry_writes: bool) -> None:
        self.url = url
        self.retry_writes = retry_writes
        self.processes: tuple[Process, ...] = ()

    def start(self) -> None:
        """Raises Trouble: not reachable, credentials refused, or a standalone mongod, which knows no transactions."""
        try:
            if not self.url.startswith(("mongodb://", "mongodb+srv://")):
                raise ValueError(self.url)
            hello = command(self.url, "hello", seconds=5)
            command(self.url, "listDatabases", seconds=5)
        except (PyMongoError, ValueError) as error:
            # By name: the driver is imported in shared/mongo.py alone.
            if isinstance(error, ValueError) or type(error).__name__ == "InvalidURI":
                raise Trouble(f"MINYI_MONGODB_URL is no store's address: type it as {FORM} · MINYI_MONGODB_URL 格式不对") from error
            raise Trouble(
                f"the store that MINYI_MONGODB_URL names does not take us ({_reason(error)}): start it, mend the address ({FORM}), "
                "or unset MINYI_MONGODB_URL to have one started here · 数据库无应答或拒绝登录：请改正或取消 MINYI_MONGODB_URL"
            ) from error
        if "setName" not in hello and hello.get("msg") != "isdbgrid" and not knows_transactions(self.url):
            raise Trouble(
                "the store that MINYI_MONGODB_URL names is a standalone server, which knows no transactions: start its mongod with "
                "`--replSet minyi` and type `mongosh --eval 'rs.initiate()'` · 单机 MongoDB 不支持事务：请以副本集方式启动"
            )

    def ready(self) -> bool:
        return store_answers(self.url)

    def stop(self) -> None:
        return

    @property
    def described(self) -> str:
        return f"MongoDB at {_hosts(self.url)} (MINYI_MONGODB_URL)"


class OwnStore:
    """A store process with its data under `directory`, listening on 127.0.0.1 alone."""

    own = True

    def __init__(self, directory: Path, ports: Ports, log: Path, env: Mapping[str, str]) -> None:
        self.directory = directory
        self._ports = ports
        self._log = log
        self._env = dict(env)
        self._mongod = shutil.which("mongod", path=self._env.get("PATH"))
        self._process: Process | None = None
        self._port = 0
        self.url = ""
        # SecantusDB scans its retry records at each retryable write.
        self.retry_writes = self._mongod is not None

    def start(self) -> None:
        """Raises Trouble."""
        self._port = self._ports.private("store")
        self.url = f"mongodb://127.0.0.1:{self._port}/?directConnection=true"
        # The two write different files: data of one is never shown to the other.
        data = self.directory / ("mongod" if self._mongod else "secantus")
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._process = Process("store", self._argv(data), self._env, self._log)
        self.boot()

    def boot(self) -> None:
        """Start it if it does not run, at the same address, and wait until it is primary."""
        process = self._started()
        process.start()
        wait_for(lambda: store_answers(self.url), BOOT_SECONDS, process, "answering")
        if self._mongod:
            self._initiate()
            wait_for(self.ready, BOOT_SECONDS, process, "primary of its replica set")

    def ready(self) -> bool:
        try:
            return bool(command(self.url, "hello").get("isWritablePrimary"))
        except PyMongoError:
            return False

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()

    def kill(self) -> None:
        """SIGKILL; writes that were acknowledged are in the journal."""
        self._started().kill()

    def restart(self) -> None:
        self._started().stop()
        self.boot()

    @property
    def processes(self) -> tuple[Process, ...]:
        return (self._process,) if self._process is not None else ()

    @property
    def described(self) -> str:
        return "MongoDB, our own (one-node replica set)" if self._mongod else "SecantusDB, embedded"

    def _argv(self, data: Path) -> list[str | Path]:
        if self._mongod:
            common: list[str | Path] = ["--dbpath", data, "--port", str(self._port), "--bind_ip", "127.0.0.1"]
            return [self._mongod, *common, "--replSet", REPLICA_SET, "--wiredTigerCacheSizeGB", "0.5"]
        # Its own empty configuration: it would look for one in the working and the home directory. Each commit is in the operating
        # system's hands when it is acknowledged, and our writes ask for the journal (j: true), which it syncs one by one; so
        # --sync-on-commit, which would do the same for everybody else's, is not needed to survive kill -9.
        config = self.directory / "secantusd.toml"
        config.write_text("", encoding="ascii")
        here: list[str | Path] = [sys.executable, "-m", "secantus", "--config", config, "--host", "127.0.0.1", "--port", str(self._port)]
        # Nobody watches change streams here: as a standalone it writes no oplog, and still knows transactions.
        return [*here, "--standalone", "--storage-path", data, "--cache-size", "512M", "--log-level", "WARNING"]

    def _initiate(self) -> None:
        """Make the one-node replica set; at a later start, tell it when its port has changed."""
        member = {"_id": 0, "host": f"127.0.0.1:{self._port}"}
        try:
            config = command(self.url, "replSetGetConfig")["config"]
        except PyMongoError:
            command(self.url, "replSetInitiate", {"_id": REPLICA_SET, "members": [member]})
            return
        if [known["host"] for known in config["members"]] != [member["host"]]:
            config["members"] = [{**config["members"][0], **member}]
            config["version"] += 1
            command(self.url, "replSetReconfig", config, force=True)

    def _started(self) -> Process:
        if self._process is None:
            raise Trouble("the store was not started")
        return self._process


Store = GivenStore | OwnStore


def store_for(directory: Path, ports: Ports, log: Path, env: Mapping[str, str]) -> Store:
    """The one that MINYI_MONGODB_URL names when it is set; else mongod from PATH; else SecantusDB."""
    given = env.get("MINYI_MONGODB_URL", "")
    if given:
        return GivenStore(given, env.get("MINYI_MONGODB_RETRY_WRITES", "true").lower() not in ("false", "0", "no", "off"))
    return OwnStore(directory, ports, log, env)


def command(url: str, name: str, value: Any = 1, *, seconds: float = 2.0, **more: Any) -> dict[str, Any]:
    """Run one command against `admin` and return its answer. Raises PyMongoError, or ValueError for a malformed address."""

    async def ask(client: Client) -> dict[str, Any]:
        return dict(await client.admin.command(name, value, **more))

    return _asked(url, seconds, ask)


def knows_transactions(url: str) -> bool:
    """Tried, not guessed: a mongod outside of a replica set refuses the first command of one, the embedded store, which looks like it, does
    not. Raises PyMongoError when it is away."""

    async def ask(client: Client) -> bool:
        async with await client.start_session() as session:
            session.start_transaction()
            try:
                await client["minyi"]["transactions"].find_one({}, session=session)
            except OperationFailure:
                return False
            await session.abort_transaction()
        return True

    return _asked(url, 5.0, ask)


def _asked(url: str, seconds: float, ask: Callable[[Client], Awaitable[Answer]]) -> Answer:
    async def run() -> Answer:
        limit = int(seconds * 1000)
        client = Client(url, serverSelectionTimeoutMS=limit, connectTimeoutMS=limit, socketTimeoutMS=limit)
        try:
            return await ask(client)
        finally:
            client.close()

    # In a thread of its own: the caller may have an event loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, run()).result()


def store_answers(url: str) -> bool:
    """Whether it takes our login now."""
    try:
        command(url, "ping")
    except PyMongoError:
        return False
    return True


def _hosts(url: str) -> str:
    return url.split("://", 1)[-1].split("/", 1)[0].rsplit("@", 1)[-1]


def _reason(error: PyMongoError) -> str:
    return re.sub(r"\s+", " ", str(error)).split(", Timeout:")[0].split(" (configured timeouts")[0][:160]
