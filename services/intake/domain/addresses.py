"""From an address as people write it to the narrowest place that is known: 曲阜市鲁城街道鼓楼社区后作街小区3号楼 → 370881001901-01.

Longest prefix: at each step the longest spelling of a place below the present one is taken; of all ways through the text the one whose
names hold most characters wins. People leave levels out, add 办事处, shorten 村民委员会, and put a road between the town and the village.
Pure and in memory; built once per revision of the territory.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from services.intake.domain.territory import LOCAL_LEVELS, Division, DivisionLevel, Territory

LONGEST_TEXT = 200
LONGEST_NAME = 24
GAP = 16
"""How many characters that name no place may stand between two names: 静轩东路18号."""
CANDIDATES = 10
_COMMITTEE = re.compile(r"(?:居民委员会|村民委员会|居委会|村委会)$")
_BARE = re.compile(r"(?:村|社区|街道|镇|乡|市|区|县|省)$")
_NUMERALS = {numeral: digit for digit, numeral in enumerate("零一二三四五六七八九")}
# 三, 十二, 二十三 as digits; anything else that looks like a numeral stays as it is written.
_NUMBERED = re.compile(
    r"(?<![零一二三四五六七八九十])([一二三四五六七八九]?十[一二三四五六七八九]?|[零一二三四五六七八九]{1,3})(?=号楼|号|栋|幢|单元|组|期|区)"
)
# 仙营路, 小安山, 南阳古镇 are no villages, though a village bears the first two characters.
_GOES_ON = tuple("路街巷山河湖古大")
_BUILDING = re.compile(r"^(.*?\d+)(?:号楼|栋|幢)$")


@dataclass(frozen=True)
class Located:
    """What a text names. `code` is the narrowest place that is certain, None for none; `rest` follows it in the text;
    `candidates` are the places among which the text does not decide (the one place when it does)."""

    code: str | None
    rest: str
    candidates: tuple[str, ...]


def normal(text: str) -> str:
    """One writing for one address: full-width to half-width, 三号楼 → 3号楼, 3#楼 → 3号楼, no separators."""
    text = unicodedata.normalize("NFKC", text)
    text = _NUMBERED.sub(lambda found: str(_number(found[1])), text)
    return re.sub(r"[\s,，、;；:：。.·()（）/\\-]+", "", text.replace("#楼", "号楼").replace("#", "号楼"))[:LONGEST_TEXT]


def _number(numeral: str) -> int:
    """五 → 5, 十二 → 12, 二十三 → 23."""
    tens, ten, ones = numeral.rpartition("十")
    if not ten:
        return int("".join(str(_NUMERALS[each]) for each in numeral))
    return (_NUMERALS[tens] if tens else 1) * 10 + (_NUMERALS[ones] if ones else 0)


def spellings(place: Division) -> Iterator[tuple[str, bool]]:
    """How people write a place, and whether the spelling is full enough to be found without its parent before it."""
    name = normal(place.name)
    yield from ((normal(alias), True) for alias in place.aliases)
    yield name, True
    if place.level in (DivisionLevel.PROVINCE, DivisionLevel.CITY, DivisionLevel.COUNTY):
        bare = _BARE.sub("", name)
        yield bare, place.level is not DivisionLevel.COUNTY or len(bare) > 1
        if name.endswith("高新技术产业开发区"):
            yield from (("高新区", True), (name.replace("高新技术产业开发区", "高新区"), True))
    elif place.level is DivisionLevel.TOWN:
        bare = _BARE.sub("", name)
        if name.endswith("街道"):
            yield from ((f"{name}办事处", True), (f"{bare}街办", True), (f"{bare}办事处", True))
        elif name.endswith(("镇", "乡")):
            yield f"{name}人民政府", True
        yield bare, False
    elif place.level is DivisionLevel.VILLAGE:
        base = _COMMITTEE.sub("", name)
        bare = re.sub(r"(?:村|社区)$", "", base)
        for tail in ("居民委员会", "村民委员会", "居委会", "村委会"):
            yield base + tail, True
        yield base, base.endswith(("村", "社区")) or len(base) > 2
        # A village by its bare name may be called so many 村; an urban one so many 社区.
        yield (base if base.endswith(("村", "社区")) else base + ("社区" if "居" in name[-5:] else "村")), True
        if len(bare) > 1:
            yield bare, False
    else:
        building = _BUILDING.match(name)
        if building:
            yield from ((building[1] + tail, True) for tail in ("号楼", "栋", "幢", "号"))


class Gazetteer:
    """All spellings of one territory."""

    def __init__(self, territory: Territory) -> None:
        self._territory = territory
        self._by_spelling: dict[str, dict[str, bool]] = {}
        self._lineage: dict[str, tuple[str, ...]] = {}
        for place in territory:
            self._lineage[place.code] = tuple(link.code for link in territory.chain(place.code))
            for spelling, full in spellings(place):
                if 2 <= len(spelling) <= LONGEST_NAME:
                    held = self._by_spelling.setdefault(spelling, {})
                    held[place.code] = held.get(place.code, False) or full

    def locate(self, text: str) -> Located:
        """The place that the text names. A text longer than 200 characters is read as far as that."""
        whole = normal(text)

        @cache
        def best(under: str | None, at: int) -> tuple[float, int, frozenset[str]]:
            """(score, where the last name ends, the narrowest places) of the best way through whole[at:] below `under`."""
            found: tuple[float, int, frozenset[str]] = (0.0, at, frozenset({under} if under else ()))
            for gap in range(GAP + 1):
                if at + gap >= len(whole):
                    break
                for length in range(min(LONGEST_NAME, len(whole) - at - gap), 1, -1):
                    spelling = whole[at + gap : at + gap + length]
                    goes_on = whole.startswith(_GOES_ON, at + gap + length)
                    for code in self._below(spelling, under, direct=gap == 0, shortened=not goes_on):
                        score, end, places = best(code, at + gap + length)
                        # A name right below its parent is worth a little more, one behind a gap a little less.
                        score += length + (0.5 if self._territory.get(code).parent == under else 0.0) - 0.3 * gap
                        if score > found[0] + 1e-9:
                            found = (score, end, places)
                        elif abs(score - found[0]) <= 1e-9 and end == found[1]:
                            found = (score, end, found[2] | places)
            return found

        _score, end, places = best(None, 0)
        return self._decided(places, whole[end:])

    def _below(self, spelling: str, under: str | None, *, direct: bool, shortened: bool) -> Iterator[str]:
        """The places of this spelling below `under`. `direct`: nothing stands between; `shortened`: a short name may count."""
        for code, full in self._by_spelling.get(spelling, {}).items():
            place = self._territory.get(code)
            if code == under or (under is not None and under not in self._lineage[code]):
                continue
            if full:
                # 3号楼 is in every compound: it is looked for only inside of one place.
                if under is not None or place.level not in LOCAL_LEVELS:
                    yield code
            # A shortened name counts only right behind the place that holds it: 书院 alone may be anything.
            elif shortened and direct and under is not None and place.parent == under:
                yield code

    def _decided(self, places: frozenset[str], rest: str) -> Located:
        codes = tuple(sorted(places))
        if len(codes) < 2:
            return Located(codes[0] if codes else None, rest, codes)
        shared = [links[0] for links in zip(*(self._lineage[code] for code in codes), strict=False) if len(set(links)) == 1]
        return Located(shared[-1] if shared else None, rest, codes[:CANDIDATES])
