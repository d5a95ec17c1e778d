"""Which MINYI_* variables somebody reads; the others are most likely misspelt."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from gateway.settings import GatewaySettings
from services.feedback.settings import FeedbackSettings
from services.intake.settings import IntakeSettings
from services.routing.settings import RoutingSettings
from shared.settings import ENV_PREFIX, OUTSIDE_NAMES, CommonSettings

SETTINGS: dict[str, type[CommonSettings]] = {
    "intake": IntakeSettings,
    "routing": RoutingSettings,
    "feedback": FeedbackSettings,
    "gateway": GatewaySettings,
}
Kind = TypeVar("Kind", bound=CommonSettings)


def known_names() -> set[str]:
    """Every variable that a process, the supervisor or a test's switch reads."""
    fields = {f"{ENV_PREFIX}{field}".upper() for settings in SETTINGS.values() for field in settings.model_fields}
    return fields | OUTSIDE_NAMES


def misspelt(environment: Mapping[str, str]) -> dict[str, str]:
    """Variables that nobody reads → the nearest that somebody does, or an empty text."""
    known = known_names()
    found = sorted(name for name in environment if name.upper().startswith(ENV_PREFIX) and name.upper() not in known)
    return {name: next(iter(difflib.get_close_matches(name.upper(), known, 1)), "") for name in found}


def spelling_lines(environment: Mapping[str, str]) -> list[str]:
    """A line for each, with its mend; for the start of a command."""
    return [
        f"nobody reads {name}, it is misspelt: {f'type {nearest}' if nearest else f'type `unset {name}`'} · "
        f"没有程序读取 {name}，疑似拼写错误{f'，应为 {nearest}' if nearest else ''}"
        for name, nearest in misspelt(environment).items()
    ]


def report_misspelt(environment: Mapping[str, str]) -> None:
    """At the start of every command that a person types."""
    for line in spelling_lines(environment):
        sys.stderr.write(f"{line}\n")


def settings_of(kind: type[Kind], environment: Mapping[str, str]) -> Kind:
    """As a process with exactly this environment reads them. Raises pydantic's ValidationError."""
    with _only(environment):
        return kind()


@contextmanager
def _only(environment: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
