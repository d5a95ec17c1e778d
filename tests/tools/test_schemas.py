"""What is committed for outsiders is what the code says."""

from __future__ import annotations

from tools.schemas import differing


def test_sdl_and_event_schemas_are_what_the_code_says() -> None:
    assert differing() == []
