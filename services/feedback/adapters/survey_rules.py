"""Reads the committed rules of surveys, data/survey.toml."""

import tomllib
from datetime import timedelta
from pathlib import Path

from services.feedback.domain.survey import SurveyRules

RULES = Path(__file__).resolve().parents[1] / "data" / "survey.toml"


def load_survey_rules(path: Path = RULES) -> SurveyRules:
    """Raises ValueError for rules that are none."""
    hours = tomllib.loads(path.read_text("utf-8"))
    return SurveyRules.model_validate({name: timedelta(hours=value) for name, value in hours.items()})
