"""Reads the committed policy of retention, data/retention.csv."""

import csv
from pathlib import Path

from services.intake.adapters.divisions import DATA
from services.intake.domain.retention import Retention, Rule, read_span

POLICY = DATA / "retention.csv"
_CONSENTED = {"yes": True, "no": False, "any": None}


def load_retention(path: Path = POLICY) -> Retention:
    """Raises KeyError or ValueError for a row that is none."""
    with path.open(encoding="utf-8", newline="") as file:
        return Retention(
            tuple(
                Rule(
                    what=row["what"],  # type: ignore[arg-type]
                    consented=_CONSENTED[row["consent"]],
                    purpose=row["purpose"],  # type: ignore[arg-type]
                    zh=row["zh"],
                    en=row["en"],
                    basis=row["basis"],  # type: ignore[arg-type]
                    law=row["law"],
                    span=read_span(row["kept"]),
                )
                for row in csv.DictReader(file)
            )
        )
