"""A grievance that a viewer registers, alone, with an encounter or in a batch: the same answer."""

from __future__ import annotations

from collections.abc import Sequence

import strawberry

from services.intake.domain.grievance import Grievance as Held
from services.intake.domain.pins import pin_of
from services.intake.subgraph.context import IntakeContext
from services.intake.subgraph.types import Grievance, PhotoUpload, Registered
from services.intake.usecases.expect_photos import Photo
from services.intake.usecases.register_grievance import RegisterGrievance, register_grievance


async def registered(context: IntakeContext, command: RegisterGrievance) -> Registered:
    """Raises what the command raises."""
    id = await register_grievance(context.intake.registration, context.viewer, command, context.origin)
    held = (await context.intake.grievances.find_many([id]))[id]
    return await as_registered(context, id, held, command.photos)


async def as_registered(context: IntakeContext, id: str, held: Held, photos: Sequence[Photo]) -> Registered:
    pin = pin_of(context.intake.opening.reference_key, id)
    return Registered(grievance=Grievance.of(id, held, to_its_author=True), pin=pin, uploads=await uploads_of(context, id, photos))


async def uploads_of(context: IntakeContext, record: str, photos: Sequence[Photo]) -> list[PhotoUpload]:
    """The photos of a record that this viewer just wrote, and where their bytes go."""
    expected = await context.intake.photos.expected(context.viewer, record, photos)
    return [
        PhotoUpload(
            sha256=upload.ticket.sha256,
            attachment_id=strawberry.ID(upload.ticket.id),
            stored=url is None,
            url=url,
            expires_at=upload.ticket.expires_at,
        )
        for upload, url in context.photo_uploads(expected)
    ]
