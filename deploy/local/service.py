"""One process of ours (an api, a worker, the gateway, the stand-in provider): its command, its environment, its readiness."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local.processes import Process, wait_for

SERVICES = ("intake", "routing", "feedback")
PROVIDER = "provider"
READY_SECONDS = 60.0
MIGRATE_SECONDS = 120.0


class Service:
    """`kind` is api, worker, or empty for gateway and provider. It is not started by being made."""

    def __init__(
        self,
        name: str,
        kind: str,
        env: Mapping[str, str],
        logs: Path,
        port: int,
        *,
        host: str = "127.0.0.1",
        label: str = "",
        argv: Sequence[str] = (),
    ) -> None:
        self.name = "-".join(filter(None, (name, kind, label)))
        self.port = port
        self.url = f"http://{host}:{port}"
        whole = {**env, "MINYI_HOST": host, "MINYI_PORT": str(port)}
        self.process = Process(self.name, argv or command_of(name, kind), whole, logs / f"{self.name}.log")

    def start(self, env: Mapping[str, str] | None = None) -> None:
        """`env` is added to the environment for this and later starts, e.g. {"MINYI_FAILPOINT": "after-write"}; "" takes a name out."""
        for name, value in (env or {}).items():
            if value:
                self.process.env[name] = value
            else:
                self.process.env.pop(name, None)
        self.process.start()

    def wait_ready(self, seconds: float = READY_SECONDS) -> None:
        """Until /readyz answers 200. Raises Trouble with its last log lines when it dies or the time is over."""
        wait_for(self.ready, seconds, self.process, "ready")

    def ready(self) -> bool:
        """Whether it, and not a stranger who was faster at its port, says so."""
        return self.process.listens(self.port) and answers(f"{self.url}/readyz")

    def stop(self) -> None:
        self.process.stop()

    def kill(self) -> None:
        self.process.kill()

    @property
    def alive(self) -> bool:
        return self.process.alive


def command_of(name: str, kind: str) -> list[str]:
    """`python -m gateway`, `python -m services.intake api`."""
    module = {"gateway": "gateway", PROVIDER: "deploy.providers"}.get(name, f"services.{name}")
    return [sys.executable, "-m", module, *filter(None, (kind,))]


def common_environment(local_dir: Path, env: Mapping[str, str]) -> dict[str, str]:
    """What all processes share; addresses are added by who knows them. What the caller's environment sets beyond that is kept."""
    keys = local_dir / "keys"
    return {
        **env,
        "PYTHONUNBUFFERED": "1",
        "MINYI_ENV": "development",
        "MINYI_PREFIX": env.get("MINYI_PREFIX", "minyi"),
        "MINYI_AUDIENCE": env.get("MINYI_AUDIENCE", "minyi"),
        "MINYI_KEYS_DIR": str(keys),
        "MINYI_JWKS": str(keys / "issuer.jwks.json"),
        "MINYI_CLOCK_FILE": str(local_dir / "clock"),
        "MINYI_LOCAL_DIR": str(local_dir),
    }


def answers(url: str, seconds: float = 2.0) -> bool:
    """Whether a GET gives 200."""
    try:
        # The address is our own; a proxy from the environment must not stand between.
        with _direct.open(url, timeout=seconds) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False


_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
