"""How a petitioner is called and reached. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, repr=False)
class Contact:
    """In clear, for a sender, a mask or one answer; never for logs, events, errors. `openid`: by which WeChat knows them."""

    name: str | None = None
    phone: str | None = None
    openid: str | None = None
