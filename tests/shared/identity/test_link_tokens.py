"""Tokens of links: only the key makes them, and each is for one document and one purpose."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.identity.link_tokens import document_of, link_token, opens

KEY, OTHER_KEY = bytes(range(32)), bytes(32)
DOCUMENTS = st.uuids().map(str)


@given(DOCUMENTS, st.text(max_size=40))
def test_a_token_names_its_document_and_opens_it_for_its_purpose_alone(document: str, purpose: str) -> None:
    token = link_token(KEY, document, purpose)
    assert document_of(token) == document
    assert opens(token, KEY, document, ["another", purpose])
    assert not opens(token, KEY, document, [f"{purpose}x"])
    assert not opens(token, KEY, document, [])
    assert not opens(token, OTHER_KEY, document, [purpose])
    assert not opens(token, KEY, str(uuid.uuid5(uuid.UUID(document), "other")), [purpose])


@given(DOCUMENTS, st.integers(0, 42), st.sampled_from("AZaz09-_"))
def test_whatever_sign_is_changed_it_opens_nothing(document: str, place: int, sign: str) -> None:
    """Also in the last one, of which base64 reads four bits alone."""
    token = link_token(KEY, document, "survey")
    changed = token[:place] + sign + token[place + 1 :]
    assert opens(changed, KEY, document, ["survey"]) == (changed == token)


@given(st.text(max_size=60))
def test_what_is_no_token_is_told_without_a_fault(text: str) -> None:
    assert document_of(text) is None or len(text) == 43


def test_a_token_can_stand_in_an_address_and_holds_128_bits_of_secret() -> None:
    tokens = {link_token(KEY, str(uuid.UUID(int=1)), str(number)) for number in range(500)}
    assert len({token[22:] for token in tokens}) == 500
    assert all(len(token) == 43 and token.replace("-", "").replace("_", "").isalnum() for token in tokens)


def test_only_a_document_with_a_uuid_has_links() -> None:
    with pytest.raises(ValueError, match="UUID"):
        link_token(KEY, "g-1", "survey")
