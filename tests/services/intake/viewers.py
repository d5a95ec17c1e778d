"""Who asks in the tests of the organisation: the six that every query and mutation is tried with, around 鲁城街道 of 曲阜."""

from shared.identity.roles import Role
from shared.identity.scopes import Level, from_code
from shared.identity.viewer import ANONYMOUS, Viewer

VILLAGE = "370881001901"
TEAM, OTHER_TEAM = "T-370881-001", "T-370811-009"
CITY_ADMIN = Viewer(sub="city-admin", roles=frozenset({Role.CITY_ADMIN}), scopes=(from_code("370800000000", Level.CITY),))
COUNTY_ADMIN = Viewer(sub="county-admin", roles=frozenset({Role.COUNTY_ADMIN}), scopes=(from_code("370881000000", Level.COUNTY),))
SECRETARY = Viewer(sub="secretary-1", roles=frozenset({Role.SECRETARY}), scopes=(from_code(VILLAGE, Level.VILLAGE),), team=TEAM)
OTHER_SECRETARY = Viewer(
    sub="secretary-9", roles=frozenset({Role.SECRETARY}), scopes=(from_code("370811001001", Level.VILLAGE),), team=OTHER_TEAM
)
RESIDENT = Viewer(sub="resident-1", roles=frozenset({Role.RESIDENT}))
NOBODY = ANONYMOUS
