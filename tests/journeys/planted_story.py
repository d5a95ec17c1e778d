"""A life in which every mutation is called once and taken, and everybody says more about people than they should.

Planted is what people say or write down. What officials publish (the name of a site, a policy) is published as it stands, so there nothing
is planted; that a name misplaced there reaches no log is the refusals' part.
"""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from graphql import GraphQLFieldMap, GraphQLInputObjectType, GraphQLSchema, GraphQLUnionType, get_named_type

from services.intake.domain.sheets import header
from services.intake.domain.transfers import CSV, Kind
from shared.china_time import CHINA
from shared.ids import event_id
from tests.journeys.planting import Garden
from tests.journeys.system import GULOU, LUCHENG, System
from tests.waiting import until

# These answer with what is asked for in clear: that is what they are for.
IN_CLEAR = frozenset({"revealPetitioner", "revealArchive", "exportPersonalData"})
COUNTY, TEAM, SECRETARY = "370881000000", "T-370881-001", "secretary-gulou-1"
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffdb") + bytes(80) + bytes.fromhex("ffd9")


@dataclass
class Caller:
    """Asks the gateway, and keeps what was answered to whom."""

    system: System
    url: str
    schema: GraphQLSchema
    answers: list[tuple[str, bytes]] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    tokens: dict[str, str] = field(default_factory=dict)
    """Of who is none of the system's people: what they were given."""

    @property
    def mutations(self) -> GraphQLFieldMap:
        assert self.schema.mutation_type is not None
        return self.schema.mutation_type.fields

    async def ask(self, who: str, query: str, variables: dict[str, Any] | None = None, *, in_clear: bool = False) -> Any:
        headers = {"authorization": f"Bearer {self.tokens.get(who) or self.system.token(who)}"}
        body = {"query": query, "variables": variables or {}}
        async with aiohttp.ClientSession() as session, session.post(f"{self.url}/graphql", json=body, headers=headers) as response:
            raw = await response.read()
            if not in_clear:
                self.answers.append((f"answer to {who}: {query[:60]}", raw))
            return await response.json()

    async def do(self, who: str, mutation: str, selection: str = "", **input: Any) -> Any:
        """One mutation, which has to be taken."""
        kind = self.mutations[mutation]
        union = get_named_type(kind.type)
        assert isinstance(union, GraphQLUnionType)
        refused = " ".join(f"... on {each.name} {{ code field message }}" for each in union.types if each.name.endswith("Refused"))
        text = f"mutation($input: {kind.args['input'].type}) {{ {mutation}(input: $input) {{ __typename {refused} {selection} }} }}"
        answer = await self.ask(who, text, {"input": input}, in_clear=mutation in IN_CLEAR)
        assert "errors" not in answer, (mutation, answer)
        result = answer["data"][mutation]
        assert not result["__typename"].endswith("Refused"), (mutation, result)
        self.taken.add(mutation)
        return result


class Story:
    """Told once. Each step is a paragraph of one life; requests are named after their step."""

    def __init__(self, caller: Caller, garden: Garden) -> None:
        self._caller = caller
        self._garden = garden
        self._requests = 0

    async def tell(self) -> str:
        """The id of the grievance that goes from door to door."""
        await self._found()
        household = await self._households()
        await self._go_out(household)
        id = await self._grievance()
        await self._look(id)
        await self._sign_in()
        await self._archive(household)
        await self._send_about()
        await self._appraise()
        await self._erase(await self._register())
        await self._call()
        return id

    async def _do(self, who: str, mutation: str, selection: str = "", **input: Any) -> Any:
        kind = get_named_type(self._caller.mutations[mutation].args["input"].type)
        assert isinstance(kind, GraphQLInputObjectType)
        if "requestId" in kind.fields:
            self._requests += 1
            input = {"requestId": f"planted-{self._requests}", **input}
        return await self._caller.do(who, mutation, selection, **input)

    async def _found(self) -> None:
        admin, garden = "county-admin", self._garden
        member = {"kinds": ["COMMUNITY_OFFICIAL"], "rank": "SECTION", "unit": GULOU}
        await self._do(admin, "recordMember", id=SECRETARY, name=garden.name(), phone=garden.phone(), **member)
        await self._do(admin, "recordTeam", code=TEAM, name="一组", division=COUNTY, leader=SECRETARY, contactUnits=[GULOU])
        await self._do(admin, "recordMember", id=SECRETARY, name=garden.name(), phone=garden.phone(), team=TEAM, **member)
        await self._do(admin, "recordDivision", code=f"{GULOU}-77", name="新小区")
        await self._do(admin, "recordReceptionSite", code="S-1", kind="COMPOUND_STATION", name="驿站", division=GULOU)
        await self._do(admin, "recordDepartment", code="D-1", name="某局", division=COUNTY, head="head", receiver="receiver")
        post = {"post": "COMMUNITY_PARTY_ORGANISATION", "role": "COMMUNITY_SECRETARY"}
        await self._do(admin, "recordPost", id="P-1", division=GULOU, holder="somebody", **post)
        await self._do(admin, "recordCampaign", code="C-1", name="某行动", nameEn="a campaign", division=COUNTY)
        reception = {"first": "2026-06-09T08:30:00+08:00", "rule": "FREQ=WEEKLY;BYDAY=TU"}
        await self._do(admin, "recordReception", code="R-1", name="接待", division=GULOU, team=TEAM, **reception)
        await self._do(admin, "recordDuty", code="D1", name="一事", nameEn="one thing", period="MONTH", division=COUNTY)
        await self._do("secretary", "recordDutyDone", duty="D1")
        await self._do(admin, "recordPolicyMessage", code="M-1", title="政策", titleEn="a policy", text="政策。", division=COUNTY)
        await self._do(admin, "startExport", kind="MEMBERS", division=COUNTY)

    async def _households(self) -> str:
        """A file of members and one of households, each with a row that is taken and rows that are not; the household's id."""
        garden = self._garden
        members = [["member-1", garden.name(), garden.phone(), "", "网格员", "", "", GULOU, "", "", ""]]
        wrong = [
            [garden.name(), garden.words(), garden.phone(), garden.name(), garden.name(), garden.name(), "", garden.name(), "", "", ""]
        ]
        await self._import("MEMBERS", members + wrong)
        household = [[f"{GULOU}-01", "1", garden.name(), garden.phone(), garden.room(), "3", TEAM, SECRETARY]]
        wrong = [[garden.room(), garden.name(), garden.words(), garden.id_number(), garden.room(), garden.phone(), garden.name(), "x"]]
        await self._import("HOUSEHOLDS", household + wrong)
        answer = await self._caller.ask("secretary", "{ households(mine: true) { edges { node { id } } } }")
        return str(answer["data"]["households"]["edges"][0]["node"]["id"])

    async def _import(self, kind: Kind, rows: list[list[str]]) -> None:
        out = io.StringIO()
        csv.writer(out).writerows([header(kind), *rows])
        content = out.getvalue().encode("utf-8-sig")
        upload = await self._upload("county-admin", content, CSV, f"{self._garden.name()}.csv", purpose="import")
        fields = "... on TransferStarted { transfer { id } }"
        started = await self._do("county-admin", "startImport", fields, kind=kind, attachmentId=upload, division=COUNTY)
        asked = f'{{ transfer(id: "{started["transfer"]["id"]}") {{ endedAt refused faults {{ line column reason reasonZh }} failure }} }}'

        async def done() -> Any:
            found = (await self._caller.ask("county-admin", asked))["data"]["transfer"]
            return found if found["endedAt"] else None

        ended = await until(done, within=30, what="the import's end")
        assert ended["refused"], ended

    async def _upload(self, who: str, content: bytes, kind: str, name: str, **more: Any) -> str:
        told = {"name": name, "contentType": kind, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        upload = await self._do(who, "createUpload", "... on Upload { attachmentId url }", **told, **more)
        # It names the address of production; here intake listens elsewhere.
        url = self._caller.system.process("intake", "api").url + urlsplit(upload["url"])._replace(scheme="", netloc="").geturl()
        async with aiohttp.ClientSession() as session, session.put(url, data=content) as response:
            assert response.status == 201, await response.text()
        return str(upload["attachmentId"])

    def _notes(self) -> dict[str, Any]:
        return {"text": self._garden.words(), "place": self._garden.room(), "photos": [self._photo()]}

    def _photo(self) -> dict[str, Any]:
        content = JPEG + self._garden.name().encode()
        hash = hashlib.sha256(content).hexdigest()
        return {"name": f"{self._garden.words()}.jpg"[-90:], "contentType": "image/jpeg", "size": len(content), "sha256": hash}

    def _told(self) -> dict[str, Any]:
        name = self._garden.name()
        return {
            "subject": f"{name}反映路灯不亮，电话{self._garden.phone()}",
            "text": self._garden.words(name),
            "place": self._garden.room(),
            "division": GULOU,
            "petitioner": {"name": name, "phone": self._garden.phone(), "openid": self._garden.openid()},
            "photos": [self._photo()],
        }

    async def _go_out(self, household: str) -> None:
        await self._do("secretary", "recordVisit", householdId=household)
        told = self._told()
        answered = self._garden.words(told["petitioner"]["name"])
        grievance = told | {"requestId": "planted-told", "onSpotAnswer": answered}
        met = {"kind": "HOUSEHOLD_TALK", "division": GULOU, "household": household}
        encounter = await self._do(
            "secretary", "recordEncounter", "... on EncounterRecorded { encounter { id } }", grievances=[grievance], **met, **self._notes()
        )
        id = encounter["encounter"]["id"]
        heads = "{ encounter(id: %s) { heads { id } } }"
        answer = await self._caller.ask("secretary", heads.replace("%s", f'"{id}"'))
        base = [head["id"] for head in answer["data"]["encounter"]["heads"]]
        await self._do("secretary", "amendEncounter", encounter=id, base=base, **self._notes())
        written = "... on DiaryWritten { diary { id heads { id } } }"
        diary = (await self._do("secretary", "writeDiary", written, text=self._garden.words()))["diary"]
        base = [head["id"] for head in diary["heads"]]
        await self._do("secretary", "amendDiary", diary=diary["id"], base=base, text=self._garden.words())
        await self._batch(household)

    async def _batch(self, household: str) -> None:
        now = datetime.now(UTC)
        ids = [event_id() for _ in range(6)]
        met = {"kind": "STREET_TALK", "division": GULOU}
        items = [
            {"id": ids[0], "encounter": met | self._notes()},
            {"id": ids[1], "amendEncounter": {"encounter": ids[0], "base": [ids[0]], **self._notes()}},
            {"id": ids[2], "diary": {"text": self._garden.words()}},
            {"id": ids[3], "amendDiary": {"diary": ids[2], "base": [ids[2]], "text": self._garden.words()}},
            {"id": ids[4], "grievance": self._told()},
            {"id": ids[5], "archiveChange": {"archiveId": household, **self._changes()}},
        ]
        answers = "... on FieldBatchSynced { answers { id outcome refusal { code field message messageZh } } }"
        synced = await self._do("secretary", "syncFieldBatch", answers, sentAt=now.isoformat(), items=items)
        assert {answer["outcome"] for answer in synced["answers"]} == {"DONE"}, synced

    def _changes(self) -> dict[str, Any]:
        today = datetime.now(CHINA).date()
        until_ = (today + timedelta(days=90)).isoformat()
        ground = {"purpose": "SERVICE", "consent": {"how": "WRITTEN", "on": today.isoformat()}, "retainUntil": until_}
        values = {"name": self._garden.name(), "phone": self._garden.phone(), "idNumber": self._garden.id_number()}
        values["health"] = self._garden.words()
        changes = [{"resident": "+1", "field": name, "value": value, **ground} for name, value in values.items()]
        return {"note": self._garden.words(), "changes": [*changes, {"field": "water", "value": self._garden.words()[:60], **ground}]}

    async def _register(self, *left_out: str) -> str:
        fields = "... on Registered { pin grievance { id number } }"
        told = {name: value for name, value in self._told().items() if name not in left_out}
        if "petitioner" in left_out:
            # Only of a name that somebody declares do we know that it is one.
            told["text"] = self._garden.words()
        else:
            self._declared = told["petitioner"]["name"]
        registered = await self._do("secretary", "registerGrievance", fields, **told)
        self._number, self._pin = registered["grievance"]["number"], registered["pin"]
        return str(registered["grievance"]["id"])

    async def _grievance(self) -> str:
        """From registration to the survey, all told in too many words."""
        garden, id = self._garden, await self._register("subject", "place", "petitioner")
        self._name, self._phone = garden.name(), garden.phone()
        named = {"name": self._name, "phone": self._phone, "openid": garden.openid()}
        await self._do("secretary", "completeGrievance", grievanceId=id, place=garden.room(), subject=garden.words(), petitioner=named)
        opened = await self._do("anybody", "openByPin", "... on Opened { accessToken }", number=self._number, pin=self._pin)
        self._caller.tokens["petitioner"] = opened["accessToken"]
        today = datetime.now(CHINA).date().isoformat()
        looks = [{"grievanceId": id, "remark": garden.words(self._name)}]
        await self._do("secretary", "checkDaySummary", day=today, remark=garden.words(self._name), items=looks)
        answer = await self._caller.ask("secretary", "{ daySummary { items { grievanceId } } }")
        rest = [{"grievanceId": item["grievanceId"]} for item in answer["data"]["daySummary"]["items"] if item["grievanceId"] != id]
        await self._do("secretary", "checkDaySummary", day=today, items=rest)
        await self._do("secretary", "handUpDaySummary", day=today)
        await self._caller.system.until_status(id, "DISPATCHED")
        await self._do("handler", "acceptWorkOrder", grievanceId=id)
        await self._do("dispatcher", "askVerification", grievanceId=id, what=garden.words(self._name))
        await self._do("handler", "reportResolution", grievanceId=id, text=garden.words(self._name))
        await self._do("dispatcher", "releaseResolution", grievanceId=id, reason=garden.words(self._name))
        await self._caller.system.until_not_delivered(id)
        await self._do("secretary", "tellPetitioner", grievanceId=id, words=garden.words(self._name))
        await self._caller.system.until_asked(id)
        said = garden.words(self._name)
        await self._do("petitioner", "answerSurvey", grievanceId=id, resolved=True, satisfied="DISSATISFIED", reason=said)
        return id

    async def _call(self) -> None:
        """Whom no channel reached is told by phone; the clock goes on to the day for it, so that this comes last."""
        id, system, garden = await self._register(), self._caller.system, self._garden
        await system.until_status(id, "DISPATCHED")
        await self._do("handler", "acceptWorkOrder", grievanceId=id)
        await self._do("handler", "reportResolution", grievanceId=id, text=garden.words(self._declared))
        await system.until_not_delivered(id)
        system.let_it_be_day()
        said = {"resolved": False, "satisfied": "DISSATISFIED", "reason": garden.words(self._declared)}
        called = "... on CallbackRecorded { callback { reason state } }"
        call = await self._do("caller", "recordCallback", called, grievanceId=id, result="REACHED", **said)
        assert call["callback"] == {"reason": "NOT_REACHED", "state": "DONE"}
        # Not satisfied: it is handled again.
        await system.until_status(id, "HANDLING")

    async def _send_about(self) -> None:
        """From department to department and back, put off and withdrawn, with the reasons of all."""
        id, garden, name = await self._register(), self._garden, self._declared
        await self._caller.system.until_status(id, "DISPATCHED")
        await self._do("handler", "returnWorkOrder", grievanceId=id, reason=garden.words(name))
        decision = {"granted": True, "department": "D-3708-ZJJ"}
        await self._do("dispatcher", "adjudicateReturn", grievanceId=id, reason=garden.words(name), **decision)
        await self._do("dispatcher", "reassignWorkOrder", grievanceId=id, department=LUCHENG, reason=garden.words(name))
        await self._do("handler", "acceptWorkOrder", grievanceId=id)
        await self._do("handler", "askExtension", grievanceId=id, days=3, reason=garden.words(name))
        await self._do("supervisor", "decideExtension", grievanceId=id, granted=True, reason=garden.words(name))
        await self._hold_up(id, name)
        await self._together(id, name)
        opened = await self._do("anybody", "openByPin", "... on Opened { accessToken }", number=self._number, pin=self._pin)
        self._caller.tokens["petitioner"] = opened["accessToken"]
        await self._do("petitioner", "withdrawGrievance", grievanceId=id, reason=garden.words(name))
        id = await self._register()
        words = garden.words(self._declared)
        await self._caller.system.until_status(id, "DISPATCHED")
        bulk = {"action": "REASSIGN", "department": "D-3708-ZJJ", "grievances": [id]}
        done = await self._do("dispatcher", "bulkAct", "... on BulkDone { done items { code field } }", reason=words, **bulk)
        assert done["done"] == 1, done
        await self._do("dispatcher", "declineGrievance", grievanceId=id, reason=words, route=words)

    async def _together(self, id: str, name: str) -> None:
        """From hand to hand in the department, and with two others, one of which was asked in vain."""
        garden, others = self._garden, ("D-3708-ZJJ", "D-3708-SJJ")
        for department in others:
            await self._do("handler", "addCoHandler", grievanceId=id, department=department, task=garden.words(name))
        await self._do("co-handler", "reportPart", grievanceId=id, text=garden.words(name))
        await self._do("dispatcher", "releaseCoHandler", grievanceId=id, department=others[1], reason=garden.words(name))
        await self._do("secretary", "urgeGrievance", grievanceId=id, words=garden.words(name))
        await self._do("handler", "answerUrges", grievanceId=id, answer=garden.words(name))
        await self._supervise(id, name)
        await self._do("handler", "handOverWorkOrder", grievanceId=id, staffId="head-lucheng", reason=garden.words(name))

    async def _supervise(self, id: str, name: str) -> None:
        """A meeting urges; a reply is demanded, given and refused; what is reported meanwhile is approved; a card is given, appealed
        against and taken back."""
        garden, today = self._garden, datetime.now(CHINA).date()
        meeting = {"name": f"协调会，电话{garden.phone()}", "heldOn": today.isoformat()}
        bulk = {"action": "URGE_BY_MEETING", "grievances": [id], "meeting": meeting}
        await self._do("supervisor", "bulkAct", "... on BulkDone { done }", reason=garden.words(name), **bulk)
        until_ = (today + timedelta(days=3)).isoformat()
        await self._do("supervisor", "issueSupervisionOrder", grievanceId=id, demand=garden.words(name), until=until_)
        await self._do("handler", "reportResolution", grievanceId=id, text=garden.words(name))
        await self._do("head", "refuseReply", grievanceId=id, reason=garden.words(name))
        await self._do("handler", "reportResolution", grievanceId=id, text=garden.words(name))
        await self._do("head", "approveReply", grievanceId=id)
        # It was to be verified too.
        await self._do("dispatcher", "rejectResolution", grievanceId=id, reason=garden.words(name))
        await self._do("handler", "replySupervisionOrder", grievanceId=id, reply=garden.words(name))
        await self._do("supervisor", "decideSupervisionReply", grievanceId=id, accepted=False, reason=garden.words(name))
        await self._do("supervisor", "giveCard", grievanceId=id, colour="RED", reason=garden.words(name))
        await self._do("head", "appealCard", grievanceId=id, card=1, reason=garden.words(name))
        await self._do("another-supervisor", "decideCard", grievanceId=id, card=1, upheld=False, reason=garden.words(name))

    async def _appraise(self) -> None:
        """By people: taken back, asked about, judged; and answered at once."""
        id, garden = await self._register(), self._garden
        words = garden.words(self._declared)
        await self._caller.system.until_status(id, "DISPATCHED")
        await self._do("dispatcher", "recallForAppraisal", grievanceId=id, reason=words)
        await self._do("dispatcher", "askOpinion", grievanceId=id, of="COMMUNITY", question=garden.words(self._declared))
        found = {"reasonable": "YES", "truthful": "UNCLEAR"}
        opinion = garden.words(self._declared)
        await self._do("community-secretary", "giveOpinion", grievanceId=id, of="COMMUNITY", opinion=opinion, **found)
        judged = {"category": "城乡建设", "department": LUCHENG, **found}
        await self._do("dispatcher", "judgeGrievance", grievanceId=id, reason=garden.words(self._declared), **judged)
        await self._do("dispatcher", "recallForAppraisal", grievanceId=id, reason=words)
        await self._do("dispatcher", "answerGrievance", grievanceId=id, text=garden.words(self._declared))

    async def _hold_up(self, id: str, name: str) -> None:
        """Suspended twice, reported twice and twice sent back."""
        garden, until_ = self._garden, datetime.now(CHINA).date().isoformat()
        await self._do("handler", "suspendWorkOrder", grievanceId=id, reason=garden.words(name), until=until_)
        await self._do("handler", "resumeWorkOrder", grievanceId=id)
        await self._do("handler", "suspendWorkOrder", grievanceId=id, reason=garden.words(name), until=until_)
        await self._do("supervisor", "endSuspension", grievanceId=id, reason=garden.words(name))
        await self._do("dispatcher", "askVerification", grievanceId=id, what=garden.words(name))
        await self._do("handler", "reportResolution", grievanceId=id, text=garden.words(name))
        seen = garden.words(name)
        await self._do("community-secretary", "verifyOnSite", grievanceId=id, confirmed=False, remark=seen)
        await self._do("handler", "reportResolution", grievanceId=id, text=garden.words(name))
        await self._do("dispatcher", "rejectResolution", grievanceId=id, reason=garden.words(name))

    async def _look(self, id: str) -> None:
        garden, why = self._garden, {"purpose": "CONTACT"}
        await self._do("secretary", "revealPetitioner", grievanceId=id, reason=garden.words(self._name), **why)
        await self._do("data-officer", "lookUpByPhone", phone=self._phone, reason=garden.words(self._name), **why)
        await self._do("data-officer", "exportPersonalData", grievanceId=id)
        name = garden.name()
        told = {"name": name, "phone": garden.phone(), "openid": garden.openid(), "place": garden.room()}
        await self._do("data-officer", "correctPetitioner", grievanceId=id, reason=garden.words(self._name, name), **told)
        confidential = self._told()
        confidential["petitioner"]["confidential"] = True
        name = confidential["petitioner"]["name"]
        registered = await self._do("secretary", "registerGrievance", "... on Registered { grievance { id } }", **confidential)
        hidden = registered["grievance"]["id"]
        pending = "... on RevealPending { reveal { id } }"
        asked = await self._do("secretary", "revealPetitioner", pending, grievanceId=hidden, reason=garden.words(name), **why)
        decided = {"grievanceId": hidden, "revealId": asked["reveal"]["id"], "granted": True}
        await self._do("data-officer", "decideReveal", reason=garden.words(name), **decided)

    async def _sign_in(self) -> None:
        """By WeChat, which tells who they are there."""
        claims = {"sub": "by-wechat", "roles": ["RESIDENT"], "wechat_openid": self._garden.openid()}
        self._caller.tokens["by-wechat"] = self._caller.system.token(claims)
        told = self._told()
        del told["petitioner"]["openid"]
        await self._do("by-wechat", "registerGrievance", channel="WECHAT", **told)

    async def _archive(self, household: str) -> None:
        proposed = "... on ArchiveChangeProposed { proposalId }"
        for confirmed in (True, False):
            changes = self._changes()
            proposal = await self._do("secretary", "proposeArchiveChange", proposed, archiveId=household, **changes)
            decision = {"archiveId": household, "proposalId": proposal["proposalId"], "confirmed": confirmed}
            await self._do("county-admin", "decideArchiveChange", reason=self._garden.words(), **decision)
        await self._do("secretary", "revealArchive", archiveId=household, purpose="ON_SITE", reason=self._garden.words())

    async def _erase(self, id: str) -> None:
        await self._caller.system.until_status(id, "DISPATCHED")
        await self._do("data-officer", "erasePetitioner", grievanceId=id, reason="REQUEST", note=self._garden.words(self._declared))
