"""Phones, ID numbers, cards, plates, addresses of mail and chat. A number that alone could be anything needs a word before it."""

from __future__ import annotations

import re
from datetime import date

from shared.redaction.kinds import Kind, before, rules

_OF_DOCUMENT = re.compile(
    r"(?:订单|运单|快递|单号|编号|文号|流水号?|案号|工单|合同|注册号|执照|信用代码|税号|发票|许可证|备案|号码牌|版本)\S{0,6}$"
)
# A word says what the next number is, and nothing of one behind that; our own label is no word of the writer's.
_OF_CARD = re.compile(r"(?:卡号|账号|帐号|账户|帐户|银行卡|农行|工行|建行|中行|储蓄卡|信用卡|存折)[^0-9〔〕]{0,8}$")
_OF_IDENTITY = re.compile(r"(?:身份证|证件|居民证|身份号)[^0-9〔〕]{0,8}$")
_PROVINCES = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|91")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def _digits(match: re.Match[str]) -> str:
    return re.sub(r"[^0-9Xx]", "", match["it"])


def _is_identity(match: re.Match[str]) -> bool:
    """GB 11643: region, birth date, sequence, check digit. One that was mistyped still counts where the words before call it an ID."""
    digits = _digits(match).upper()
    if _OF_IDENTITY.search(before(match)):
        return True
    if not _PROVINCES.match(digits) or "X" in digits[:-1] or not _is_date(digits[6:14]):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=False))
    return "10X98765432"[total % 11] == digits[-1]


def _is_old_identity(match: re.Match[str]) -> bool:
    digits = _digits(match)
    if _OF_IDENTITY.search(before(match)):
        return True
    return _PROVINCES.match(digits) is not None and _is_date("19" + digits[6:12]) and not _OF_DOCUMENT.search(before(match))


def _is_date(digits: str) -> bool:
    try:
        return date(1900, 1, 1) <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) <= date(2100, 1, 1)
    except ValueError:
        return False


def _is_card(match: re.Match[str]) -> bool:
    """ISO/IEC 7812: the issuer's first digits and the Luhn check."""
    said, digits = before(match), _digits(match)
    if "对公" in said:
        return False
    if _OF_CARD.search(said):
        return True
    doubled = (int(digit) * 2 if place % 2 else int(digit) for place, digit in enumerate(reversed(digits)))
    luhn = sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0
    return luhn and len(digits) >= 15 and digits.startswith(("62", "4", "5", "60", "9")) and not _OF_DOCUMENT.search(said)


def _is_phone(match: re.Match[str]) -> bool:
    return not _OF_DOCUMENT.search(before(match))


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
RULES = rules(
    (Kind.EMAIL, r"(?<![A-Za-z0-9._%+-])(?P<it>[A-Za-z0-9][A-Za-z0-9._%+-]{0,63} ?@ ?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)", None),
    (
        Kind.CHAT_ID,
        r"(?:微 ?信号?|抖音号|快手号|薇信|威信号|加微|[Ww]e[Cc]hat|WECHAT|[Ww]ei[Xx]in|(?<![A-Za-z])(?:[Vv][Xx]|[Ww][Xx]))"
        r"(?: ?(?:号|号码|id|ID))?(?: ?[:是为] ?| )?(?P<it>[A-Za-z][A-Za-z0-9_-]{5,19}|1[3-9]\d{9}|\d{6,12})(?![A-Za-z0-9_-])",
        None,
    ),
    (Kind.CHAT_ID, r"(?:[Qq][Qq]|扣扣)(?:号码?)?(?: ?[:是为] ?| )?(?P<it>[1-9]\d{4,10})(?!\d)", None),
    (Kind.ID_NUMBER, r"(?<![0-9A-Za-z])(?P<it>\d{6}[ -]?\d{4}[ -]?\d{4}[ -]?\d{3}[\dXx])(?![0-9A-Za-z])", _is_identity),
    (Kind.BANK_CARD, r"(?<![0-9A-Za-z])(?P<it>\d(?:[ -]?\d){11,18})(?![0-9A-Za-z])", _is_card),
    (Kind.ID_NUMBER, r"(?<![0-9A-Za-z])(?P<it>[1-9]\d{14})(?![0-9A-Za-z])", _is_old_identity),
    (Kind.PHONE, rf"(?<![0-9.])(?P<it>(?:\(?(?:\+|00)?86\)?[ -]?)?(?:{_MOBILE_FORMS}))(?!\d)", _is_phone),
    (Kind.PHONE, r"(?<![0-9-])(?P<it>1[ .-][3-9](?:[ .-]\d){9})(?![ .-]?\d)", None),
    (
        Kind.PHONE,
        r"(?<![零〇一幺二三四五六七八九])(?P<it>[一幺][三四五六七八九][零〇一幺二三四五六七八九]{9})(?![零〇一幺二三四五六七八九])",
        None,
    ),
    (
        Kind.PHONE,
        r"(?<![0-9.])(?P<it>(?:\+?86[ -]?)?\(?(?:010|02\d|0[3-9]\d{2})\)?[ -]{0,2}"
        r"(?:[2-8]\d{2,3}[ -]?\d{4}|[2-8]\d{3}[ -]\d{3})(?:(?:-|转|转分机)\d{1,6})?)(?!\d)",
        _is_phone,
    ),
    (
        Kind.PHONE,
        r"(?:电话|手机|座机|固话|联系方式|致电|来电|拨打|号码)[^0-9\n。;；〔〕]{0,12}(?P<it>[2-8]\d{2,3}[ -]?\d{4})(?![0-9元万年-]|\.\d)",
        _is_phone,
    ),
    (
        Kind.PLATE,
        r"(?P<it>[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼] ?[A-Za-z][ .·•-]?"
        r"(?=[A-Za-z0-9]*\d)(?:[A-HJ-NP-Za-hj-np-z0-9]{5,6}|[A-HJ-NP-Za-hj-np-z0-9]{4}[挂学警港澳领]))(?![A-Za-z0-9])",
        None,
    ),
)
