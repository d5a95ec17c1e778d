from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.identity.access import (
    ROLES_BY_DEPARTMENT,
    ROLES_BY_DIVISION,
    ROLES_BY_REFERENCE,
    ROLES_BY_TEAM,
    Access,
    access_filter,
    may_know_petitioner,
    may_see,
)
from shared.identity.roles import Role
from shared.identity.scopes import Scope, from_code, prefixes
from shared.identity.viewer import ANONYMOUS, Viewer

ACCESS = Access(
    division="370881001901-01",
    petitioner_ref="ref-kong",
    team="T-1",
    departments=frozenset({"D-A", "D-B"}),
    handlers=frozenset({"staff-7"}),
)
QUFU = (from_code("370881000000", "COUNTY"),)
YANZHOU = (from_code("370812000000", "COUNTY"),)


def viewer(*roles: Role, scopes: tuple[Scope, ...] = (), **more: object) -> Viewer:
    return replace(Viewer(sub="somebody", roles=frozenset(roles), scopes=scopes), **more)


def both(who: Viewer, access: Access = ACCESS) -> bool:
    answer = may_see(who, access)
    assert access_filter(who).admits(access) == answer
    return answer


def test_every_role_has_exactly_one_ground_and_operators_none() -> None:
    grounds = [ROLES_BY_REFERENCE, ROLES_BY_TEAM, ROLES_BY_DEPARTMENT, ROLES_BY_DIVISION]
    assert sorted(role for ground in grounds for role in ground) == sorted(set(Role) - {Role.OPERATOR})


@pytest.mark.row("S25")
def test_a_resident_sees_their_own_and_no_other() -> None:
    assert both(viewer(Role.RESIDENT, refs=frozenset({"ref-kong", "x"})))
    assert not both(viewer(Role.RESIDENT, refs=frozenset({"ref-wang"})))
    assert not both(viewer(Role.RESIDENT, scopes=QUFU))
    assert not both(viewer(Role.RESIDENT, refs=frozenset({"ref-kong"})), replace(ACCESS, petitioner_ref=None))


@pytest.mark.row("S16")
@pytest.mark.parametrize("role", sorted(ROLES_BY_TEAM))
def test_a_team_sees_what_it_heard(role: Role) -> None:
    assert both(viewer(role, team="T-1"))
    assert not both(viewer(role, team="T-2"))
    assert not both(viewer(role, team=None, scopes=QUFU), replace(ACCESS, team=None))


@pytest.mark.row("S22")
@pytest.mark.parametrize("role", sorted(ROLES_BY_DEPARTMENT))
def test_a_department_sees_what_it_handles(role: Role) -> None:
    assert both(viewer(role, department="D-B"))
    assert not both(viewer(role, department="D-C", scopes=QUFU))
    assert not both(viewer(role, department=None))


@pytest.mark.parametrize("role", sorted(ROLES_BY_DIVISION))
def test_an_office_sees_its_territory(role: Role) -> None:
    assert both(viewer(role, scopes=QUFU))
    assert both(viewer(role, scopes=YANZHOU + QUFU))
    assert not both(viewer(role, scopes=YANZHOU))
    assert not both(viewer(role))


def test_operators_and_strangers_see_none() -> None:
    assert not both(viewer(Role.OPERATOR, scopes=QUFU, department="D-A", team="T-1", refs=frozenset({"ref-kong"})))
    assert not both(ANONYMOUS)
    assert access_filter(ANONYMOUS).nothing


@pytest.mark.parametrize("role", sorted(Role))
def test_nobody_of_an_accused_department_sees_it_on_any_ground(role: Role) -> None:
    accused = replace(ACCESS, accused_departments=frozenset({"D-A"}))
    insider = viewer(role, scopes=QUFU, team="T-1", refs=frozenset({"ref-kong"}), department="D-A")
    assert not both(insider, accused)
    if role is not Role.OPERATOR:
        assert both(replace(insider, department="D-B"), accused)


def test_several_roles_add_up() -> None:
    who = viewer(Role.SECRETARY, Role.SUPERVISOR, team="T-9", scopes=QUFU)
    assert both(who)


def test_a_confidential_petitioner_is_known_to_themselves_and_the_team_that_heard_them() -> None:
    secret = replace(ACCESS, confidential=True)
    resident = viewer(Role.RESIDENT, refs=frozenset({"ref-kong"}))
    secretary = viewer(Role.SECRETARY, team="T-1")
    others = [viewer(Role.HANDLER, department="D-A"), viewer(Role.SUPERVISOR, scopes=QUFU), viewer(Role.CITY_ADMIN, scopes=QUFU)]
    assert may_know_petitioner(resident, secret)
    assert may_know_petitioner(secretary, secret)
    for other in others:
        assert may_see(other, secret)
        assert not may_know_petitioner(other, secret)
        assert may_know_petitioner(other, ACCESS)
    assert not may_know_petitioner(viewer(Role.HANDLER, department="D-X"), ACCESS)


names = st.sampled_from(["A", "B", "C"])
subsets = st.frozensets(names, max_size=3)
divisions = st.sampled_from(
    [
        "370881001901",
        "370881001901-01",
        "370881001901-011",
        "370881001902",
        "370881100001",
        "370812001012",
        "370881001000",
        "370881000000",
        "370100000000",
        "bad",
    ]
)
some_scopes = st.sampled_from(
    [
        from_code("370800000000", "CITY"),
        from_code("370881000000", "COUNTY"),
        from_code("370881001000", "TOWN"),
        from_code("370881001901", "VILLAGE"),
        from_code("370881001901-01", "COMPOUND"),
        from_code("370812000000", "COUNTY"),
    ]
)
viewers = st.builds(
    Viewer,
    sub=st.sampled_from(["", "somebody"]),
    roles=st.frozensets(st.sampled_from(list(Role)), max_size=3),
    scopes=st.lists(some_scopes, max_size=2).map(tuple),
    department=st.none() | names | st.just(""),
    team=st.none() | names | st.just(""),
    refs=subsets,
)
accesses = st.builds(
    Access,
    division=divisions,
    petitioner_ref=st.none() | names,
    team=st.none() | names | st.just(""),
    departments=subsets,
    handlers=subsets,
    accused_departments=subsets,
    confidential=st.booleans(),
    consulted=st.frozensets(st.sampled_from(["370881001901-01", "370881001901-02"])),
)


@settings(max_examples=1500)
@given(viewers, accesses)
def test_the_rule_and_the_filter_agree(who: Viewer, access: Access) -> None:
    visible = access_filter(who)
    assert visible.admits(access) == may_see(who, access)
    if visible.nothing:
        assert not may_see(who, access)
    # A store that keeps prefixes instead of ranges answers the same.
    in_ranges = any(start <= access.division < end for start, end in visible.ranges)
    assert in_ranges == (not visible.prefixes.isdisjoint(prefixes(access.division)))
