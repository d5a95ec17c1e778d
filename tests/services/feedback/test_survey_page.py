"""The page of a survey over HTTP, as a browser without scripts asks for it: in both languages, for everything that can be wrong with it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI

from services.feedback.adapters.survey_page import STYLE, WORDS, language_of
from services.feedback.domain.followup import FollowUp, erase_petitioner, fire
from services.feedback.domain.survey import Answer, Survey
from services.feedback.service import participant
from services.feedback.store.mongo import CODEC, access_of
from services.feedback.survey_http import survey_router
from services.feedback.usecases.answer_survey import REASON_LENGTH, Said, Surveying, answer
from shared.contracts.feedback import FedBackV1, SurveyAnsweredV1, SurveyOpenedV1
from shared.identity.errors import Refusal
from shared.identity.link_tokens import link_token
from shared.identity.roles import Role
from tests.services.builders import AT, DRAW, ID, KEY, SURVEY_RULES, Desk, viewer
from tests.services.feedback.builders import arrived, asked, replied

HOUR = timedelta(hours=1)
HAPPY = {"resolved": "yes", "satisfied": "SATISFIED", "reason": "", "seen": "0"}
UNHAPPY = {"resolved": "no", "satisfied": "DISSATISFIED", "reason": "字还是看不清。", "seen": "0"}


@dataclass
class Page:
    """Feedback's pages over documents in memory, at a time that stands still."""

    desk: Desk
    client: httpx.AsyncClient

    async def find_many(self, ids: list[str]) -> dict[str, FollowUp]:
        return {id: self.desk.state(id) for id in ids if id in self.desk.tables.documents}

    def put(self, followup: FollowUp, id: str = ID) -> str:
        """Keep it; the token of its link."""
        self.desk.put(followup, id)
        assert followup.survey is not None
        return link_token(KEY, id, followup.survey.invitation or "none")

    def survey(self, id: str = ID) -> Survey:
        held: Survey = self.desk.state(id).survey
        return held

    def answers(self) -> list[Answer]:
        return self.survey().answers

    async def get(self, token: str, lang: str = "zh") -> httpx.Response:
        return await self.client.get(f"/s/{token}?lang={lang}")

    async def send(self, token: str, form: dict[str, str], **headers: str) -> httpx.Response:
        return await self.client.post(f"/s/{token}?lang=zh", data=form, headers=headers)


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    app, desk = FastAPI(), Desk(participant(SURVEY_RULES, DRAW), CODEC)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://page") as client:
        made = Page(desk, client)
        app.include_router(survey_router(made, Surveying(desk.writer, KEY, desk.world.now, access_of, SURVEY_RULES)))
        yield made


@pytest.mark.row("S55")
@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_the_page_says_what_was_asked_and_answered_and_nothing_of_whom(page: Page, lang: str) -> None:
    followup = asked()
    answer = await page.get(page.put(followup), lang)
    assert (answer.status_code, answer.headers["content-language"]) == (200, lang)
    assert followup.reply is not None
    for shown in (followup.number, "2020-06-05", followup.reply.text, *(WORDS[name][lang == "en"] for name in ("title", "send", "switch"))):
        assert shown in answer.text
    for hidden in (followup.petitioner_ref, followup.division, ID, followup.reply.by.staffId):
        assert hidden not in answer.text
    assert answer.text.count('type="radio"') == 7
    assert " checked" not in answer.text


async def test_the_page_runs_nothing_and_tells_nobody_where_it_is(page: Page) -> None:
    answer = await page.get(page.put(asked()))
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script" not in policy
    assert f"<style>{STYLE}</style>" in answer.text
    assert "<script" not in answer.text
    assert "http" not in answer.text.replace("http-equiv", "")
    headers = {name: answer.headers[name] for name in ("cache-control", "referrer-policy", "x-content-type-options", "x-robots-tag")}
    assert headers == {
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-robots-tag": "noindex",
    }


@pytest.mark.parametrize(
    ("asked_for", "accepts", "language"),
    [
        (None, "", "zh"),
        (None, "en-GB,en;q=0.9", "en"),
        (None, "fr-FR,en;q=0.3,zh-CN;q=0.8", "zh"),
        (None, "zh;q=0.2,en;q=0.3", "en"),
        (None, "fr", "zh"),
        (None, "en;q=....", "en"),
        ("zh", "en", "zh"),
        ("en", "zh", "en"),
        ("xx", "en", "en"),
    ],
)
def test_the_language_is_what_was_chosen_or_what_the_browser_speaks(asked_for: str | None, accepts: str, language: str) -> None:
    assert language_of(asked_for, accepts) == language


@pytest.mark.row("S55")
async def test_to_open_it_uses_nothing_up_and_an_answer_may_be_changed_for_a_day(page: Page) -> None:
    token = page.put(asked())
    for _ in range(3):
        assert (await page.get(token)).status_code == 200
    sent = await page.send(token, HAPPY)
    assert (sent.status_code, sent.headers["location"]) == (303, "?lang=zh")
    thanked = await page.get(token)
    assert WORDS["thanks"][0] in thanked.text
    assert "2020-06-06 10:00" in thanked.text
    assert re.search(r'value="SATISFIED" checked', thanked.text)

    page.desk.world.later(hours=23)
    assert (await page.send(token, {**UNHAPPY, "seen": "1"})).status_code == 303
    assert [(answer.channel, answer.by, answer.resolved) for answer in page.answers()] == [
        ("LINK", "PETITIONER", True),
        ("LINK", "PETITIONER", False),
    ]
    assert [event.data()["change"] for event in page.desk.events()] == [0, 1]
    page.desk.world.later(hours=1)
    assert (await page.get(token)).status_code == 404
    assert (await page.send(token, HAPPY)).status_code == 404
    assert len(page.answers()) == 2


async def test_a_form_that_is_sent_twice_is_one_answer(page: Page) -> None:
    token = page.put(asked())
    assert [(await page.send(token, HAPPY)).status_code for _ in range(3)] == [303, 303, 303]
    assert len(page.answers()) == 1
    # Back to what was said before: a change, though it reads the same.
    await page.send(token, {**UNHAPPY, "seen": "1"})
    await page.send(token, {**HAPPY, "seen": "2"})
    assert [answer.resolved for answer in page.answers()] == [True, False, True]


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({}, ("请回答", "Please answer both")),
        ({"resolved": "yes"}, ("请回答", "Please answer both")),
        ({**HAPPY, "satisfied": "PLEASED"}, ("请回答", "Please answer both")),
        ({**UNHAPPY, "reason": "  "}, ("请写明不满意的原因", "Say why you are not satisfied")),
        ({**UNHAPPY, "reason": "长" * (REASON_LENGTH + 1)}, ("原因不能超过", "The reason is longer than")),
        ({"resolved": "no", "satisfied": "SATISFIED"}, ("请写明不满意的原因", "Say why you are not satisfied")),
    ],
)
async def test_what_is_wrong_is_told_in_both_languages_and_what_was_typed_stays(
    page: Page, form: dict[str, str], wrong: tuple[str, str]
) -> None:
    token = page.put(asked())
    again = await page.send(token, form)
    assert again.status_code == 422
    for words in wrong:
        assert words in again.text
    if "resolved" in form:
        assert f'value="{form["resolved"]}" checked' in again.text
    assert form.get("reason", "").strip() in again.text
    assert page.answers() == []


async def test_what_is_typed_is_text_and_nothing_else(page: Page) -> None:
    token = page.put(asked())
    mark = '"></textarea><script>alert(1)</script>'
    again = await page.send(token, {**UNHAPPY, "satisfied": "", "reason": mark, "seen": '"><script>'})
    assert again.status_code == 422
    assert "<script" not in again.text
    assert "&lt;/textarea&gt;&lt;script&gt;" in again.text


async def test_what_is_no_form_says_nothing(page: Page) -> None:
    token = page.put(asked())
    for body in (b"\xff\xfe", b"&".join(b"a=1" for _ in range(50)), b'{"resolved": true}'):
        answer = await page.client.post(f"/s/{token}", content=body)
        assert answer.status_code == 422
    assert page.answers() == []


async def test_a_form_of_another_site_is_not_taken(page: Page) -> None:
    token = page.put(asked())
    for site in ("cross-site", "same-site"):
        assert (await page.send(token, HAPPY, **{"sec-fetch-site": site})).status_code == 404
    assert page.answers() == []
    assert (await page.send(token, HAPPY, **{"sec-fetch-site": "same-origin"})).status_code == 303


@pytest.mark.row("S55")
@pytest.mark.parametrize("form", [None, HAPPY])
async def test_the_link_works_before_it_is_known_that_the_reply_has_arrived(page: Page, form: dict[str, str] | None) -> None:
    followup = replied()
    assert (followup.survey, followup.reply and followup.reply.delivery) == (None, "REQUESTED")
    page.desk.put(followup, ID)
    assert followup.reply is not None
    token = link_token(KEY, ID, followup.reply.delivery_id)
    answer = await page.get(token) if form is None else await page.send(token, form)
    assert answer.status_code == (200 if form is None else 303)
    after = page.desk.state()
    assert (after.reply.delivery, after.survey.invitation, len(after.survey.answers)) == (
        "SENT",
        followup.reply.delivery_id,
        int(form is not None),
    )
    # Of a reply that did not go by a link that somebody has, nothing opens.
    forged = link_token(bytes(32), ID, followup.reply.delivery_id)
    page.desk.put(followup, ID)
    assert (await page.get(forged)).status_code == 404
    assert page.desk.state().survey is None


@pytest.mark.row("S55")
async def test_a_link_that_cannot_be_used_shows_one_page_whatever_the_reason(page: Page) -> None:
    """Forged, of another key, grievance, round or purpose, of nobody, over, erased."""
    other, nobody, told, erased = (f"5b1f6a52-0000-5000-8000-00000000000{number}" for number in range(2, 6))
    token = page.put(asked())
    invitation = page.survey().invitation
    assert invitation is not None
    page.put(asked(id=other), other)
    in_person = page.put(asked(channel="VISIT", id=told), told)
    gone = page.put(erase_petitioner(asked(id=erased), f"erased:{erased}"), erased)
    assert (await page.get(token)).status_code == 200
    unusable = {
        "cut": token[:-1],
        "altered": token[:-3] + ("AAA" if token[-3:] != "AAA" else "BBB"),
        "of another key": link_token(bytes(32), ID, invitation),
        "of another grievance": link_token(KEY, ID, page.survey(other).invitation or ""),
        "of another purpose": link_token(KEY, ID, "pin"),
        "of nobody": link_token(KEY, nobody, invitation),
        "not sent": in_person,
        "erased": gone,
        "no token": "x" * 43,
        "not ascii": "民" * 43,
        "short": "x",
    }
    pages = {name: await page.get(each) for name, each in unusable.items()}
    assert {name: answer.status_code for name, answer in pages.items()} == dict.fromkeys(unusable, 404)
    posts = {name: await page.send(each, HAPPY) for name, each in unusable.items()}
    assert len({answer.text for answer in (*pages.values(), *posts.values())}) == 1
    assert page.answers() == []

    page.desk.world.later(hours=7 * 24)
    expired = await page.get(token)
    assert (expired.status_code, expired.text) == (404, pages["cut"].text)
    assert (await page.send(token, HAPPY)).status_code == 404
    ended = fire(page.desk.state(), page.desk.world.now())
    assert ended is not None
    again = page.put(ended[0])
    assert (await page.get(again)).status_code == 404


async def test_the_link_of_the_reminder_is_as_good_and_that_of_the_round_before_is_not(page: Page) -> None:
    first = page.put(asked())
    reminder = page.survey().reminder
    assert reminder is not None
    assert (await page.get(link_token(KEY, ID, reminder))).status_code == 200
    second = page.put(arrived(replied(page.desk.state(), round=2), AT + HOUR)[0])
    assert [(await page.get(token)).status_code for token in (first, second)] == [404, 200]


@pytest.mark.row("S55")
async def test_while_another_reply_is_on_its_way_the_link_of_the_one_before_shows_nothing_of_it(page: Page) -> None:
    first = page.put(asked())
    await page.send(first, UNHAPPY)
    page.desk.put(replied(page.desk.state(), round=2), ID)
    assert (await page.get(first)).status_code == 404
    assert (await page.send(first, {**HAPPY, "seen": "1"})).status_code == 404
    assert [answer.satisfied for answer in page.answers()] == ["DISSATISFIED"]


@pytest.mark.row("S55")
async def test_who_answers_by_an_account_has_read_the_reply_whether_its_message_arrived_or_not(page: Page) -> None:
    followup = replied()
    page.desk.put(followup, ID)
    parts = Surveying(page.desk.writer, KEY, page.desk.world.now, access_of, SURVEY_RULES)
    said = Said(resolved=True, satisfied="SATISFIED")
    caller = viewer(Role.CALLER, department="D-3708-SJJ")
    with pytest.raises(Refusal) as refused:
        await answer(parts, caller, "c", ID, said, "")
    assert refused.value.code == "SURVEY_NOT_OPEN"
    petitioner = viewer(Role.RESIDENT, refs=frozenset({followup.petitioner_ref}))
    for _ in range(2):
        await answer(parts, petitioner, "p", ID, said, "")
    assert (page.desk.state().reply.delivery, [each.channel for each in page.answers()]) == ("SENT", ["ACCOUNT"])
    assert page.desk.said() == [FedBackV1.type, SurveyOpenedV1.type, SurveyAnsweredV1.type]


@pytest.mark.row("S54")
async def test_the_link_of_a_reply_that_was_told_in_person_first_is_good(page: Page) -> None:
    followup = asked(channel="VISIT")
    page.put(followup)
    assert followup.reply is not None
    token = link_token(KEY, ID, followup.reply.delivery_id)
    assert (await page.get(token)).status_code == 200
    assert (await page.send(token, HAPPY)).status_code == 303
    assert [answer.channel for answer in page.answers()] == ["LINK"]


async def test_who_asks_to_be_anonymous_is_so_from_then_on(page: Page) -> None:
    token = page.put(asked())
    await page.send(token, {**UNHAPPY, "anonymous": "yes"})
    assert page.survey().anonymous_to_handlers
    assert 'name="anonymous" value="yes" checked' in (await page.get(token)).text
