"""Response headers of several subgraphs, made into those of one answer."""

from __future__ import annotations

from typing import NamedTuple


class ResponseHeaders(NamedTuple):
    """`cookies`: Set-Cookie values. `cache`: the directives of Cache-Control with their values; None: it was not given."""

    cookies: tuple[bytes, ...] = ()
    cache: dict[str, str] | None = None


NO_HEADERS = ResponseHeaders()
NO_STORE = {"no-store": ""}
# Directives that loosen what is otherwise forbidden: they hold only where all subgraphs give them.
LOOSENING = ("public", "immutable", "stale-while-revalidate", "stale-if-error")
# Directives with seconds: the shorter time holds. `s-maxage` is left out, see below.
SECONDS = ("max-age", "stale-while-revalidate", "stale-if-error")


def parse_cache_control(value: str) -> dict[str, str]:
    """Cache-Control as directives. One whose seconds are no number forbids to store: no guess may loosen."""
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in value.split(","))):
        name, _, text = part.partition("=")
        found[name.strip().lower()] = text.strip().strip('"')
    if any(name in found and not found[name].isdigit() for name in SECONDS):
        return NO_STORE
    return found


def merge_headers(known: ResponseHeaders | None, more: ResponseHeaders) -> ResponseHeaders:
    """Cookies one after the other, caching as the strictest says. Who gives no Cache-Control has allowed nothing."""
    if known is None or (known == NO_HEADERS and more == NO_HEADERS):
        return more
    return ResponseHeaders(known.cookies + more.cookies, _strictest(known.cache, more.cache))


def cache_control(headers: ResponseHeaders) -> str:
    """The value of the answer's Cache-Control."""
    directives = headers.cache or NO_STORE
    if "no-store" in directives or headers.cookies:
        return "no-store"
    return ", ".join(f"{name}={text}" if text else name for name, text in directives.items())


def _strictest(one: dict[str, str] | None, other: dict[str, str] | None) -> dict[str, str] | None:
    if one is None or other is None or "no-store" in one or "no-store" in other:
        return None if one is None and other is None else NO_STORE
    merged: dict[str, str] = {}
    for name in (*one, *(name for name in other if name not in one)):
        both = name in one and name in other
        if name in SECONDS and both:
            merged[name] = str(min(int(one[name]), int(other[name])))
        elif name == "max-age" or (name in LOOSENING and not both):
            # A time that only one gives: the other has promised none.
            continue
        elif name == "s-maxage":
            # It would loosen what max-age says to shared caches; answers here are a viewer's own.
            continue
        else:
            merged[name] = one.get(name) or other.get(name, "")
    if "private" in merged:
        merged.pop("public", None)
    # Nothing left that allows keeping it.
    return merged if "max-age" in merged or "no-cache" in merged else NO_STORE
