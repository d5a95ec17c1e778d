"""What the clock warned of stands in the timeline, in both languages, and says when it was given late."""

from __future__ import annotations

from typing import get_args

import pytest

from services.feedback.domain.history_words import ABOUT, STEPS
from services.feedback.events.on_grievance_registered import on_grievance_registered
from services.feedback.events.on_grievance_warned import on_grievance_warned
from shared.contracts.routing import GrievanceWarnedV1, WarnedOf, WarningStep
from tests.services.feedback.builders import tells
from tests.services.routing.builders import registered
from tests.shared.contracts.examples import EXAMPLES

WARNED = next(each for each in EXAMPLES if isinstance(each, GrievanceWarnedV1))


def test_every_step_and_matter_has_its_words() -> None:
    assert (set(STEPS), set(ABOUT)) == (set(get_args(WarningStep)), set(get_args(WarnedOf)))


@pytest.mark.row("S53")
@pytest.mark.parametrize(
    ("late", "words"),
    [
        (False, ("red warning: the result", "红色预警：办理结果")),
        (True, ("red warning: the result (given late)", "红色预警：办理结果（补发）")),
    ],
)
def test_the_timeline_tells_it(late: bool, words: tuple[str, str]) -> None:
    followup, _ = on_grievance_registered(None, registered())
    warned = WARNED.model_copy(update={"late": late})
    after, events = on_grievance_warned("g", followup, warned)
    [entry] = tells(warned)
    assert (entry.what, entry.what_zh, events) == (*words, [])
    assert after.progress == WARNED.progress
