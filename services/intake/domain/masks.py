"""How a person is shown on a screen: enough to recognise whom one knows, too little to find a stranger. Pure."""

from __future__ import annotations

import re
import unicodedata

ANONYMOUS_ZH = "匿名"
CONFIDENTIAL_ZH = "保密"
STAR = "*"
HIDDEN = STAR * 4


def mask_name(name: str) -> str:
    """孔凡莹 → 孔*莹, 王明 → 王*, 欧阳修文 → 欧**文, 买买提·艾力 → 买**·*力, Mary Ann → M*** A**. A single character becomes a star.

    Length is kept, as the form 孔*莹 has it; empty stays empty.
    """
    name = name.strip()
    if re.search(r"[A-Za-z]", name):
        return re.sub(r"\S+", lambda word: word[0][0] + STAR * (len(word[0]) - 1) if len(word[0]) > 1 else STAR, name)
    places = [place for place, character in enumerate(name) if character not in "·•・ "]
    if len(places) < 2:
        return re.sub(r"\S", STAR, name)
    shown = {places[0]} if len(places) == 2 else {places[0], places[-1]}
    return "".join(STAR if place in places and place not in shown else character for place, character in enumerate(name))


def mask_phone(phone: str) -> str:
    """13800000001 → 138****0001, 0537-4412345 → 0537****345. What has fewer than 7 digits is starred whole."""
    digits = re.sub(r"[^0-9]", "", unicodedata.normalize("NFKC", phone))
    if re.fullmatch(r"(0?86)?1[3-9][0-9]{9}|00861[3-9][0-9]{9}", digits):
        digits = digits[-11:]
    if len(digits) < 7:
        return STAR * max(len(digits), 4)
    if digits.startswith("0"):
        area = digits[: 3 if digits[1] in "12" else 4]
        return f"{area}****{digits[-3:]}"
    shown = 3 if len(digits) >= 10 else 1
    return f"{digits[:shown]}****{digits[-4 if shown == 3 else -2 :]}"


def mask_openid(openid: str) -> str:
    """oUpF8uMuAJO_M2pxb1Q9zNjWeS6o → ****eS6o. Its beginning is the same for all who follow one account."""
    return HIDDEN + openid[-4:]


def mask_id_number(number: str) -> str:
    """370881196001010011 → 3****************1: neither birthday nor district. What is shorter than an ID number is starred whole."""
    return number[0] + STAR * (len(number) - 2) + number[-1] if len(number) >= 15 else STAR * max(len(number), 4)
