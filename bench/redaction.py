"""python -m bench.redaction: precision and recall of shared/redaction.py, on planted texts and on real messages that were read by hand.

A wanted span is found when findings cover each of its letters and digits, under whatever kind: what is left of half a number still finds a
person. A finding is right when it meets a wanted span and reaches at most two characters beyond it. A finding that meets only what is
debatable, or the name of a person whom nobody declared, counts neither way (0027).
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.redaction import Finding, Kind, find

ROOT = Path(__file__).parents[1]
VERDICTS = ROOT / "tests/shared/redaction"
MESSAGES = ROOT.parent / "shared/data/messages.jsonl"
BEYOND = 2
_PLANTED = re.compile(r"〈(?P<debatable>\??)(?P<kind>[A-Z_]+):(?P<words>[^〉]+)〉")
# 300 of all by chance, and 200 by chance of those others whose words hint at a number, a home or a person; 100 more in the same way: these
# were read when the rules had been mended by the 500, and mended nothing.
READ, FRESH = ("random", "cued"), ("fresh",)
SEED, FRESH_SEED = 20200, 20201
_CUE = re.compile(
    r"[0-9０-９xX*]{5}|(?:栋|幢|座|号楼|[#＃])[^，。；\n]{0,6}\d{3}|\d单元|单元\d|\d{3} ?[室房户]|门牌"
    r"|我叫|本人[姓叫]|我是[^一的，。]{2,3}[，。]|姓名|联系人|某[，。某的]|先生|女士|手机|微信|[Qq][Qq]|身份证|车牌|[@＠]"
)


@dataclass(frozen=True)
class Judged:
    """A text and what a person says ought to be taken out of it; `neutral` counts neither way."""

    id: int
    text: str
    declared: tuple[str, ...]
    wanted: tuple[Finding, ...]
    neutral: tuple[Finding, ...]


@dataclass
class Score:
    """Counts per kind: of what was wanted by its own kind, of what was taken by the finding's."""

    wanted: Counter[Kind] = field(default_factory=Counter)
    found: Counter[Kind] = field(default_factory=Counter)
    taken: Counter[Kind] = field(default_factory=Counter)
    right: Counter[Kind] = field(default_factory=Counter)
    missed: list[tuple[int, Finding]] = field(default_factory=list)
    wrong: list[tuple[int, Finding]] = field(default_factory=list)

    def recall(self, *kinds: Kind) -> float:
        return _share(self.found, self.wanted, kinds)

    def precision(self, *kinds: Kind) -> float:
        return _share(self.right, self.taken, kinds)


def _share(part: Counter[Kind], whole: Counter[Kind], kinds: tuple[Kind, ...]) -> float:
    """Of these kinds, of all where none is named; 1 of nothing."""
    named = kinds or tuple(Kind)
    return sum(part[kind] for kind in named) / (sum(whole[kind] for kind in named) or 1) if sum(whole[kind] for kind in named) else 1.0


def planted(half: str | None = None) -> list[Judged]:
    """Texts of our own making; `tuned`: the rules were mended by them, `held`: they were not."""
    rows = [json.loads(line) for line in (VERDICTS / "planted.jsonl").read_text("utf-8").splitlines()]
    return [_unmark(row) for row in rows if half in (None, row["half"])]


def _unmark(row: dict[str, Any]) -> Judged:
    marked, text, at = row["text"], "", 0
    spans: dict[bool, list[Finding]] = {True: [], False: []}
    for mark in _PLANTED.finditer(marked):
        text += marked[at : mark.start()]
        spans[bool(mark["debatable"])].append(Finding(Kind(mark["kind"]), len(text), len(text) + len(mark["words"])))
        text, at = text + mark["words"], mark.end()
    return Judged(row["id"], text + marked[at:], tuple(row["declared"]), tuple(spans[False]), tuple(spans[True]))


def real(*drawn: str) -> list[Judged]:
    """The messages that were read by hand: verdicts are kept here, texts are not."""
    texts = {message["id"]: message["subject"] + "\n" + message["text"] for message in _messages()}
    return [
        Judged(
            row["id"],
            texts[row["id"]],
            (),
            tuple(Finding(Kind(kind), start, end) for kind, start, end in row["wanted"]),
            tuple(Finding(Kind(kind), start, end) for kind, start, end in row["debatable"])
            + tuple(Finding(Kind.NAME, start, end) for start, end in row["others"]),
        )
        for row in verdicts()
        if row["drawn"] in drawn
    ]


def verdicts() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (VERDICTS / "read.jsonl").read_text("utf-8").splitlines()]


def _messages() -> Iterator[dict[str, Any]]:
    with MESSAGES.open(encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def drawn() -> dict[int, str]:
    """Which message was drawn how, by the rule above."""
    texts = dict(sorted((message["id"], f"{message['subject']}\n{message['text']}") for message in _messages()))
    chosen: dict[int, str] = {}

    def draw(chance: random.Random, count: int, name: str, hinting: bool) -> None:
        left = [id for id, text in texts.items() if id not in chosen and (not hinting or _CUE.search(text))]
        chosen.update(dict.fromkeys(chance.sample(left, count), name))

    first, second = random.Random(SEED), random.Random(FRESH_SEED)
    draw(first, 300, "random", False)
    draw(first, 200, "cued", True)
    draw(second, 60, "fresh", False)
    draw(second, 40, "fresh", True)
    return chosen


def score(texts: list[Judged]) -> Score:
    counts = Score()
    for judged in texts:
        findings = find(judged.text, judged.declared)
        covered = {place for finding in findings for place in range(finding.start, finding.end)}
        for span in judged.wanted:
            counts.wanted[span.kind] += 1
            if all(place in covered for place in range(span.start, span.end) if judged.text[place].isalnum()):
                counts.found[span.kind] += 1
            else:
                counts.missed.append((judged.id, span))
        for finding in findings:
            met = [span for span in judged.wanted if _meet(finding, span)]
            if not met and any(_meet(finding, span) for span in judged.neutral):
                continue
            counts.taken[finding.kind] += 1
            if met and _beyond(finding, met) <= BEYOND:
                counts.right[finding.kind] += 1
            else:
                counts.wrong.append((judged.id, finding))
    return counts


def _meet(one: Finding, other: Finding) -> bool:
    return one.start < other.end and other.start < one.end


def _beyond(finding: Finding, spans: list[Finding]) -> int:
    inside = {place for span in spans for place in range(span.start, span.end)}
    return sum(place not in inside for place in range(finding.start, finding.end))


def table(title: str, counts: Score) -> str:
    lines = [f"{title:<34} {'wanted':>7} {'found':>6} {'recall':>7} {'taken':>6} {'right':>6} {'precision':>10}"]
    for name, kinds in [*((kind.value, (kind,)) for kind in Kind), ("all", tuple(Kind))]:
        wanted, found, taken, right = (
            sum(counter[kind] for kind in kinds) for counter in (counts.wanted, counts.found, counts.taken, counts.right)
        )
        if wanted or taken:
            recall = f"{counts.recall(*kinds):.3f}" if wanted else "-"
            precision = f"{counts.precision(*kinds):.3f}" if taken else "-"
            lines.append(f"  {name:<32} {wanted:>7} {found:>6} {recall:>7} {taken:>6} {right:>6} {precision:>10}")
    return "\n".join(lines)


def main() -> None:
    print(table("planted, tuned on (100)", score(planted("tuned"))))
    print(table("planted, held back (100)", score(planted("held"))))
    if MESSAGES.exists():
        print(table("real, drawn by chance (300)", score(real("random"))))
        print(table("real, hinting at a person (200)", score(real("cued"))))
        print(table("real, all read (500)", score(real(*READ))))
        print(table("real, read after all mending (100)", score(real(*FRESH))))
        others = sum(len(row["others"]) for row in verdicts() if row["drawn"] in READ)
        print(f"names of persons whom nobody declared, left where they stand: {others}")


if __name__ == "__main__":
    main()
