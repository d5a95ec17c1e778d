"""`up`, as a person types it, with every real process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from deploy.local.local_directory import Run, read_run, running
from deploy.local.processes import ROOT
from tests.deploy.builders import bare_environment, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
NAMES = {
    *("broker", "epmd", "store", "gateway", "provider"),
    *(f"{service}-{kind}" for service in ("intake", "routing", "feedback") for kind in ("api", "worker")),
}


def local(*argv: str, local_dir: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deploy.local", *argv, "--local-dir", str(local_dir)]
    return subprocess.run(command, cwd=ROOT, env=bare_environment(), capture_output=True, text=True, timeout=180, check=False)


def still_there(run: Run) -> list[str]:
    return [process.name for process in run.processes if process.alive()]


def test_ctrl_c_stops_everything_in_good_order(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "deploy.local", "up", "--local-dir", str(tmp_path)],
        cwd=ROOT,
        env=bare_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as supervisor:
        until(lambda: supervisor.poll() is not None or ((run := running(tmp_path)) is not None and run.ready), 120)
        run = running(tmp_path)
        if run is None:
            pytest.fail(supervisor.communicate()[0])
        assert {process.name for process in run.processes} == NAMES
        assert local("status", local_dir=tmp_path).returncode == 0
        assert local("restart", "routing-worker", local_dir=tmp_path).stdout.startswith("routing-worker is back")
        assert local("kill", "broker", local_dir=tmp_path).stdout.startswith("broker is back")
        assert "It is running already" in local("up", local_dir=tmp_path).stdout
        supervisor.send_signal(signal.SIGINT)
        said = supervisor.communicate(timeout=90)[0]
    assert supervisor.returncode == 0, said
    assert "stopped · 已停止" in said
    assert still_there(run) == []
    assert read_run(tmp_path) is None


def test_what_a_killed_supervisor_leaves_is_reported_and_taken_down(tmp_path: Path) -> None:
    begun = local("up", "--detach", local_dir=tmp_path)
    assert begun.returncode == 0, begun.stderr
    run = running(tmp_path)
    assert run is not None
    os.kill(run.supervisor.pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(run.supervisor.pid)] if psutil.pid_exists(run.supervisor.pid) else [], timeout=10)
    assert set(still_there(run)) == NAMES
    status = local("status", local_dir=tmp_path)
    assert status.returncode == 3
    assert "these still run" in status.stdout
    done = local("down", local_dir=tmp_path)
    assert "left-over processes of a killed supervisor" in done.stdout
    assert still_there(run) == []
