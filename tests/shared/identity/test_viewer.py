from __future__ import annotations

import pytest

from shared.identity.errors import Forbidden, Refusal, Unauthenticated
from shared.identity.refs import phone_digits, phone_ref, subject_ref
from shared.identity.roles import Role, known_roles
from shared.identity.scopes import from_code
from shared.identity.viewer import ANONYMOUS, Viewer
from tests.shared.identity.builders import REFERENCE_KEY

SUPERVISOR = Viewer(sub="s", roles=frozenset({Role.SUPERVISOR}), scopes=(from_code("370881000000", "COUNTY"),))


def test_requires_sign_in_before_a_role() -> None:
    with pytest.raises(Unauthenticated) as refused:
        ANONYMOUS.require(Role.RESIDENT)
    assert refused.value.kind == "UNAUTHENTICATED"
    with pytest.raises(Unauthenticated):
        ANONYMOUS.require()


def test_lets_pass_one_of_the_roles_and_refuses_the_others() -> None:
    SUPERVISOR.require()
    SUPERVISOR.require(Role.HANDLER, Role.SUPERVISOR)
    with pytest.raises(Forbidden) as refused:
        SUPERVISOR.require(Role.HANDLER)
    assert (refused.value.kind, refused.value.code) == ("FORBIDDEN", "ROLE_MISSING")
    assert refused.value.zh
    assert refused.value.en
    assert isinstance(refused.value, Refusal)


def test_covers_by_any_scope() -> None:
    assert SUPERVISOR.covers("370881001901-01")
    assert not SUPERVISOR.covers("370882001001")
    assert not ANONYMOUS.covers("370881001901")
    with pytest.raises(Forbidden):
        SUPERVISOR.require_cover("370800000000")


def test_unknown_roles_grant_nothing() -> None:
    assert known_roles(["SUPERVISOR", "root", 7, None]) == {Role.SUPERVISOR}
    assert known_roles("SUPERVISOR") == frozenset()
    assert known_roles(None) == frozenset()


@pytest.mark.parametrize(
    "phone",
    [
        "13800000001",
        "+8613800000001",
        "+86 138-0000-0001",
        "0086 138 0000 0001",
        "8613800000001",
        "１３８００００００01",
        "(+86)13800000001",
        " 138 0000 0001 ",
    ],
)
def test_one_number_has_one_reference(phone: str) -> None:
    assert phone_digits(phone) == "13800000001"
    assert phone_ref(REFERENCE_KEY, phone) == phone_ref(REFERENCE_KEY, "13800000001")


@pytest.mark.parametrize(
    ("phone", "digits"),
    [
        ("0537-4412345", "05374412345"),
        ("+86 537 4412345", "05374412345"),
        ("+86 (0537) 4412345", "05374412345"),
        ("+86 10 62345678", "01062345678"),
    ],
)
def test_landlines_have_one_spelling(phone: str, digits: str) -> None:
    assert phone_digits(phone) == digits


def test_references_need_the_key_and_do_not_show_the_number() -> None:
    ref = phone_ref(REFERENCE_KEY, "13800000001")
    assert ref is not None
    assert "138" not in ref or len(ref) == 64
    assert ref != phone_ref(bytes(32), "13800000001")
    assert ref != subject_ref(REFERENCE_KEY, "13800000001")
    assert phone_ref(REFERENCE_KEY, "unknown") is None
