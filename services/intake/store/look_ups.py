"""Look-ups by phone, collection `look_ups`: one document a viewer and day, with the audit chain of what was looked up."""

from __future__ import annotations

from services.intake.domain.lookups import LookUps
from shared import ids
from shared.mongo import Database
from shared.records import MongoRecords
from shared.writer import ModelCodec

COLLECTION = "look_ups"
CODEC = ModelCodec(LookUps)


class LookUpRecords(MongoRecords):
    def __init__(self, database: Database) -> None:
        super().__init__(database, COLLECTION)


def look_ups_id(viewer: str, day: str) -> str:
    return ids.document_id(viewer, f"look-ups:{day}")
