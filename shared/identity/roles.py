"""The roles of a viewer (domain.md, rules of practice). A token names them by value; an unknown name gives no right."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    RESIDENT = "RESIDENT"  # 群众
    SECRETARY = "SECRETARY"  # 民情书记
    TEAM_LEADER = "TEAM_LEADER"  # 带队领导
    COMMUNITY_SECRETARY = "COMMUNITY_SECRETARY"  # 社区(村)党组织书记
    DISPATCHER = "DISPATCHER"  # 转办员
    HANDLER = "HANDLER"  # 经办人
    DEPARTMENT_HEAD = "DEPARTMENT_HEAD"  # 部门主要负责人
    SUPERVISOR = "SUPERVISOR"  # 督查专员
    CALLER = "CALLER"  # 回访员
    AUDITOR = "AUDITOR"  # 审计员
    DATA_OFFICER = "DATA_OFFICER"  # 数据保护专员
    COUNTY_ADMIN = "COUNTY_ADMIN"  # 县级管理员
    CITY_ADMIN = "CITY_ADMIN"  # 市级管理员
    OPERATOR = "OPERATOR"  # 运维人员
    MACHINE_CLIENT = "MACHINE_CLIENT"  # 接入系统


def known_roles(names: object) -> frozenset[Role]:
    """The roles among `names` (a token's claim). Names of other systems are passed over: they grant nothing here."""
    if not isinstance(names, list | tuple):
        return frozenset()
    return frozenset(Role(name) for name in names if isinstance(name, str) and name in Role.__members__)
