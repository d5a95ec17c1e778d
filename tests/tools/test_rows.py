"""The tool that maps rows to tests: where it finds marks, and what it refuses."""

from pathlib import Path

import pytest

from tools.rows import ROOT, collect, design_rows, main, mentions, read_rows, report

SOURCE = """
import pytest
pytestmark = [pytest.mark.row("S1")]

@pytest.mark.row("S2")
@pytest.mark.row("S3", "S4")
async def test_a(): ...

@pytest.mark.row("S5")
class TestB:
    @pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.row("S6"))])
    def test_c(self): ...

NAME = "S7"
@pytest.mark.row(NAME)
def test_d(): ...
@pytest.mark.row()
def test_e(): ...
@pytest.mark.slow
def test_row(): row("S9"); table.row("S9")
"""


def test_finds_every_mark_and_whose_it_is() -> None:
    found = {(mention.row, mention.test) for mention in mentions(SOURCE, "tests/test_x.py")}
    assert found == {
        ("S1", ""),
        ("S2", "::test_a"),
        ("S3", "::test_a"),
        ("S4", "::test_a"),
        ("S5", "::TestB"),
        ("S6", "::TestB::test_c"),
        (None, "::test_d"),
        (None, "::test_e"),
    }


def _project(root: Path, mark: str) -> Path:
    (root / "tests").mkdir()
    (root / "tests" / "rows.csv").write_text("row,title,chinese\nS1,One,一\nS2,Two,二\n", encoding="utf-8")
    (root / "tests" / "test_it.py").write_text(f"import pytest\n@pytest.mark.row({mark})\ndef test_it(): ...\n", encoding="utf-8")
    return root


def test_prints_rows_with_their_tests_and_a_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(_project(tmp_path, '"S2"'), tmp_path / "none.md") == 0
    assert capsys.readouterr().out.splitlines() == [
        "S1   One · 一  (no test)",
        "S2   Two · 二",
        "       tests/test_it.py::test_it",
        "1 of 2 rows shown by 1 tests",
    ]


@pytest.mark.parametrize(("mark", "says"), [('"S99"', "unknown row 'S99'"), ("NAME", "literal")])
def test_a_row_that_nobody_knows_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str], mark: str, says: str) -> None:
    assert main(_project(tmp_path, mark), tmp_path / "none.md") == 1
    assert f"tests/test_it.py:2: {says}" in capsys.readouterr().err.replace("a row's name must be a ", "")


@pytest.mark.parametrize(("text", "says"), [("S1 a · S2 b · S3 c", "row S3 is missing"), ("**Some.** S1 a", "row S2 is not in")])
def test_the_list_must_agree_with_the_design_text_where_it_is_at_hand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    design = tmp_path / "domain.md"
    design.write_text(text, encoding="utf-8")
    assert main(_project(tmp_path, '"S1"'), design) == 1
    assert says in capsys.readouterr().err


def test_rows_that_a_text_only_refers_to_are_not_defined_by_it() -> None:
    assert design_rows("**Actors.** S16 Secretary ·\nS17 kinds (see S3, S4)\n· L1 the case (S21)") == {"S16", "S17", "L1"}


@pytest.mark.parametrize("body", ["S1,One,一\nS1,Two,二\n", "S1,,一\n"])
def test_a_bad_list_is_refused(tmp_path: Path, body: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("row,title,chinese\n" + body, encoding="utf-8")
    with pytest.raises(ValueError, match="row"):
        read_rows(path)


def test_this_project_names_no_unknown_row() -> None:
    rows = read_rows(ROOT / "tests" / "rows.csv")
    assert len(rows) == 62
    found = collect(ROOT / "tests")
    assert report(rows, found)[1] == []
