from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from pamqp import commands, frame

from deploy.local import amqp_probe
from deploy.local.trouble import Trouble


@contextmanager
def listening(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """One visitor is served by `talk`."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        visitor, _ = server.accept()
        with visitor:
            visitor.settimeout(5)
            talk(visitor)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        thread.join()
        server.close()


def start(product: str, version: str) -> bytes:
    return frame.marshal(commands.Connection.Start(0, 9, {"product": product, "version": version}, "PLAIN", "en_US"), 0)


def broker(*replies: bytes, version: str = "3.12.1", product: str = "RabbitMQ") -> Callable[[socket.socket], None]:
    def talk(visitor: socket.socket) -> None:
        for reply in (start(product, version), *replies):
            visitor.recv(4096)
            visitor.sendall(reply)
        visitor.recv(4096)

    return talk


TUNE = frame.marshal(commands.Connection.Tune(10, 4096, 60), 0)
OPENED = frame.marshal(commands.Connection.OpenOk(), 0)
REFUSED = frame.marshal(commands.Connection.Close(530, "NOT_ALLOWED", 10, 40), 0)


def complaint(talk: Callable[[socket.socket], None], path: str = "/") -> str:
    with listening(talk) as port, pytest.raises(Trouble) as trouble:
        amqp_probe.check(f"amqp://someone:hidden-word@127.0.0.1:{port}{path}", seconds=1)
    message = str(trouble.value)
    assert "hidden-word" not in message
    assert "\n" not in message
    return message


def test_takes_a_broker_that_is_new_enough_and_knows_us() -> None:
    with listening(broker(TUNE, OPENED)) as port:
        assert amqp_probe.check(f"amqp://a:b@127.0.0.1:{port}/").version == "3.12.1"


def test_refuses_an_old_broker() -> None:
    assert "RabbitMQ 3.9.29; 3.10 is the oldest that will do" in complaint(broker(version="3.9.29"))


def test_refuses_another_product() -> None:
    assert "LavinMQ, not RabbitMQ" in complaint(broker(product="LavinMQ"))


@pytest.mark.parametrize("words", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"AMQP\x00\x01\x00\x00", b"", b"\x01\x00"])
def test_names_what_is_no_broker(words: bytes) -> None:
    def talk(visitor: socket.socket) -> None:
        visitor.recv(4096)
        visitor.sendall(words)

    assert "is no RabbitMQ" in complaint(talk)


def test_names_refused_credentials() -> None:
    assert "refuses the user 'someone' or its password" in complaint(broker())


def test_names_a_virtual_host_that_is_not_ours() -> None:
    message = complaint(broker(TUNE, REFUSED), "/city")
    assert "does not open the virtual host 'city' for 'someone'" in message
    assert "rabbitmqctl set_permissions -p city someone" in message


def test_names_an_address_where_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Trouble, match=f"no broker answers at 127.0.0.1:{port} .connection refused"):
        amqp_probe.check(f"amqp://127.0.0.1:{port}/")


@pytest.mark.parametrize("url", ["http://127.0.0.1:5672/", "amqp://", "127.0.0.1:5672", "amqp://host:notaport/", "amqp://host:99999/"])
def test_names_what_is_no_address(url: str) -> None:
    with pytest.raises(Trouble, match="type it as amqp://"):
        amqp_probe.check(url)
