from __future__ import annotations

import os
from pathlib import Path

import pytest

from deploy.local import rabbitmq_package
from deploy.local.trouble import Trouble


def program(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="ascii")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without RabbitMQ, apt or systemd; PATH is <tmp>/bin."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(rabbitmq_package, "DIRECT", tmp_path / "usr/lib/rabbitmq/bin/rabbitmq-server")
    monkeypatch.setattr(rabbitmq_package, "POLICY", tmp_path / "policy-rc.d")
    monkeypatch.setattr(rabbitmq_package, "UNIT_DIRECTORIES", (tmp_path / "units",))
    return tmp_path


def install_by_hand(bare: Path, version: str) -> None:
    server = program(bare / f"opt/rabbitmq_server-{version}/sbin/rabbitmq-server")
    program(server.with_name("rabbitmqctl"))
    (bare / "bin/rabbitmq-server").symlink_to(server)


def test_takes_one_on_the_path_by_its_own_place(bare: Path) -> None:
    install_by_hand(bare, "3.12.4")
    program(bare / "bin/epmd")
    found = rabbitmq_package.find()
    assert found is not None
    assert found.version == (3, 12, 4)
    assert found.server == bare / "opt/rabbitmq_server-3.12.4/sbin/rabbitmq-server"
    assert found.ctl == found.server.with_name("rabbitmqctl")


def test_passes_over_debians_wrapper(bare: Path) -> None:
    program(bare / "bin/rabbitmq-server", '#!/bin/sh\nsu rabbitmq -c "/usr/lib/rabbitmq/bin/rabbitmq-server"\n')
    assert rabbitmq_package.find() is None


def test_refuses_an_old_one_and_names_the_way_out(bare: Path) -> None:
    install_by_hand(bare, "3.8.9")
    with pytest.raises(Trouble, match=r"3\.8\.9.*MINYI_RABBITMQ_URL="):
        rabbitmq_package.find()


def test_a_plain_user_is_told_what_to_type(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(bare / "bin/apt-get")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(Trouble, match="sudo apt-get install rabbitmq-server"):
        rabbitmq_package.find_or_install(bare / "apt.log", lambda _: None)


def test_a_system_without_apt_is_told_what_it_needs(bare: Path) -> None:
    with pytest.raises(Trouble, match=r"install rabbitmq-server 3\.10 or newer"):
        rabbitmq_package.find_or_install(bare / "apt.log", lambda _: None)


APT = """#!/bin/sh
echo "$@" >> {bare}/apt-calls
case "$*" in *install*)
  {check}
  /bin/mkdir -p {bare}/units {bare}/usr/lib/rabbitmq/bin
  : > {bare}/units/rabbitmq-server.service
  {end}
esac
"""
SYSTEMCTL = '#!/bin/sh\necho "$@" >> {bare}/systemctl-calls\n'


def machine_with_apt(bare: Path, monkeypatch: pytest.MonkeyPatch, *, check: str, end: str) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    program(bare / "bin/apt-get", APT.format(bare=bare, check=check, end=end))
    program(bare / "bin/systemctl", SYSTEMCTL.format(bare=bare))
    program(bare / "bin/epmd")


PUT_SERVER = "printf '#!/bin/sh\\n' > {0}/server; /bin/chmod 755 {0}/server; /bin/mkdir -p {0}/lib/rabbitmq_server-3.10.8/sbin; " + (
    "/bin/mv {0}/server {0}/lib/rabbitmq_server-3.10.8/sbin/rabbitmq-server; "
    "/bin/ln -s {0}/lib/rabbitmq_server-3.10.8/sbin/rabbitmq-server {0}/usr/lib/rabbitmq/bin/rabbitmq-server"
)


def test_apt_starts_no_broker_and_leaves_none_for_the_next_boot(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine_with_apt(bare, monkeypatch, check=f"{bare}/policy-rc.d; echo policy $? >> {bare}/apt-calls", end=PUT_SERVER.format(bare))
    found = rabbitmq_package.find_or_install(bare / "logs/apt.log", lambda _: None)
    assert found.version == (3, 10, 8)
    assert "policy 101" in (bare / "apt-calls").read_text()
    assert not (bare / "policy-rc.d").exists()
    calls = (bare / "systemctl-calls").read_text().split()
    assert calls[0] == "disable"
    assert calls[-1] == "rabbitmq-server.service"


def test_a_policy_that_exists_is_left_as_it_is(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine_with_apt(bare, monkeypatch, check=":", end=PUT_SERVER.format(bare))
    program(bare / "policy-rc.d", "#!/bin/sh\nexit 0\n")
    rabbitmq_package.find_or_install(bare / "apt.log", lambda _: None)
    assert (bare / "policy-rc.d").read_text() == "#!/bin/sh\nexit 0\n"


def test_a_failing_apt_is_quoted_and_leaves_no_policy(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine_with_apt(bare, monkeypatch, check=":", end="echo 'E: Unable to locate package rabbitmq-server'; exit 100")
    with pytest.raises(Trouble, match="E: Unable to locate package rabbitmq-server"):
        rabbitmq_package.find_or_install(bare / "apt.log", lambda _: None)
    assert not (bare / "policy-rc.d").exists()
