"""The gateway's settings."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from shared.identity.roles import Role
from shared.settings import CommonSettings

HERE = Path(__file__).resolve().parent


class GatewaySettings(CommonSettings):
    """`subgraphs` and `supergraph` come from the environment like all others; `--supergraph` overrides."""

    port: int = 8000
    subgraphs: str = ""
    """Comma-separated name=URL; a subgraph that is not named here is asked at the URL that the supergraph names."""
    supergraph: Path = HERE / "supergraph.graphql"
    subgraph_timeout_seconds: float = 10.0
    subgraph_connections: int = 128
    """Open connections to one subgraph; requests beyond that wait for one."""
    max_answer_bytes: int = 32 * 1024 * 1024
    """A subgraph's answer beyond that is a fault of the subgraph's or of the query's: it must not take the gateway's memory."""
    documents: int = 1_000
    """Documents whose plans are kept."""
    warm_up: Path | None = None
    """Documents to plan at start: a folder of .graphql files, or a JSON file with a list or an object of documents."""
    max_request_bytes: int = 1_000_000
    request_timeout_seconds: float = 30.0
    """After so long a request is given up, whatever its subgraphs do."""
    trusted_documents_only: bool | None = None
    """Whether nothing runs but what frontends have uploaded; by default so in production."""
    ad_hoc_roles: tuple[Role, ...] = (Role.OPERATOR,)
    """Who may ask anything even then."""
    cors_origins: str = ""
    """Comma-separated origins of frontends on other hosts, e.g. https://minyi.example.cn; none by default."""
    rate_per_viewer: str = ""
    rate_per_address: str = ""
    """E.g. 600/minute; empty: not limited. In production set both; many people may stand behind one address."""
    rate_of_fields: dict[str, str] = {"openByPin": "20/minute"}
    """Root fields that are limited apart, by address."""
    rate_of_pages: str = "60/minute"
    """The pages that are passed through (pages.py), of each kind by address; empty: not limited."""
    rate_store: Literal["memory", "mongodb"] = "memory"
    """Where requests are counted: `mongodb` when several gateways run."""
    forwarded_by: int = 0
    """How many proxies of ours stand before the gateway: the client's address is that many from the end of X-Forwarded-For."""
    max_requests: int = 512
    """Requests being answered at one time; what comes beyond that gets 503 with Retry-After at once."""

    @property
    def trusted_only(self) -> bool:
        return self.env == "production" if self.trusted_documents_only is None else self.trusted_documents_only

    def origins(self) -> frozenset[str]:
        return frozenset(part.strip().rstrip("/") for part in self.cors_origins.split(",") if part.strip())

    def subgraph_urls(self) -> dict[str, str]:
        """Name → URL. Raises ValueError for an entry that is not name=URL."""
        urls = {}
        for part in filter(None, map(str.strip, self.subgraphs.split(","))):
            name, equals, url = part.partition("=")
            if not (name and equals and url.startswith(("http://", "https://"))):
                raise ValueError(f"MINYI_SUBGRAPHS: {part!r} is not name=URL")
            urls[name] = url
        return urls
