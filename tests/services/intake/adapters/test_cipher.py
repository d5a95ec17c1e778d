from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.adapters.cipher import FieldCipher, Unreadable
from shared.identity.keys import KeyMissing, MasterKeys
from shared.identity.refs import phone_ref

REFERENCE_KEY = bytes(range(32))
OLD, NEW = bytes([1]) * 32, bytes([2]) * 32
CIPHER = FieldCipher(MasterKeys(lambda: {"0001": OLD}, str), REFERENCE_KEY)
ROTATED = FieldCipher(MasterKeys(lambda: {"0001": OLD, "0002": NEW}, str), REFERENCE_KEY)


@given(st.text(max_size=200))
def test_what_is_sealed_opens_again(text: str) -> None:
    key, wrapped = CIPHER.new_person_key("p-1")
    value = key.encrypt("name", text)
    assert key.decrypt("name", value) == text
    assert CIPHER.unwrap("p-1", wrapped).decrypt("name", value) == text
    if len(text) > 3:
        assert text not in value


def test_equal_texts_are_sealed_differently() -> None:
    key, _ = CIPHER.new_person_key("p-1")
    assert key.encrypt("name", "孔凡莹") != key.encrypt("name", "孔凡莹")


def test_a_value_does_not_open_in_another_field_or_for_another_person() -> None:
    key, wrapped = CIPHER.new_person_key("p-1")
    value = key.encrypt("name", "孔凡莹")
    with pytest.raises(Unreadable):
        key.decrypt("phone", value)
    other, other_wrapped = CIPHER.new_person_key("p-2")
    with pytest.raises(Unreadable):
        other.decrypt("name", value)
    with pytest.raises(Unreadable):
        other.decrypt("name", value.replace(key.id, other.id))
    with pytest.raises(Unreadable):
        CIPHER.unwrap("p-2", wrapped)
    with pytest.raises(Unreadable):
        CIPHER.unwrap("p-1", other_wrapped)


def test_the_binding_has_no_seams() -> None:
    key, _ = CIPHER.new_person_key("p")
    assert key._bound("name") != CIPHER.new_person_key("p")[0]._bound("name")
    with pytest.raises(Unreadable):
        key.decrypt("ename", key.encrypt("nam", "x"))


@pytest.mark.parametrize(
    "damage", [lambda v: v[:-1], lambda v: v[:-6] + "AAAAAA", lambda v: v + "AAAA", lambda v: "m2" + v[2:], lambda v: "", lambda v: v[:20]]
)
def test_a_damaged_value_is_unreadable_and_says_nothing(damage) -> None:
    key, wrapped = CIPHER.new_person_key("p-1")
    value = key.encrypt("name", "孔凡莹孔凡莹")
    with pytest.raises(Unreadable) as refused:
        key.decrypt("name", damage(value))
    assert "孔" not in str(refused.value)
    assert refused.value.__cause__ is None
    with pytest.raises(Unreadable):
        CIPHER.unwrap("p-1", damage(wrapped))


def test_rotation_rewraps_keys_and_leaves_values() -> None:
    key, wrapped = CIPHER.new_person_key("p-1")
    value = key.encrypt("phone", "13800000001")
    assert not CIPHER.is_outdated(wrapped)
    assert CIPHER.rewrap("p-1", wrapped) == wrapped
    assert ROTATED.is_outdated(wrapped)
    assert ROTATED.unwrap("p-1", wrapped).decrypt("phone", value) == "13800000001"
    moved = ROTATED.rewrap("p-1", wrapped)
    assert not ROTATED.is_outdated(moved)
    only_new = FieldCipher(MasterKeys(lambda: {"0002": NEW}, str), REFERENCE_KEY)
    assert only_new.unwrap("p-1", moved).decrypt("phone", value) == "13800000001"
    with pytest.raises(KeyMissing, match="0001"):
        only_new.unwrap("p-1", wrapped)


def test_a_wrapped_key_is_bound_to_the_master_key_it_names() -> None:
    _, wrapped = CIPHER.new_person_key("p-1")
    same = FieldCipher(MasterKeys(lambda: {"0001": OLD, "0002": OLD}, str), REFERENCE_KEY)
    with pytest.raises(Unreadable):
        same.unwrap("p-1", wrapped.replace(".0001.", ".0002."))


def test_without_the_wrapped_key_nothing_opens() -> None:
    key, _ = CIPHER.new_person_key("p-1")
    value = key.encrypt("name", "孔凡莹")
    replacement, _ = CIPHER.new_person_key("p-1")
    with pytest.raises(Unreadable):
        replacement.decrypt("name", value)


def test_the_blind_index_is_the_reference_of_the_phones_owner() -> None:
    assert CIPHER.blind_index("+86 138 0000 0001") == phone_ref(REFERENCE_KEY, "13800000001")
    assert CIPHER.blind_index("none") is None


def test_key_material_is_not_shown() -> None:
    key, _ = CIPHER.new_person_key("p-1")
    shown = f"{key!r} {key} {CIPHER!r} {ROTATED!r}"
    assert repr(OLD)[2:-1] not in shown
    assert "p-1" not in shown
    assert not hasattr(key, "__dict__")
    with pytest.raises(TypeError):
        pickle.dumps(key)
