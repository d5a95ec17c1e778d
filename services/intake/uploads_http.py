"""Signed streaming upload and reading of files: PUT /uploads/{id}, GET /files/{sha256}."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response, StreamingResponse

from services.intake.adapters.files import FileStore
from services.intake.domain.uploads import CONTENT_TYPES, UploadRefusal, UploadRefused, check_url
from services.intake.usecases.receive_upload import ReceiveUpload
from shared.records import StoreTrouble

STATUS: Final = {
    "URL_NOT_GENUINE": 403,
    "URL_EXPIRED": 410,
    "FILE_UNKNOWN": 404,
    "UPLOAD_UNKNOWN": 404,
    "UPLOAD_USED": 409,
    "UPLOAD_TOO_LARGE": 413,
    "UPLOAD_TYPE_MISMATCH": 415,
    "UPLOAD_SIZE_MISMATCH": 422,
    "UPLOAD_HASH_MISMATCH": 422,
    "UPLOAD_TOO_MANY_TRIES": 429,
    "UPLOAD_TOO_SLOW": 408,
    "STORE_UNAVAILABLE": 503,
}
BUSY: Final = UploadRefusal("STORE_UNAVAILABLE", None, "The store does not answer; try again in a moment.", "存储暂时不可用，请稍后重试。")


def uploads_router(
    receive: ReceiveUpload, files: FileStore, key: bytes, now: Callable[[], datetime], receive_seconds: float = 300.0
) -> APIRouter:
    """Routes for intake's app. `key` signs the URLs, `now` is real time; a transfer that takes longer than `receive_seconds` is cut."""
    router = APIRouter()

    @router.put("/uploads/{id}", include_in_schema=False)
    async def put_upload(id: str, request: Request, expires: str = "", signature: str = "") -> Response:
        refusal = check_url(key, "PUT", f"/uploads/{id}", expires, signature, now())
        if refusal is not None:
            return _refused(refusal)
        length = request.headers.get("content-length", "")
        try:
            async with asyncio.timeout(receive_seconds):
                upload = await receive(id, request.stream(), int(length) if length.isdecimal() else None)
        except UploadRefused as refused:
            return _refused(refused.refusal)
        except StoreTrouble:
            return _refused(BUSY)
        except TimeoutError:
            return _refused(UploadRefusal("UPLOAD_TOO_SLOW", None, "The transfer took too long.", "传输超时。"))
        except ClientDisconnect:
            return Response(status_code=499)  # nobody is there to read it
        return JSONResponse({"attachmentId": id, "size": upload.ticket.size, "sha256": upload.ticket.sha256}, status_code=201)

    @router.get("/files/{sha256}", include_in_schema=False)
    async def get_file(sha256: str, name: str = "", expires: str = "", signature: str = "") -> Response:
        refusal = check_url(key, "GET", f"/files/{sha256}", expires, signature, now(), name)
        if refusal is not None:
            return _refused(refusal)
        try:
            content = await files.find(sha256)
        except StoreTrouble:
            return _refused(BUSY)
        if content is None:
            return _refused(UploadRefusal("FILE_UNKNOWN", "sha256", "There is no such file.", "没有该文件。"))
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


def _refused(refusal: UploadRefusal) -> JSONResponse:
    body = {"code": refusal.code, "field": refusal.field, "message": refusal.message, "messageZh": refusal.message_zh}
    # The rest of a refused body is not read, so the connection cannot carry another request.
    return JSONResponse(body, status_code=STATUS[refusal.code], headers={"Cache-Control": "no-store", "Connection": "close"})
