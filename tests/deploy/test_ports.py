"""Two supervisors on one machine never choose the same port, and nobody takes a stranger's answer for its own process's."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from deploy.local.ports import Ports
from deploy.local.service import Service, answers
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
