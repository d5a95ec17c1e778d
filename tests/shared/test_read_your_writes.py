"""The rules of reading one's own writes: the token, the waiting, what an answer says."""

from __future__ import annotations

import pytest

from shared.envelope import Seen
from shared.identity.errors import Refusal
from shared.read_your_writes import MAX_NAMED, Freshness, note_write, noting_writes, read_after


class Documents:
    """Documents whose `seen` moves on at each look, as events come in."""

    def __init__(self, *looks: dict[str, Seen]) -> None:
        self.looks = list(looks)
        self.asked: list[list[str]] = []

    async def seen(self, ids: list[str]) -> dict[str, Seen]:
        self.asked.append(ids)
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]


def test_a_token_may_be_joined_from_several_answers_and_the_later_counts() -> None:
    assert read_after("g-1:routing=4, g-2:intake=1,g-1:routing=2,g-1:feedback=3,") == {
        "g-1": {"routing": 4, "feedback": 3},
        "g-2": {"intake": 1},
    }
    assert read_after("") == {}


@pytest.mark.parametrize(
    "header",
    ["g-1", "g-1:routing", "g-1:routing=", "g-1:routing=-1", "g 1:routing=1", "g-1:routing=1;g-2:routing=1", f"{'g' * 65}:routing=1"],
)
def test_what_no_answer_ever_said_is_refused(header: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_after(header)
    assert refused.value.code == "BAD_AFTER"


def test_a_token_names_a_bounded_number_of_grievances() -> None:
    named = [f"g-{number}:routing=1" for number in range(MAX_NAMED + 1)]
    assert len(read_after(",".join(named[:-1]))) == MAX_NAMED
    assert len(read_after(",".join([*named[:-1], "g-0:intake=1"]))) == MAX_NAMED
    with pytest.raises(Refusal):
        read_after(",".join(named))


async def test_waits_until_every_document_has_seen_what_is_named() -> None:
    documents = Documents({}, {"g-1": {"routing": 3}}, {"g-1": {"routing": 4}}, {"g-2": {"routing": 1, "intake": 5}})
    assert await Freshness("feedback", documents).reached({"g-1": {"routing": 4}, "g-2": {"routing": 1}})
    # What has been seen is not looked at again.
    assert documents.asked == [["g-1", "g-2"]] * 3 + [["g-2"]]


async def test_its_own_writes_need_no_look() -> None:
    documents = Documents({})
    assert await Freshness("routing", documents).reached({"g-1": {"routing": 4}})
    assert documents.asked == []


async def test_gives_up_when_the_time_is_over() -> None:
    assert not await Freshness("feedback", Documents({"g-1": {"routing": 3}}), wait_seconds=0.05).reached({"g-1": {"routing": 4}})


def test_an_answer_names_what_its_request_wrote_and_who_is_behind() -> None:
    freshness = Freshness("routing", Documents({}))
    with noting_writes() as written:
        note_write("g-1", 3)
        note_write("g-1", 4)
        # It has sent nothing: there is nothing for others to see.
        note_write("g-2", 0)
    note_write("g-3", 1)
    assert freshness.extensions(written, fresh=True) == {"minyi": {"after": ["g-1:routing=4"]}}
    assert freshness.extensions({}, fresh=False) == {"minyi": {"stale": ["routing"]}}
    assert freshness.extensions({}, fresh=True) == {}


def test_an_answer_names_no_more_than_may_be_sent_back() -> None:
    with noting_writes() as written:
        for number in range(MAX_NAMED + 5):
            note_write(f"g-{number}", 1)
    told = Freshness("intake", Documents({})).extensions(written, fresh=True)["minyi"]["after"]
    assert len(read_after(",".join(told))) == MAX_NAMED
    assert told[-1] == f"g-{MAX_NAMED + 4}:intake=1"
