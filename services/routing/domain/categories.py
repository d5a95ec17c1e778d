"""The category tree of petitions (row S48) and a first classifier by keywords (rows S46 to S48).

The tree has three levels; a category is named by its path, `城乡建设/安全生产/事故处理`. Names repeat: 其他 stands in every branch.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

SEPARATOR: Final = "/"
# A word in the subject tells what a message is about; a word deep in the text is often told in passing.
SUBJECT_FACTOR: Final = 3
# The score of one strong word in the text alone: less is no reason to decide.
LEAST_SCORE: Final = 4


class UnknownCategory(LookupError):
    """No category answers to this name or path."""


class AmbiguousCategory(LookupError):
    """More than one category answers to this name or partial path; `candidates` are their full paths."""

    def __init__(self, name: str, candidates: tuple[str, ...]) -> None:
        super().__init__(f"{name!r} may be any of {len(candidates)} categories")
        self.candidates = candidates


@dataclass(frozen=True, slots=True, order=True)
class Category:
    """One node of the tree; `names` from the first level down, one to three of them."""

    names: tuple[str, ...]

    @property
    def path(self) -> str:
        return SEPARATOR.join(self.names)

    @property
    def level(self) -> int:
        """1, 2 or 3."""
        return len(self.names)

    @property
    def name(self) -> str:
        return self.names[-1]


class CategoryTree:
    """An immutable tree built from its leaves; every look-up is in memory."""

    def __init__(self, leaves: Iterable[tuple[str, str, str]]) -> None:
        """Raises ValueError for an empty or unclean name, a name with the separator in it, or a doubled leaf."""
        nodes: dict[tuple[str, ...], Category] = {}
        seen: set[tuple[str, str, str]] = set()
        for leaf in leaves:
            if leaf in seen:
                raise ValueError(f"category {SEPARATOR.join(leaf)} appears twice")
            if any(not name or name != name.strip() or SEPARATOR in name for name in leaf):
                raise ValueError(f"not a clean category: {leaf!r}")
            seen.add(leaf)
            for level in (1, 2, 3):
                nodes.setdefault(leaf[:level], Category(leaf[:level]))
        self._nodes = nodes
        self._by_name: dict[str, list[Category]] = {}
        for node in nodes.values():
            self._by_name.setdefault(node.name, []).append(node)

    def leaves(self) -> tuple[Category, ...]:
        """The third level, in the order of the source."""
        return tuple(node for node in self._nodes.values() if node.level == 3)

    def roots(self) -> tuple[Category, ...]:
        """The first level, in the order of the source."""
        return tuple(node for node in self._nodes.values() if node.level == 1)

    def children(self, category: Category) -> tuple[Category, ...]:
        """The next level below, in the order of the source; empty for a leaf."""
        return tuple(node for node in self._nodes.values() if node.names[:-1] == category.names)

    def matching(self, text: str) -> tuple[Category, ...]:
        """Every category that a name or partial path may mean, in path order.

        A full path means itself alone. Otherwise the last name is that of the category, and the names before it stand above it in this
        order, perhaps with gaps: `事故处理`, `安全生产/事故处理` and `城乡建设/事故处理` all find `城乡建设/安全生产/事故处理`.
        """
        names = tuple(part.strip() for part in text.split(SEPARATOR))
        exact = self._nodes.get(names)
        if exact is not None:
            return (exact,)
        return tuple(sorted(node for node in self._by_name.get(names[-1], ()) if _in_order(names[:-1], node.names[:-1])))

    def has(self, path: str) -> bool:
        """Whether this is the full path of a category, of any level."""
        return tuple(path.split(SEPARATOR)) in self._nodes

    def find(self, text: str) -> Category | None:
        """The one category that the text means; None when there is none, or more than one."""
        matches = self.matching(text)
        return matches[0] if len(matches) == 1 else None

    def get(self, text: str) -> Category:
        """The one category that the text means; raises UnknownCategory or AmbiguousCategory."""
        matches = self.matching(text)
        if not matches:
            raise UnknownCategory(text)
        if len(matches) > 1:
            raise AmbiguousCategory(text, tuple(match.path for match in matches))
        return matches[0]


def _in_order(wanted: tuple[str, ...], names: tuple[str, ...]) -> bool:
    rest = iter(names)
    return all(name in rest for name in wanted)


@dataclass(frozen=True, slots=True)
class Rule:
    """A keyword that speaks for a first-level category with a weight from 1 (weak) to 4 (strong)."""

    category: str
    keyword: str
    weight: int


@dataclass(frozen=True, slots=True)
class Classification:
    """A first-level category, its score, the runner-up's score, and the words that decided, strongest first."""

    category: str
    score: int
    next_score: int
    because: tuple[str, ...]


class KeywordClassifier:
    """Chooses the first-level category whose keywords weigh most. Each keyword counts once, three times its weight when in the subject."""

    def __init__(self, rules: Iterable[Rule], tree: CategoryTree) -> None:
        """Raises ValueError for a rule with an empty keyword, a weight out of 1..4, or a category that is not on the tree's first level."""
        self._rules = tuple(rules)
        first_level = {root.name for root in tree.roots()}
        for rule in self._rules:
            if rule.category not in first_level or not rule.keyword or not 1 <= rule.weight <= 4:
                raise ValueError(f"not a rule for this tree: {rule!r}")

    def classify(self, subject: str, text: str) -> Classification | None:
        """None when no category gathers enough weight, or two share the highest."""
        scores: dict[str, int] = {}
        words: dict[str, list[tuple[int, str]]] = {}
        for rule in self._rules:
            if rule.keyword in subject:
                weight = rule.weight * SUBJECT_FACTOR
            elif rule.keyword in text:
                weight = rule.weight
            else:
                continue
            scores[rule.category] = scores.get(rule.category, 0) + weight
            words.setdefault(rule.category, []).append((-weight, rule.keyword))
        ranked = sorted(((score, category) for category, score in scores.items()), reverse=True)
        if not ranked or ranked[0][0] < LEAST_SCORE:
            return None
        score, category = ranked[0]
        next_score = ranked[1][0] if len(ranked) > 1 else 0
        if score == next_score:
            return None
        return Classification(category, score, next_score, tuple(word for _, word in sorted(words[category])))
