"""The one file that imports the MongoDB driver (Motor). Writes: majority + journal. Reads: primary, read concern majority.

PyMongo's own asyncio API is Motor's heir; when the project moves, this file moves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection, AsyncIOMotorDatabase, AsyncIOMotorGridFSBucket
from pymongo import ASCENDING, DESCENDING, DeleteOne, IndexModel, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern

from shared.settings import CommonSettings

if TYPE_CHECKING:
    Client = AsyncIOMotorClient[dict[str, Any]]
    Database = AsyncIOMotorDatabase[dict[str, Any]]
    Collection = AsyncIOMotorCollection[dict[str, Any]]
else:
    Client, Database, Collection = AsyncIOMotorClient, AsyncIOMotorDatabase, AsyncIOMotorCollection
GridFS = AsyncIOMotorGridFSBucket

__all__ = [
    "ASCENDING",
    "DESCENDING",
    "BulkWriteError",
    "Client",
    "Collection",
    "Database",
    "DeleteOne",
    "DuplicateKeyError",
    "GridFS",
    "IndexModel",
    "OperationFailure",
    "PyMongoError",
    "UpdateOne",
    "connect",
    "database",
]


def connect(settings: CommonSettings) -> Client:
    """A client for this process's event loop. Nothing is sent until the first operation."""
    return AsyncIOMotorClient(
        settings.mongodb_url,
        retryWrites=settings.mongodb_retry_writes,
        tz_aware=True,
        serverSelectionTimeoutMS=5_000,
        connectTimeoutMS=5_000,
        socketTimeoutMS=30_000,
        appname="minyi",
    )


def database(client: Client, settings: CommonSettings, name: str) -> Database:
    """The database of one service, e.g. `minyi_intake`."""
    return client.get_database(
        f"{settings.prefix}_{name}",
        write_concern=WriteConcern(w="majority", j=True),
        read_concern=ReadConcern("majority"),
        read_preference=ReadPreference.PRIMARY,
    )
