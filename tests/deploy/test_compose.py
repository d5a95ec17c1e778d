"""docker-compose.yml and deploy/Dockerfile name nothing that does not exist. No container engine is asked."""

from __future__ import annotations

import importlib.util
import json
import re
from typing import Any

import jsonschema
import pytest
import yaml

from deploy.local.processes import ROOT
from deploy.local.supervisor import API_PORTS, GATEWAY_PORT, WORKER_PORTS
from gateway.settings import GatewaySettings
from services.intake.settings import IntakeSettings
from shared.settings import CommonSettings
from tests.deploy import dockerfile

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
STAGES = dockerfile.parse(DOCKERFILE)
OURS = [name for name, service in SERVICES.items() if "build" in service]
PROCESSES = [name for name in OURS if "MINYI_PORT" in SERVICES[name].get("environment", {})]
EXPECTED_PORT = {
    **{f"{name}-api": port for name, port in API_PORTS.items()},
    **{f"{name}-worker": port for name, port in WORKER_PORTS.items()},
    "gateway": GATEWAY_PORT,
}


def source(name: str) -> str:
    return str(SERVICES[name]["build"]["args"]["SOURCE"])


def instructions(word: str) -> list[list[str]]:
    return [each.words for stage in STAGES for each in stage.all(word)]


def test_the_file_is_one_by_the_compose_specification() -> None:
    schema = json.loads((ROOT / "tests" / "deploy" / "compose_spec" / "schema.json").read_text(encoding="utf-8"))
    # YAML's merge keys and anchors are resolved by its reader; the schema sees what the engine sees.
    jsonschema.Draft202012Validator(schema).validate(COMPOSE)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate({**COMPOSE, "services": {"gateway": {"image": "x", "prots": []}}})


def test_what_is_no_dockerfile_is_refused() -> None:
    for text in ("RUN true\n", "FROM x\nRNU true\n", "FROM\n"):
        with pytest.raises(ValueError, match=r"."):
            dockerfile.parse(text)


def test_every_stage_is_built_on_an_image_of_our_python_or_copied_from_one() -> None:
    names = [stage.name for stage in STAGES]
    assert {stage.image for stage in STAGES} == {"python:3.11-slim"}
    for copy in instructions("COPY"):
        if copy[0].startswith("--from="):
            assert copy[0].removeprefix("--from=") in names[:-1]


def test_every_process_of_the_local_system_is_there() -> None:
    assert set(PROCESSES) == set(EXPECTED_PORT)


@pytest.mark.parametrize("name", OURS)
def test_the_command_is_a_module_that_its_image_holds(name: str) -> None:
    python, dash_m, module, *arguments = SERVICES[name]["command"]
    assert (python, dash_m) == ("python", "-m")
    if module == "deploy.local.keys":
        assert arguments == ["/keys"]
        assert ["deploy/local/__init__.py", "deploy/local/keys.py", "deploy/local/"] in instructions("COPY")
        return
    assert module == source(name).replace("/", ".")
    assert importlib.util.find_spec(f"{module}.__main__") is not None
    assert arguments == ([] if module == "gateway" else [name.removeprefix(f"{module.split('.')[1]}-")])
    if arguments:
        commands = (ROOT / "shared" / "command_line.py").read_text(encoding="utf-8")
        assert f'add_parser("{arguments[0]}"' in commands


@pytest.mark.parametrize("name", PROCESSES)
def test_the_port_is_the_known_one_and_its_health_is_asked_there(name: str) -> None:
    service = SERVICES[name]
    assert service["environment"]["MINYI_PORT"] == str(EXPECTED_PORT[name])
    assert "/readyz" in service["healthcheck"]["test"][-1]
    compile(service["healthcheck"]["test"][-1], "healthcheck", "exec")
    for port in [*service.get("ports", []), *service.get("expose", [])]:
        assert str(port).rsplit(":", 1)[-1] == str(EXPECTED_PORT[name])


@pytest.mark.parametrize("name", [name for name in PROCESSES if name.endswith("-worker")])
def test_a_worker_holds_no_port_of_the_host_so_that_it_scales(name: str) -> None:
    assert "ports" not in SERVICES[name]
    assert "container_name" not in SERVICES[name]


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_one_that_the_process_reads(name: str) -> None:
    settings: type[CommonSettings] = {"gateway": GatewaySettings, "services/intake": IntakeSettings}.get(source(name), CommonSettings)
    read = {f"MINYI_{field}".upper() for field in settings.model_fields}
    assert set(SERVICES[name].get("environment", {})) <= read


def test_the_subgraphs_are_the_apis() -> None:
    subgraphs = dict(part.split("=") for part in SERVICES["gateway"]["environment"]["MINYI_SUBGRAPHS"].split(","))
    assert subgraphs == {name: f"http://{name}-api:{port}/graphql" for name, port in API_PORTS.items()}


@pytest.mark.parametrize("name", SERVICES)
def test_it_waits_for_services_that_exist_and_can_say_so(name: str) -> None:
    for other, condition in SERVICES[name].get("depends_on", {}).items():
        wanted = condition["condition"]
        if wanted == "service_healthy":
            assert "healthcheck" in SERVICES[other]
        else:
            assert wanted == "service_completed_successfully"
            assert SERVICES[other]["restart"] == "no"


@pytest.mark.parametrize("name", SERVICES)
def test_its_volumes_are_declared(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        assert volume.split(":")[0] in COMPOSE["volumes"]


def test_migrations_run_in_the_order_of_the_supervisor() -> None:
    assert "intake-migrate" in SERVICES["routing-migrate"]["depends_on"]
    assert "routing-migrate" in SERVICES["feedback-migrate"]["depends_on"]


def test_host_ports_are_on_the_loopback() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_no_password_stands_in_the_file() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    secrets = re.findall(r"PASS\w*: (\S+)$", text, re.MULTILINE) + re.findall(r"://\w+:([^@\s]+)@", text)
    assert len(secrets) == 2
    for found in secrets:
        assert re.fullmatch(r"\$\{\w+:-for-development-only\}", found), found


def test_what_the_image_copies_exists_and_is_not_ignored() -> None:
    named = [arguments[:-1] for arguments in instructions("COPY") if not arguments[0].startswith("--from")]
    paths = {path for group in named for path in group if "$" not in path} | {source(name) for name in OURS}
    for path in paths:
        assert (ROOT / path).exists(), path
        assert dockerfile.let_through(path), f"{path} is kept out by .dockerignore"
    assert not dockerfile.let_through(".local/keys/reference.key")
    assert not dockerfile.let_through("tests/conftest.py")


def test_the_image_runs_as_a_user_without_rights() -> None:
    assert instructions("USER")[-1] == ["10001"]
    last_stage = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    assert "useradd --system --uid 10001" in last_stage
    assert last_stage.index("RUN useradd") < last_stage.index("USER 10001") > last_stage.index("COPY ${SOURCE}")


def test_packages_are_a_layer_of_their_own_before_the_source() -> None:
    packages, image = DOCKERFILE.split("\nFROM ")[-2:]
    assert "COPY shared" not in packages
    assert "pip install" not in image
    assert image.index("COPY shared") < image.index("ARG SOURCE") < image.index("COPY ${SOURCE}")
