"""Hand-written cases; every person, number and address in them is made up."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.redaction import PLACEHOLDERS, Kind, find, redact

MESSAGES = Path(__file__).parents[3] / "shared/data/messages.jsonl"


def identity_number(first_17: str) -> str:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return first_17 + "10X98765432"[sum(w * int(d) for w, d in zip(weights, first_17, strict=True)) % 11]


def card_number(body: str) -> str:
    for last in "0123456789":
        digits = [int(d) for d in reversed(body + last)]
        if sum(sum(divmod(d * 2, 10)) if place % 2 else d for place, d in enumerate(digits)) % 10 == 0:
            return body + last
    raise AssertionError


ID = identity_number("37088119800101001")
ID_X = next(n for n in (identity_number(f"370881198001010{k:02}") for k in range(100)) if n.endswith("X"))
CARD = card_number("622202160800123456")

TAKEN_OUT = [
    # what is written, the personal part of it, its kind
    ("请打13800000001联系我", "13800000001", Kind.PHONE),
    ("电话：138 0000 0001", "138 0000 0001", Kind.PHONE),
    ("电话138-0000-0001。", "138-0000-0001", Kind.PHONE),
    ("手机1380 000 0001", "1380 000 0001", Kind.PHONE),
    ("手机138 000 00001", "138 000 00001", Kind.PHONE),
    ("我的号是1 3 8 0 0 0 0 0 0 0 1", "1 3 8 0 0 0 0 0 0 0 1", Kind.PHONE),
    ("电话１３８００００００01", "１３８００００００01", Kind.PHONE),
    ("+8613800000001", "+8613800000001", Kind.PHONE),
    ("+86 138 0000 0001", "+86 138 0000 0001", Kind.PHONE),
    ("0086-13800000001", "0086-13800000001", Kind.PHONE),
    ("王先生13800000001，李女士13900000002", "13900000002", Kind.PHONE),
    ("电话一三八零零零零零零零一", "一三八零零零零零零零一", Kind.PHONE),
    ("幺三八〇〇〇〇〇〇〇幺请回复", "幺三八〇〇〇〇〇〇〇幺", Kind.PHONE),
    ("家里座机0537-4412345", "0537-4412345", Kind.PHONE),
    ("家里座机(0537)4412345", "(0537)4412345", Kind.PHONE),
    ("家里座机（0537）4412345", "（0537）4412345", Kind.PHONE),
    ("05374412345", "05374412345", Kind.PHONE),
    ("0537—4412345转801", "0537—4412345转801", Kind.PHONE),
    ("010-62345678", "010-62345678", Kind.PHONE),
    ("座机4412345没人接", "4412345", Kind.PHONE),
    ("联系电话：4412345", "4412345", Kind.PHONE),
    (f"身份证{ID}", ID, Kind.ID_NUMBER),
    (f"本人{ID_X}反映", ID_X, Kind.ID_NUMBER),
    (f"本人{ID_X.lower()}反映", ID_X.lower(), Kind.ID_NUMBER),
    (f"{ID[:6]} {ID[6:14]} {ID[14:]}", f"{ID[:6]} {ID[6:14]} {ID[14:]}", Kind.ID_NUMBER),
    ("身份证号：370881198001010000", "370881198001010000", Kind.ID_NUMBER),  # mistyped, but called by its name
    ("老身份证370881800101001", "370881800101001", Kind.ID_NUMBER),
    ("证件370881800101001", "370881800101001", Kind.ID_NUMBER),
    (f"补贴请打到{CARD}", CARD, Kind.BANK_CARD),
    (
        f"卡 {' '.join(CARD[i : i + 4] for i in range(0, len(CARD), 4))}",
        " ".join(CARD[i : i + 4] for i in range(0, len(CARD), 4)),
        Kind.BANK_CARD,
    ),
    ("农行卡号6228480000000000000", "6228480000000000000", Kind.BANK_CARD),
    ("账号：1234567890123456", "1234567890123456", Kind.BANK_CARD),
    ("发到kong.fy_1@example.com", "kong.fy_1@example.com", Kind.EMAIL),
    ("邮箱kong＠example.com.cn。", "kong＠example.com.cn", Kind.EMAIL),
    ("车牌鲁H12345被刮", "鲁H12345", Kind.PLATE),
    ("鲁H·A1B23堵住消防通道", "鲁H·A1B23", Kind.PLATE),
    ("新能源鲁HD12345", "鲁HD12345", Kind.PLATE),
    ("鲁h12345", "鲁h12345", Kind.PLATE),
    ("鲁H1234挂", "鲁H1234挂", Kind.PLATE),
    ("微信号kongfy_2020", "kongfy_2020", Kind.CHAT_ID),
    ("微信：kongfy2020", "kongfy2020", Kind.CHAT_ID),
    ("加微 kong-fy-88", "kong-fy-88", Kind.CHAT_ID),
    ("wx:kongfy88", "kongfy88", Kind.CHAT_ID),
    ("VX kongfy88", "kongfy88", Kind.CHAT_ID),
    ("QQ号：123456789", "123456789", Kind.CHAT_ID),
    ("我住3号楼2单元501室，楼道灯坏了", "3号楼2单元501室", Kind.ROOM),
    ("3号楼2单元501漏水", "3号楼2单元501", Kind.ROOM),
    ("12栋1504的业主", "12栋1504", Kind.ROOM),
    ("A座1203室", "A座1203室", Kind.ROOM),
    ("B栋-2单元-301室", "B栋-2单元-301室", Kind.ROOM),
    ("三号楼二单元五零一室", "三号楼二单元五零一室", Kind.ROOM),
    ("9幢2单元", "9幢2单元", Kind.ROOM),
    ("2单元501的老人", "2单元501", Kind.ROOM),
    ("4#1501房", "4#1501房", Kind.ROOM),
    ("3栋2单元5楼505室", "3栋2单元5楼505室", Kind.ROOM),
    ("501室常年漏水", "501室", Kind.ROOM),
    ("后作街小区5-2-301", "5-2-301", Kind.ROOM),
    ("家住5-2-2019室", "5-2-2019室", Kind.ROOM),
    ("3-501室噪音大", "3-501室", Kind.ROOM),
    ("16栋101.17栋102都是", "17栋102", Kind.ROOM),
    ("王家村3组12号", "3组12号", Kind.ROOM),
    ("我叫王小明，反映路灯", "王小明", Kind.NAME),
    ("联系人：李四。", "李四", Kind.NAME),
    ("姓名 欧阳修文，", "欧阳修文", Kind.NAME),
    ("您好，我是李桂兰，住在南关", "李桂兰", Kind.NAME),
    ("本人系退役军人蒋卫东。", "蒋卫东", Kind.NAME),
    ("实名举报人: 闫小明2020年3月1日", "闫小明", Kind.NAME),
    ("申请人：李四，王小明。", "王小明", Kind.NAME),
    ("我的父亲李四（70岁）", "李四", Kind.NAME),
    ("望早日解决，为盼！王小明2020年3月1日", "王小明", Kind.NAME),
    ("My name is Wang Fang, the lift is broken", "Wang Fang", Kind.NAME),
    ("座机0537 4412 345", "0537 4412 345", Kind.PHONE),
    ("(+86) 13800000001", "(+86) 13800000001", Kind.PHONE),
    ("鲁 H 3D567", "鲁 H 3D567", Kind.PLATE),
    ("抖音号kong_fy88", "kong_fy88", Kind.CHAT_ID),
    ("kong @example.com", "kong @example.com", Kind.EMAIL),
    ("5号楼东单元三楼西户", "5号楼东单元三楼西户", Kind.ROOM),
    ("1栋1单元1楼", "1栋1单元1楼", Kind.ROOM),
    ("10号楼B单元2403", "10号楼B单元2403", Kind.ROOM),
    ("8栋201.203都是", "8栋201.203", Kind.ROOM),
    ("10号502房", "10号502房", Kind.ROOM),
    ("大厦806房", "806房", Kind.ROOM),
    ("楼上602漏水", "602", Kind.ROOM),
    ("307业主不听", "307", Kind.ROOM),
    ("锦绣府5-3204", "5-3204", Kind.ROOM),
    ("78号院3排6号", "78号院3排6号", Kind.ROOM),
    ("高庄村北塘218号附2号", "218号附2号", Kind.ROOM),
    ("Building 3, Unit 2, Room 501", "Building 3, Unit 2, Room 501", Kind.ROOM),
]


@pytest.mark.parametrize(("text", "personal", "kind"), TAKEN_OUT, ids=[text for text, _, _ in TAKEN_OUT])
def test_takes_out_what_names_or_finds_a_person(text: str, personal: str, kind: Kind) -> None:
    redacted = redact(text)
    assert personal not in redacted.text
    assert PLACEHOLDERS[kind] in redacted.text
    assert kind in redacted.kinds
    assert any(text[finding.start : finding.end] == personal for finding in find(text))


LEFT_ALONE = [
    "请拨打12345政务服务热线，或110、119、12315、96155、400-658-5858、95598",
    "2020年6月5日上午9:30到11点在后作街小区",
    "2020-06-05、2020/6/5、2020.06.05、5-2-2019、20200605、06-05-2020",
    "合同价1138424元，首付30%，余款1521684.50元，共计4242835.81元",
    "曲政发〔2020〕15号、鲁建房字〔2019〕1728号、房估(市)字第2019-1728号房地产估价报告",
    "工单号370881202006050001已派单，订单号202006051234567890",
    "案号（2019）鲁0881民初1234号",
    "统一社会信用代码91370881MA3C12345X",
    "营业执照注册号370881200001234",
    "行政区划代码370881001901，邮编273100",
    "鼓楼社区居委会、后作街小区、鲁城街道党工委、104国道、327国道K12+300",
    "3号楼电梯坏了，5栋楼道堆杂物，1单元门禁失灵",
    "小区共有3栋32层的住宅，44栋724户，每栋180户，6栋180户1000余人",
    "9栋七十几岁的老人，12栋2019年竣工，3栋128㎡的房子，3栋105 m2户型，新建一座650吨加油站，2号楼120平米",
    "教室、3室2厅2卫、办公室、政务大厅206室、101国道、第305号提案",
    "公交15路、K203次列车、G2京沪高速、5G基站、A3区、H5页面",
    "比赛比分3-2-1，第1-2-3标段，3-17层",
    "房价8000元/平米，面积121.75平，经纬度116.98,35.58",
    "微信群里都在说，QQ群也有，微信公众号没有回复，微信小程序打不开",
    "路牌上的“鼓楼街”写成了“古楼街”",
    "我叫他来修，叫了三次；联系人一直不回复",
    "新A市、川府家园、云南白药、京东快递、苏宁电器",
    "电话2019年就停机了，电话200元话费",
    "我是房东，我是高中生，我是江西人，本人车辆在库里，本人华景城业主，我是安易贷受害人，本人于去年，本人曾多次，谢谢",
    "被举报人：王小明",
    "联系人：王先生，申请人向社区反映",
    "共301户业主，近205业主，阳光100房屋，2000房价，酒店512房间，门诊楼3楼306诊室，教室3排",
    "小区10-120户，工期3-120天，6月5号在村里，陈庄村12号井",
    "对公账户1608 0012 0900 0123 456",
]


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_leaves_dates_amounts_and_numbers_of_the_matter(text: str) -> None:
    assert redact(text).text == text, [(finding.kind, text[finding.start : finding.end]) for finding in find(text)]


def test_takes_out_declared_names_wherever_they_stand() -> None:
    text = "孔凡莹说，路牌旧了。回复请找孔 凡 莹或孔凡莹本人；孔庙不在此列。"
    redacted = redact(text, ["孔凡莹", " ", "莹"])
    assert redacted.text == "〔姓名〕说，路牌旧了。回复请找〔姓名〕或〔姓名〕本人；孔庙不在此列。"
    assert redacted.kinds == (Kind.NAME,)
    assert redact("Mary reported Maryland", ["mary"]).text == "〔姓名〕 reported Maryland"


def test_a_name_that_is_said_once_is_taken_out_everywhere() -> None:
    assert redact("我叫王小明，邻居都知道王小明住哪里").text == "我叫〔姓名〕，邻居都知道〔姓名〕住哪里"


def test_a_declared_name_is_known_in_other_spellings() -> None:
    assert redact("周建國和买买提•艾力都来了", ["周建国", "买买提·艾力"]).text == "〔姓名〕和〔姓名〕都来了"


def test_a_homes_code_that_is_said_once_is_taken_out_everywhere() -> None:
    assert redact("锦绣府5-3204一房二卖，认购书上写的是5-3204").text == "锦绣府〔门牌〕一房二卖，认购书上写的是〔门牌〕"


def test_several_kinds_are_named_once_in_order() -> None:
    redacted = redact(f"我叫王小明，电话13800000001或13900000002，身份证{ID}，住3号楼2单元501室，车鲁H12345")
    assert redacted.text == "我叫〔姓名〕，电话〔电话〕或〔电话〕，身份证〔证件号〕，住〔门牌〕，车〔车牌〕"
    assert redacted.kinds == (Kind.NAME, Kind.PHONE, Kind.ID_NUMBER, Kind.ROOM, Kind.PLATE)


def test_words_without_personal_data_stay_as_they_are() -> None:
    assert redact("") == redact("", ["孔凡莹"])
    assert redact("后作街小区的路牌旧了，看不清。").kinds == ()


@given(st.lists(st.sampled_from([text for text, _, _ in TAKEN_OUT] + LEFT_ALONE), min_size=1, max_size=4).map("，".join))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redact(text, ["孔凡莹"]).text
    assert redact(once, ["孔凡莹"]).text == once


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("身份证370881198001010019，工单号370881202006050001", "370881202006050001"),
        ("身份证370881198001010019，号370881202006050001", "370881202006050001"),
        ("订单编码孔凡莹，13800000001", None),
    ],
)
def test_our_own_labels_neither_make_nor_hide_a_finding(text: str, kept: str | None) -> None:
    once = redact(text, ["孔凡莹"]).text
    assert redact(once, ["孔凡莹"]).text == once
    assert kept is None or kept in once


@given(st.text(max_size=200))
def test_any_text_passes_and_findings_do_not_overlap(text: str) -> None:
    findings = find(text, ["孔凡莹"])
    assert all(0 <= one.start < one.end <= len(text) for one in findings)
    assert all(one.end <= other.start for one, other in pairwise(findings))


@pytest.mark.parametrize(
    "piece",
    [
        *("1", "1-", "1.", "一", "号", "1号楼", "1单元", "村1号", "楼上101", "1-101 ", "1排", "A1", "孔 ", "1 3 ", "a@", "@ ", "卡号"),
        *("电话", "(+86)", "我是", " ", "王", "本人系住户", "申请人：张三，李四，", "Unit 1, ", "〔电话〕"),
    ],
)
def test_hostile_texts_take_a_second(piece: str) -> None:
    assert seconds_for(piece * (100_000 // len(piece))) < 2


def test_a_text_of_nothing_but_names_takes_a_second() -> None:
    assert seconds_for("".join(f"联系人：王{chr(0x4E00 + n % 3000)}{chr(0x4E00 + n // 3)}。" for n in range(10_000))) < 2
    assert seconds_for("".join(f"小区{n % 99}-{n // 99 + 101}室，" for n in range(10_000))) < 2


def seconds_for(text: str) -> float:
    """Of this process alone: the machine may be shared."""
    begun = process_time()
    redact(text, ["孔凡莹"])
    return process_time() - begun


@pytest.mark.skipif(not MESSAGES.exists(), reason="the real messages are not here")
def test_real_messages_lose_little() -> None:
    """The contest has masked their numbers already, so that nearly all hits on numbers would be wrong ones."""
    kinds: Counter[Kind] = Counter()
    with MESSAGES.open(encoding="utf-8") as stream:
        for line in stream:
            message = json.loads(line)
            for part in (message["subject"], message["text"]):
                redacted = redact(part)
                if redacted.text == part:
                    # Most are: to ask twice more would say the same.
                    assert redacted.kinds == ()
                    continue
                assert redact(redacted.text).text == redacted.text
                kinds.update(finding.kind for finding in find(part))
    assert kinds[Kind.ID_NUMBER] + kinds[Kind.BANK_CARD] + kinds[Kind.CHAT_ID] + kinds[Kind.EMAIL] == 0
    assert kinds[Kind.PHONE] == 1
    assert kinds[Kind.PLATE] == 2
    assert 150 < kinds[Kind.ROOM] < 250
