"""An archive (居民档案 S41, enterprises S34, L4): what is held of a household or an enterprise, what is proposed, what there was. Pure.

A change is proposed by one and confirmed or refused by another. What is past its retention is gone from that day on: every reading and
every step begins with `on(today)`, so that it makes no difference whether the sweep has been there.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.intake.domain.archive_changes import Change, Consent, Kind, Proposal, Purpose, past, plus_years, require_lawful
from shared.china_time import CHINA
from shared.identity.errors import Refusal

Step = Literal["SET", "REMOVE", "REMOVE_RESIDENT", "ERASED", "EXPIRED"]
STALE = "STALE"
MOST_OPEN = 50
MOST_DECIDED = 100
MOST_STEPS = 1_000
MOST_RESIDENTS = 40
NOTE_YEARS = 2
"""How long a note is kept of a proposal that has no retention of its own."""


class Datum(BaseModel):
    """One value, sealed; None in the history when its retention was over or it was erased. `set_by` is the proposal that brought it."""

    model_config = ConfigDict(frozen=True)

    value: str | None
    purpose: Purpose | None
    consent: Consent | None
    retain_until: str | None
    since: datetime
    by: str
    encounter: str | None
    set_by: str


class Resident(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: str
    data: dict[str, Datum]


class Replaced(BaseModel):
    """One step of the history: what was there before (None: nothing, or it is erased by this step). `by`: who confirmed it; nobody where
    the retention was over."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    by: str | None
    proposal: str | None
    action: Step
    resident: str | None
    field: str
    was: Datum | None

    def on(self, today: str) -> Replaced:
        return self.emptied() if self.was is not None and past(self.was.retain_until, today) else self

    def emptied(self) -> Replaced:
        """Without the value, by whatever proposal it came."""
        return self.model_copy(update={"was": self.was.model_copy(update={"value": None})}) if self.was is not None else self


class Verdict(BaseModel):
    """What somebody decided of a proposal; `reason` is sealed."""

    model_config = ConfigDict(frozen=True)

    proposal: str
    confirmed: bool
    by: str
    at: datetime
    reason: str | None


class Archive(BaseModel):
    """`village`: 12 digits. `team` is an enterprise's; a household's team stands in the household, whose id is the archive's.
    `person`, `key`: whom the wrapped data key is bound to; one key for each archive. Of what is decided it holds the last MOST_DECIDED,
    of its history the last MOST_STEPS."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: Kind
    village: str
    team: str | None
    person: str
    key: str
    residents: list[Resident] = []
    conditions: dict[str, Datum] = {}
    proposals: list[Proposal] = []
    history: list[Replaced] = []

    def data(self) -> Iterator[tuple[str | None, str, Datum]]:
        """Everything that is held now: resident (None: the household or enterprise), field, datum."""
        for resident in self.residents:
            yield from ((resident.id, field, datum) for field, datum in resident.data.items())
        yield from ((None, field, datum) for field, datum in self.conditions.items())

    def datum(self, resident: str | None, field: str | None) -> Datum | None:
        return next((datum for whose, name, datum in self.data() if (whose, name) == (resident, field)), None)

    def base_of(self, change: Change) -> str:
        """By which proposals stands what the change is about; empty where nothing is there."""
        if change.action == "REMOVE_RESIDENT":
            return "|".join(sorted(f"{field}:{datum.set_by}" for whose, field, datum in self.data() if whose == change.resident))
        datum = self.datum(*change.target)
        return datum.set_by if datum else ""

    def proposal(self, id: str) -> Proposal | None:
        return next((each for each in self.proposals if each.id == id), None)

    @property
    def open(self) -> list[Proposal]:
        return [each for each in self.proposals if each.is_open]

    @property
    def expires(self) -> str | None:
        """The last day of whatever is to go first; None where nothing is."""
        days = [datum.retain_until for _whose, _field, datum in self.data()]
        days += [each.was.retain_until for each in self.history if each.was is not None and each.was.value is not None]
        days += [day for proposal in self.proposals for day in proposal.days]
        return min((day for day in days if day is not None), default=None)

    def on(self, today: str) -> Archive:
        """As it is on this day: without what is past its retention, which the history tells without the value."""
        gone = [(datum.retain_until or "", whose, field, datum) for whose, field, datum in self.data() if past(datum.retain_until, today)]
        swept = self
        for day, whose, field, datum in sorted(gone, key=lambda each: (each[0], each[1] or "", each[2])):
            at = _midnight_after(day)
            swept = swept._with(None, Replaced(at=at, by=None, proposal=None, action="EXPIRED", resident=whose, field=field, was=datum))
        return swept.model_copy(
            update={
                "proposals": [each.on(today) for each in swept.proposals if each.is_open or not past(each.until, today)],
                "history": [each.on(today) for each in swept.history],
            }
        )

    def proposed(self, proposal: Proposal, today: date) -> Archive:
        """With this proposal; once, however often it comes. A change without a base is based on what is there now. Raises Refusal."""
        archive = self.on(today.isoformat())
        if archive.proposal(proposal.id) is not None:
            return archive
        require_lawful(self.kind, proposal.changes, today)
        if len(archive.open) >= MOST_OPEN:
            raise Refusal("TOO_MANY_OPEN", "待确认的变更过多，请先处理。", "Too many proposals are open; decide them first.")
        changes = [each if each.base is not None else each.model_copy(update={"base": archive.base_of(each)}) for each in proposal.changes]
        return archive.model_copy(update={"proposals": [*archive.proposals, proposal.model_copy(update={"changes": changes})]})

    def decided(self, verdict: Verdict, today: date) -> Archive:
        """With the proposal refused, or confirmed and applied. Raises Refusal."""
        archive = self.on(today.isoformat())
        proposal = archive.proposal(verdict.proposal)
        if proposal is None:
            raise Refusal("PROPOSAL_UNKNOWN", "没有这项变更。", "There is no such proposal.", "proposalId")
        if proposal.by == verdict.by:
            raise Refusal("OWN_PROPOSAL", "本人提出的变更须由他人确认。", "Somebody else has to decide what you proposed.", "proposalId")
        if not proposal.is_open:
            raise Refusal("ALREADY_DECIDED", "这项变更已经处理。", "This proposal is decided already.", "proposalId")
        after = archive._applied(proposal, verdict, today) if verdict.confirmed else archive
        closed = proposal.closed(verdict.confirmed, verdict.by, verdict.at, verdict.reason)
        return after.model_copy(update={"proposals": _kept([closed if each.id == closed.id else each for each in after.proposals])})

    def is_stale(self, change: Change) -> bool:
        """Whether what the change is about has changed since it was proposed. Who withdraws a consent does so whatever is there."""
        return change.action != "ERASE" and change.base != self.base_of(change)

    def _applied(self, proposal: Proposal, verdict: Verdict, today: date) -> Archive:
        named = {each.resident for each in proposal.changes if each.action == "SET" and each.field == "name"}
        known = {each.id for each in self.residents}
        for number, change in enumerate(proposal.changes):
            at = f"changes.{number}"
            if change.action == "SET" and change.value is None:
                if not past(change.retain_until, today.isoformat()):
                    raise Refusal("ERASED", "本人已撤回同意，该项已删除，不能确认。", "Consent was withdrawn: this change is erased.", at)
                raise Refusal("EXPIRED", "该项的保存期限已过，不能确认。", "The retention of this change is over.", at)
            if self.is_stale(change):
                raise Refusal(
                    STALE,
                    "该项在提出之后已有变更，请比对现值和拟改值（current、value）。",
                    "It has changed since this was proposed: compare the change's current and value.",
                    at,
                )
            if change.action != "ERASE" and change.resident is not None and change.resident not in known | named:
                raise Refusal("RESIDENT_UNKNOWN", "没有这个成员；新增成员须填姓名。", "No such resident; a new one needs a name.", at)
        after = self
        for change in proposal.changes:
            after = after._changed(proposal, change, verdict)
        if len(after.residents) > MOST_RESIDENTS:
            raise Refusal("TOO_MANY_RESIDENTS", f"一户最多{MOST_RESIDENTS}人。", f"{MOST_RESIDENTS} residents at most.")
        return after

    def _changed(self, proposal: Proposal, change: Change, verdict: Verdict) -> Archive:
        action: Step = "ERASED" if change.action == "ERASE" else change.action

        def step(field: str, was: Datum | None) -> Replaced:
            return Replaced(
                at=verdict.at, by=verdict.by, proposal=proposal.id, action=action, resident=change.resident, field=field, was=was
            )

        if change.action == "ERASE":
            after = self._without(change)
            for name in [change.field] if change.field is not None else self._fields_of(change.resident):
                after = after._with(None, step(name, None))
            return after
        if change.action == "REMOVE_RESIDENT":
            after = self
            for whose, name, held in self.data():
                if whose == change.resident:
                    after = after._with(None, step(name, held))
            return after
        datum = None
        if change.action == "SET":
            datum = Datum(
                value=change.value,
                purpose=change.purpose,
                consent=change.consent,
                retain_until=change.retain_until,
                since=verdict.at,
                by=proposal.by,
                encounter=proposal.encounter,
                set_by=proposal.id,
            )
        return self._with(datum, step(change.field or "", self.datum(*change.target)))

    def _fields_of(self, resident: str | None) -> list[str]:
        """Of which fields of a resident anything is, or was, held."""
        held = {field for whose, field, _datum in self.data() if whose == resident}
        return sorted(held | {each.field for each in self.history if each.resident == resident})

    def _without(self, erased: Change) -> Archive:
        """Without what was held, or is proposed, of what is erased."""
        return self.model_copy(
            update={
                "history": [each.emptied() if erased.about(each.resident, each.field) else each for each in self.history],
                "proposals": [each.without(erased) for each in self.proposals],
            }
        )

    def _with(self, datum: Datum | None, step: Replaced) -> Archive:
        """With the datum where the step says, or nothing, and the step in the history. A resident of whom nothing is left is gone."""
        history = [*self.history, step][-MOST_STEPS:]

        def put(data: dict[str, Datum]) -> dict[str, Datum]:
            rest = {name: held for name, held in data.items() if name != step.field}
            return rest | {step.field: datum} if datum is not None else rest

        if step.resident is None:
            return self.model_copy(update={"conditions": put(self.conditions), "history": history})
        data = {each.id: each.data for each in self.residents}
        data[step.resident] = put(data.get(step.resident, {}))
        residents = [Resident(id=id, data=held) for id, held in data.items() if held]
        return self.model_copy(update={"residents": residents, "history": history})


def _kept(proposals: list[Proposal]) -> list[Proposal]:
    """What is open, and what was decided last."""
    decided = sorted((each for each in proposals if not each.is_open), key=lambda each: each.decided_at or each.at)
    gone = {each.id for each in decided[:-MOST_DECIDED]}
    return [each for each in proposals if each.id not in gone]


def until_of(changes: list[Change], today: date) -> str:
    """Until when a proposal's own texts are kept: as long as the last of what it is about."""
    days = [each.retain_until for each in changes if each.retain_until is not None]
    return max(days, default=plus_years(today, NOTE_YEARS).isoformat())


def _midnight_after(day: str) -> datetime:
    """When a last day was over, in China."""
    return datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), CHINA)
