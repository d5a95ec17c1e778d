"""Which data an archive holds (S34, S41): one table, as data. Per field whose it is, its names, whether it is personal or sensitive, how it
is masked, for how long it may be kept, and the form of its value. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.intake.domain import masks
from services.intake.domain.texts import filled
from shared.identity.errors import Refusal


class Of(StrEnum):
    """Of whom or what a field tells."""

    RESIDENT = "RESIDENT"
    HOUSEHOLD = "HOUSEHOLD"
    ENTERPRISE = "ENTERPRISE"


class Form(StrEnum):
    LINE = "LINE"
    TEXT = "TEXT"
    PHONE = "PHONE"
    ID_NUMBER = "ID_NUMBER"
    YEAR = "YEAR"
    NUMBER = "NUMBER"


class Mask(StrEnum):
    NONE = "NONE"
    NAME = "NAME"
    PHONE = "PHONE"
    ID_NUMBER = "ID_NUMBER"
    HIDDEN = "HIDDEN"


@dataclass(frozen=True)
class Field:
    """`years`: the longest that a value may be kept, from the day on which it is proposed. Personal data needs purpose, consent and a
    retention date; sensitive data (PIPL, article 28) needs a consent in writing too, and is masked for everybody."""

    code: str
    of: Of
    zh: str
    en: str
    form: Form
    years: int
    personal: bool = True
    sensitive: bool = False
    mask: Mask = Mask.NONE


_TABLE = [
    Field("name", Of.RESIDENT, "姓名", "name", Form.LINE, 5, mask=Mask.NAME),
    Field("relation", Of.RESIDENT, "与户主关系", "relation to the head", Form.LINE, 5),
    Field("birthYear", Of.RESIDENT, "出生年份", "year of birth", Form.YEAR, 5),
    Field("phone", Of.RESIDENT, "电话", "phone", Form.PHONE, 3, mask=Mask.PHONE),
    Field("idNumber", Of.RESIDENT, "身份证号", "ID number", Form.ID_NUMBER, 2, sensitive=True, mask=Mask.ID_NUMBER),
    Field("occupation", Of.RESIDENT, "职业", "occupation", Form.LINE, 3),
    Field("workplace", Of.RESIDENT, "务工地或单位", "where they work", Form.LINE, 3),
    Field("support", Of.RESIDENT, "低保、五保等保障", "social support received", Form.LINE, 2),
    Field("health", Of.RESIDENT, "健康状况", "health", Form.TEXT, 1, sensitive=True, mask=Mask.HIDDEN),
    Field("housing", Of.HOUSEHOLD, "住房", "housing", Form.LINE, 5),
    Field("water", Of.HOUSEHOLD, "饮水", "drinking water", Form.LINE, 5),
    Field("heating", Of.HOUSEHOLD, "取暖", "heating", Form.LINE, 5),
    Field("toilet", Of.HOUSEHOLD, "厕所", "toilet", Form.LINE, 5),
    Field("road", Of.HOUSEHOLD, "入户道路", "road to the house", Form.LINE, 5),
    Field("income", Of.HOUSEHOLD, "家庭年收入（元）", "yearly income, yuan", Form.NUMBER, 2),
    Field("difficulties", Of.HOUSEHOLD, "困难和诉求", "difficulties", Form.TEXT, 2),
    Field("farmland", Of.HOUSEHOLD, "耕地（亩）", "farmland, mu", Form.NUMBER, 5),
    Field("crops", Of.HOUSEHOLD, "种植", "crops", Form.LINE, 3),
    Field("livestock", Of.HOUSEHOLD, "养殖", "livestock", Form.LINE, 3),
    Field("migrantWork", Of.HOUSEHOLD, "外出务工", "work away from home", Form.LINE, 3),
    Field("trade", Of.HOUSEHOLD, "经营", "trade of their own", Form.LINE, 3),
    Field("title", Of.ENTERPRISE, "名称", "name", Form.LINE, 10, personal=False),
    Field("industry", Of.ENTERPRISE, "行业", "industry", Form.LINE, 10, personal=False),
    Field("employees", Of.ENTERPRISE, "从业人数", "employees", Form.NUMBER, 10, personal=False),
    Field("production", Of.ENTERPRISE, "生产经营状况", "production", Form.TEXT, 10, personal=False),
    Field("obstacles", Of.ENTERPRISE, "困难和诉求", "difficulties", Form.TEXT, 10, personal=False),
    Field("contact", Of.ENTERPRISE, "联系人", "contact", Form.LINE, 3, mask=Mask.NAME),
    Field("contactPhone", Of.ENTERPRISE, "联系电话", "phone of the contact", Form.PHONE, 3, mask=Mask.PHONE),
]
FIELDS = {(field.of, field.code): field for field in _TABLE}
LONGEST = {Form.LINE: 100, Form.TEXT: 500}
EARLIEST_BIRTH = 1900

_MASKS: dict[Mask, Callable[[str], str]] = {
    Mask.NONE: lambda value: value,
    Mask.NAME: masks.mask_name,
    Mask.PHONE: masks.mask_phone,
    Mask.ID_NUMBER: masks.mask_id_number,
    Mask.HIDDEN: lambda _value: masks.HIDDEN,
}
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def field_of(of: Of, code: str, at: str) -> Field:
    """Raises Refusal, which names the input `at`."""
    field = FIELDS.get((of, code))
    if field is None:
        raise Refusal("FIELD_UNKNOWN", "档案中没有这个字段。", "There is no such field in this part of an archive.", at)
    return field


def clean(field: Field, value: str, today: date, at: str) -> str:
    """The value in its form; raises Refusal, which tells the form and never the value."""
    try:
        return _FORMS[field.form](value, today)
    except ValueError:
        zh, en = f"“{field.zh}”的内容不符合要求。", f"The value of {field.code} has not the form {field.form}."
        raise Refusal("BAD_VALUE", zh, en, at) from None


def shown(field: Field, value: str) -> str:
    """The value as a screen may show it."""
    return _MASKS[field.mask](value)


def _line(value: str, _today: date) -> str:
    return _at_most(filled(value), LONGEST[Form.LINE])


def _text(value: str, _today: date) -> str:
    return _at_most("\n".join(filled(line) for line in value.splitlines() if line.strip()), LONGEST[Form.TEXT])


def _phone(value: str, _today: date) -> str:
    text = filled(unicodedata.normalize("NFKC", value))
    if not re.fullmatch(r"\+?[0-9][0-9 \-]{5,24}", text):
        raise ValueError("no phone number")
    return text


def _id_number(value: str, _today: date) -> str:
    """18 characters with their check digit (GB 11643)."""
    text = unicodedata.normalize("NFKC", value).strip().upper()
    if not re.fullmatch(r"[1-9][0-9]{16}[0-9X]", text, re.ASCII):
        raise ValueError("no ID number")
    total = sum(int(digit) * weight for digit, weight in zip(text, _WEIGHTS, strict=False))
    if "10X98765432"[total % 11] != text[-1]:
        raise ValueError("the check digit differs")
    return text


def _year(value: str, today: date) -> str:
    text = value.strip()
    if not re.fullmatch(r"[0-9]{4}", text, re.ASCII) or not EARLIEST_BIRTH <= int(text) <= today.year:
        raise ValueError("no year")
    return text


def _number(value: str, _today: date) -> str:
    text = value.strip()
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,2})?", text, re.ASCII):
        raise ValueError("no number")
    return text


def _at_most(text: str, length: int) -> str:
    if not 1 <= len(text) <= length:
        raise ValueError("too long, or nothing")
    return text


_FORMS: dict[Form, Callable[[str, date], str]] = {
    Form.LINE: _line,
    Form.TEXT: _text,
    Form.PHONE: _phone,
    Form.ID_NUMBER: _id_number,
    Form.YEAR: _year,
    Form.NUMBER: _number,
}
