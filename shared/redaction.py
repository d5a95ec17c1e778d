"""Takes from people's words what names or finds a person, before the words travel (architecture.md, sections 1 and 3). Pure.

Each finding becomes a typed placeholder. Dates, amounts, document numbers, service numbers such as 12345 and the names of places stay:
whoever handles the matter needs them. A pattern that alone could be anything (seven digits, a chat id, a card that fails its check) needs
a word before it that says what it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Kind(StrEnum):
    PHONE = "PHONE"
    ID_NUMBER = "ID_NUMBER"
    NAME = "NAME"
    ROOM = "ROOM"
    EMAIL = "EMAIL"
    BANK_CARD = "BANK_CARD"
    PLATE = "PLATE"
    CHAT_ID = "CHAT_ID"


PLACEHOLDERS = {
    Kind.PHONE: "〔电话〕",
    Kind.ID_NUMBER: "〔证件号〕",
    Kind.NAME: "〔姓名〕",
    Kind.ROOM: "〔门牌〕",
    Kind.EMAIL: "〔邮箱〕",
    Kind.BANK_CARD: "〔银行卡〕",
    Kind.PLATE: "〔车牌〕",
    Kind.CHAT_ID: "〔社交账号〕",
}


@dataclass(frozen=True)
class Finding:
    """`text[start:end]` is of this kind."""

    kind: Kind
    start: int
    end: int


@dataclass(frozen=True)
class Redacted:
    """The words without what names a person, and the kinds found, each once, in order of first appearance."""

    text: str
    kinds: tuple[Kind, ...]


def redact(text: str, declared_names: Iterable[str] = ()) -> Redacted:
    """`declared_names` are names that the petitioner or the form has given; they are taken out wherever they stand.

    Redacting twice changes nothing more: it is looked again until nothing is found, as a placeholder may move a word away from a number.
    """
    names, kinds = list(declared_names), []
    while findings := find(text, names):
        pieces, at = [], 0
        for finding in findings:
            pieces += [text[at : finding.start], PLACEHOLDERS[finding.kind]]
            at = finding.end
        text = "".join([*pieces, text[at:]])
        kinds += [finding.kind for finding in findings]
    return Redacted(text, tuple(dict.fromkeys(kinds)))


def find(text: str, declared_names: Iterable[str] = ()) -> list[Finding]:
    """What `redact` would take out at first, in order of place, without overlaps."""
    # Full-width digits, letters and signs are read as their narrow forms, one for one: places stay the same.
    narrow = text.translate(_NARROW)
    findings: list[Finding] = []
    taken = [False] * len(text)

    def take(kind: Kind, start: int, end: int) -> None:
        if start < end and not any(taken[start:end]):
            taken[start:end] = [True] * (end - start)
            findings.append(Finding(kind, start, end))

    for placeholder in _PLACEHOLDER.finditer(text):
        taken[placeholder.start() : placeholder.end()] = [True] * len(placeholder[0])
    for kind, pattern, accept in _RULES:
        for match in pattern.finditer(narrow):
            if accept is None or accept(match):
                take(kind, *match.span("it"))
    names = {name.strip() for name in declared_names} | {match["it"] for match in _SAID_NAME.finditer(narrow)}
    for name in sorted((name for name in names if len(name) >= 2), key=len, reverse=True):
        spaced = r"[ \u3000]*".join(map(re.escape, re.sub(r"\s+", "", name) if not name.isascii() else [name]))
        around = (r"(?<![A-Za-z])", r"(?![A-Za-z])") if name.isascii() else ("", "")
        for match in re.finditer(spaced.join(around), text, re.IGNORECASE):
            take(Kind.NAME, *match.span())
    return sorted(findings, key=lambda finding: finding.start)


_WIDE = [*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B), *map(ord, "＠．－＿＃＋（）：")]
_NARROW = {code: code - 0xFEE0 for code in _WIDE} | {ord(dash): "-" for dash in "‐‑‒–—―−─"} | {0x3000: " ", 0xA0: " "}
_PLACEHOLDER = re.compile("|".join(map(re.escape, PLACEHOLDERS.values())))

_OF_DOCUMENT = re.compile(
    r"(?:订单|运单|快递|单号|编号|文号|流水号?|案号|工单|合同|注册号|执照|信用代码|税号|发票|许可证|备案|号码牌|版本)\S{0,6}$"
)
# A word says what the next number is, and nothing of one behind that; our own label is no word of the writer's.
_OF_CARD = re.compile(r"(?:卡号|账号|帐号|账户|帐户|银行卡|农行|工行|建行|中行|储蓄卡|信用卡|存折)[^0-9〔〕]{0,8}$")
_OF_IDENTITY = re.compile(r"(?:身份证|证件|居民证|身份号)[^0-9〔〕]{0,8}$")
_PROVINCES = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|91")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def _before(match: re.Match[str]) -> str:
    start = match.start("it")
    return match.string[max(0, start - 16) : start]


def _digits(match: re.Match[str]) -> str:
    return re.sub(r"[^0-9Xx]", "", match["it"])


def _is_identity(match: re.Match[str]) -> bool:
    """GB 11643: region, birth date, sequence, check digit. One that was mistyped still counts where the words before call it an ID."""
    digits = _digits(match).upper()
    if _OF_IDENTITY.search(_before(match)):
        return True
    if not _PROVINCES.match(digits) or "X" in digits[:-1] or not _is_date(digits[6:14]):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=False))
    return "10X98765432"[total % 11] == digits[-1]


def _is_old_identity(match: re.Match[str]) -> bool:
    digits = _digits(match)
    if _OF_IDENTITY.search(_before(match)):
        return True
    return _PROVINCES.match(digits) is not None and _is_date("19" + digits[6:12]) and not _OF_DOCUMENT.search(_before(match))


def _is_date(digits: str) -> bool:
    try:
        return date(1900, 1, 1) <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) <= date(2100, 1, 1)
    except ValueError:
        return False


def _is_card(match: re.Match[str]) -> bool:
    """ISO/IEC 7812: the issuer's first digits and the Luhn check."""
    before, digits = _before(match), _digits(match)
    if _OF_CARD.search(before):
        return True
    doubled = (int(digit) * 2 if place % 2 else int(digit) for place, digit in enumerate(reversed(digits)))
    luhn = sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0
    return luhn and digits.startswith(("62", "4", "5", "60", "9")) and not _OF_DOCUMENT.search(before)


def _is_phone(match: re.Match[str]) -> bool:
    return not _OF_DOCUMENT.search(_before(match))


def _is_room_code(match: re.Match[str]) -> bool:
    """5-2-301: the last part is a floor and a door on it. One that could be a year needs a word around it that speaks of a home."""
    room = match["room"]
    if not 1 <= int(room[:-2]) <= 40 or not 1 <= int(room[-2:]) <= 30:
        return False
    around = _before(match)[-6:] + "|" + match.string[match.end("it") : match.end("it") + 4]
    at_home = re.search(r"[栋幢座楼住户室房]|小区|花园|家园|公寓|苑\||城\||里\||号\||业主", around) is not None
    return at_home or not re.fullmatch(r"(?:19|20)\d\d", room)


_SEP = r"[ .·-]?"
_MOBILE_FORMS = "|".join(
    _SEP.join(["", *groups][1:])
    for groups in (
        (r"1[3-9]\d", r"\d{4}", r"\d{4}"),
        (r"1[3-9]\d\d", r"\d{3}", r"\d{4}"),
        (r"1[3-9]\d", r"\d{3}", r"\d{5}"),
        (r"1[3-9]\d\d", r"\d{4}", r"\d{3}"),
        (r"1[3-9]\d{3}", r"\d{6}"),
        (r"1[3-9]\d{4}", r"\d{5}"),
    )
)
_N = r"(?:\d{1,4}|[一二三四五六七八九十百零〇]{1,5})"
_BUILDING = rf"(?:[A-Za-z]|[A-Za-z]?-?{_N}) ?(?:号楼|号院|栋|幢|座|#楼|#|楼(?!道|梯|下|上|盘|顶|主|宇|市|房|面))"
_FLOOR = rf"(?:{_N} ?(?:楼|层) ?)?"
_UNIT = rf"[东西中南北]?{_N}? ?(?:单元|门洞|门栋)"
_CALLED_ROOM = r"(?:号房|室|房(?![价产屋租地贷源])|号(?![楼院线]))"
# A door in a unit may go without a word; one behind a building may be a count or a measure instead: 44栋724户, 3栋2019年.
_DOOR_IN_UNIT = rf"(?:\d{{3,4}}|[一二三四五六七八九十百零〇]{{2,5}})(?: ?(?:{_CALLED_ROOM}|户))?(?![\d年元])"
_DOOR_IN_BUILDING = (
    rf"(?:(?:\d{{3,4}}|[一二三四五六七八九十百零〇]{{2,5}}) ?{_CALLED_ROOM}"
    r"|\d{3,4}(?! ?[\d年月日元户平米人多余个万亿%㎡名位套家间层楼栋路天次张余几吨公克斤辆台件份棵盏根mM]|\.\d+ ?[平㎡米万亿元%]))"
)
_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔"
    "康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐沿梅莫庄辛管祝左涂谷祁时舒耿牟卜"
    "詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边谈"
)
_INTRODUCES = r"我叫做?|本人叫|我的名字(?:叫做?|是)|我名叫|(?:姓名|联系人|署名)[:是为 ]{0,2}|(?:投诉人|反映人|举报人|申请人)[:是为 ]{1,2}"
_SAID_NAME = re.compile(
    rf"(?:{_INTRODUCES})(?P<it>(?:[{_SURNAMES}]|欧阳|司马|上官|诸葛|夏侯|皇甫)[\u4e00-\u9fff]{{1,2}})(?=[\s,.;:，。；：、!！(]|$)"
)

_Accept = Callable[[re.Match[str]], bool]
_RULES: tuple[tuple[Kind, re.Pattern[str], _Accept | None], ...] = tuple(
    (kind, re.compile(pattern), accept)
    for kind, pattern, accept in (
        (Kind.EMAIL, r"(?<![A-Za-z0-9._%+-])(?P<it>[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)", None),
        (
            Kind.CHAT_ID,
            r"(?:微信号?|薇信|威信号|加微|[Ww]e[Cc]hat|WECHAT|[Ww]ei[Xx]in|(?<![A-Za-z])(?:[Vv][Xx]|[Ww][Xx]))"
            r"(?: ?(?:号|号码|id|ID))?(?: ?[:是为] ?| )?(?P<it>[A-Za-z][A-Za-z0-9_-]{5,19}|1[3-9]\d{9}|\d{6,12})(?![A-Za-z0-9_-])",
            None,
        ),
        (Kind.CHAT_ID, r"(?:[Qq][Qq]|扣扣)(?:号码?)?(?: ?[:是为] ?| )?(?P<it>[1-9]\d{4,10})(?!\d)", None),
        (Kind.ID_NUMBER, r"(?<![0-9A-Za-z])(?P<it>\d{6}[ -]?\d{4}[ -]?\d{4}[ -]?\d{3}[\dXx])(?![0-9A-Za-z])", _is_identity),
        (Kind.BANK_CARD, r"(?<![0-9A-Za-z])(?P<it>\d{4}(?:[ -]?\d{4}){2,3}(?:[ -]?\d{1,3})?)(?![0-9A-Za-z])", _is_card),
        (Kind.ID_NUMBER, r"(?<![0-9A-Za-z])(?P<it>[1-9]\d{14})(?![0-9A-Za-z])", _is_old_identity),
        (Kind.PHONE, rf"(?<![0-9.])(?P<it>(?:(?:\+|00)?86[ -]?)?(?:{_MOBILE_FORMS}))(?!\d)", _is_phone),
        (Kind.PHONE, r"(?<![0-9-])(?P<it>1[ .-][3-9](?:[ .-]\d){9})(?![ .-]?\d)", None),
        (
            Kind.PHONE,
            r"(?<![零〇一幺二三四五六七八九])(?P<it>[一幺][三四五六七八九][零〇一幺二三四五六七八九]{9})(?![零〇一幺二三四五六七八九])",
            None,
        ),
        (
            Kind.PHONE,
            r"(?<![0-9.])(?P<it>(?:\+?86[ -]?)?\(?(?:010|02\d|0[3-9]\d{2})\)?[ -]{0,2}"
            r"[2-8]\d{2,3}[ -]?\d{4}(?:(?:-|转|转分机)\d{1,6})?)(?!\d)",
            _is_phone,
        ),
        (
            Kind.PHONE,
            r"(?:电话|手机|座机|固话|联系方式|致电|来电|拨打|号码)[^0-9\n,，。;；]{0,6}(?P<it>[2-8]\d{2,3}[ -]?\d{4})(?![0-9元-])",
            None,
        ),
        (
            Kind.PLATE,
            r"(?P<it>[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Za-z][ .·•-]?"
            r"(?=[A-Za-z0-9]*\d)(?:[A-HJ-NP-Za-hj-np-z0-9]{5,6}|[A-HJ-NP-Za-hj-np-z0-9]{4}[挂学警港澳领]))(?![A-Za-z0-9])",
            None,
        ),
        (Kind.ROOM, rf"(?<![\dA-Za-z])(?P<it>{_BUILDING}[ -]?{_UNIT}(?:[ -]?{_FLOOR}{_DOOR_IN_UNIT})?)", None),
        (Kind.ROOM, rf"(?<![\dA-Za-z])(?P<it>{_BUILDING}[ -]?{_FLOOR}{_DOOR_IN_BUILDING})", None),
        (Kind.ROOM, rf"(?<![\d第])(?P<it>{_N} ?单元[ -]?{_FLOOR}{_DOOR_IN_UNIT})", None),
        (Kind.ROOM, r"(?<![\dA-Za-z.-])(?P<it>[A-Za-z]?\d{1,3}-\d{1,2}-(?P<room>\d{3,4})(?: ?(?:室|房|户))?)(?![\d-])", _is_room_code),
        (Kind.ROOM, r"(?<![\dA-Za-z.-])(?P<it>[A-Za-z]?\d{1,3}-\d{3,4} ?(?:室|号房|住户|业主))", None),
        (Kind.ROOM, r"(?<![\dA-Za-z.院局厅所部委处馆第-])(?P<it>[A-Za-z]?\d{3,4} ?(?:室|号房(?![价产屋租地贷源])))", None),
        (Kind.ROOM, r"(?<=[村屯庄])(?P<it>[第]?\d{1,2}组\d{1,3}号)", None),
    )
)
