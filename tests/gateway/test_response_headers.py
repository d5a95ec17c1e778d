"""Caching of a merged answer: the strictest of what the subgraphs allow."""

from __future__ import annotations

import pytest

from gateway.engine.response_headers import NO_HEADERS, ResponseHeaders, cache_control, merge_headers, parse_cache_control


def given(value: str | None) -> ResponseHeaders:
    return NO_HEADERS if value is None else ResponseHeaders(cache=parse_cache_control(value))


@pytest.mark.parametrize(
    ("one", "other", "merged"),
    [
        (None, None, "no-store"),
        ("max-age=60", None, "no-store"),
        ("max-age=60", "no-store", "no-store"),
        ("max-age=60", "max-age=5", "max-age=5"),
        ("max-age=60, public", "max-age=5, public", "max-age=5, public"),
        ("max-age=60, public", "max-age=5", "max-age=5"),
        ("max-age=60, public", "max-age=5, private", "max-age=5, private"),
        ("max-age=60", "private", "no-store"),
        ("max-age=60, immutable", "max-age=60", "max-age=60"),
        ("max-age=60, stale-while-revalidate=9", "max-age=60, stale-while-revalidate=3", "max-age=60, stale-while-revalidate=3"),
        ("max-age=60, stale-if-error=9", "max-age=60", "max-age=60"),
        ("max-age=60, s-maxage=900", "max-age=60, s-maxage=900", "max-age=60"),
        ("max-age=60", "no-cache", "no-cache"),
        ("Max-Age=60 ,MUST-REVALIDATE", 'max-age="70"', "max-age=60, must-revalidate"),
        ("max-age=soon", "max-age=60", "no-store"),
        ("", "max-age=60", "no-store"),
    ],
)
def test_the_strictest_holds_whoever_answers_first(one: str | None, other: str | None, merged: str) -> None:
    for first, second in ((one, other), (other, one)):
        both = merge_headers(merge_headers(None, given(first)), given(second))
        assert sorted(cache_control(both).split(", ")) == sorted(merged.split(", "))


def test_one_subgraph_alone_is_taken_at_its_word() -> None:
    assert cache_control(merge_headers(None, given("public, max-age=60"))) == "public, max-age=60"


def test_an_answer_with_cookies_is_not_kept() -> None:
    assert cache_control(ResponseHeaders((b"a=1",), parse_cache_control("max-age=60"))) == "no-store"
