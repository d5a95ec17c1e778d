"""答复规范: what a reply is found to lack, by the committed rules; and rules that are none."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from services.routing.adapters.reply_rules import load_reply_rules
from services.routing.domain.reply_rules import findings
from services.routing.usecases.report_resolution import report
from shared.erasure import ERASED
from shared.identity.errors import Refusal
from shared.identity.roles import Role
from tests.services.builders import ID, viewer
from tests.services.routing.builders import REPLY_RULES, handled, handling, office, with_verification

SUBJECT = "指示牌看不清"
GOOD = "鲁城街道已于6月8日更换鼓楼南门的指示牌，字号加大一倍，并由社区现场核实。"


def codes(text: str, subject: str = SUBJECT) -> list[str]:
    return [finding.code for finding in findings(text, subject, REPLY_RULES)]


@pytest.mark.row("S54")
@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        (GOOD, []),
        ("The bureau replaced the 指示牌 on 8 June 2020 and made its letters larger today.", []),
        ("指示牌已更换。", ["TOO_SHORT", "NO_DATE", "NO_UNIT"]),
        (GOOD.replace("6月8日", ""), ["NO_DATE"]),
        ("路灯已由城管局于6月8日修复，欢迎继续监督我们的工作。", ["OFF_TOPIC"]),
        (f"{GOOD}其余事项已转有关部门。", ["PUTS_OFF"]),
        (f"{GOOD}以后的问题不归我们管。", ["SENDS_AWAY"]),
        ("   \n  好", ["TOO_SHORT", "NO_DATE", "NO_UNIT", "OFF_TOPIC"]),
        (ERASED, []),
    ],
)
def test_a_reply_is_found_to_lack_what_it_lacks(text: str, lacks: list[str]) -> None:
    assert codes(text) == lacks


def test_the_phrase_that_is_in_the_way_is_named_and_what_is_missing_names_none() -> None:
    found = {each.code: each.phrase for each in findings("正在研究，请自行解决。", SUBJECT, REPLY_RULES)}
    assert found == {
        **dict.fromkeys(("TOO_SHORT", "NO_DATE", "NO_UNIT", "OFF_TOPIC")),
        "PUTS_OFF": "正在研究",
        "SENDS_AWAY": "自行解决",
    }


def test_of_a_subject_without_words_nothing_is_off_topic() -> None:
    assert codes(GOOD, "？") == codes(GOOD, "") == codes(GOOD, ERASED) == []


@pytest.mark.row("S54")
@pytest.mark.parametrize("held", [False, True])
async def test_nobody_is_sent_away_and_the_rest_is_advice(held: bool) -> None:
    made = office(with_verification(handled()) if held else handled())
    before = copy.deepcopy(made.document())
    with pytest.raises(Refusal) as refused:
        await report(handling(made), viewer(Role.HANDLER), "r", ID, f"{GOOD}以后不归我们管。", [], "")
    assert (refused.value.code, refused.value.field) == ("REPLY_SENDS_AWAY", "text")
    assert "不归我们管" in refused.value.zh
    assert "不归我们管" in refused.value.en
    assert made.document() == before
    # The same request with other words is a new one: a refusal is not remembered.
    await report(handling(made), viewer(Role.HANDLER), "r", ID, "好了", [], "")
    assert made.document() != before


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("shortest = 0", "greater than 0"),
        ("wants = '['", "no regular expression"),
        ("near = 1.5", "less than or equal to 1"),
        ("shortest = 5\nnear = 0.5", "a rule has one of"),
        ("", "a rule has one of"),
        ("longest = 5", "Extra inputs"),
    ],
)
def test_rules_that_are_none_are_refused(tmp_path: Path, row: str, fault: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(f'[[rules]]\ncode = "A"\nzh = "甲"\nen = "a"\n{row}\n', encoding="utf-8")
    with pytest.raises(ValueError, match=fault):
        load_reply_rules(path)


def test_a_code_stands_for_one_rule(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text('[[rules]]\ncode = "A"\nzh = "甲"\nen = "a"\nshortest = 5\n' * 2, encoding="utf-8")
    with pytest.raises(ValueError, match="two rules of one code"):
        load_reply_rules(path)
