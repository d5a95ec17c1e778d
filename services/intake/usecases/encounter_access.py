"""Who reads what was written down in the field."""

from __future__ import annotations

from services.intake.domain.diaries import Diary
from services.intake.domain.encounters import Encounter
from services.intake.usecases.writing import ROLES
from shared.identity.roles import Role
from shared.identity.viewer import Viewer

BY_DIVISION = (
    Role.COMMUNITY_SECRETARY,
    Role.SUPERVISOR,
    Role.AUDITOR,
    Role.DATA_OFFICER,
    Role.COUNTY_ADMIN,
    Role.CITY_ADMIN,
)


READERS = (*ROLES, *BY_DIVISION)


def sees_encounter(viewer: Viewer, encounter: Encounter) -> bool:
    return sees_encounters_of(viewer, encounter.team, encounter.division)


def sees_encounters_of(viewer: Viewer, team: str | None, division: str) -> bool:
    """The team's own people, and offices whose territory holds the place."""
    return (team is not None and is_of_team(viewer, team)) or (viewer.has(*BY_DIVISION) and viewer.covers(division))


def is_of_team(viewer: Viewer, team: str) -> bool:
    return viewer.has(*ROLES) and viewer.team == team


def sees_diary(viewer: Viewer, diary: Diary) -> bool:
    """Its author, and who leads the team."""
    return viewer.has(*ROLES) and (viewer.sub == diary.member or (viewer.has(Role.TEAM_LEADER) and viewer.team == diary.team))
