"""Open311's two forms, JSON and XML, of a service request and of an error (GeoReport v2). In both an answer is a list."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from services.intake.domain.open311 import ServiceRequest
from shared.contracts.base import instant

Fields = dict[str, str | int | None]
_NO_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot say, not even escaped."""


@dataclass(frozen=True)
class Form:
    """`write`: the names of the list and of what is in it, and its one entry."""

    content_type: str
    write: Callable[[str, str, Fields], bytes]

    def request(self, request: ServiceRequest) -> bytes:
        fields: Fields = {name: instant(value) if isinstance(value, datetime) else value for name, value in asdict(request).items()}
        return self.write("service_requests", "request", fields)

    def error(self, code: int, description: str) -> bytes:
        return self.write("errors", "error", {"code": code, "description": description})


def _json(_list: str, _entry: str, fields: Fields) -> bytes:
    return json.dumps([fields], ensure_ascii=False).encode()


def _xml(list_: str, entry: str, fields: Fields) -> bytes:
    root = Element(list_)
    one = SubElement(root, entry)
    for name, value in fields.items():
        SubElement(one, name).text = None if value is None else _NO_XML.sub(" ", str(value))
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written


XML: Final = Form("text/xml; charset=utf-8", _xml)
FORMS: Final = {"json": Form("application/json; charset=utf-8", _json), "xml": XML}
"""By the end of the address."""
