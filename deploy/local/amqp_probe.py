"""Speaks the first frames of AMQP 0-9-1, to say precisely why a broker would not have us. No client library is so exact."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast
from urllib.parse import unquote, urlsplit

from pamqp import commands, frame
from pamqp.base import Frame
from pamqp.exceptions import PAMQPException
from pamqp.header import ProtocolHeader

from deploy.local.trouble import Trouble

OLDEST = (3, 10)
FORM = "amqp://user:password@host:5672/"


@dataclass(frozen=True)
class Answer:
    """What the broker said of itself."""

    version: str


@dataclass(frozen=True)
class _Target:
    host: str
    port: int
    user: str
    password: str
    vhost: str
    tls: bool

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def check(url: str, seconds: float = 5.0) -> Answer:
    """Connect, log in, open the virtual host, leave. Raises Trouble: one line, what is wrong and what to type, without the password."""
    target = _parsed(url)
    try:
        with _connected(target, seconds) as link:
            return _handshake(link, target)
    except (TimeoutError, ConnectionError, socket.gaierror, OSError) as error:
        raise Trouble(
            f"no broker answers at {target} ({_reason(error)}): start it, or type MINYI_RABBITMQ_URL={FORM} with the right address, "
            "or unset MINYI_RABBITMQ_URL to have one started here · "
            f"{target} 无应答：请启动它，或改正、取消 MINYI_RABBITMQ_URL"
        ) from error


def _parsed(url: str) -> _Target:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in ("amqp", "amqps") or not parts.hostname or port == 0:
        raise Trouble(f"MINYI_RABBITMQ_URL is no broker's address: type it as {FORM} (or amqps://) · MINYI_RABBITMQ_URL 格式不对")
    tls = parts.scheme == "amqps"
    return _Target(
        host=parts.hostname,
        port=port or (5671 if tls else 5672),
        user=unquote(parts.username or "guest"),
        password=unquote(parts.password or "guest"),
        vhost=unquote(parts.path[1:]) or "/",
        tls=tls,
    )


class _Link:
    """Frames over one socket."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._received = b""

    def send(self, what: Frame | ProtocolHeader) -> None:
        self._stream.sendall(frame.marshal(what, 0))

    def next(self) -> object:
        """The next method from the broker. Raises ConnectionError when it closes the connection, ValueError when it is no AMQP."""
        while True:
            if self._received[:4] == b"AMQP":
                raise ValueError("another version of AMQP")
            if len(self._received) >= 7:
                try:
                    count, _, method = frame.unmarshal(self._received)
                except (PAMQPException, ValueError, LookupError) as error:
                    if self._received[0] not in (1, 8) or len(self._received) >= 7 + int.from_bytes(self._received[3:7]) + 1:
                        raise ValueError("not AMQP") from error
                else:
                    self._received = self._received[count:]
                    if type(method).__name__ != "Heartbeat":
                        return method
                    continue
            more = self._stream.recv(65_536)
            if not more:
                raise ConnectionError("it closed the connection")
            self._received += more


@contextmanager
def _connected(target: _Target, seconds: float) -> Iterator[_Link]:
    with socket.create_connection((target.host, target.port), timeout=seconds) as plain:
        if not target.tls:
            yield _Link(plain)
            return
        with ssl.create_default_context().wrap_socket(plain, server_hostname=target.host) as wrapped:
            yield _Link(wrapped)


def _handshake(link: _Link, target: _Target) -> Answer:
    link.send(ProtocolHeader(0, 9, 1))
    try:
        start = link.next()
    except (ValueError, ConnectionError, TimeoutError):
        start = None
    if not isinstance(start, commands.Connection.Start):
        raise Trouble(
            f"what listens at {target} is no RabbitMQ: type MINYI_RABBITMQ_URL={FORM} with the broker's AMQP port (not the management port)"
            f" · {target} 不是 RabbitMQ：请填写 AMQP 端口"
        )
    answer = _described(start, target)
    link.send(commands.Connection.StartOk({}, "PLAIN", f"\0{target.user}\0{target.password}", "en_US"))
    try:
        tune = link.next()
    except ConnectionError:
        tune = None
    if not isinstance(tune, commands.Connection.Tune):
        raise Trouble(
            f"the broker at {target} refuses the user {target.user!r} or its password: "
            f"type MINYI_RABBITMQ_URL={FORM} with credentials that it knows (`guest` is let in from its own machine only)"
            " · 用户名或密码被拒绝：请改正 MINYI_RABBITMQ_URL"
        )
    link.send(commands.Connection.TuneOk(tune.channel_max, tune.frame_max, tune.heartbeat))
    link.send(commands.Connection.Open(target.vhost))
    opened = link.next()
    if not isinstance(opened, commands.Connection.OpenOk):
        raise Trouble(
            f"the broker at {target} does not open the virtual host {target.vhost!r} for {target.user!r}: "
            f"type `rabbitmqctl set_permissions -p {target.vhost} {target.user} '.*' '.*' '.*'` there, or name another after the last slash"
            f" · 用户 {target.user} 无权使用虚拟主机 {target.vhost}"
        )
    link.send(commands.Connection.Close(200, "goodbye", 0, 0))
    return answer


def _described(start: commands.Connection.Start, target: _Target) -> Answer:
    said = cast("dict[str, object]", start.server_properties or {})
    product, version = _text(said.get("product")), _text(said.get("version"))
    if product != "RabbitMQ":
        raise Trouble(
            f"what listens at {target} is {product or 'an unnamed broker'}, not RabbitMQ: type MINYI_RABBITMQ_URL={FORM} with another"
            f" · {target} 不是 RabbitMQ：请换一个地址"
        )
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if numbers < OLDEST:
        raise Trouble(
            f"the broker at {target} is RabbitMQ {version}; 3.10 is the oldest that will do: upgrade it, or type MINYI_RABBITMQ_URL={FORM}"
            f" · RabbitMQ {version} 过旧，至少需要 3.10"
        )
    return Answer(version)


def _text(value: object) -> str:
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value or "")


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return (error.strerror or str(error) or type(error).__name__).lower()
