"""One GraphQL client of the gateway, as a frontend would write it: the same request id until there is an answer."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

ANSWER_SECONDS = 120.0


class DemoFailed(Exception):
    """The system refused or did not answer what the demo needs; the text says what."""


@dataclass
class Client:
    """`acknowledged` is the client's own file: every grievance that was accepted, written before anything else is done."""

    gateway: str
    session: aiohttp.ClientSession
    acknowledged: Path
    tokens: dict[str, str] = field(default_factory=dict)

    async def person(self, name: str) -> str:
        """The token of one of the six ready-made people."""
        if name not in self.tokens:
            async with self.session.get(f"{self.gateway}/dev/token/{name}") as response:
                self.tokens[name] = (await response.json())["accessToken"]
        return self.tokens[name]

    async def minted(self, **claims: Any) -> str:
        """A token of any role, from the development issuer."""
        key = json.dumps(claims, sort_keys=True)
        if key not in self.tokens:
            async with self.session.post(f"{self.gateway}/dev/token", json=claims) as response:
                self.tokens[key] = (await response.json())["accessToken"]
        return self.tokens[key]

    async def query(self, token: str, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One request; the whole answer. Connection faults and 5xx are tried again until two minutes have passed."""
        deadline = time.monotonic() + ANSWER_SECONDS
        body = {"query": document, "variables": variables or {}}
        while True:
            try:
                headers = {"authorization": f"Bearer {token}"}
                async with self.session.post(f"{self.gateway}/graphql", json=body, headers=headers) as response:
                    if response.status < 500:
                        return dict(await response.json())
            except (aiohttp.ClientError, TimeoutError, OSError):
                if time.monotonic() > deadline:
                    raise DemoFailed("the gateway does not answer · 网关没有响应") from None
            if time.monotonic() > deadline:
                raise DemoFailed("the gateway answers with errors · 网关持续报错")
            await asyncio.sleep(0.2)

    async def do(self, token: str, mutation: str, **input: Any) -> dict[str, Any]:
        """One mutation with its request id, again until it is answered; a refusal ends the demo."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            answer = await self.query(token, mutation, {"input": input})
            value = next(iter((answer.get("data") or {}).values()), None)
            if value is not None and "code" not in value:
                return dict(value)
            # NOT_YET: the event is still on its way to that service. Null: the service was down; the request id makes asking again safe.
            if value is not None and value["code"] not in ("NOT_YET", "NOT_FOUND"):
                raise DemoFailed(f"{value['code']}: {value['message']}")
            if time.monotonic() > deadline:
                raise DemoFailed(f"no answer to a mutation: {answer.get('errors') or value}")
            await asyncio.sleep(0.2)

    async def until(self, look: Callable[[], Awaitable[Any]], what: str, within: float = ANSWER_SECONDS) -> Any:
        """Look until something is there."""
        deadline = time.monotonic() + within
        while True:
            found = await look()
            if found:
                return found
            if time.monotonic() > deadline:
                raise DemoFailed(f"{what} did not come within {within:.0f} s")
            await asyncio.sleep(0.1)

    def keep(self, grievance: Mapping[str, Any], request_id: str) -> None:
        """Write an acknowledged grievance down, flushed to the file."""
        with self.acknowledged.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"id": grievance["id"], "number": grievance["number"], "requestId": request_id}) + "\n")

    async def upload(self, token: str, request_id: str, name: str, content: bytes, purpose: str, grievance: str | None) -> str:
        """Ask for a signed address, send the bytes; the attachment's id."""
        asked = await self.do(
            token,
            CREATE_UPLOAD,
            requestId=request_id,
            name=name,
            contentType="image/png",
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            purpose=purpose,
            grievanceId=grievance,
        )
        async with self.session.put(asked["url"], data=content) as response:
            if response.status != 201:
                raise DemoFailed(f"the upload was refused: {await response.text()}")
        return str(asked["attachmentId"])


CREATE_UPLOAD = """mutation($input: CreateUploadInput!) { createUpload(input: $input) {
  __typename ... on Upload { attachmentId url } ... on UploadRefused { code message } } }"""
REGISTER = """mutation($input: RegisterGrievanceInput!) { registerGrievance(input: $input) {
  __typename ... on Registered { grievance { id number } } ... on RegisterRefused { code message } } }"""
ACCEPT = """mutation($input: AcceptWorkOrderInput!) { acceptWorkOrder(input: $input) {
  __typename ... on Case { id } ... on AcceptRefused { code message } } }"""
REPORT = """mutation($input: ReportResolutionInput!) { reportResolution(input: $input) {
  __typename ... on Case { id } ... on ReportRefused { code message } } }"""
ANSWER = """mutation($input: AnswerSurveyInput!) { answerSurvey(input: $input) {
  __typename ... on SurveyAnswered { survey { round } } ... on SurveyRefused { code message } } }"""
WHOLE = """query($id: ID!) { grievance(id: $id) { id number subject status channel division { code fullName } petitioner { displayName }
  case { department { code name } category dueAt registeredAt closedAt reworks owner { role unit } }
  reply { text delivery } survey { round answeredAt resolved satisfied } attachments { name purpose }
  timeline { at what whatZh by status } } }"""
