"""A small client of Open311 (GeoReport v2): asks for a service request in both forms and reads what the standard says is in them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from xml.etree.ElementTree import fromstring

import httpx

NAMES = {"service_request_id", "status", "status_notes", "service_name", "requested_datetime", "updated_datetime"}


@dataclass
class Open311Client:
    http: httpx.AsyncClient

    async def request(self, number: str) -> dict[str, str | None] | None:
        """What both forms say alike; None where both say that it is not there."""
        as_json, as_xml, again = [await self.http.get(f"/open311/v2/requests/{number}.{form}") for form in ("json", "xml", "json")]
        if again.content != as_json.content:
            # Something has happened to it between the two.
            return await self.request(number)
        assert [answer.headers["cache-control"] for answer in (as_json, as_xml)] == ["no-store"] * 2
        assert as_json.headers["content-type"] == "application/json; charset=utf-8"
        assert as_xml.headers["content-type"] == "text/xml; charset=utf-8"
        assert as_json.status_code == as_xml.status_code, (as_json.text, as_xml.text)
        [told], [entry] = json.loads(as_json.content), fromstring(as_xml.content)
        read = {child.tag: child.text for child in entry}
        assert read == {name: None if value is None else str(value) for name, value in told.items()}
        if as_json.status_code == 200:
            assert set(told) == NAMES
            assert (fromstring(as_xml.content).tag, entry.tag) == ("service_requests", "request")
            return read
        assert as_json.status_code == told["code"] == 404
        assert told["description"]
        assert (fromstring(as_xml.content).tag, entry.tag) == ("errors", "error")
        return None
