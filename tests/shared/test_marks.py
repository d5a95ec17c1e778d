"""Who holds a mark finds the name in any of its spellings, and finds nothing else."""

from __future__ import annotations

import pytest

from shared.redaction import Kind
from shared.redaction.marks import name_marks, redact_marked

KEY, ID = b"k" * 32, "5b1f6a52-0000-5000-8000-000000000001"


def masked(text: str, *names: str, id: str = ID) -> str:
    return redact_marked(text, [mark for name in names for mark in name_marks(KEY, ID, name)], KEY, id).text


@pytest.mark.parametrize(
    ("name", "text", "left"),
    [
        ("孔凡莹", "已联系孔凡莹，装好了。", "已联系〔姓名〕，装好了。"),
        ("孔凡莹", "孔凡莹、孔凡莹", "〔姓名〕、〔姓名〕"),
        ("孔凡莹", "已联系孔 凡　莹。", "已联系〔姓名〕。"),
        (" 孔 凡莹 ", "已联系孔凡莹。", "已联系〔姓名〕。"),
        ("張國強", "已联系张国强。", "已联系〔姓名〕。"),
        ("张国强", "已聯繫張國強。", "已聯繫〔姓名〕。"),
        ("买买提•艾力", "回复买买提·艾力了", "回复〔姓名〕了"),
        ("John Smith", "Called JOHN  SMITH today", "Called 〔姓名〕 today"),
        ("Ｊｏｈｎ Smith", "已联系john smith。", "已联系〔姓名〕。"),
        ("孔凡莹", "孔凡莹的电话13800000001", "〔姓名〕的电话〔电话〕"),
        ("姓名", "〔姓名〕已告知", "〔姓名〕已告知"),
    ],
)
def test_the_name_is_found_however_it_is_spelled(name: str, text: str, left: str) -> None:
    assert masked(text, name) == left
    assert masked(left, name) == left


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("孔凡莹", "孔凡，莹"),
        ("孔凡莹", "孔凡盈已到场"),
        ("孔凡莹", ""),
        ("Ann", "the channel and the annex"),
        ("孔", "孔庙东门"),
    ],
)
def test_nothing_else_is_taken_for_it(name: str, text: str) -> None:
    assert masked(text, name) == text


def test_where_names_overlap_the_longer_one_goes() -> None:
    assert masked("欧阳孔凡莹到场，孔凡也在。", "孔凡", "孔凡莹", "阳孔") == "欧阳〔姓名〕到场，〔姓名〕也在。"
    assert redact_marked("孔凡莹", name_marks(KEY, ID, "孔凡莹"), KEY, ID).kinds == (Kind.NAME,)


@pytest.mark.parametrize("name", [None, "", " ", "孔", "孔 "])
def test_who_told_no_name_has_no_mark(name: str | None) -> None:
    assert name_marks(KEY, ID, name) == []


def test_a_mark_tells_nothing_but_a_length_and_nothing_of_another_grievance() -> None:
    [mark] = name_marks(KEY, ID, "孔凡莹")
    assert mark.startswith("3.")
    assert len(mark) == 2 + 32
    assert {mark} == {each for name in ("孔 凡莹", "孔凡莹") for each in name_marks(KEY, ID, name)}
    assert len({mark, *name_marks(KEY, "another", "孔凡莹"), *name_marks(b"x" * 32, ID, "孔凡莹")}) == 3
    assert masked("孔凡莹", "孔凡莹", id="another") == "孔凡莹"
