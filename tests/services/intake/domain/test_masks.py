from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.masks import mask_name, mask_openid, mask_phone


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("孔凡莹", "孔*莹"),
        ("王明", "王*"),
        ("欧阳修文", "欧**文"),
        ("李", "*"),
        ("", ""),
        (" 孔凡莹 ", "孔*莹"),
        ("买买提·艾力", "买**·*力"),
        ("Mary Ann", "M*** A**"),
        ("X", "*"),
        ("孔 凡 莹", "孔 * 莹"),
    ],
)
def test_names_are_masked(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13800000001", "138****0001"),
        ("+86 138-0000-0001", "138****0001"),
        ("008613800000001", "138****0001"),
        ("１３８００００００01", "138****0001"),
        ("0537-4412345", "0537****345"),
        ("010-62345678", "010****678"),
        ("4412345", "4****45"),
        ("12345", "*****"),
        ("", "****"),
        ("unknown", "****"),
    ],
)
def test_phones_are_masked(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked


def test_of_an_openid_the_end_is_shown() -> None:
    assert mask_openid("oMinyi-demo-0123456789abcdef") == "****cdef"


@given(st.text(st.characters(categories=["Lo"]), min_size=2, max_size=6))
def test_a_mask_hides_part_of_every_name(name: str) -> None:
    assert "*" in mask_name(name)
    assert mask_name(name)[1:2] == "*"


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_mask_hides_four_digits_of_every_mobile(phone: str) -> None:
    assert mask_phone(phone) == f"{phone[:3]}****{phone[-4:]}"
