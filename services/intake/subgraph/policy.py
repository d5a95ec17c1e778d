"""Who may see which field of intake's part of the graph: one row for every field, and the schema is held to it (shared/policy.py)."""

from __future__ import annotations

from services.intake.store.mongo import access_of
from services.intake.usecases import create_upload, register_grievance
from shared.identity.rules import (
    EVERYBODY,
    HOLDS_PIN,
    KNOWS_PETITIONER,
    LISTED,
    OF_OBJECT,
    SEES,
    SIGNED_IN,
    TO_ITS_AUTHOR,
    TO_THE_REFUSED,
    command,
    quietly,
)
from shared.policy import Guarded, Policy

REGISTERS = command(
    "群众，或辖区内的登记岗位",
    "residents, and who takes grievances in their territory",
    register_grievance.ROLES,
    lambda viewer, access: register_grievance.may_register_at(viewer, access.division),
    "ROLE_MISSING OUT_OF_SCOPE",
)
UPLOADS = command(
    "登记或承办岗位，且可见该诉求",
    "who registers or handles, for a grievance that they may see",
    create_upload.ROLES,
    SEES.allows,
    "ROLE_MISSING NOT_FOUND",
)

POLICY = Policy(
    objects={
        "Grievance": Guarded(
            SEES,
            lambda grievance, _context: access_of(grievance.held),
            quiet=True,
            exempt=lambda grievance: grievance.to_its_author,
        ),
        "Division": Guarded(EVERYBODY),
    },
    fields={
        "Query": {
            "_entities": OF_OBJECT,
            "_service division divisions": EVERYBODY,
            "grievance grievances": SIGNED_IN,
            "me": quietly(SIGNED_IN),
        },
        "Mutation": {"registerGrievance": REGISTERS, "createUpload": UPLOADS, "openByPin": HOLDS_PIN},
        "Grievance": {
            "id number kind channel subject text registeredAt occurredAt anonymous confidential urgent campaign": OF_OBJECT,
            "registeredBy division": OF_OBJECT,
            "petitioner": KNOWS_PETITIONER,
            "attachments": quietly(SEES),
        },
        "Owner": {"staffId role unit": OF_OBJECT},
        "Petitioner": {"kind displayName phone": OF_OBJECT},
        "Attachment": {"id name contentType size sha256 purpose url": OF_OBJECT},
        "GrievanceConnection": {"edges": LISTED, "pageInfo": OF_OBJECT},
        "GrievanceEdge": {"cursor node": OF_OBJECT},
        "PageInfo": {"hasNextPage endCursor": OF_OBJECT},
        "Division": {"code name level fullName local parent": OF_OBJECT},
        "Me": {"sub roles department team scopes": OF_OBJECT},
        "Registered": {"grievance pin": TO_ITS_AUTHOR},
        "RegisterRefused": {"code message messageZh field": TO_THE_REFUSED},
        "Opened": {"accessToken expiresAt grievanceId": OF_OBJECT},
        "OpenRefused": {"code message messageZh field": TO_THE_REFUSED},
        "Upload": {"attachmentId url method expiresAt": OF_OBJECT},
        "UploadRefused": {"code message messageZh field": TO_THE_REFUSED},
        "_Service": {"sdl": OF_OBJECT},
    },
)
