"""Ids. Time-ordered UUIDv7 for events; UUIDv5 of viewer and request id for documents, so that two replicas cannot make two."""

from __future__ import annotations

import uuid

import uuid_utils

_NAMESPACE = uuid.UUID("6d3c0b5e-7f0d-5c64-9a53-2f6a51d8c5a1")


def event_id() -> str:
    return str(uuid_utils.uuid7())


def document_id(viewer: str, request_id: str) -> str:
    """The id of the document that this request of this viewer makes, however often and wherever it is sent."""
    return str(uuid.uuid5(_NAMESPACE, f"{viewer}\n{request_id}"))
