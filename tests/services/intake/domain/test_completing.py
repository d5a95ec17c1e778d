"""What may be added later, and what stays as it was told. Pure."""

from __future__ import annotations

from typing import Any

import pytest

from services.intake.domain.completing import Added, Known, refuse
from shared.contracts.routing import Status
from tests.services.intake.test_shares import grievance

OPENID = "oCompletes-demo-000000000001"
NOBODY_KNOWN = Known(name=None, phone=None, openid=None, place=None, named_by_sign_in=False)
NOTHING = {"name": None, "phone": None, "openid": None, "kind": None, "place": None, "subject": None, "attachments": ()}


def refused(known: dict[str, Any], added: dict[str, Any], status: Status | None = None, **changes: Any) -> tuple[str, str | None] | None:
    found = refuse(grievance(status, **changes), Known(**{**vars(NOBODY_KNOWN), **known}), Added(**{**NOTHING, **added}))
    return (found.code, found.field) if found else None


@pytest.mark.row("S45")
@pytest.mark.parametrize(
    ("known", "added", "changes"),
    [
        ({}, {"name": "孔凡莹", "phone": "13800000001"}, {}),
        ({"name": "孔凡莹"}, {"phone": "13800000001"}, {}),
        ({"phone": "13800000001"}, {"name": "孔凡莹"}, {}),
        ({"phone": "13800000001"}, {"openid": OPENID}, {}),
        ({"name": "孔凡莹"}, {"place": "东门"}, {}),
        ({}, {"attachments": ("b",)}, {"attachments": ["a"]}),
        ({}, {"subject": "路灯坏了"}, {"subject": "后作街的路灯", "text": "后作街的路灯一个月没亮了。"}),
        ({}, {"place": "东门"}, {"anonymous": True}),
        ({}, {"place": "东门", "kind": "FARMER"}, {}),
        ({"name": "孔凡莹"}, {"phone": "13800000001", "kind": "FARMER"}, {"petitioner_kind": "FARMER"}),
    ],
)
def test_what_was_not_told_may_be_added(known: dict[str, Any], added: dict[str, Any], changes: dict[str, Any]) -> None:
    assert refused(known, added, **changes) is None


@pytest.mark.parametrize(
    ("known", "added", "changes", "code"),
    [
        ({}, {}, {}, ("NOTHING_TO_ADD", None)),
        ({}, {"kind": "RESIDENT"}, {}, ("NOTHING_TO_ADD", None)),
        ({"name": "孔凡莹"}, {"name": "孔凡莹"}, {}, ("ALREADY_TOLD", "petitioner")),
        ({"phone": "13800000001"}, {"name": "孔", "phone": "13800000002"}, {}, ("ALREADY_TOLD", "petitioner")),
        ({"openid": OPENID}, {"openid": OPENID}, {}, ("ALREADY_TOLD", "petitioner")),
        ({"named_by_sign_in": True}, {"openid": OPENID}, {}, ("ALREADY_TOLD", "petitioner")),
        ({"named_by_sign_in": True}, {"name": "孔凡莹"}, {}, ("ALREADY_TOLD", "petitioner")),
        ({}, {"name": "孔凡莹"}, {"anonymous": True}, ("ANONYMOUS", "petitioner")),
        ({}, {"place": "东门", "kind": "ENTERPRISE"}, {"petitioner_kind": "FARMER"}, ("ALREADY_TOLD", "petitioner")),
        ({"name": "孔凡莹"}, {"place": "东门", "kind": "FARMER"}, {}, ("ALREADY_TOLD", "petitioner")),
        ({"named_by_sign_in": True}, {"place": "东门", "kind": "FARMER"}, {}, ("ALREADY_TOLD", "petitioner")),
        ({}, {"place": "东门", "kind": "FARMER"}, {"anonymous": True, "petitioner_kind": "ANONYMOUS"}, ("ANONYMOUS", "petitioner")),
        ({"place": "东门"}, {"place": "西门"}, {}, ("ALREADY_TOLD", "place")),
        ({}, {"subject": "别的标题"}, {"subject": "路灯", "text": "东门的路灯不亮。"}, ("ALREADY_TOLD", "subject")),
        ({}, {"attachments": ("a",)}, {"attachments": ["a"]}, ("ALREADY_TOLD", "attachments")),
        ({}, {"attachments": ("a",)}, {"attachments": [str(n) for n in range(20)]}, ("TOO_MANY_ATTACHMENTS", "attachments")),
    ],
)
def test_what_is_there_already_is_refused_by_its_field(
    known: dict[str, Any], added: dict[str, Any], changes: dict[str, Any], code: tuple[str, str | None]
) -> None:
    assert refused(known, added, **changes) == code


@pytest.mark.parametrize("status", ["CLOSED", "WITHDRAWN", "NOT_ACCEPTED", "MERGED"])
def test_nothing_is_added_to_what_has_ended(status: Status) -> None:
    assert refused({}, {"place": "东门"}, status) == ("ALREADY_ENDED", None)


@pytest.mark.parametrize("status", ["FED_BACK", "SURVEYED"])
def test_nobody_becomes_the_petitioner_while_they_are_asked_how_it_went(status: Status) -> None:
    for told in ({"name": "孔凡莹"}, {"phone": "13800000001"}, {"openid": OPENID}, {"kind": "FARMER", "place": "东门"}):
        assert refused({}, told, status) == ("ALREADY_FED_BACK", "petitioner")
    assert refused({}, {"place": "东门"}, status) is None
    assert refused({}, {"name": "孔凡莹"}, "RESOLVED") is None
