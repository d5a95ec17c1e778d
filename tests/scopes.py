"""Which files look at one system, and when it ends: with the last of their tests. One that nobody looks at any more still takes a sixth
of a core, and the run has a quarter of an hour to go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

OPERATED = "tests/deploy/ of one system"
JOURNEY = "tests/journeys/ of one system"
FAST_JOURNEY = "tests/journeys/ of one fast system"

# These look at one whole system, which is started once.
OF_ONE_SYSTEM = {
    "tests/deploy/test_documented_commands.py": OPERATED,
    "tests/deploy/test_operating.py": OPERATED,
    "tests/docs/test_frontend.py": JOURNEY,
    "tests/journeys/test_gateway.py": JOURNEY,
    "tests/journeys/test_read_your_writes.py": JOURNEY,
    "tests/journeys/test_signboard.py": JOURNEY,
    "tests/journeys/test_survey_link.py": JOURNEY,
    "tests/web/survey_in_a_browser.py": JOURNEY,
    "tests/journeys/test_faults.py": FAST_JOURNEY,
    "tests/journeys/test_hotline.py": FAST_JOURNEY,
}
# Each of these tests starts all that it needs.
EACH_ALONE = {"tests/bench/test_loads.py"}

_ends: dict[str, ExitStack] = {}


def scope_of(nodeid: str) -> str:
    """What one process runs from end to end: a file, or all that look at one system."""
    file = nodeid.partition("::")[0]
    return nodeid if file in EACH_ALONE else OF_ONE_SYSTEM.get(file, file)


@contextmanager
def until_left(scope: str) -> Iterator[ExitStack]:
    """For a fixture of the session: what is entered here is left after the last test of the scope."""
    stack = _ends[scope] = ExitStack()
    try:
        yield stack
    finally:
        _ends.pop(scope, None)
        stack.close()


def left(scope: str) -> None:
    if scope in _ends:
        _ends.pop(scope).close()
