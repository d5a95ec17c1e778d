"""The documents whose plans are made at start: those that a frontend's build wrote down."""

from __future__ import annotations

from pathlib import Path

import orjson


def read_documents(path: Path) -> list[str]:
    """`*.graphql` of a folder; or a JSON file: a manifest of trusted documents, a list of documents, or an object of them by their ids.

    Raises ValueError for anything else, OSError for what cannot be read.
    """
    if path.is_dir():
        return [each.read_text("utf-8") for each in sorted(path.glob("*.graphql"))]
    try:
        content = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if isinstance(content, dict) and isinstance(content.get("operations"), list):
        content = [each.get("body") for each in content["operations"] if isinstance(each, dict)]
    documents = list(content.values()) if isinstance(content, dict) else content
    if not isinstance(documents, list) or not all(isinstance(each, str) for each in documents):
        raise ValueError(f"{path} is neither a list of documents nor an object of them")
    return documents
