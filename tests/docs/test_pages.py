"""Pages lead somewhere: links and named paths exist, the index is whole, the README is short and its picture is the one that is drawn."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from PIL import Image

from tests.world import ROOT
from tools import flow_picture

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "deploy" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PATH = re.compile(r"`((?:services|shared|gateway|deploy|tests|tools|docs)/[\w./<>*-]*)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_path_named_in_where_exists() -> None:
    named = PATH.findall((ROOT / "docs" / "WHERE.md").read_text(encoding="utf-8"))
    assert len(named) > 25
    for path in named:
        # <name> is any service, <verb>_<noun> any file of that place.
        pattern = re.sub(r"<\w+>", "*", path).rstrip("/")
        assert list(ROOT.glob(pattern)), path


def test_the_index_names_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    names = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert [name for name in names if f"]({name})" not in index] == []


def test_the_readme_is_short_and_begins_in_chinese() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) < 200
    assert re.match(r"[一-鿿]", lines[2])


def test_the_picture_is_small_and_drawn_by_the_committed_tool() -> None:
    assert flow_picture.PICTURE.stat().st_size < 150_000
    with Image.open(flow_picture.PICTURE) as picture:
        assert picture.format == "PNG"
        assert picture.info["source"] == flow_picture.source_hash(), "draw it anew: python -m tools.flow_picture"


def test_the_hooks_run_what_this_environment_holds() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repo["repo"] for repo in config["repos"]] == ["local"]
    for hook in config["repos"][0]["hooks"]:
        assert hook["language"] == "system"
        subprocess.run([ROOT / hook["entry"].split()[0], "--version"], check=True, capture_output=True)
