"""The matrix field × role: committed as the policies say, and complete."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from shared.broker import SERVICES
from shared.identity.roles import Role
from shared.policy import Ungoverned
from tools import matrix

HEAD = "type Query {"


def sdl(service: str) -> str:
    return (matrix.ROOT / "services" / service / "subgraph" / "schema.graphql").read_text(encoding="utf-8")


def test_the_committed_matrix_is_what_the_policies_say() -> None:
    committed = (matrix.ROOT / matrix.DOCUMENT).read_text(encoding="utf-8")
    assert committed == matrix.document(), "run `make matrix` and look at the difference: it is who may see what"


def test_check_tells_a_matrix_that_differs_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "access-matrix.md"
    other.write_text("# another\n", encoding="utf-8")
    monkeypatch.setattr(matrix, "DOCUMENT", other)
    monkeypatch.setattr(sys, "argv", ["matrix", "--check"])
    assert matrix.main() == 1
    assert "run `make matrix`" in capsys.readouterr().out
    assert other.read_text(encoding="utf-8") == "# another\n"
    other.write_text(matrix.document(), encoding="utf-8")
    assert matrix.main() == 0


@pytest.mark.parametrize("service", SERVICES)
def test_a_field_without_a_row_ends_it(service: str) -> None:
    grown = sdl(service).replace("type _Service {", "type _Service {\n  secret: String")
    with pytest.raises(Ungoverned, match=r"_Service\.secret has no row"):
        matrix.subgraph(service, grown)


def test_a_row_without_a_field_ends_it() -> None:
    shrunk = re.sub(r'  """[^"]*"""\n  whatZh: String!\n', "", sdl("feedback"))
    assert shrunk != sdl("feedback")
    with pytest.raises(Ungoverned, match=r"the row TimelineEntry\.whatZh has no field"):
        matrix.subgraph("feedback", shrunk)


def test_an_entity_without_a_rule_of_its_own_ends_it() -> None:
    grown = sdl("feedback").replace("type Reply {", 'type Reply @key(fields: "round") {')
    with pytest.raises(Ungoverned, match="entity Reply"):
        list(matrix.subgraph("feedback", grown).rows())


def test_every_field_of_the_sdl_has_its_row_in_the_document() -> None:
    told = matrix.read((matrix.ROOT / matrix.DOCUMENT).read_text(encoding="utf-8"))
    assert set(told) == set(SERVICES)
    for service in SERVICES:
        # Counted from the text alone: lines of the form `  name: Type` or `  name(arguments): Type` inside `type … {`.
        fields = set()
        inside = None
        for line in sdl(service).splitlines():
            if line.startswith("type "):
                inside = line.split()[1]
            elif line == "}":
                inside = None
            elif inside and (field := re.match(r"  ([A-Za-z_0-9]+)[(:]", line)):
                fields.add(f"{inside}.{field[1]}")
        rows = {name for name in told[service] if not name.startswith("_entities")}
        assert rows == fields
        for row in told[service].values():
            assert list(row.cells) == ["anonymous", *(role.value for role in Role)]


def test_every_role_has_a_chinese_name() -> None:
    assert set(matrix.ROLE_NAMES) == set(Role)
