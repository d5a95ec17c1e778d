"""Who makes a move of the transition table: the roles, and how they have to stand to the case. Commands and `allowedActions` ask alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.routing.domain import (
    approval,
    cards,
    co_handlers,
    extensions,
    handoff,
    judging,
    returns,
    supervision,
    suspension,
    urging,
    verification,
)
from services.routing.domain.case import PETITIONER, Case
from services.routing.domain.lifecycle import BY_ACTION, MOVES, Action, Move, Party, next_status
from services.routing.usecases.ports import Handling
from shared.contracts.intake import Owner
from shared.identity.access import Access, is_consulted, is_petitioner, may_see
from shared.identity.errors import Forbidden, Refusal
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.writer import NoSuchRecord


@dataclass(frozen=True)
class PartyRule:
    """`stands`: whether somebody of these roles is the one whom this case is with. `refusal`: what anybody else of them is told."""

    roles: tuple[Role, ...]
    stands: Callable[[Viewer, Case, Access], bool]
    refusal: Callable[[], Refusal]


HANDLERS = (Role.HANDLER, Role.DEPARTMENT_HEAD)
DISPATCHERS = (Role.DISPATCHER,)
SUPERVISORS = (Role.SUPERVISOR,)
PETITIONERS = (Role.RESIDENT,)
COMMUNITIES = (Role.COMMUNITY_SECRETARY,)
HEADS = (Role.DEPARTMENT_HEAD,)
TEAMS = (Role.SECRETARY, Role.TEAM_LEADER)
URGERS = (*PETITIONERS, *TEAMS, *DISPATCHERS, *SUPERVISORS)
CONVENERS = (*TEAMS, *COMMUNITIES, *DISPATCHERS, *SUPERVISORS)
# Who acts for a territory, as what.
TERRITORIAL: dict[Party, Role] = {
    "DISPATCHER": Role.DISPATCHER,
    "SUPERVISOR": Role.SUPERVISOR,
    "COMMUNITY": Role.COMMUNITY_SECRETARY,
}


def may_handle(viewer: Viewer, access: Access) -> bool:
    """Somebody who acts for a department that handles it."""
    return viewer.has(*HANDLERS) and may_see(viewer, access) and viewer.department in access.departments


def _acts_for(viewer: Viewer) -> str | None:
    return viewer.department if viewer.has(*HANDLERS) else None


def _has_the_order(viewer: Viewer, case: Case, access: Access) -> bool:
    order = case.work_order
    return may_handle(viewer, access) and order is not None and viewer.department == order.department


def _owns_or_heads(viewer: Viewer, case: Case, access: Access) -> bool:
    return _has_the_order(viewer, case, access) and (viewer.sub == case.owner.staffId or viewer.has(Role.DEPARTMENT_HEAD))


def _has_a_part(viewer: Viewer, case: Case, access: Access) -> bool:
    return may_handle(viewer, access) and co_handlers.contributes(case, viewer.department)


def may_head(viewer: Viewer, access: Access) -> bool:
    """The first responsible person of a department that handles it."""
    return viewer.has(*HEADS) and may_handle(viewer, access)


def _heads_the_lead(viewer: Viewer, case: Case, access: Access) -> bool:
    return _has_the_order(viewer, case, access) and viewer.has(*HEADS)


def is_carded(viewer: Viewer, case: Case, access: Access) -> bool:
    """The first responsible person of a department that got a card for it, wherever it has gone since. Never the accused."""
    department = viewer.department
    mine = department is not None and any(card.department == department for card in case.cards)
    return viewer.has(*HEADS) and mine and department not in access.accused_departments


def may_dispatch(viewer: Viewer, access: Access) -> bool:
    """A dispatcher in whose territory it is."""
    return viewer.has(*DISPATCHERS) and may_see(viewer, access) and viewer.covers(access.division)


def may_ask_for_help(viewer: Viewer, access: Access) -> bool:
    """Whoever asks another department for its part."""
    return may_handle(viewer, access) or may_dispatch(viewer, access)


def may_supervise(viewer: Viewer, access: Access) -> bool:
    """A supervisor in whose territory it is."""
    return viewer.has(*SUPERVISORS) and may_see(viewer, access) and viewer.covers(access.division)


def may_advise(viewer: Viewer, access: Access) -> bool:
    """A party secretary of the place, or of a compound in it that is asked; which of them was asked, the case knows."""
    return viewer.has(*COMMUNITIES) and may_see(viewer, access) and (viewer.covers(access.division) or is_consulted(viewer, access))


def may_withdraw(viewer: Viewer, access: Access) -> bool:
    """The petitioner, by the account or by number and PIN."""
    return may_see(viewer, access) and is_petitioner(viewer, access)


def _heard_it(viewer: Viewer, access: Access) -> bool:
    """Of the team that took it down."""
    return viewer.has(*TEAMS) and may_see(viewer, access) and viewer.team is not None and viewer.team == access.team


def may_urge(viewer: Viewer, access: Access) -> bool:
    """Whose grievance it is, whose team heard it, and who dispatches or supervises in its place."""
    return may_withdraw(viewer, access) or _heard_it(viewer, access) or may_dispatch(viewer, access) or may_supervise(viewer, access)


def may_convene(viewer: Viewer, access: Access) -> bool:
    """Officials who answer to a meeting for the grievance's place, or whose team heard it."""
    return (
        _heard_it(viewer, access)
        or may_dispatch(viewer, access)
        or may_supervise(viewer, access)
        or (may_advise(viewer, access) and viewer.covers(access.division))
    )


PARTIES: dict[Party, PartyRule] = {
    "DEPARTMENT": PartyRule(
        HANDLERS,
        _has_the_order,
        lambda: Forbidden("NOT_YOUR_WORK_ORDER", "该工单不属于您所在的部门。", "This work order is not your department's."),
    ),
    "HEAD": PartyRule(
        HEADS,
        _heads_the_lead,
        lambda: Forbidden("NOT_YOUR_WORK_ORDER", "该工单不属于您所在的部门。", "This work order is not your department's."),
    ),
    "OWNER_OR_HEAD": PartyRule(
        HANDLERS,
        _owns_or_heads,
        lambda: Forbidden(
            "NOT_YOURS_TO_HAND_OVER",
            "只有工单的责任人或其部门主要负责人可以移交。",
            "Only whoever owns the work order, or heads its department, hands it over.",
        ),
    ),
    "LEAD_OR_DISPATCHER": PartyRule(
        (*HANDLERS, *DISPATCHERS),
        lambda viewer, case, access: _has_the_order(viewer, case, access) or may_dispatch(viewer, access),
        lambda: Forbidden(
            "NOT_YOURS_TO_SHARE",
            "只有主办部门或辖区内的转办员可以增加协办。",
            "Only the lead, or a dispatcher of the place, adds a co-handler.",
        ),
    ),
    "CO_DEPARTMENT": PartyRule(
        HANDLERS,
        _has_a_part,
        lambda: Forbidden("NOT_YOUR_PART", "您所在的部门不是协办部门。", "Your department has no part in it."),
    ),
    "DISPATCHER": PartyRule(
        DISPATCHERS,
        lambda viewer, _case, access: may_dispatch(viewer, access),
        lambda: Forbidden("NOT_YOUR_TERRITORY", "该诉求不在您的转办地区内。", "You do not dispatch for this grievance's place."),
    ),
    "SUPERVISOR": PartyRule(
        SUPERVISORS,
        lambda viewer, _case, access: may_supervise(viewer, access),
        lambda: Forbidden("NOT_YOUR_TERRITORY", "该诉求不在您的督查地区内。", "You do not supervise this grievance's place."),
    ),
    "PETITIONER": PartyRule(
        PETITIONERS,
        lambda viewer, _case, access: may_withdraw(viewer, access),
        lambda: Forbidden("NOT_YOURS", "只有诉求人本人可以撤诉。", "Only the petitioner may withdraw it."),
    ),
    "URGER": PartyRule(
        URGERS,
        lambda viewer, _case, access: may_urge(viewer, access),
        lambda: Forbidden("NOT_YOURS_TO_URGE", "您不能催办该诉求。", "It is not yours to urge."),
    ),
    "CONVENER": PartyRule(
        CONVENERS,
        lambda viewer, _case, access: may_convene(viewer, access),
        lambda: Forbidden("NOT_YOURS_TO_URGE", "您不能催办该诉求。", "It is not yours to urge."),
    ),
    "CARDED": PartyRule(
        HEADS,
        is_carded,
        lambda: Forbidden("NOT_YOUR_CARD", "该诉求没有您所在部门的红黄牌。", "Your department got no card for it.", "card"),
    ),
    "COMMUNITY": PartyRule(
        COMMUNITIES,
        lambda viewer, _case, access: may_advise(viewer, access),
        lambda: Forbidden("NOT_YOUR_TERRITORY", "诉求所在地不在您的管辖范围内。", "You do not answer for this grievance's place."),
    ),
}
"""All but SYSTEM, which is nobody who could ask."""


@dataclass(frozen=True)
class Allowance:
    """One move that people make, and why the viewer may not make it now; None where they may."""

    move: Move
    refusal: Refusal | None


def check_visible(parts: Handling, viewer: Viewer, case: Case) -> None:
    """What one may not see does not exist for one."""
    if not may_see(viewer, parts.access_of(case)):
        raise NoSuchRecord("not visible")


def author(viewer: Viewer, action: Action, case: Case) -> Owner:
    """Who makes the move, as role, unit and id: a handler or head for a department, a dispatcher, supervisor or party secretary for a
    territory."""
    party = BY_ACTION[action].by
    if party in ("URGER", "CONVENER"):
        return _urging(viewer, case)
    if party == "PETITIONER":
        return PETITIONER
    leads = case.work_order is not None and _acts_for(viewer) == case.work_order.department
    if party in TERRITORIAL or (party == "LEAD_OR_DISPATCHER" and not leads):
        return _for_territory(viewer, TERRITORIAL.get(party, Role.DISPATCHER), case)
    # Who is both reports as the head, whose reports nobody approves.
    as_head = party in ("HEAD", "CARDED") or action in co_handlers.REPORTS
    role = Role.DEPARTMENT_HEAD if viewer.has(*HEADS) and (as_head or not viewer.has(Role.HANDLER)) else Role.HANDLER
    return Owner(staffId=viewer.sub, role=role, unit=viewer.department or "")


def _urging(viewer: Viewer, case: Case) -> Owner:
    """As what officials urge: of the team that heard it, else for the territory."""
    if viewer.has(*TEAMS) and viewer.team == case.team and case.team is not None:
        role = Role.SECRETARY if viewer.has(Role.SECRETARY) else Role.TEAM_LEADER
        return Owner(staffId=viewer.sub, role=role, unit=case.team)
    held = next(role for role in (*SUPERVISORS, *DISPATCHERS, *COMMUNITIES) if viewer.has(role))
    return _for_territory(viewer, held, case)


def _for_territory(viewer: Viewer, role: Role, case: Case) -> Owner:
    # A compound that was asked lies below the case's division.
    covering = [scope for scope in viewer.scopes if scope.covers(case.division) or scope.prefix in case.consulted()]
    return Owner(staffId=viewer.sub, role=role, unit=max(covering, key=lambda scope: len(scope.prefix)).code)


def roles_of(action: Action) -> tuple[Role, ...]:
    return PARTIES[BY_ACTION[action].by].roles


def check(parts: Handling, viewer: Viewer, action: Action, case: Case) -> None:
    """Raises Refusal: the role first, then whose it is, then the state with what is possible in it, then what else stands against it."""
    party = PARTIES[BY_ACTION[action].by]
    viewer.require(*party.roles)
    if not party.stands(viewer, case, parts.access_of(case)):
        raise party.refusal()
    next_status(case.status, action)
    now = parts.now()
    if refusal := (
        returns.hindrance(case, action, viewer.sub, parts.reckoning(), now)
        or extensions.hindrance(case, action, viewer.sub, now)
        or judging.hindrance(case, action, viewer.scopes)
        or co_handlers.hindrance(case, action, _acts_for(viewer))
        or handoff.hindrance(case, action)
        or suspension.hindrance(case, action, now)
        or approval.hindrance(case, action, viewer.sub, viewer.has(*HEADS), parts.approval_rules)
        or verification.hindrance(case, action, viewer.sub)
        or supervision.hindrance(case, action, now)
        or cards.hindrance(case, action, _acts_for(viewer))
        or urging.hindrance(case, action, PETITIONER.staffId if is_petitioner(viewer, parts.access_of(case)) else viewer.sub, now)
    ):
        raise refusal


def allowances(parts: Handling, viewer: Viewer, case: Case) -> list[Allowance]:
    """Of every move that people make, in the order of the table."""
    found = []
    for move in MOVES:
        if move.by in PARTIES:
            try:
                check(parts, viewer, move.action, case)
                found.append(Allowance(move, None))
            except Refusal as refusal:
                found.append(Allowance(move, refusal))
    return found
