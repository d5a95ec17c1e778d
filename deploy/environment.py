"""Makes .venv with every package pinned: `python3 -m deploy.environment .venv`, which `make` calls. Needs nothing but Python 3.11.

What fails is told in one line with what to type; pip's own words are in `.venv/pip.log`.
"""

import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from deploy.requirements import requirements

ROOT = Path(__file__).resolve().parents[1]
# Seen: 380 MB of packages, up to 100 MB of pip's own while it unpacks, and room for data of a broker and a store.
NEEDED_MB = 1000
EXTRAS = ("local", "dev")
UNREACHABLE = re.compile(r"ConnectionError|name resolution|ReadTimeout|ConnectTimeout|ProxyError|SSLError|Connection refused|HTTP error 5")
FULL = re.compile(r"No space left on device|Errno 28")
READ_ONLY = re.compile(r"Read-only file system|Permission denied|Errno 13|Errno 30")


def main(place: Path) -> str:
    """Empty when all is installed, else the line to show."""
    try:
        if not installed(place):
            free = shutil.disk_usage(place.parent).free // 1_000_000
            if free < NEEDED_MB:
                return no_room(place, free)
            venv.create(place, with_pip=True, clear=True)
        (place / "requirements.txt").write_text("\n".join(requirements(list(EXTRAS))) + "\n", encoding="utf-8")
        with (place / "pip.log").open("w", encoding="utf-8") as log:
            pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
            wanted = ["--constraint", str(ROOT / "constraints.txt"), "--requirement", str(place / "requirements.txt")]
            done = subprocess.run([*pip, *wanted], stdout=log, stderr=log)
        return "" if done.returncode == 0 else explained(place, (place / "pip.log").read_text(encoding="utf-8", errors="replace"))
    except (OSError, subprocess.CalledProcessError) as error:
        return explained(place, str(error))


def installed(place: Path) -> bool:
    """Whether there is an environment with a pip that works; one that was interrupted half-way is none."""
    python = place / "bin" / "python"
    return python.exists() and subprocess.run([str(python), "-m", "pip", "--version"], capture_output=True).returncode == 0


def explained(place: Path, words: str) -> str:
    """What went wrong, and what to type."""
    if FULL.search(words):
        return no_room(place, shutil.disk_usage(place.parent).free // 1_000_000)
    if UNREACHABLE.search(words):
        return (
            "the packages could not be fetched: mend this machine's network, or name a mirror with `export PIP_INDEX_URL=…`, "
            f"and type it again (pip's words: {place / 'pip.log'}) · 无法下载依赖：请检查网络或用 PIP_INDEX_URL 指定镜像后重试"
        )
    if READ_ONLY.search(words):
        return f"{place.parent} cannot be written: type `make` in a checkout that you own · 目录不可写：请在自己的目录中运行"
    last = next((line for line in reversed(words.splitlines()) if "ERROR" in line), "pip failed")
    return f"the packages could not be installed ({last.strip()}): see {place / 'pip.log'} · 依赖安装失败，详见日志"


def no_room(place: Path, free: int) -> str:
    return (
        f"{free} MB are free at {place.parent}, {NEEDED_MB} MB are needed: make room there or clone the repository elsewhere, "
        f"and type it again · 磁盘空间不足：剩余 {free} MB，需要 {NEEDED_MB} MB"
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute()) or 0)
