"""The measuring script counts rightly; the figure itself is no test."""

from pathlib import Path

import pytest

from tools.measure_categories import Message, main, measure


def test_counts_decided_and_right() -> None:
    result = measure(
        [
            Message(1, "出租车不打表", "", "交通运输"),
            Message(2, "出租车不打表", "", "城乡建设"),
            Message(3, "你好", "", "城乡建设"),
        ]
    )
    assert (result.total, result.decided, result.right) == (3, 2, 1)
    assert result.matrix["城乡建设", "交通运输"] == 1
    assert result.matrix["城乡建设", None] == 1


def test_halves_do_not_depend_on_order_and_are_both_used() -> None:
    held = [Message(n, "", "", "").held_out for n in range(1000)]
    assert held == [Message(n, "", "", "").held_out for n in range(1000)]
    assert 400 < sum(held) < 600


def test_says_when_there_is_nothing_to_measure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.jsonl")]) == 2
    assert "no labelled messages" in capsys.readouterr().err


def test_prints_both_halves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "labelled.jsonl"
    path.write_text(
        "".join(f'{{"id": {n}, "subject": "出租车不打表", "text": "", "category": "交通运输"}}\n' for n in range(20)), encoding="utf-8"
    )
    assert main([str(path)]) == 0
    out = capsys.readouterr().out
    assert "held out" in out
    assert "right of all 100.0%" in out
