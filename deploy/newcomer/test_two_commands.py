"""`make newcomer`: the README's two commands on bare Debian machines, in the ways in which machines differ and fail.

Each ends working, or with one line that says what is wrong and what to type. Half an hour on two cores; `ARGS="-k room"` picks one.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from pamqp import commands, frame

from deploy.local.ports import is_free
from deploy.local.supervisor import API_PORTS, GATEWAY_PORT, WORKER_PORTS
from deploy.local.terminal import until
from deploy.newcomer.machine import CHECKOUT, USER, Machine, Machines, Ran

WHOLE = "make demo ONCE=1"
SMALL = "make demo ONCE=1 MESSAGES=5"
STRANGERS = "RABBITMQ_NODENAME=stranger@localhost"
# What says that something goes on, not what went wrong.
PROGRESS = re.compile(r"· 正在")
CTL = f"{STRANGERS} rabbitmqctl"


def worked(ran: Ran, messages: int) -> None:
    """The table says that everything acknowledged was found; the story is one more than the batch."""
    assert ran.code == 0, ran.output[-3000:]
    assert f"{messages + 1} / {messages + 1}" in ran.output


def refused(ran: Ran, *words: str) -> str:
    """It ended with one line that names the fault and what to type, and no traceback."""
    assert ran.code != 0, ran.output[-3000:]
    assert "Traceback" not in ran.output
    told = [line for line in ran.output.splitlines() if line.strip() and not line.startswith("make: ***") and not PROGRESS.search(line)]
    assert len(told) == 1, ran.output[-3000:]
    for word in words:
        assert word in told[0], told[0]
    return told[0]


# --- it works ---


def test_root_on_a_bare_machine_twice(machines: Machines) -> None:
    with machines.bare("root") as machine:
        worked(machine.run(WHOLE), 50)
        # The second accounts for what the first has left, too: 51 and 6.
        worked(machine.run(SMALL), 56)
        assert not (machine.root / "etc/rc2.d/S01rabbitmq-server").exists() or not (machine.root / "run/rabbitmq").exists()


def test_make_test_as_root_on_a_bare_machine(machines: Machines) -> None:
    with machines.bare("test") as machine:
        for _ in range(2):
            ran = machine.run("make test", seconds=1800)
            assert ran.code == 0, ran.output[-5000:]


def test_a_plain_user_with_the_broker_installed(machines: Machines) -> None:
    with machines.prepared("user") as machine:
        worked(machine.run(SMALL, user=USER), 5)


def test_python_that_debian_has_locked_against_pip(machines: Machines) -> None:
    with machines.bare("locked") as machine:
        assert list((machine.root / "usr/lib/python3.11").glob("EXTERNALLY-MANAGED"))
        ran = machine.run("make env", user=USER)
        assert ran.code == 0, ran.output[-3000:]


def test_the_web_checks_without_node(machines: Machines) -> None:
    with machines.prepared("no-node") as machine:
        assert machine.run("apt-get update && apt-get install -y --no-install-recommends chromium").code == 0
        ran = machine.run("! command -v node && make test-web", user=USER)
        assert ran.code == 0, ran.output[-3000:]


@contextmanager
def strangers_broker(machine: Machine) -> Iterator[None]:
    """Debian's own rabbitmq-server on 5672, as somebody else on this machine runs it."""
    # Its epmd is started with it: one that a rabbitmqctl starts ends with that command.
    with machine.running(f"epmd -daemon && {STRANGERS} rabbitmq-server"):
        until(lambda: not is_free(5672), 60)
        ran = machine.run(f"timeout 90 sh -c 'until {CTL} await_startup; do sleep 0.5; done'")
        assert ran.code == 0, ran.output[-2000:]
        yield


def test_beside_a_strangers_broker_which_is_not_touched(machines: Machines) -> None:
    with machines.prepared("stranger") as machine, strangers_broker(machine):
        assert machine.run(f"{CTL} add_vhost theirs").code == 0
        worked(machine.run(SMALL, user=USER), 5)
        assert "theirs" in machine.run(f"{CTL} --quiet list_vhosts").output
        for vhost in ("/", "theirs"):
            assert machine.run(f"{CTL} --quiet --no-table-headers list_queues -p {vhost}").output.strip() == ""
        assert machine.run(f"{CTL} --quiet --no-table-headers list_users").output.split()[0] == "guest"


def test_with_each_of_our_ports_taken(machines: Machines) -> None:
    with machines.prepared("ports") as machine, ExitStack() as taken:
        for port in (GATEWAY_PORT, *API_PORTS.values(), *WORKER_PORTS.values()):
            taken.enter_context(socket.create_server(("127.0.0.1", port)))
        ran = machine.run(SMALL, user=USER)
        worked(ran, 5)
        assert f"127.0.0.1:{GATEWAY_PORT} " not in ran.output


def test_with_a_home_that_cannot_be_written(machines: Machines) -> None:
    with machines.prepared("home") as machine:
        worked(machine.run(SMALL, user=USER, env={"HOME": "/proc"}), 5)


# --- it says what is wrong and what to type ---


def test_a_plain_user_without_a_broker(machines: Machines) -> None:
    with machines.bare("no-broker") as machine:
        refused(machine.run(SMALL, user=USER), "RabbitMQ", "sudo apt-get install rabbitmq-server")


def test_without_venv(machines: Machines) -> None:
    with machines.bare("no-venv") as machine:
        assert machine.run("apt-get remove -y python3-venv python3.11-venv").code == 0
        for command in (WHOLE, "make test"):
            refused(machine.run(command, user=USER), "venv", "apt-get install python3-venv")


@contextmanager
def stand_in(*answers: bytes) -> Iterator[int]:
    """Something at a port that answers each thing it is sent with the next of these."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        visitor, _ = server.accept()
        with visitor:
            for answer in answers:
                visitor.recv(4096)
                visitor.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.close()


OLD = frame.marshal(commands.Connection.Start(0, 9, {"product": "RabbitMQ", "version": "3.8.9"}, "PLAIN", "en_US"), 0)


@pytest.mark.parametrize(
    ("answer", "words"),
    [(OLD, ("3.8.9", "3.10")), (b"HTTP/1.1 400 Bad Request\r\n\r\n", ("no RabbitMQ", "MINYI_RABBITMQ_URL"))],
    ids=["an old broker", "no broker"],
)
def test_an_address_of_something_else(machines: Machines, answer: bytes, words: tuple[str, ...]) -> None:
    with machines.prepared("address") as machine, stand_in(answer) as port:
        refused(machine.run(SMALL, user=USER, env={"MINYI_RABBITMQ_URL": f"amqp://u:hidden@127.0.0.1:{port}/"}), *words)


def test_a_broker_that_refuses_our_credentials(machines: Machines) -> None:
    with machines.prepared("refuses") as machine, strangers_broker(machine):
        line = refused(
            machine.run(SMALL, user=USER, env={"MINYI_RABBITMQ_URL": "amqp://guest:hidden@127.0.0.1:5672/"}), "MINYI_RABBITMQ_URL"
        )
        assert "hidden" not in line


def test_without_a_network(machines: Machines) -> None:
    with machines.bare("no-network") as machine:
        refused(machine.run(SMALL, network=False, seconds=300), "network")
    with machines.prepared("no-apt") as machine:
        assert machine.run("apt-get remove -y rabbitmq-server && apt-get clean").code == 0
        refused(machine.run(SMALL, network=False, before="ip link set lo up", seconds=300), "rabbitmq-server")


def test_with_too_little_room_for_the_packages(machines: Machines) -> None:
    """The checkout stands on a file system of 300 MB."""
    moved = f"mount -t tmpfs -o size=300m tmpfs mnt && cp -a .{CHECKOUT} mnt/ && mount --bind mnt/minyi .{CHECKOUT}"
    with machines.bare("disk") as machine:
        refused(machine.run(SMALL, before=moved), "MB")


def test_with_300_mb_left_for_the_data(machines: Machines) -> None:
    with machines.prepared("data") as machine:
        worked(machine.run(SMALL, user=USER, before=room_for_data(300)), 5)


def test_with_too_little_room_for_the_data(machines: Machines) -> None:
    """The packages are there, but the broker's own alarm would soon stop every publisher."""
    with machines.prepared("data") as machine:
        refused(machine.run(SMALL, user=USER, before=room_for_data(250), seconds=300), "MB")


def room_for_data(megabytes: int) -> str:
    local = f".{CHECKOUT}/.local"
    return f"mkdir -p {local} && mount -t tmpfs -o mode=777,size={megabytes}m tmpfs {local}"


def test_in_a_checkout_that_cannot_be_written(machines: Machines) -> None:
    with machines.prepared("read-only") as machine:
        refused(
            machine.run(SMALL, user=USER, before=f"mount --bind .{CHECKOUT} .{CHECKOUT} && mount -o remount,bind,ro .{CHECKOUT}"), ".local"
        )
