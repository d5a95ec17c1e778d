"""Settings that every process reads from the environment, prefix `MINYI_`. Services add their own fields in their settings.py."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic_settings import BaseSettings, SettingsConfigDict

ENV_PREFIX = "MINYI_"


class CommonSettings(BaseSettings):
    """One process's settings. URLs may carry credentials: they are never logged."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, extra="ignore", frozen=True)

    env: Literal["development", "production"] = "production"
    prefix: str = "minyi"
    """Starts the name of every exchange, queue and database, so that tests and several cities live side by side."""
    rabbitmq_url: str = "amqp://guest:guest@127.0.0.1:5672/"
    mongodb_url: str = "mongodb://127.0.0.1:27017/"
    mongodb_retry_writes: bool = True
    """Off for the embedded store, which scans its retry records at each retryable write (pitfalls.md)."""
    host: str = "127.0.0.1"
    port: int = 0
    keys_dir: Path = Path(".local/keys")
    clock_file: Path | None = None
    """Development only: the file that holds the business clock's offset."""
    jwks: str = ""
    """Comma-separated JWKS locations (file paths or URLs) whose tokens are trusted."""
    issuer: str = ""
    audience: str = "minyi"
    prefetch: int = 64
    """Messages that one worker holds unacknowledged."""
    sweep_seconds: float = 2.0
    sweep_age_seconds: float = 5.0
    retry_seconds: tuple[float, ...] = (5.0, 60.0, 600.0)
    """Waits between the tries of a message that fails; after the last it is parked in `.dead`."""
    log_level: str = "INFO"

    def jwks_locations(self) -> list[str]:
        return [part.strip() for part in self.jwks.split(",") if part.strip()]

    def issuers(self) -> list[str]:
        return [part.strip() for part in self.issuer.split(",") if part.strip()]

    def unknown_names(self, *others: type[BaseSettings]) -> list[str]:
        """MINYI_* variables that no settings class reads: most are misspelt, and pydantic does not see them."""
        known = {f"{ENV_PREFIX}{name}".upper() for cls in (type(self), *others) for name in cls.model_fields}
        return sorted(name for name in os.environ if name.startswith(ENV_PREFIX) and name not in known and name not in OUTSIDE_NAMES)


# Read by the supervisor, the gateway, single services or tests; a process that does not read one must not call it misspelt.
OUTSIDE_NAMES = frozenset({"MINYI_FAILPOINT", "MINYI_FAILPOINT_MARKER", "MINYI_LOCAL_DIR", "MINYI_PUBLIC_URL", "MINYI_SUBGRAPHS"})
