"""Which MINYI_* variables somebody reads; the others are most likely misspelt."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from gateway.settings import GatewaySettings
from services.feedback.settings import FeedbackSettings
from services.intake.settings import IntakeSettings
from services.routing.settings import RoutingSettings
from shared.settings import CommonSettings, known_names

SETTINGS: dict[str, type[CommonSettings]] = {
    "intake": IntakeSettings,
    "routing": RoutingSettings,
    "feedback": FeedbackSettings,
    "gateway": GatewaySettings,
}
Kind = TypeVar("Kind", bound=CommonSettings)


KNOWN = known_names(*SETTINGS.values())
"""Every variable that a process, the supervisor or a test's switch reads."""


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
