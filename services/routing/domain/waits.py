"""What holds a work order up, as the case keeps it: a suspension (挂起), and reports that wait until the department's head has approved
them (审批), or somebody has looked (现场核实)."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict

from shared.contracts.intake import Owner
from shared.contracts.routing import WarnedOf, WarningStep
from shared.erasure import ERASED, blanked


class Suspension(BaseModel):
    """挂起: nothing is due while it lasts. `until` is the day in China, as text, by which it is expected to end; `due` is when the result
    was due before. `answer`: why a supervisor ended it."""

    model_config = ConfigDict(frozen=True)

    department: str
    round: int
    at: datetime
    by: Owner
    reason: str
    until: str
    due: datetime
    due_provisional: bool
    ended_at: datetime | None = None
    ended_by: Owner | None = None
    answer: str | None = None

    def ended(self, by: Owner, at: datetime, answer: str | None = None) -> Self:
        """What has ended stays as it ended."""
        return self if self.ended_at else self.model_copy(update={"ended_at": at, "ended_by": by, "answer": answer})

    def without_words(self) -> Self:
        return self.model_copy(update={"reason": ERASED, "answer": blanked(self.answer)})


class GivenWarning(BaseModel):
    """预警 and 提级: given `at`, once, of what is due then; `planned_at`: when it was to be given, `late`: long after. `since`: from when
    what it is about runs. `to_staff`: whom, by id, where somebody is known."""

    model_config = ConfigDict(frozen=True)

    of: WarnedOf
    step: WarningStep
    due_at: datetime
    since: datetime
    planned_at: datetime
    at: datetime
    late: bool
    to_role: str
    to_unit: str
    to_staff: str | None


class Meeting(BaseModel):
    """集中分析会 (S43): by its name, and the day in China, as text, on which it was held."""

    model_config = ConfigDict(frozen=True)

    name: str
    day: str


class Urge(BaseModel):
    """催办: somebody wants it done; `words` may be none. It stays until somebody of the department has answered. `meeting`: it was not
    one person but a meeting, of which `by` has told."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    by: Owner
    words: str | None
    meeting: Meeting | None = None
    answered_at: datetime | None = None
    answered_by: Owner | None = None
    answer: str | None = None

    def answered(self, answer: str, by: Owner, at: datetime) -> Self:
        return self.model_copy(update={"answer": answer, "answered_by": by, "answered_at": at})

    def without_words(self) -> Self:
        return self.model_copy(update={"words": blanked(self.words), "answer": blanked(self.answer)})


class Report(BaseModel):
    """What a department says it has done; `released` is None while it waits for somebody to approve it or to look. `photos` are attachment
    ids of whoever looked; `remark` is what they say of it."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    by: Owner
    text: str
    evidence: list[str]
    released: bool | None = None
    answered_at: datetime | None = None
    answered_by: Owner | None = None
    remark: str | None = None
    photos: list[str] = []

    def answered(self, released: bool, remark: str | None, photos: list[str], by: Owner, at: datetime) -> Self:
        return self.model_copy(update={"released": released, "remark": remark, "photos": photos, "answered_by": by, "answered_at": at})

    def without_words(self) -> Self:
        return self.model_copy(update={"text": ERASED, "remark": blanked(self.remark)})


class Draft(Report):
    """拟稿: a report that the department's head approves first, by which rule and why, as the rules of its day had it (approval.py)."""

    round: int
    rule: str
    zh: str
    en: str


class Verification(BaseModel):
    """现场核实: a dispatcher asks that the work be looked at before the petitioner is told. It holds every report of its round, oldest
    first, until one is released. `what`: what to look at."""

    model_config = ConfigDict(frozen=True)

    round: int
    at: datetime
    by: Owner
    what: str
    reports: list[Report] = []

    def without_words(self) -> Self:
        return self.model_copy(update={"what": ERASED, "reports": [each.without_words() for each in self.reports]})
