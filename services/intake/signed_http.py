"""How the doors behind signed addresses (uploads, files, calendars) refuse: a status, a code, both languages."""

from typing import Final

from starlette.responses import JSONResponse

from services.intake.domain.uploads import UploadRefusal

STATUS: Final = {
    "URL_NOT_GENUINE": 403,
    "URL_EXPIRED": 410,
    "FILE_UNKNOWN": 404,
    "UPLOAD_UNKNOWN": 404,
    "TEAM_UNKNOWN": 404,
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


def refused(refusal: UploadRefusal) -> JSONResponse:
    body = {"code": refusal.code, "field": refusal.field, "message": refusal.message, "messageZh": refusal.message_zh}
    # The rest of a refused body is not read, so the connection cannot carry another request.
    return JSONResponse(body, status_code=STATUS[refusal.code], headers={"Cache-Control": "no-store", "Connection": "close"})
