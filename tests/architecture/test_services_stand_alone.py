"""A service works when its folder and shared/ alone are copied elsewhere."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.world import ROOT

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("service", ["intake", "routing", "feedback"])
def test_a_service_starts_with_nothing_but_its_folder_and_shared(service: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "shared", tmp_path / "shared")
    shutil.copytree(ROOT / "services" / service, tmp_path / "services" / service)
    command = [sys.executable, "-m", f"services.{service}", "--help"]
    done = subprocess.run(command, cwd=tmp_path, env={"PATH": ""}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "republish" in done.stdout
    schema = f"from services.{service}.subgraph.schema import build_schema; print(build_schema(production=True).as_str())"
    built = subprocess.run([sys.executable, "-c", schema], cwd=tmp_path, env={"PATH": ""}, capture_output=True, text=True, check=True)
    assert "type Grievance" in built.stdout
