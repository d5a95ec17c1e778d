"""Signed streaming upload and reading of files: PUT /uploads/{id}, GET /files/{sha256}."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response, StreamingResponse

from services.intake.adapters.files import FileStore
from services.intake.domain.uploads import CONTENT_TYPES, UploadRefusal, UploadRefused, check_url
from services.intake.signed_http import BUSY, refused
from services.intake.usecases.receive_upload import ReceiveUpload
from shared.records import StoreTrouble


def uploads_router(
    receive: ReceiveUpload, files: FileStore, key: bytes, now: Callable[[], datetime], receive_seconds: float = 300.0
) -> APIRouter:
    """Routes for intake's app. `key` signs the URLs, `now` is real time; a transfer that takes longer than `receive_seconds` is cut."""
    router = APIRouter()

    @router.put("/uploads/{id}", include_in_schema=False)
    async def put_upload(id: str, request: Request, expires: str = "", signature: str = "") -> Response:
        refusal = check_url(key, "PUT", f"/uploads/{id}", expires, signature, now())
        if refusal is not None:
            return refused(refusal)
        length = request.headers.get("content-length", "")
        try:
            async with asyncio.timeout(receive_seconds):
                upload = await receive(id, request.stream(), int(length) if length.isdecimal() else None)
        except UploadRefused as error:
            return refused(error.refusal)
        except StoreTrouble:
            return refused(BUSY)
        except TimeoutError:
            return refused(UploadRefusal("UPLOAD_TOO_SLOW", None, "The transfer took too long.", "传输超时。"))
        except ClientDisconnect:
            return Response(status_code=499)  # nobody is there to read it
        return JSONResponse({"attachmentId": id, "size": upload.ticket.size, "sha256": upload.ticket.sha256}, status_code=201)

    @router.get("/files/{sha256}", include_in_schema=False)
    async def get_file(sha256: str, name: str = "", expires: str = "", signature: str = "") -> Response:
        refusal = check_url(key, "GET", f"/files/{sha256}", expires, signature, now(), name)
        if refusal is not None:
            return refused(refusal)
        try:
            content = await files.find(sha256)
        except StoreTrouble:
            return refused(BUSY)
        if content is None:
            return refused(UploadRefusal("FILE_UNKNOWN", "sha256", "There is no such file.", "没有该文件。"))
        kind = CONTENT_TYPES.get(content.content_type)
        disposition = "inline" if kind is not None and kind.inline else "attachment"
        return StreamingResponse(
            files.read(content),
            media_type=content.content_type,
            headers={
                "Content-Length": str(content.size),
                "Content-Disposition": f"{disposition}; filename*=UTF-8''{quote(name, safe='')}",
                "X-Content-Type-Options": "nosniff",
                "Content-Security-Policy": "default-src 'none'; sandbox",
                "Cross-Origin-Resource-Policy": "cross-origin",
                "Cache-Control": "private, no-store",
                "Referrer-Policy": "no-referrer",
            },
        )

    return router
