"""Documents to warm up with: a folder, a list, an object; anything else is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.warm_up import read_documents


def test_reads_the_documents_of_a_folder_in_order(tmp_path: Path) -> None:
    (tmp_path / "b.graphql").write_text("{ b }")
    (tmp_path / "a.graphql").write_text("{ a }")
    (tmp_path / "notes.txt").write_text("no document")
    assert read_documents(tmp_path) == ["{ a }", "{ b }"]


@pytest.mark.parametrize("text", ['["{ a }", "{ b }"]', '{"one": "{ a }", "two": "{ b }"}'])
def test_reads_a_list_of_documents_or_an_object_by_ids(tmp_path: Path, text: str) -> None:
    path = tmp_path / "documents.json"
    path.write_text(text)
    assert read_documents(path) == ["{ a }", "{ b }"]


@pytest.mark.parametrize("text", ["{ a }", "[1]", '"{ a }"', '{"a": {}}'])
def test_refuses_anything_else(tmp_path: Path, text: str) -> None:
    path = tmp_path / "documents.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"documents\.json"):
        read_documents(path)
