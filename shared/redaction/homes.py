"""Where somebody lives: a unit or a door of a building, a number in a village. A building alone stays: it is where the matter is."""

from __future__ import annotations

import re

from shared.redaction.kinds import Kind, before, rules


def _is_room_code(match: re.Match[str]) -> bool:
    """5-2-301: the last part is a floor and a door on it. One that could be a year needs a word around it that speaks of a home."""
    return _names_a_door(match["room"]) and (_at_home(match) or not _YEAR.fullmatch(match["room"]))


def _is_home_code(match: re.Match[str]) -> bool:
    """5-3204 may be a range of anything: it needs a home around it."""
    at_home = match["it"][-1] in "室房" or _at_home(match)
    return _names_a_door(match["room"]) and at_home and re.match(_MEASURED, match.string[match.end("it") :][:2]) is None


def _is_door(match: re.Match[str]) -> bool:
    """What stands before a number makes it a count: 共301户, 近205业主."""
    door = match["door"]
    counted = re.search(r"[共近约余有达超过第满仅前后]$", match.string[max(0, match.start("it") - 1) : match.start("it")])
    return _names_a_door(door) and not _YEAR.fullmatch(door) and door not in ("110", "119", "120", "122") and counted is None


def _names_a_door(number: str) -> bool:
    return 1 <= int(number[:-2]) <= 60 and 1 <= int(number[-2:]) <= 30


def _at_home(match: re.Match[str]) -> bool:
    around = before(match)[-6:] + "|" + match.string[match.end("it") : match.end("it") + 4]
    return _HOME.search(around) is not None


CODE = re.compile(r"[A-Za-z]?\d{1,3}#?-(?:\d{1,2}-)?\d{3,4}")
_YEAR = re.compile(r"(?:19|20)\d\d")
_HOME = re.compile(r"[栋幢座楼住户室房]|小区|花园|家园|公寓|[苑园府城庭湾居郡都邸墅轩阁]\||里\||号\||业主")
_MEASURED = re.compile(r" ?[年月日元户平米人多余个万亿%㎡名位套间层栋天次]")

_N = r"(?:\d{1,4}|[一二三四五六七八九十百零〇]{1,5})"
_BUILDING = rf"(?:[A-Za-z]|[A-Za-z]?-?{_N}) ?(?:号楼|号院|栋|幢|座|#楼|#|楼(?!道|梯|下|上|盘|顶|主|宇|市|房|面))"
_LEVEL = rf"{_N} ?(?:楼(?![道梯栋宇房])|层)"
_FLOOR = rf"(?:{_LEVEL} ?)?"
_SIDE = "[东西南北中左右]{1,2}边?户"
_UNIT = rf"(?:[东西中南北]|[A-Za-z](?![A-Za-z]))?{_N}? ?(?:单元|门洞|门栋)"
_HOUSED = r"房(?![价产屋地贷源间型东主款]|改(?!名)|租(?!给))"
_CALLED_ROOM = rf"(?:号房|室|{_HOUSED}|号(?![楼院线]))"
# A door in a unit may go without a word; one behind a building may be a count or a measure instead: 44栋724户, 3栋2019年.
_DOOR_IN_UNIT = rf"(?:[\d*]{{3,4}}|[一二三四五六七八九十百零〇]{{2,5}})(?: ?(?:{_CALLED_ROOM}|户))?(?![\d年元])"
_DOOR_IN_BUILDING = (
    rf"(?:(?:\d{{3,4}}|[一二三四五六七八九十百零〇]{{2,5}}) ?{_CALLED_ROOM}"
    r"|\d{3,4}(?! ?(?:诊室|办公室|会议室|教室|病房|房间|包[间厢]|窗口)| ?楼(?![上下])|\.\d+ ?[平㎡米万亿元%])"
    r"(?! ?[\d年月日元户平米人多余个万亿%㎡名位套家间层栋路天次张余几吨公克斤辆台件份棵盏根mM]))"
)
_MORE_DOORS = r"(?:[.、/]\d{3,4}(?![\d年月日元平米万㎡%]))*"
RULES = rules(
    (
        Kind.ROOM,
        rf"(?<![\dA-Za-z])(?P<it>{_BUILDING}[ -]?{_UNIT}(?:[ -]?(?:{_FLOOR}(?:{_DOOR_IN_UNIT}{_MORE_DOORS}|{_SIDE})|{_LEVEL}|{_SIDE}))?)",
        None,
    ),
    (Kind.ROOM, rf"(?<![\dA-Za-z])(?P<it>{_BUILDING}[ -]?{_FLOOR}(?:{_DOOR_IN_BUILDING}{_MORE_DOORS}|{_SIDE}))", None),
    (Kind.ROOM, rf"(?<![\d第])(?P<it>(?:{_N}|[东西中]) ?单元[ -]?{_FLOOR}(?:{_DOOR_IN_UNIT}|{_SIDE}))", None),
    (Kind.ROOM, rf"(?<![\d第])(?P<it>\d{{1,3}}号 ?(?P<door>\d{{3,4}}) ?(?:室|号?{_HOUSED}))", _is_door),
    (Kind.ROOM, r"(?<![\dA-Za-z.-])(?P<it>[A-Za-z]?\d{1,3}#?-\d{1,2}-(?P<room>\d{3,4})(?: ?(?:室|房|户))?)(?![\d-])", _is_room_code),
    (Kind.ROOM, r"(?<![\dA-Za-z.-])(?P<it>[A-Za-z]?\d{1,3}-(?P<room>\d{3,4})(?: ?(?:室|号?房))?)(?![\d.:-])", _is_home_code),
    (Kind.ROOM, r"(?<![\dA-Za-z.院局厅所部委处馆第-])(?P<it>[A-Za-z]?\d{3,4} ?(?:室|号房(?![价产屋租地贷源])))", None),
    (Kind.ROOM, rf"(?<![\dA-Za-z.第-])(?P<it>(?P<door>\d{{3,4}}) ?(?:{_HOUSED}|号(?=家|业主|住户)))", _is_door),
    (Kind.ROOM, r"(?<![\dA-Za-z.第-])(?P<it>(?P<door>\d{3,4}))(?= ?(?:的?(?:业主|住户|租户|邻居)|这户|那户|家[的里中]))", _is_door),
    (
        Kind.ROOM,
        r"(?:楼上|楼下|对门|隔壁|邻居|[家我]住|住在?)(?:[一1]层|住宅|的|是)?(?P<it>(?P<door>\d{3,4}))"
        r"(?! ?[\d年月日元户平米人多余个万亿%㎡名位套间层栋路天次小分几线号])",
        _is_door,
    ),
    (Kind.ROOM, rf"(?<![\d第])(?P<it>(?:\d{{1,3}}号院)?{_N} ?排 ?[东西]?{_N} ?号)", None),
    (
        Kind.ROOM,
        r"(?P<it>(?:(?:Building|Bldg\.?|Block|Unit|Room|Flat|Apt\.?) ?#?[A-Z]?\d{1,4}(?:, ?)?){2,3}(?:\d{3,4}(?!\d))?)(?<! )(?<!,)",
        None,
    ),
    (Kind.ROOM, r"(?<=[村屯庄])(?P<it>[第]?\d{1,2}组\d{1,3}号)", None),
    (
        Kind.ROOM,
        r"[村屯庄](?:(?![月日第在于的有民委里前后从到至路街道被了是给办部])[\u4e00-\u9fff]){0,3}(?P<it>\d{1,4}号(?:附\d{1,3}号?)?)(?![楼院线文机井桥台窗])",
        None,
    ),
)
