"""A message is an event of ours or it is not; why not is told without its content."""

from __future__ import annotations

from typing import Any

import pytest

from shared.envelope import MOST, Malformed, from_message
from tests.services.builders import event
from tests.shared.contracts.examples import EXAMPLES

GOOD = event(EXAMPLES[0], 3).again(after={"routing": 2}, attempt=1, skip="why", skip_until=9)
PERSONAL = "张三13999990001"


def test_an_event_comes_back_from_its_headers_as_it_was() -> None:
    assert from_message(GOOD.id, dict(GOOD.headers()), GOOD.body) == GOOD


@pytest.mark.parametrize(
    "changes",
    [
        {"minyi-sequence": None},
        {"minyi-sequence": PERSONAL},
        {"minyi-sequence": "0"},
        {"minyi-sequence": "1" + "0" * 30},
        {"minyi-sequence": str(MOST)},
        {"minyi-after": f"{PERSONAL}=1"},
        {"minyi-after": "routing=x"},
        {"minyi-after": "routing=" + "9" * 30},
        {"minyi-source": "in\x00take"},
        {"minyi-source": "$where"},
        {"minyi-source": "a.b"},
        {"minyi-subject": ""},
        {"minyi-subject": "a b"},
        {"minyi-subject": "x" * 300},
        {"minyi-versions": ""},
        {"minyi-type": "intake.grievance.registered"},
        {"minyi-attempt": "many"},
        {"minyi-skip-until": PERSONAL},
    ],
)
def test_what_is_no_event_is_told_without_its_content(changes: dict[str, Any]) -> None:
    headers = {name: value for name, value in {**GOOD.headers(), **changes}.items() if value is not None}
    with pytest.raises(Malformed) as fault:
        from_message(GOOD.id, headers, GOOD.body)
    for value in changes.values():
        assert not value or value not in str(fault.value)


def test_a_message_without_an_id_is_no_event() -> None:
    with pytest.raises(Malformed):
        from_message(None, dict(GOOD.headers()), GOOD.body)
