"""The table of what archives hold, the form of each value, and how it is shown."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.archive_fields import FIELDS, Field, Form, Mask, Of, clean, field_of, shown
from shared.identity.errors import Refusal

TODAY = date(2026, 6, 5)
OF_FORM = {form: next(field for field in FIELDS.values() if field.form is form) for form in Form}


@pytest.mark.row("S41")
@pytest.mark.parametrize("field", FIELDS.values(), ids=lambda field: f"{field.of}.{field.code}")
def test_every_field_has_both_names_a_limit_and_what_is_sensitive_is_personal_and_masked(field: Field) -> None:
    assert field.code.isascii()
    assert not field.zh.isascii()
    assert field.en.isascii()
    assert 1 <= field.years <= 10
    assert not field.sensitive or (field.personal and field.mask is not Mask.NONE)
    assert field.mask is Mask.NONE or field.personal
    assert field.personal or field.of is Of.ENTERPRISE


@pytest.mark.parametrize(
    ("form", "value", "kept"),
    [
        (Form.LINE, " 砖混 ", "砖混"),
        (Form.TEXT, "缺水\r\n\n  路不通 ", "缺水\n路不通"),
        (Form.PHONE, "１３８００００１２３４", "13800001234"),
        (Form.PHONE, "0537-4412345", "0537-4412345"),
        (Form.ID_NUMBER, "11010519491231002x", "11010519491231002X"),
        (Form.YEAR, "1949", "1949"),
        (Form.NUMBER, "3.5", "3.5"),
    ],
)
def test_a_value_is_kept_in_its_form(form: Form, value: str, kept: str) -> None:
    assert clean(OF_FORM[form], value, TODAY, "value") == kept


@pytest.mark.parametrize(
    ("form", "value"),
    [
        (Form.LINE, " "),
        (Form.LINE, "一\n二"),
        (Form.LINE, "长" * 101),
        (Form.TEXT, "\n \n"),
        (Form.TEXT, "长" * 501),
        (Form.TEXT, "a\x00b"),
        (Form.PHONE, "没有"),
        (Form.PHONE, "12345"),
        (Form.ID_NUMBER, "110105194912310021"),
        (Form.ID_NUMBER, "11010519491231002"),
        (Form.ID_NUMBER, "١١٠١٠٥١٩٤٩١٢٣١٠٠٢X"),
        (Form.YEAR, "1899"),
        (Form.YEAR, "2027"),
        (Form.YEAR, "49"),
        (Form.NUMBER, "-1"),
        (Form.NUMBER, "1e3"),
        (Form.NUMBER, "三亩"),
    ],
)
def test_what_has_not_its_form_is_refused_without_being_told(form: Form, value: str) -> None:
    with pytest.raises(Refusal) as refused:
        clean(OF_FORM[form], value, TODAY, "changes.0.value")
    assert (refused.value.code, refused.value.field) == ("BAD_VALUE", "changes.0.value")
    assert value.strip() == "" or value not in f"{refused.value} {refused.value.zh}"


# What has the sign of masks in it may look as it does once it is masked.
UNMASKED = st.text(st.characters(exclude_characters="*"), min_size=1, max_size=30)


@given(st.sampled_from([field for field in FIELDS.values() if field.mask is not Mask.NONE]), UNMASKED)
def test_a_masked_value_never_shows_the_whole(field: Field, value: str) -> None:
    assert shown(field, value) != value or set(value) <= set("·•・ ") or not value.strip()


@pytest.mark.parametrize(
    ("of", "code", "value", "mask"),
    [
        (Of.RESIDENT, "name", "孔凡莹", "孔*莹"),
        (Of.RESIDENT, "phone", "13800001234", "138****1234"),
        (Of.RESIDENT, "idNumber", "11010519491231002X", "1****************X"),
        (Of.RESIDENT, "health", "高血压", "****"),
        (Of.HOUSEHOLD, "water", "井水", "井水"),
        (Of.ENTERPRISE, "contact", "王明", "王*"),
    ],
)
def test_a_value_is_shown_by_its_mask(of: Of, code: str, value: str, mask: str) -> None:
    assert shown(FIELDS[of, code], value) == mask


def test_a_field_of_another_part_is_unknown() -> None:
    with pytest.raises(Refusal) as refused:
        field_of(Of.HOUSEHOLD, "idNumber", "changes.0.field")
    assert (refused.value.code, refused.value.field) == ("FIELD_UNKNOWN", "changes.0.field")
