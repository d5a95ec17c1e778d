"""Contracts: nothing unknown is produced, everything unknown is ignored where it is read."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from shared.contracts.feedback import SurveyOpenedV1
from shared.contracts.routing import EVENTS

DATA = {"round": 1, "at": "2020-06-08T00:00:00Z"}


def test_an_added_field_is_ignored_by_the_reader() -> None:
    assert SurveyOpenedV1.read({**DATA, "added": True}) == SurveyOpenedV1.model_validate(DATA)


def test_an_unknown_field_is_not_produced() -> None:
    with pytest.raises(ValidationError):
        SurveyOpenedV1.model_validate({**DATA, "added": True})


def test_every_type_names_source_aggregate_event_and_version() -> None:
    assert all(event.type.startswith("routing.grievance.") and event.type.endswith(".v1") for event in EVENTS)
