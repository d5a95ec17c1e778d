"""The first organisation: six departments and the posts of domain.md, as an installation begins with them.

Invented for 济宁 by the names that such offices bear; staff are ids, never names. Imports of the real ones come later.
"""

from __future__ import annotations

from shared.contracts.intake import DepartmentRow, PostRow

DEPARTMENTS = [
    DepartmentRow(
        code="D-370881001-DGW",
        name="鲁城街道党工委",
        division="370881001000",
        head="head-lucheng",
        receiver="handler-lucheng",
        committee=True,
    ),
    DepartmentRow(code="D-3708-ZJJ", name="济宁市住房和城乡建设局", division="370800000000", head="head-zjj", receiver="handler-zjj"),
    DepartmentRow(code="D-3708-RSJ", name="济宁市人力资源和社会保障局", division="370800000000", head="head-rsj", receiver="handler-rsj"),
    DepartmentRow(code="D-3708-JTJ", name="济宁市教育局", division="370800000000", head="head-jtj", receiver="handler-jtj"),
    DepartmentRow(code="D-3708-SJJ", name="济宁市市场监督管理局", division="370800000000", head="head-sjj", receiver="handler-sjj"),
    DepartmentRow(code="D-3708-RXB", name="济宁市12345热线办公室", division="370800000000", head="head-rxb", receiver="handler-rxb"),
]

POSTS = [
    PostRow(
        id="P-370881001901-CS", post="COMMUNITY_SECRETARY", division="370881001901", holder="wang-changqing", role="COMMUNITY_SECRETARY"
    ),
    PostRow(
        id="P-370881001901-CPO",
        post="COMMUNITY_PARTY_ORGANISATION",
        division="370881001901",
        holder="party-gulou",
        role="COMMUNITY_SECRETARY",
    ),
    PostRow(
        id="P-370881001901-01-CPS",
        post="COMPOUND_PARTY_SECRETARY",
        division="370881001901-01",
        holder="party-houzuojie",
        role="SECRETARY",
    ),
    PostRow(id="P-370881-DIS", post="DISPATCHER", division="370881000000", holder="dispatcher-qufu", role="DISPATCHER"),
    PostRow(id="P-3708-DIS", post="DISPATCHER", division="370800000000", holder="dispatcher-jining", role="DISPATCHER"),
]
