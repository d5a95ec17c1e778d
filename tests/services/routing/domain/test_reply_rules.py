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


REAL = [
    "物业公司6月8日已自行处理完毕，新的指示牌已装好。",
    "商户6月8日已自行解决，城管局现场复查属实。",
    "指示牌由鲁城街道办事处于2026年6月8日更换。",
    "派出所昨天已到现场处理噪声，当事人已停止施工。",
    "居委会于6月上旬清理了楼道，欢迎监督。",
    "王庄村已于2026-06-08修好水井。",
    "息陬镇组织人员今天上午清理了河道。",
    "市住建局本月底前完成3号楼的外墙维修。",
    "我局责令商户自行拆除违建，6月8日已拆完。",
    "供热公司6月8日恢复供暖，您不必自己想办法取暖了。",
    "您反映住户只能自行解决用水，供水公司6月8日已恢复供水。",
    "该路段不属于我局管辖范围，经协调交通局已于6月8日修复。",
    "您反映工作人员称“不归我们管，请找别的部门”，街道6月8日已批评教育。",
    "您反映不知道去找谁，社区今天已安排专人对接。",
    "如有其他问题，请与社区联系，我们当日答复。",
    "今后如发现乱倒垃圾，请及时向有关部门反映，环卫队次日清理。",
    "办理居住证请携带身份证到政务服务中心，3个工作日内办结。",
    "我局会同其他部门6月8日开展联合执法。",
    "我们不管多晚都派人值守，交警大队星期一已增设岗亭。",
    "住户已自行处理渗水，物业六月八日复查。",
    "市政府二〇二六年安排资金，管委会明年改造。",
    "该工程需联系其他部门配合，我局6月8日已办妥。",
    "经查不是我们管理不善，水管老化，供水公司昨日已更换。",
    "您向其他部门反映的问题，街道6月8日一并办结。",
    "The water company mended the pipe on June 8.",
]
NO_UNIT_IN_IT = [
    "6月8日已办理，情况已落实，感谢您的监督。",
    "情况已经处理好了，所以6月8日后请您放心。",
    "6月8日已委托人员查看，场所和厕所都打扫了。",
    "已转告有关部门，6月8日结束，格局已变。",
    "大厅的灯6月8日已换，大家排队有序。",
    "该村民反映的事6月8日已妥善办结。",
]
NO_DATE_IN_IT = [
    "城管局已装好长3.5米的指示牌。",
    "物业公司已办好3号楼的事，请您放心。",
    "供水公司已换10.12米水管，费用2.50元。",
    "社区说明天然气目前天气冷时优先供应。",
    "街道每周一次巡查12号院和5号线。",
    "The bureau replaced 3.5 metres and may replace more in market 5.",
]
BAD = {
    "此事不归本局管，请您找别的部门反映。": "不归本局管",
    "不是我们的职责，请向其他单位反映。": "不是我们的职责",
    "这事不归我们管，爱找谁找谁，请自行解决。": "不归我们管",
    "请您找别的部门反映。": "请您找别的部门",
    "您可以找其他单位。": "您可以找其他单位",
    "该问题请向有关部门反映。": "该问题请向有关部门",
    "不属于我单位职责范围。": "不属于我单位职责范围",
    "不属于本街道管辖，无法协调。": "不属于本街道管辖",
    "此事不由我局负责。": "不由我局负责",
    "我们管不了，也没办法。": "我们管不了",
    "这事与我单位无关。": "与我单位无关",
    "这不关我们的事。": "不关我们的事",
    "非本单位职责，请另寻途径。": "非本单位职责",
    "本单位不负责此事。": "本单位不负责此",
    "爱找谁找谁。": "爱找谁",
    "请自行解决。": "自行解决",
    "建议业主自行协商解决。": "建议业主自行协商解决",
    "您只能自己想办法。": "您只能自己想办法",
    "渗水由住户自行处理。": "由住户自行处理",
    "自行解决即可。": "自行解决即可",
    "“爱心”小区的事请您自行处理。": "请您自行处理",
    "This is not our job.": "not our job",
    "Please ask another department.": "ask another department",
}


@pytest.mark.row("S54")
@pytest.mark.parametrize("text", REAL)
def test_an_honest_reply_is_taken_and_names_its_unit_and_its_day(text: str) -> None:
    assert {"NO_DATE", "NO_UNIT", "SENDS_AWAY"}.isdisjoint(codes(text))


@pytest.mark.row("S54")
@pytest.mark.parametrize(
    ("text", "lacks"), [*((text, "NO_UNIT") for text in NO_UNIT_IN_IT), *((text, "NO_DATE") for text in NO_DATE_IN_IT)]
)
def test_what_only_looks_like_a_unit_or_a_day_is_none(text: str, lacks: str) -> None:
    assert {"NO_UNIT", "NO_DATE"} & set(codes(text)) == {lacks}


@pytest.mark.row("S54")
@pytest.mark.parametrize("text", BAD)
def test_whoever_is_sent_away_is_so_in_these_words(text: str) -> None:
    [found] = [each for each in findings(text, SUBJECT, REPLY_RULES) if each.refused]
    assert (found.code, found.phrase) == ("SENDS_AWAY", BAD[text])


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
