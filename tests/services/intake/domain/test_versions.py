"""Versions: the same ones give the same state whatever their order; nothing that was written is lost."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from services.intake.domain.versions import MOST_VERSIONS, BaseNotHere, TooManyVersions, Version, added, current, heads

BEGIN = datetime(2020, 6, 5, 1, 0, tzinfo=UTC)


class Words(BaseModel):
    text: str


def version(id: str, *base: str, minute: int = 0, text: str = "") -> Version[Words]:
    at = BEGIN + timedelta(minutes=minute)
    return Version[Words](id=id, base=list(base), by="secretary", at=at, said=at.isoformat(), content=Words(text=text or id))


def test_what_is_written_on_the_latest_version_counts() -> None:
    versions = added(added([version("a")], version("b", "a", minute=1)), version("c", "b", minute=2))
    assert current(versions).id == "c"
    assert [each.id for each in heads(versions)] == ["c"]


def test_two_that_were_written_on_the_same_version_stand_side_by_side_until_somebody_makes_them_one() -> None:
    versions = added(added([version("a")], version("mine", "a", minute=9)), version("theirs", "a", minute=3))
    assert [each.id for each in heads(versions)] == ["theirs", "mine"]
    assert current(versions).id == "theirs"
    assert [each.id for each in heads(added(versions, version("both", "mine", "theirs", minute=12)))] == ["both"]


def test_who_goes_on_from_the_version_that_counts_stays_the_one_that_counts() -> None:
    versions = added(added([version("a")], version("mine", "a", minute=3)), version("theirs", "a", minute=9))
    versions = added(versions, version("mine again", "mine", minute=20))
    assert [each.id for each in heads(versions)] == ["mine again", "theirs"]


def test_a_document_holds_a_bounded_number_of_characters() -> None:
    versions = [version("v0")]
    for number in range(1, 50):
        versions = added(versions, version(f"v{number}", f"v{number - 1}", minute=number, text="长" * 20_000))
    with pytest.raises(TooManyVersions):
        added(versions, version("more", "v49", text="长" * 20_000))


def test_what_builds_on_a_version_that_is_not_here_waits() -> None:
    with pytest.raises(BaseNotHere):
        added([version("a")], version("c", "b"))
    with pytest.raises(BaseNotHere):
        added([version("a")], version("rootless"))


def test_refuses_the_hundred_and_first_version_but_not_a_repeat() -> None:
    versions = [version("v0")]
    for number in range(1, MOST_VERSIONS):
        versions = added(versions, version(f"v{number}", f"v{number - 1}", minute=number))
    assert added(versions, version("v1", "v0", minute=1)) == versions
    with pytest.raises(TooManyVersions):
        added(versions, version("more", "v99"))


@given(st.data())
def test_any_order_with_repeats_gives_the_same_versions(data: st.DataObject) -> None:
    made = [version("v0")]
    for number in range(1, data.draw(st.integers(1, 8))):
        base = data.draw(st.lists(st.sampled_from([each.id for each in made]), min_size=1, max_size=2, unique=True))
        made.append(version(f"v{number}", *base, minute=data.draw(st.integers(0, 5))))
    straight = made[:1]
    for each in made[1:]:
        straight = added(straight, each)
    arriving = data.draw(st.permutations(made[1:] * 2))
    held, waiting = made[:1], list(arriving)
    while waiting:
        late = []
        for each in waiting:
            try:
                held = added(held, each)
            except BaseNotHere:
                late.append(each)
        assert len(late) < len(waiting)
        waiting = late
    assert held == straight
    assert {each.id for each in held} == {each.id for each in made}
