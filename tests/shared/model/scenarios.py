"""What the searches play."""

from __future__ import annotations

from tests.shared.model.city import Scenario
from tests.shared.model.world import Budget

SCENARIOS = {
    "a life": Scenario(notes=1),
    "a poisoned note, healed by replay": Scenario(notes=2, poison=True),
    "a poisoned note, dropped": Scenario(notes=2, poison=True, drop=True),
}
BUDGET = Budget(crash=2, trouble=3, copy=2, reconnect=1, sweep=3, again=2)
ONE_FAULT = Budget(crash=1, trouble=1, copy=1, reconnect=1, sweep=1, again=1)
