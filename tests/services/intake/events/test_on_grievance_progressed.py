from __future__ import annotations

from services.intake.events.on_grievance_progressed import on_grievance_progressed
from services.intake.store.mongo import access_of, derived
from shared.contracts.intake import Owner
from shared.contracts.routing import GrievanceMovedV1
from shared.identity.access import may_know_petitioner, may_see
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from tests.access.documents import Described
from tests.access.people import HANDLING


def test_who_is_accused_and_what_is_secret_follow_routings_word() -> None:
    grievance = Described("S", bytes(32), "g").grievance("person")
    handler = Viewer(sub="h", roles=frozenset({Role.HANDLER}), department=HANDLING)
    assert may_know_petitioner(handler, access_of(grievance))
    progress = grievance.progress
    assert progress is not None

    def moved(**access: object) -> GrievanceMovedV1:
        changed = progress.model_copy(update={"access": progress.access.model_copy(update=access)})
        return GrievanceMovedV1(action="CLOSE", by=Owner(staffId="s", role="SYSTEM", unit="routing"), progress=changed)

    secret, _ = on_grievance_progressed(grievance, moved(confidential=True))
    assert may_see(handler, access_of(secret))
    assert not may_know_petitioner(handler, access_of(secret))
    accused, _ = on_grievance_progressed(grievance, moved(accusedDepartments=[HANDLING]))
    assert not may_see(handler, access_of(accused))
    # Lists filter by the document's own field.
    assert accused.accused_departments == [HANDLING]
    elsewhere, _ = on_grievance_progressed(grievance, moved(departments=["D-OTHER"]))
    assert not may_see(handler, access_of(elsewhere))
    assert derived(elsewhere) != derived(grievance)
