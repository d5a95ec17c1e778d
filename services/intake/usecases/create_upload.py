"""CreateUpload: leave to send one file, as a short-lived signed URL. The same request gets the same attachment."""

from __future__ import annotations

from collections.abc import Sequence

from services.intake.domain.grievance import Grievance
from services.intake.domain.uploads import IMPORT, UploadLimits, UploadRefusal, UploadTicket, new_ticket
from services.intake.store.uploads import UploadStore
from services.intake.usecases import recording
from services.intake.usecases.register_grievance import ROLES as REGISTERING
from shared import ids
from shared.commands import checked_request_id
from shared.identity.errors import Refusal
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.runtime import World

# A file is good for a registration or as evidence of the handling: whoever does neither has nothing to upload.
ROLES = (*REGISTERING, Role.HANDLER, Role.DEPARTMENT_HEAD)


async def create_upload(
    uploads: UploadStore,
    limits: UploadLimits,
    world: World,
    viewer: Viewer,
    *,
    request_id: str,
    grievance: str | None,
    visible: Grievance | None,
    names: Sequence[str],
    name: str,
    content_type: str,
    size: int,
    sha256: str,
    purpose: str | None,
) -> UploadTicket:
    """`visible`: the named grievance where the viewer may see it; `names`: its petitioner's, which a file is not called by. Raises Refusal
    with the field at fault."""
    viewer.require(*(recording.ROLES if purpose == IMPORT else ROLES))
    if purpose == IMPORT and grievance is not None:
        raise Refusal("IMPORT_OF_NO_GRIEVANCE", "导入文件不能附在诉求上。", "A file to be imported belongs to no grievance.", "grievanceId")
    if grievance is not None and visible is None:
        raise Refusal("NOT_FOUND", "没有这个诉求，或您无权查看。", "There is no such grievance, or it is not yours to see.", "grievanceId")
    ticket = new_ticket(
        id=ids.document_id(viewer.sub, f"upload:{checked_request_id(request_id)}"),
        uploader=viewer.sub,
        grievance=grievance,
        name=name,
        content_type=content_type,
        size=size,
        sha256=sha256,
        purpose=purpose,
        now=world.real_now(),
        limits=limits,
        names=names,
    )
    if isinstance(ticket, UploadRefusal):
        raise Refusal(ticket.code, ticket.message_zh, ticket.message, ticket.field)
    held = (await uploads.open(ticket)).ticket
    asked, given = (ticket.sha256, ticket.size, ticket.grievance), (held.sha256, held.size, held.grievance)
    if asked[:2] != given[:2] or (asked[2] is not None and asked[2] != given[2]):
        raise Refusal("REQUEST_ID_REUSED", "这个请求编号已用于其他文件。", "This request id was used before for another file.", "requestId")
    return held
