"""What all commands share: the console, the directory option, waiting, and the one line that says what is wrong."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from deploy.local.local_directory import Run, running
from deploy.local.processes import ROOT
from deploy.local.trouble import Trouble

out = Console(highlight=False, soft_wrap=True)
COLOURS = ("cyan", "green", "yellow", "magenta", "blue", "bright_cyan", "bright_green", "bright_magenta")
LocalDir = Annotated[Path, typer.Option("--local-dir", envvar="MINYI_LOCAL_DIR", help="Data, keys, logs and state of this installation.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs · 供程序读取")]
DEFAULT_DIR = ROOT / ".local"


def say(line: str) -> None:
    """One line from the supervisor itself."""
    out.print(f"[bold]supervisor[/] | {line}" if "\n" not in line else line, markup="\n" not in line)


def show_line(name: str, line: str) -> None:
    """One line of a process's log, with its name in its colour."""
    colour = COLOURS[sum(name.encode()) % len(COLOURS)]
    out.print(f"[{colour}]{name:>17}[/] | ", end="")
    out.print(line, markup=False)


def print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def print_json_line(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether it came to hold within `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def fail(trouble: Trouble) -> NoReturn:
    sys.stderr.write(f"{trouble}\n")
    raise typer.Exit(1)


def running_or_fail(local_dir: Path) -> Run:
    run = running(local_dir)
    if run is None:
        fail(Trouble("nothing runs here: type `make up` · 没有正在运行的系统：请运行 make up"))
    return run
