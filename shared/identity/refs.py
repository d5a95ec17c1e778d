"""Keyed hashes that stand for a person where the person may not be named: in events, in indexes, in access rules.

HMAC-SHA256 under reference.key, hex. Without the key nobody can try all phone numbers against them; with another key nothing matches,
so this key is kept as long as the data.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata


def subject_ref(reference_key: bytes, sub: str) -> str:
    """The reference of a signed-in person: of "sub:<sub>"."""
    return _keyed(reference_key, f"sub:{sub}")


def grievance_ref(reference_key: bytes, id: str) -> str:
    """The reference of whoever told this grievance, where nothing else is known of them or they show its number and PIN."""
    return _keyed(reference_key, f"grievance:{id}")


def phone_ref(reference_key: bytes, phone: str) -> str | None:
    """The reference of whoever answers this phone: of "phone:<digits>". None when there are no digits to speak of (under 5)."""
    digits = phone_digits(phone)
    return _keyed(reference_key, f"phone:{digits}") if len(digits) >= 5 else None


def openid_ref(reference_key: bytes, openid: str) -> str | None:
    """The reference of whoever WeChat knows by this: of "openid:<openid>". None for what is no openid."""
    return _keyed(reference_key, f"openid:{openid}") if _OPENID.fullmatch(openid) else None


def phone_digits(phone: str) -> str:
    """One spelling for one number, country code 86 taken off and the trunk zero put on.

    `+86 138-0000-0001`, `8613800000001`, `１３８ 0000 0001` → `13800000001`; `+86 537 4412345`, `(0537)4412345` → `05374412345`.
    """
    text = unicodedata.normalize("NFKC", phone).strip()
    digits = re.sub(r"[^0-9]", "", text)
    if text.startswith(("+86", "0086")):
        digits = digits.removeprefix("00").removeprefix("86")
        return digits if digits.startswith("0") or _MOBILE.fullmatch(digits) else "0" + digits
    return digits[-11:] if digits.startswith(("86", "086")) and _MOBILE.fullmatch(digits[-11:]) else digits


_OPENID = re.compile(r"[0-9A-Za-z_-]{20,64}")
"""WeChat's have 28 characters; its word on that is not for ever."""
_MOBILE = re.compile(r"1[3-9][0-9]{9}")


def _keyed(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
