"""Two supervisors on one machine never choose the same port, and nobody takes a stranger's answer for its own process's."""

from __future__ import annotations

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from deploy.local.ports import Ports
from deploy.local.service import Service, answers
from deploy.local.trouble import Trouble
from tests.deploy import stand_in
from tests.deploy.builders import until

PORT = 27_700


def test_a_port_is_chosen_once_although_nobody_listens_there_yet() -> None:
    first, second = Ports(), Ports()
    assert first.wanted(PORT) == PORT
    assert second.wanted(PORT) == PORT + 1


def test_a_port_that_was_given_back_is_chosen_again() -> None:
    first, second = Ports(), Ports()
    first.wanted(PORT + 10)
    first.release(PORT + 10)
    assert second.wanted(PORT + 10) == PORT + 10


def test_what_listens_is_passed_over() -> None:
    with socket.create_server(("127.0.0.1", PORT + 20)):
        assert Ports().wanted(PORT + 20) == PORT + 21


def test_ports_that_are_remembered_by_several_threads_are_all_in_the_memory(tmp_path: Path) -> None:
    # Broker and store are started side by side; what was lost or torn here, the doctor asked in vain.
    names = [f"part-{number}" for number in range(16)]
    for turn in range(10):
        memory = tmp_path / f"{turn}.json"
        ports = Ports(memory)
        together = Barrier(len(names))

        def choose(name: str, ports: Ports = ports, together: Barrier = together) -> int:
            together.wait()
            return ports.private(name)

        with ThreadPoolExecutor(len(names)) as threads:
            chosen = dict(zip(names, threads.map(choose, names), strict=True))
        again = Ports(memory)
        assert {name: again.remembered(name) for name in names} == chosen


def test_a_port_that_is_not_remembered_is_no_port(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="epmd"):
        Ports(tmp_path / "ports.json").remembered("epmd")


def test_a_stranger_at_its_port_does_not_make_a_process_ready(tmp_path: Path) -> None:
    faster = Service("gateway", "", dict(os.environ), tmp_path, PORT + 30, argv=stand_in.argv())
    ours = Service("gateway", "", dict(os.environ), tmp_path, PORT + 30, label="2", argv=stand_in.argv())
    try:
        faster.start()
        faster.wait_ready()
        ours.start()
        until(lambda: not ours.alive)
        assert answers(f"{ours.url}/readyz")
        assert not ours.ready()
    finally:
        ours.stop()
        faster.stop()
