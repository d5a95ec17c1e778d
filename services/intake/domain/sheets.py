"""The sheets of imports and exports: which columns each kind has, what Chinese words they understand, and cells that cannot hurt. Pure.

A list in a cell is parted by 、 or ; and a header may be the English or the Chinese one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.intake.domain.transfers import Kind

LONGEST_CELL = 500
_LIST = re.compile(r"[、;；]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A spreadsheet takes a cell that begins so for a formula: 公式注入."""


@dataclass(frozen=True)
class Column:
    """`many`: a list in a cell; `words`: the Chinese words for the codes that the system keeps."""

    name: str
    zh: str
    required: bool = False
    many: bool = False
    words: Mapping[str, str] = field(default_factory=dict)

    def read(self, cell: str) -> str | list[str] | None:
        """The value that a command takes; an empty cell is None, or no entries."""
        if self.many:
            return [self.words.get(part.strip(), part.strip()) for part in _LIST.split(cell) if part.strip()]
        return self.words.get(cell, cell) or None

    def write(self, value: object) -> str:
        back = {code: word for word, code in self.words.items()}
        if isinstance(value, list | tuple):
            return "、".join(back.get(str(each), str(each)) for each in value)
        return "" if value is None else back.get(str(value), str(value))


KINDS = {
    "社区干部": "COMMUNITY_OFFICIAL",
    "入户调查员": "HOUSEHOLD_SURVEYOR",
    "网格员": "GRID_WORKER",
    "楼栋长": "BUILDING_HEAD",
    "乡村振兴指导组": "RURAL_GUIDANCE",
    "小区党支部书记": "COMPOUND_SECRETARY",
    "机关党员干部": "AGENCY_OFFICIAL",
    "区直机关干部": "DISTRICT_OFFICIAL",
}
RANKS = {"无": "NONE", "一般干部": "ORDINARY", "科级": "SECTION", "县处级": "COUNTY", "市级": "CITY"}
MANDATES = {"党代表": "PARTY_DELEGATE", "人大代表": "PEOPLES_DEPUTY", "政协委员": "CPPCC_MEMBER"}
PROGRAMMES = {
    "双帮双促": "SHUANG_BANG_SHUANG_CU",
    "万名干部下基层": "WAN_MING_GAN_BU",
    "第一书记": "FIRST_SECRETARY",
    "双报到": "SHUANG_BAO_DAO",
}
POSTS = {
    "社区党组织": "COMMUNITY_PARTY_ORGANISATION",
    "小区党支部书记": "COMPOUND_PARTY_SECRETARY",
    "社区书记": "COMMUNITY_SECRETARY",
    "转办员": "DISPATCHER",
}
YES_NO = {"是": "True", "否": "False"}
ROLES = {"民情书记": "SECRETARY", "社区书记": "COMMUNITY_SECRETARY", "转办员": "DISPATCHER"}
NAME, DIVISION = Column("name", "名称", required=True), Column("division", "区划代码", required=True)

SHEETS: Mapping[Kind, Sequence[Column]] = {
    "DIVISIONS": (
        Column("code", "区划代码", required=True),
        NAME,
        Column("aliases", "别名", many=True),
        Column("since", "启用日期"),
        Column("until", "撤销日期"),
    ),
    "DEPARTMENTS": (
        Column("code", "部门编号", required=True),
        NAME,
        DIVISION,
        Column("head", "主要负责人编号", required=True),
        Column("receiver", "承办人编号", required=True),
        Column("committee", "党（工）委", words=YES_NO),
    ),
    "MEMBERS": (
        Column("id", "人员编号", required=True),
        Column("name", "姓名", required=True),
        Column("phone", "电话"),
        Column("team", "团队编号"),
        Column("kinds", "人员类别", required=True, many=True, words=KINDS),
        Column("rank", "职级", words=RANKS),
        Column("mandates", "两代表一委员", many=True, words=MANDATES),
        Column("unit", "所属区划代码", required=True),
        Column("assigned", "下沉区划代码", many=True),
        Column("department", "部门编号"),
        Column("programmes", "关联工作", many=True, words=PROGRAMMES),
    ),
    "TEAMS": (
        Column("code", "团队编号", required=True),
        NAME,
        DIVISION,
        Column("leader", "带队人编号", required=True),
        Column("contact_units", "联系单位代码", required=True, many=True),
        Column("programmes", "关联工作", many=True, words=PROGRAMMES),
        Column("campaign", "活动编号"),
    ),
    "POSTS": (
        Column("id", "岗位编号", required=True),
        Column("post", "岗位", required=True, words=POSTS),
        DIVISION,
        Column("holder", "任职人编号", required=True),
        Column("role", "角色", required=True, words=ROLES),
        Column("since", "任职日期"),
    ),
    "HOUSEHOLDS": (
        Column("place", "区划代码或地址", required=True),
        Column("number", "户编号", required=True),
        Column("head", "户主姓名"),
        Column("phone", "电话"),
        Column("address", "门牌"),
        Column("persons", "人口数"),
        Column("team", "团队编号"),
        Column("contract", "包保人编号"),
    ),
}


def header(kind: Kind) -> list[str]:
    """The template's first line, in Chinese; a required column bears a star."""
    return [column.zh + ("*" if column.required else "") for column in SHEETS[kind]]


def read_header(kind: Kind, cells: Sequence[str]) -> tuple[list[Column | None], list[Column]]:
    """Which column stands where (None: one that we do not know), and the required columns that are missing."""
    by_name = {name: column for column in SHEETS[kind] for name in (column.name, column.zh)}
    found = [by_name.get(cell.strip().rstrip("*").strip()) for cell in cells]
    return found, [column for column in SHEETS[kind] if column.required and column not in found]


def defused(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def armed(cell: str) -> str:
    """What a defused cell says; other cells are only trimmed."""
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def is_masked(cell: str) -> bool:
    """Whether the cell comes from an export, where people are masked: 孔*莹 must not become somebody's name."""
    return "*" in cell
