"""The glossary points at files and names that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GLOSSARY = (ROOT / "docs" / "GLOSSARY.md").read_text(encoding="utf-8")
POINTERS = re.findall(r"`([\w./-]+/[\w.-]+\.(?:py|csv))` `(\w+)`", GLOSSARY)


@pytest.mark.parametrize(("file", "name"), POINTERS, ids=[f"{file}:{name}" for file, name in POINTERS])
def test_every_pointer_leads_somewhere(file: str, name: str) -> None:
    path = ROOT / file
    assert path.is_file()
    assert re.search(rf"\b{name}\b", path.read_text(encoding="utf-8"))


def test_every_row_points_somewhere() -> None:
    rows = [line for line in GLOSSARY.splitlines() if line.startswith("| ") and not line.startswith(("| term", "| ---"))]
    assert len(rows) > 40
    assert [row for row in rows if row.count("`") < 2] == []


def test_every_role_is_there() -> None:
    roles = re.findall(r'^    ([A-Z_]+) = "', (ROOT / "shared" / "identity" / "roles.py").read_text(encoding="utf-8"), re.MULTILINE)
    assert roles
    assert [role for role in roles if f"`{role}`" not in GLOSSARY] == []
