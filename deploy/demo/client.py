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
        return await self._token(name, "GET", f"/dev/token/{name}")

    async def minted(self, **claims: Any) -> str:
        """A token of any role, from the development issuer."""
        return await self._token(json.dumps(claims, sort_keys=True), "POST", "/dev/token", json=claims)

    async def query(self, token: str, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One request; the whole answer, parts of which may be missing while a service is down."""
        body = {"query": document, "variables": variables or {}}
        answer = await self._ask("POST", f"{self.gateway}/graphql", json=body, headers={"authorization": f"Bearer {token}"})
        return dict(answer[1])

    async def whole(self, token: str, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The data of an answer in which nothing is missing."""
        answer: dict[str, Any] = {}

        async def complete() -> bool:
            nonlocal answer
            answer = await self.query(token, document, variables)
            return not answer.get("errors")

        try:
            await self.until(complete, "a whole answer · 完整的答复")
        except DemoFailed as failure:
            raise DemoFailed(f"{failure}: {answer['errors'][0]['message']}") from None
        return dict(answer["data"])

    async def grievance(self, token: str, id: str, document: str = "") -> dict[str, Any] | None:
        """What the graph says of one grievance; None when it is not there, or when a part of the answer is missing just now."""
        answer = await self.query(token, document or WHOLE, {"id": id})
        found = (answer.get("data") or {}).get("grievance")
        return dict(found) if found and not answer.get("errors") else None

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
        status, said = await self._ask("PUT", asked["url"], data=content)
        if status != 201:
            raise DemoFailed(f"the upload was refused · 上传被拒绝: {said}")
        return str(asked["attachmentId"])

    async def _token(self, key: str, method: str, path: str, **more: Any) -> str:
        if key not in self.tokens:
            self.tokens[key] = (await self._ask(method, f"{self.gateway}{path}", **more))[1]["accessToken"]
        return self.tokens[key]

    async def _ask(self, method: str, url: str, **more: Any) -> tuple[int, Any]:
        """Status and JSON. Connection faults and 5xx are tried again until two minutes have passed: a process may be starting anew."""
        answer: tuple[int, Any] = (0, None)

        async def answered() -> bool:
            nonlocal answer
            try:
                async with self.session.request(method, url, **more) as response:
                    if response.status < 500:
                        answer = response.status, await response.json()
                        return True
            except (aiohttp.ClientError, TimeoutError, OSError):
                pass
            return False

        await self.until(answered, f"an answer of {method} {url.partition('?')[0]}")
        return answer


CREATE_UPLOAD = """mutation($input: CreateUploadInput!) { createUpload(input: $input) {
  __typename ... on Upload { attachmentId url } ... on UploadRefused { code message } } }"""
REGISTER = """mutation($input: RegisterGrievanceInput!) { registerGrievance(input: $input) {
  __typename ... on Registered { grievance { id number } } ... on RegisterRefused { code message } } }"""
ACCEPT = """mutation($input: AcceptWorkOrderInput!) { acceptWorkOrder(input: $input) {
  __typename ... on Case { id } ... on AcceptRefused { code message } } }"""
REPORT = """mutation($input: ReportResolutionInput!) { reportResolution(input: $input) {
  __typename ... on Case { id } ... on ReportRefused { code message } } }"""
APPROVE = """mutation($input: ApproveReplyInput!) { approveReply(input: $input) {
  __typename ... on Case { id } ... on ApproveReplyRefused { code message } } }"""
ANSWER = """mutation($input: AnswerSurveyInput!) { answerSurvey(input: $input) {
  __typename ... on SurveyAnswered { survey { round } } ... on SurveyRefused { code message } } }"""
SUPERVISE = """mutation($input: IssueSupervisionOrderInput!) { issueSupervisionOrder(input: $input) {
  __typename ... on Case { id supervisionOrders { dueAt } } ... on IssueOrderRefused { code message } } }"""
DECIDE = """mutation($input: DecideSupervisionReplyInput!) { decideSupervisionReply(input: $input) {
  __typename ... on Case { id } ... on DecideReplyRefused { code message } } }"""
RECORD_CAMPAIGN = """mutation($input: RecordCampaignInput!) { recordCampaign(input: $input) {
  __typename ... on CampaignRecorded { campaign { name } } ... on OrganisationRefused { code message } } }"""
STATE = "query($id: ID!) { grievance(id: $id) { status survey { round } } }"
WHOLE = """query($id: ID!) { grievance(id: $id) { id number subject status channel division { code fullName } petitioner { displayName }
  case { department { code name } category dueAt registeredAt closedAt reworks owner { role unit } }
  reply { text delivery } survey { round answeredAt resolved satisfied } attachments { name purpose }
  timeline { at what whatZh by status } } }"""
WARNED = """query($id: ID!) { grievance(id: $id) { case { status department { code name }
  deadlines { response { nodes { step at } entries { words wordsZh } } result { nodes { step at } entries { words wordsZh } } }
  warnings { of step dueAt toRole toUnit } cards { colour } supervisionOrders { state dueAt } } } }"""
