"""Reads the category tree and the keyword rules from CSV files."""

import csv
from pathlib import Path

from services.routing.domain.categories import CategoryTree, KeywordClassifier, Rule

DATA = Path(__file__).resolve().parent.parent / "data"
CATEGORIES = DATA / "categories.csv"
RULES = DATA / "category-rules.csv"


def load_categories(path: Path = CATEGORIES) -> CategoryTree:
    """A tree from the columns level1, level2, level3. Raises KeyError for a missing column, ValueError for a bad row."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return CategoryTree((row["level1"], row["level2"], row["level3"]) for row in csv.DictReader(file))


def load_classifier(tree: CategoryTree, path: Path = RULES) -> KeywordClassifier:
    """A classifier from the columns category, keyword, weight. Raises KeyError for a missing column, ValueError for a bad rule."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return KeywordClassifier((Rule(row["category"], row["keyword"], int(row["weight"])) for row in csv.DictReader(file)), tree)
