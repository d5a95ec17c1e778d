"""From the SDL alone: a query for every field, and from an answer what was seen of which grievance. Knows no policy and no rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from graphql import (
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    is_required_argument,
)

from tests.access.documents import RELATIONS, Described
from tests.access.fieldwork import summary_day
from tests.access.people import HANDLING, HERE, TEAM
from tests.world import ROOT

# A number that counts every grievance of the month.
RATED = '{rate: RESPONSE, which: DECIDED, month: "2026-06"}'

# How each root field is asked: the same for all, or of one grievance. A new root field needs a line here.
ROOT_FIELDS: dict[str, dict[str, str | Callable[[Described], str]]] = {
    "intake": {
        "_service": "",
        "grievance": lambda grievance: f'(number: "{grievance.number}")',
        "grievances": "(first: 100)",
        "division": f'(code: "{HERE}")',
        "divisions": '(under: "370881001000")',
        "locate": '(text: "曲阜市鲁城街道鼓楼社区旁边")',
        "receptionSites": f'(division: "{HERE}")',
        "team": f'(code: "{TEAM}")',
        "teams": f'(division: "{HERE}")',
        "departmentRecords": f'(division: "{HERE}")',
        "posts": f'(division: "{HERE}")',
        "coverage": f'(division: "{HERE}", tiers: 0)',
        "teamCoverage": f'(division: "{HERE}")',
        "participation": f'(division: "{HERE}")',
        "households": "(first: 100)",
        "campaigns": "",
        "receptions": f'(division: "{HERE}")',
        "duties": f'(division: "{HERE}")',
        "archive": '(id: "home-near")',
        "archives": "(first: 100)",
        "archiveFields": "",
        "calendarFeed": "",
        "myDay": "",
        "teamMonth": f'(team: "{TEAM}")',
        "grievanceShare": f'(division: "{HERE}", period: "2026-06")',
        "accessLog": f'(division: "{HERE}", day: "2026-06-05")',
        "revealsToDecide": "(first: 100)",
        "daySummary": lambda grievance: f'(day: "{summary_day(grievance.relation)}")',
        "handedUp": lambda grievance: f'(division: "{HERE}", day: "{summary_day(grievance.relation)}")',
        "countyBoard": f'(division: "{HERE}")',
        "policyMessages": f'(division: "{HERE}")',
        "encounter": lambda grievance: f'(id: "encounter-{grievance.relation}")',
        "encounters": lambda grievance: f'(enterprise: "enterprise-{grievance.relation}")',
        "diaries": "",
        "fieldTotals": f'(division: "{HERE}")',
        "teamLedger": f'(team: "{TEAM}", period: "2026-06", first: 100)',
        "sheetTemplates": "",
        "transfer": '(id: "transfer-here")',
        "transfers": "",
        "accountable": f'(division: "{HERE}")',
        "me": "",
    },
    "routing": {
        "_service": "",
        "cases": "(first: 100)",
        "dispatcherDesk": "",
        "departmentDesk": "",
        "secretaryDesk": "",
        "watchDesk": "",
        "supervisionDesk": "",
        "departmentSupervision": "",
        "board": "(by: DIVISION)",
        "departmentBoard": "",
        "dispatchCatalogue": "",
    },
    "feedback": {
        "_service": "",
        "satisfactionGrades": "",
        "rates": '(by: DIVISION, month: "2026-06")',
        "departmentRates": '(month: "2026-06")',
        "ratedGrievances": f"(filter: {RATED}, first: 100)",
        "departmentRatedGrievances": f"(filter: {RATED}, first: 100)",
        "callbackDesk": "(first: 100)",
        "unconfirmedCallbacks": '(month: "2026-06", first: 100)',
        # Over, so that its seed is told.
        "callbackDraw": '(month: "2026-06")',
        "followUpDesk": "(what: DELIVERY, first: 100)",
        "followUpNumbers": "",
    },
}
# Of these only the edge of the grievance in question is looked at.
LISTS_OF_GRIEVANCES = frozenset(
    f"Query.{each}"
    for each in (
        *("grievances", "revealsToDecide", "cases", "teamLedger", "ratedGrievances", "departmentRatedGrievances"),
        *("callbackDesk", "unconfirmedCallbacks", "followUpDesk"),
    )
)
# And of these the same, further below.
DESKS = frozenset(
    f"Query.{each}"
    for each in ("dispatcherDesk", "departmentDesk", "secretaryDesk", "watchDesk", "supervisionDesk", "departmentSupervision")
)
DESKS_LISTS = {"cases", "cards"}
# How each entity is referred to, by the row of the matrix.
REFERENCES: dict[str, Callable[[Described], dict[str, str]]] = {
    "Grievance(id)": lambda grievance: {"id": grievance.id},
    "Grievance(number)": lambda grievance: {"number": grievance.number},
    "Case(id)": lambda grievance: {"id": grievance.id},
    "Division(code)": lambda _: {"code": HERE},
    "Department(code)": lambda _: {"code": HANDLING},
}
# What may be null in an answer that hides nothing: the end of an empty page, the input that was not at fault, what is not decided yet.
MAY_BE_NULL = frozenset(
    {
        "ReplyFinding.phrase",
        "PageInfo.endCursor",
        "CasePageInfo.endCursor",
        "RegisterRefused.field",
        "OrganisationRefused.field",
        "TransferRefused.field",
        "ReceptionRefused.field",
        "DutyRefused.field",
        "VisitRefused.field",
        "EncounterRefused.field",
        "DiaryRefused.field",
        "FieldBatchRefused.field",
        "SummaryRefused.field",
        "TellRefused.field",
        "CompleteRefused.field",
        "ArchiveProposalRefused.field",
        "ArchiveDecisionRefused.field",
        "ArchiveRevealRefused.field",
        "ArchiveDecisionRefused.current",
        "ArchiveDecisionRefused.proposed",
        "UploadRefused.field",
        "Reveal.until",
        "PersonalLook.reason",
        "PersonalDatum.consent",
        "Reveal.decidedBy",
        "Reveal.decidedAt",
        "RevealRefused.field",
        "RevealDecisionRefused.field",
        "LookUpRefused.field",
        "ExportRefused.field",
        "CorrectionRefused.field",
        "ErasureRefused.field",
        "Grievance.erasedAt",
        "AcceptRefused.field",
        "ReportRefused.field",
        "ReturnRefused.field",
        "AdjudicateRefused.field",
        "ReassignRefused.field",
        "DeclineRefused.field",
        "BulkRefused.field",
        "BulkItem.code",
        "BulkItem.message",
        "BulkItem.messageZh",
        "BulkItem.field",
        "Case.declined",
        "AskExtensionRefused.field",
        "DecideExtensionRefused.field",
        "WithdrawRefused.field",
        *(f"{each}Refused.field" for each in ("IssueOrder", "ReplyOrder", "DecideReply", "GiveCard", "AppealCard", "DecideCard")),
        *(f"SupervisionOrder.{each}" for each in ("follows", "head", "reply", "answer")),
        *(f"SupervisionOrder.{each}" for each in ("repliedAt", "repliedBy", "decidedAt", "decidedBy")),
        *(f"DepartmentCard.{each}" for each in ["colour", "reason", "appeal"]),
        *(f"CardAppeal.{each}" for each in ["granted", "decidedAt", "decidedBy", "answer"]),
        "CardCorrection.colour",
        "Urge.meeting",
        "Case.withdrawnFor",
        "RecallRefused.field",
        "AskOpinionRefused.field",
        "GiveOpinionRefused.field",
        "JudgeRefused.field",
        "AnswerRefused.field",
        "Consultation.compound",
        "Consultation.answeredAt",
        "Consultation.answeredBy",
        "Consultation.reasonable",
        "Consultation.truthful",
        "Consultation.opinion",
        "SuspendRefused.field",
        "ResumeRefused.field",
        "EndSuspensionRefused.field",
        "ApproveReplyRefused.field",
        "RefuseReplyRefused.field",
        "AskVerificationRefused.field",
        "VerifyRefused.field",
        "RejectResolutionRefused.field",
        "ReleaseResolutionRefused.field",
        # A village without compounds; and a row is of one of three.
        "Board.rows",
        "BoardRow.division",
        "BoardRow.department",
        "BoardRow.staffId",
        "BoardRow.role",
        "BoardRow.unit",
        "BoardRow.response",
        "BoardRow.result",
        # A row is of one of two, and these are few.
        "Rates.rows",
        "RateRow.division",
        "RateRow.department",
        "RateNumbers.rank",
        *(f"RateShare.{each}" for each in ("met", "rate", "low", "high")),
        "RatedPageInfo.endCursor",
        "HandlingTime.median",
        "HandlingTime.p90",
        "Deadline.met",
        "DeadlineEntry.dueAt",
        "UrgeRefused.field",
        "AnswerUrgesRefused.field",
        "Urge.words",
        "Urge.answeredAt",
        "Urge.answeredBy",
        "Urge.answer",
        "Suspension.endedAt",
        "Suspension.endedBy",
        "Suspension.answer",
        "HeldReport.released",
        "HeldReport.answeredAt",
        "HeldReport.answeredBy",
        "HeldReport.remark",
        "Extension.granted",
        "Extension.decidedAt",
        "Extension.decidedBy",
        "Extension.answer",
        "WorkOrder.reason",
        "WorkOrder.receiver",
        "CaseOwnership.until",
        "WorkOrderPart.task",
        "WorkOrderPart.reportedAt",
        "WorkOrderPart.reportedBy",
        "WorkOrderPart.report",
        "WorkOrderPart.releasedAt",
        "WorkOrderPart.releasedBy",
        "WorkOrderPart.releaseReason",
        "HandOverRefused.field",
        "AddCoHandlerRefused.field",
        "ReportPartRefused.field",
        "ReleaseCoHandlerRefused.field",
        "Return.granted",
        "Return.decidedAt",
        "Return.decidedBy",
        "Return.answer",
        "Return.sentTo",
        "SurveyRefused.field",
        "Callback.confirmed",
        "CallbackPageInfo.endCursor",
        "FollowUpPageInfo.endCursor",
        "CallbackRefused.field",
    }
)

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Found:
    """One field in an answer: its row in the matrix, where it stood, and what it held."""

    row: str
    path: Path
    value: Any

    @property
    def seen(self) -> bool:
        return self.row in MAY_BE_NULL or (self.value is not None and self.value != [])


@dataclass
class Question:
    """A whole query with its variables. `aliases`: alias → (row or field name, relation or none)."""

    fields: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    aliases: dict[str, tuple[str, str | None]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        declared = ", ".join(f"${name}: [_Any!]!" for name in self.variables)
        return f"query{f'({declared})' if declared else ''} {{ {' '.join(self.fields)} }}"


@cache
def schema_of(service: str) -> GraphQLSchema:
    """Only ever read: hundreds of tests walk the same one."""
    sdl = (ROOT / "services" / service / "subgraph" / "schema.graphql").read_text(encoding="utf-8")
    return build_schema(sdl, assume_valid=True, assume_valid_sdl=True)


class Walk:
    """The SDL of one service, walked."""

    def __init__(self, service: str, entity_rows: list[str], **ways: str | Callable[[Described], str]) -> None:
        """`ways`: how a root field is asked, where not as always."""
        self.schema = schema_of(service)
        self._ways = ROOT_FIELDS[service] | ways
        self.service = service
        self.asked: set[str] = set()
        self._entities = [row.removeprefix("_entities → ") for row in entity_rows]

    def question(self, grievances: dict[str, Described]) -> Question:
        """Every root field and every entity, with everything below, for every relation."""
        asked = Question()
        query = self.schema.query_type
        assert query is not None
        for name in query.fields:
            self.asked.add(f"Query.{name}")
            if name == "_entities":
                continue
            how = self._ways[name]
            below = self.selection(query.fields[name].type)
            for relation in [None] if isinstance(how, str) else RELATIONS:
                alias = f"{name}__{relation or 'all'}"
                asked.fields.append(f"{alias}: {name}{how if isinstance(how, str) else how(grievances[relation or ''])} {below}")
                asked.aliases[alias] = (f"Query.{name}", relation)
        for entity in self._entities:
            type_name = entity.partition("(")[0]
            below = self.selection(self.schema.type_map[type_name])
            self.asked.add(f"_entities → {entity}")
            for relation in RELATIONS:
                alias = f"e{len(asked.aliases)}"
                asked.variables[alias] = [{"__typename": type_name, **REFERENCES[entity](grievances[relation])}]
                asked.fields.append(f"{alias}: _entities(representations: ${alias}) {{ __typename ... on {type_name} {below} }}")
                asked.aliases[alias] = (f"_entities → {entity}", relation)
        return asked

    def selection(self, type_: Any, within: tuple[str, ...] = ()) -> str:
        """All fields of the type; a type inside itself, or one of `within`, is only named."""
        named = get_named_type(type_)
        if isinstance(named, GraphQLUnionType):
            parts = [f"... on {member.name} {self.selection(member, within)}" for member in named.types]
            return f"{{ __typename {' '.join(parts)} }}"
        if not isinstance(named, GraphQLObjectType):
            return ""
        if named.name in within:
            return "{ __typename }"
        parts = []
        for name, each in named.fields.items():
            assert not any(map(is_required_argument, each.args.values())), (
                f"{named.name}.{name} needs arguments: teach the walk to give them"
            )
            self.asked.add(f"{named.name}.{name}")
            parts.append(f"{name} {self.selection(each.type, (*within, named.name))}")
        return f"{{ __typename {' '.join(parts)} }}"

    def found(self, question: Question, data: dict[str, Any], grievances: dict[str, Described]) -> dict[str, list[Found]]:
        """Relation → every field of the answer that is about it, or about no grievance at all."""
        all_found: dict[str, list[Found]] = {relation: [] for relation in RELATIONS}
        query = self.schema.query_type
        assert query is not None
        for alias, (row, about) in question.aliases.items():
            for relation in RELATIONS if about is None else [about]:
                value: Any = data[alias]
                path: Path = (alias,)
                if row.startswith("_entities"):
                    all_found[relation].append(Found("Query._entities", path, value))
                    value, path = value[0], (alias, 0)
                    all_found[relation].append(Found(row, path, value))
                    type_: Any = self.schema.type_map[row.removeprefix("_entities → ").partition("(")[0]]
                else:
                    if isinstance(value, dict) and "edges" in value and row in LISTS_OF_GRIEVANCES:
                        own = [edge for edge in value["edges"] if _grievance_in(edge["node"]) == grievances[relation].id]
                        value = {**value, "edges": own}
                    elif value is not None and row in DESKS:
                        for name in DESKS_LISTS & value.keys():
                            own = [edge for edge in value[name]["edges"] if _grievance_in(edge["node"]) == grievances[relation].id]
                            value = {**value, name: {**value[name], "edges": own}}
                    all_found[relation].append(Found(row, path, value))
                    type_ = query.fields[row.removeprefix("Query.")].type
                all_found[relation] += self.below(type_, value, path)
        return all_found

    def below(self, type_: Any, value: Any, path: Path) -> Iterator[Found]:
        """Every field of every object inside a value."""
        if isinstance(type_, GraphQLNonNull):
            type_ = type_.of_type
        if isinstance(type_, GraphQLList):
            for index, item in enumerate(value or ()):
                yield from self.below(type_.of_type, item, (*path, index))
        elif isinstance(type_, GraphQLUnionType) and value is not None:
            yield from self.below(self.schema.type_map[value["__typename"]], value, path)
        elif isinstance(type_, GraphQLObjectType) and value is not None:
            assert value["__typename"] == type_.name
            for name, item in value.items():
                if name != "__typename":
                    yield Found(f"{type_.name}.{name}", (*path, name), item)
                    yield from self.below(type_.fields[name].type, item, (*path, name))


def _grievance_in(node: dict[str, Any]) -> Any:
    """The id of the grievance that this row of a list is, or tells of."""
    return node["grievance"]["id"] if "grievance" in node else node["grievanceId"] if "grievanceId" in node else node["id"]
