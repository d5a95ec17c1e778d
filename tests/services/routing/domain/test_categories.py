"""The category tree as committed, and the keyword classifier on small rules and on messages of our own."""

import pytest

from services.routing.adapters.categories import load_categories, load_classifier
from services.routing.domain.categories import AmbiguousCategory, CategoryTree, KeywordClassifier, Rule, UnknownCategory

TREE = load_categories()
CLASSIFIER = load_classifier(TREE)


@pytest.mark.row("S48")
def test_committed_tree_has_517_leaves_below_15_roots() -> None:
    assert len(TREE.leaves()) == 517
    assert len(TREE.roots()) == 15
    assert {leaf.names[0] for leaf in TREE.leaves()} == {root.name for root in TREE.roots()}


def test_every_node_is_found_by_its_own_path() -> None:
    nodes = [node for root in TREE.roots() for child in TREE.children(root) for node in (root, child, *TREE.children(child))]
    assert len({node.path for node in nodes if node.level == 3}) == 517
    for node in nodes:
        assert TREE.get(node.path) is node


@pytest.mark.parametrize("text", ["城乡建设/安全生产/事故处理", "城乡建设/安全生产", "城乡建设", " 城乡建设 / 安全生产 "])
def test_path_names_one_node_of_any_level(text: str) -> None:
    assert TREE.get(text).path == text.replace(" ", "")


SMALL = CategoryTree(
    [("城建", "安全", "事故"), ("城建", "市政", "路灯"), ("城建", "市政", "其他"), ("经济", "安全", "事故"), ("经济", "其他", "其他")]
)


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("路灯", ["城建/市政/路灯"]),
        ("市政/路灯", ["城建/市政/路灯"]),
        ("城建/路灯", ["城建/市政/路灯"]),
        ("安全/事故", ["城建/安全/事故", "经济/安全/事故"]),
        ("经济/事故", ["经济/安全/事故"]),
        ("其他", ["城建/市政/其他", "经济/其他", "经济/其他/其他"]),
        ("经济/其他", ["经济/其他"]),
        ("事故/安全", []),
        ("城建/路", []),
        ("", []),
        ("/", []),
    ],
)
def test_names_and_partial_paths_find_what_they_may_mean(text: str, paths: list[str]) -> None:
    assert [category.path for category in SMALL.matching(text)] == paths
    found = SMALL.find(text)
    assert (found.path if found else None) == (paths[0] if len(paths) == 1 else None)


def test_get_says_whether_there_are_none_or_several() -> None:
    with pytest.raises(UnknownCategory):
        SMALL.get("水利")
    with pytest.raises(AmbiguousCategory) as raised:
        SMALL.get("安全/事故")
    assert raised.value.candidates == ("城建/安全/事故", "经济/安全/事故")


@pytest.mark.parametrize("leaf", [("城建", "安全", "事故"), ("城建", "安全", ""), ("城建", "安全", " 路"), ("城建", "安/全", "路")])
def test_a_bad_leaf_is_refused(leaf: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError, match=r"twice|clean"):
        CategoryTree([("城建", "安全", "事故"), leaf])


RULES = [Rule("城建", "路灯", 4), Rule("城建", "小区", 2), Rule("经济", "税", 4), Rule("经济", "价格", 2)]


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ("路灯不亮", "", "城建"),
        ("求助", "我们这里路灯不亮", "城建"),
        ("小区", "多交了税", "城建"),  # the subject weighs more
        ("求助", "小区", None),  # too weak
        ("求助", "小区小区小区小区", None),  # a keyword counts once
        ("求助", "路灯要交税", None),  # a tie decides nothing
        ("", "", None),
    ],
)
def test_decides_by_weight_or_not_at_all(subject: str, text: str, expected: str | None) -> None:
    result = KeywordClassifier(RULES, SMALL).classify(subject, text)
    assert (result.category if result else None) == expected


def test_says_why() -> None:
    result = KeywordClassifier(RULES, SMALL).classify("小区路灯", "价格")
    assert result is not None
    assert (result.score, result.next_score, result.because) == (18, 2, ("路灯", "小区"))


@pytest.mark.parametrize(
    "rule", [Rule("水利", "水", 4), Rule("城建", "", 4), Rule("城建", "水", 0), Rule("城建", "水", 5), Rule("安全", "水", 1)]
)
def test_a_rule_must_fit_the_tree(rule: Rule) -> None:
    with pytest.raises(ValueError, match="rule"):
        KeywordClassifier([rule], SMALL)


@pytest.mark.row("S47")
@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ("小区门口的路牌看不清", "后作街小区门口的路牌褪色了，来往的人找不到路，希望换一块新的。", "城乡建设"),
        ("村口的砖厂天天冒黑烟", "粉尘很大，废气难闻，晚上机器轰隆。", "环境保护"),
        ("工地欠我们三个月工资", "我们几个农民工干完了活，老板一直不结工资。", "劳动和社会保障"),
        ("孩子上小学的学位不够", "学校说今年招生名额满了。", "教育文体"),
        ("卫生院夜里没有值班医生", "老人发烧，去卫生院看病没有人。", "卫生计生"),
        ("出租车不打表", "从汽车站出来，司机一口价。", "交通运输"),
        ("景区门票乱涨价", "游客意见很大。", "商贸旅游"),
        ("你好", "谢谢", None),
    ],
)
def test_classifies_plain_messages(subject: str, text: str, expected: str | None) -> None:
    result = CLASSIFIER.classify(subject, text)
    assert (result.category if result else None) == expected
