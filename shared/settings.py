"""Settings that every process reads from the environment, prefix `MINYI_`. Services add their own fields in their settings.py."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Mapping
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


def known_names(*kinds: type[CommonSettings]) -> set[str]:
    """Every MINYI_* variable that these settings or somebody elsewhere reads."""
    return {f"{ENV_PREFIX}{field}".upper() for kind in kinds for field in kind.model_fields} | NAMES_OF_OTHERS


def misspelt(environment: Mapping[str, str], known: set[str]) -> dict[str, str]:
    """MINYI_* variables that nobody reads (pydantic does not see them) → the nearest that somebody does, or an empty text."""
    found = sorted(name for name in environment if name.upper().startswith(ENV_PREFIX) and name.upper() not in known)
    return {name: next(iter(difflib.get_close_matches(name.upper(), known, 1)), "") for name in found}


def report_misspelt(environment: Mapping[str, str], known: set[str]) -> None:
    """A line for each, with its mend: at the start of every command and process."""
    for name, nearest in misspelt(environment, known).items():
        mend, mend_zh = (f"type {nearest}", f"，应为 {nearest}") if nearest else (f"type `unset {name}`", "")
        sys.stderr.write(f"nobody reads {name}, it is misspelt: {mend} · 没有程序读取 {name}，疑似拼写错误{mend_zh}\n")


# Read by the gateway, the supervisor, single services or tests: a process that does not read one must not call it misspelt.
_OTHERS = """
AD_HOC_ROLES CHANNELS CLAIM_SECONDS CORS_ORIGINS DELIVER_SECONDS DOCUMENTS FAILPOINT FAILPOINT_MARKER FORWARDED_BY LOCAL_DIR MASTER_KEYS
MAX_ANSWER_BYTES MAX_REQUESTS MAX_REQUEST_BYTES PAGES_URL PHONE_LOOK_UPS_A_DAY PROVIDER_LOOKUPS PROVIDER_SECONDS PROVIDER_URL
PROVIDER_WAIT_SECONDS PUBLIC_URL QUIET_HOURS RATE_OF_FIELDS RATE_OF_PAGES RATE_PER_ADDRESS RATE_PER_VIEWER RATE_STORE
REQUEST_TIMEOUT_SECONDS SMS_CHARACTERS SUBGRAPHS SUBGRAPH_CONNECTIONS SUBGRAPH_TIMEOUT_SECONDS SUPERGRAPH TRUSTED_DOCUMENTS_ONLY
UPLOAD_LIMIT_BYTES UPLOAD_MINUTES WARM_UP WECHAT_CHARACTERS
"""
NAMES_OF_OTHERS = frozenset(f"{ENV_PREFIX}{name}" for name in _OTHERS.split())
