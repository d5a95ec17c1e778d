"""Reading division files: what is wrong is said with file and line."""

from pathlib import Path

import pytest

from services.intake.adapters.divisions import read_divisions
from services.intake.domain.territory import BadDivision, DivisionLevel, DivisionRow


def test_reads_rows_with_and_without_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "divisions.csv"
    for encoding in ("utf-8", "utf-8-sig"):
        path.write_text("code,level,name\n370000000000,PROVINCE,山东省\n", encoding=encoding)
        assert list(read_divisions(path, local=True)) == [DivisionRow("370000000000", DivisionLevel.PROVINCE, "山东省", local=True)]


def test_names_the_line_of_an_unknown_level(tmp_path: Path) -> None:
    path = tmp_path / "divisions.csv"
    path.write_text("code,level,name\n370000000000,PROVINCE,山东省\n370800000000,PREFECTURE,济宁市\n", encoding="utf-8")
    with pytest.raises(BadDivision, match=r"divisions\.csv:3: .*PREFECTURE"):
        list(read_divisions(path, local=False))


def test_names_missing_columns(tmp_path: Path) -> None:
    path = tmp_path / "divisions.csv"
    path.write_text("code,title\n1,2\n", encoding="utf-8")
    with pytest.raises(BadDivision, match=r"level.*name"):
        list(read_divisions(path, local=False))
