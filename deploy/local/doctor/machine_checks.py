"""What lies on this machine: key files, the business clock's offset, room on the disk."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from deploy.local.broker import NEEDED_MB
from deploy.local.doctor.findings import Finding, note, ok, wrong
from deploy.local.environment_names import settings_of
from deploy.local.local_directory import Run
from shared.identity import keys as key_files
from shared.settings import CommonSettings

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=366)


def keys(environment: Mapping[str, str], local_dir: Path, run: Run | None) -> list[Finding]:
    """Present, readable as keys, and nobody's but their owner's; and the key sets whose tokens are trusted."""
    settings = settings_of(CommonSettings, environment)
    directory = settings.keys_dir if environment.get("MINYI_KEYS_DIR") else local_dir / "keys"
    if run is None and not directory.exists() and not environment.get("MINYI_KEYS_DIR"):
        return [note("keys", "none yet: the first start makes them", "尚无密钥，首次启动时生成", "make up")]
    found = [*_missing(directory, environment.get(key_files.MASTER_KEYS, "")), *_open_to_others(directory), *_key_sets(settings, directory)]
    return found or [ok("keys", f"present and private in {directory}", "密钥齐全且仅属主可读")]


def _missing(directory: Path, master: str) -> Iterator[Finding]:
    readers: list[Callable[[Path], object]] = [key_files.reference_key, key_files.upload_key]
    readers.append(partial(key_files.master_keys, given=master))
    readers += [partial(key_files.private_pem, name=name) for name in key_files.PLATFORM_PAIRS]
    for read in readers:
        try:
            read(directory)
        except key_files.KeyMissing as error:
            # No command to type beside the text's own: it depends on whether there is data that the lost key opens.
            yield wrong("keys", str(error), "密钥缺失或不可用：有数据时从备份恢复，全新安装时重新生成")


def _open_to_others(directory: Path) -> Iterator[Finding]:
    for path in (directory, *sorted(directory.rglob("*"))):
        # The public half may be read by anybody.
        if path.suffix == ".json" or not path.exists() or not stat.S_IMODE(path.stat().st_mode) & 0o077:
            continue
        mode = "700" if path.is_dir() else "600"
        yield wrong("keys", f"others may read {path}", f"{path} 可被他人读取", f"chmod {mode} {path}")


def _key_sets(settings: CommonSettings, directory: Path) -> Iterator[Finding]:
    for location in settings.jwks_locations():
        if location.startswith(("http://", "https://")):
            continue
        try:
            held = json.loads(Path(location).read_text(encoding="utf-8"))["keys"]
        except (OSError, ValueError, KeyError, TypeError):
            held = []
        if not held:
            mend = f"MINYI_ENV=development python -m deploy.local.keys {directory}" if settings.env == "development" else ""
            yield wrong(
                "keys", f"{location} holds no public key: every token would be refused", f"{location} 中没有公钥，所有令牌将被拒绝", mend
            )


def clock(environment: Mapping[str, str]) -> list[Finding]:
    """The business clock's offset: a number, in development alone, and to a time at which there is a calendar."""
    settings = settings_of(CommonSettings, environment)
    file = settings.clock_file
    if file is None or not file.exists():
        return [ok("clock", "business time is real time", "业务时间即真实时间")]
    if settings.env != "development":
        return [wrong("clock", "an offset of the clock is for development alone", "业务时钟偏移仅限开发环境", "unset MINYI_CLOCK_FILE")]
    try:
        offset = timedelta(seconds=float(file.read_text(encoding="ascii")))
        now = datetime.now(UTC) + offset
    except (OSError, ValueError, OverflowError):
        return [wrong("clock", f"{file} holds no number of seconds", f"{file} 内容不是秒数", f"rm {file}")]
    if not EARLIEST <= now <= datetime.now(UTC) + AHEAD:
        return [wrong("clock", f"business time would be {now:%Y-%m-%d}", f"业务时间为 {now:%Y-%m-%d}，不合理", f"rm {file}")]
    return [ok("clock", f"business time is {now:%Y-%m-%d %H:%M} UTC", f"业务时间 {now:%Y-%m-%d %H:%M} UTC")]


def disk(local_dir: Path) -> list[Finding]:
    place = next(path for path in (local_dir, *local_dir.parents) if path.exists())
    free = shutil.disk_usage(place).free // 1_000_000
    if free < NEEDED_MB:
        return [
            wrong(
                "disk",
                f"{free} MB are free at {place}, {NEEDED_MB} MB are needed, or the broker holds every publisher",
                f"磁盘剩余 {free} MB，至少需要 {NEEDED_MB} MB",
                f"du -xh --max-depth 2 {place} | sort -h | tail",
            )
        ]
    return [ok("disk", f"{free} MB are free at {place}", f"磁盘剩余 {free} MB")]
