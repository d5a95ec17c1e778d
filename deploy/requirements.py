"""Prints what pyproject.toml asks for, one requirement a line: `python deploy/requirements.py [extra …]`.

Installing from this list, not the project itself, leaves no build artefacts in the checkout and gives Docker a layer that depends on
pyproject.toml and constraints.txt alone. Needs nothing but Python 3.11.
"""

import sys
import tomllib
from pathlib import Path


def requirements(extras: list[str]) -> list[str]:
    """The project's dependencies and those of the named extras."""
    project = tomllib.loads((Path(__file__).resolve().parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["dependencies"], *(project["optional-dependencies"][extra] for extra in extras)]
    return [requirement for group in groups for requirement in group]


if __name__ == "__main__":
    sys.stdout.write("\n".join(requirements(sys.argv[1:])) + "\n")
