"""Reads deploy/Dockerfile as a builder does: stages, instructions, and what COPY brings in past .dockerignore."""

from __future__ import annotations

import fnmatch
import re
import shlex
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.processes import ROOT

# https://docs.docker.com/reference/dockerfile: the instructions that exist.
INSTRUCTIONS = {
    *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK"),
    *("LABEL", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
}


@dataclass(frozen=True)
class Instruction:
    word: str
    rest: str

    @property
    def words(self) -> list[str]:
        return shlex.split(self.rest)


@dataclass
class Stage:
    image: str
    name: str
    instructions: list[Instruction] = field(default_factory=list)

    def all(self, word: str) -> list[Instruction]:
        return [each for each in self.instructions if each.word == word]


def parse(text: str) -> list[Stage]:
    """Raises ValueError for a line that is no instruction, or one before the first FROM."""
    stages: list[Stage] = []
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        word, _, rest = line.strip().partition(" ")
        if word not in INSTRUCTIONS or not rest.strip():
            raise ValueError(f"no instruction: {line!r}")
        if word == "FROM":
            found = re.fullmatch(r"(\S+)(?: AS (\S+))?", rest.strip())
            if found is None:
                raise ValueError(f"no image: {line!r}")
            stages.append(Stage(found[1], found[2] or ""))
        elif not stages:
            raise ValueError(f"before the first FROM: {line!r}")
        else:
            stages[-1].instructions.append(Instruction(word, rest.strip()))
    return stages


def let_through(path: str) -> bool:
    """As Docker reads .dockerignore: the last pattern that matches the path or a folder above it decides."""
    above = [path, *(str(parent) for parent in Path(path).parents)][:-1]
    kept = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.strip().removeprefix("!")
        if pattern and not pattern.startswith("#") and any(fnmatch.fnmatch(part, pattern) for part in above):
            kept = line.startswith("!")
    return kept


def build(stage: Stage, arguments: dict[str, str], place: Path) -> None:
    """Lay out in `place` what the stage's COPYs from the checkout bring into its working directory."""
    for copy in stage.all("COPY"):
        if copy.words[0].startswith("--from"):
            continue
        *sources, target = (_filled(word, arguments) for word in copy.words)
        for source in sources:
            into = place / target / Path(source).name if target.endswith("/") else place / target
            _copy(ROOT / source, into)


def _filled(word: str, arguments: dict[str, str]) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda name: arguments[name[1]], word)


def _copy(source: Path, target: Path) -> None:
    """A file, or a folder's content; what .dockerignore keeps out is not sent to the builder."""
    files = [source] if source.is_file() else [path for path in source.rglob("*") if path.is_file()]
    for file in files:
        if let_through(str(file.relative_to(ROOT))):
            to = target if source.is_file() else target / file.relative_to(source)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, to)
