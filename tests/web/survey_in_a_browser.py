"""The page of a survey in a real browser: of a phone's width, without scripts, in both languages. Run by `make test-web`.

MINYI_TEST_PICTURES=<folder> keeps pictures of it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deploy.local.service import Service
from tests.journeys.links import reported
from tests.journeys.system import System
from tests.web.browser import PHONE, Tab, phone

TITLES = {"zh": "您对办理结果满意吗？", "en": "Are you satisfied with the result?"}
THANKS = {"zh": "已收到您的评价，谢谢。", "en": "Thank you. Your answer was recorded."}


def keep(name: str, png: bytes) -> None:
    assert png.startswith(b"\x89PNG")
    if folder := os.environ.get("MINYI_TEST_PICTURES"):
        Path(folder, f"{name}.png").write_bytes(png)


async def fits(tab: Tab) -> None:
    """Nothing is cut off, nothing has to be pushed sideways, and fingers find what they press."""
    assert await tab.see("document.documentElement.scrollWidth") <= PHONE["width"]
    low = "[...document.querySelectorAll('label, button')].map(each => each.getBoundingClientRect().height).filter(each => each < 40)"
    assert await tab.see(low) == []
    # The style is the page's own, and its policy lets it be.
    assert await tab.see("getComputedStyle(document.querySelector('main')).maxWidth") == "576px"


@pytest.mark.row("S55")
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_petitioner_answers_on_a_phone_without_scripts(
    journey: System, journey_gateway: Service, tmp_path: Path, language: str
) -> None:
    id = (await journey.register(f"browser-{language}"))["grievance"]["id"]
    link = await reported(journey, journey_gateway, f"browser-{language}", id)
    async with phone(tmp_path / "profile") as tab:
        other = "en" if language == "zh" else "zh"
        await tab.open(link, other)
        assert await tab.see("document.querySelector('h1').textContent") == TITLES[other]
        await tab.press(".switch a")
        await tab.until(f"document.documentElement.lang === '{language}' && document.readyState === 'complete'")
        assert await tab.see("document.querySelector('h1').textContent") == TITLES[language]
        await fits(tab)
        keep(f"survey-{language}-open", await tab.picture())

        await tab.press("input[name=resolved][value=no]")
        await tab.press("input[name=satisfied][value=DISSATISFIED]")
        await tab.press("button")
        await tab.until("document.querySelector('.wrong') !== null")
        wrong = await tab.see("document.querySelector('.wrong').textContent")
        assert "请写明不满意的原因" in wrong
        assert "Say why you are not satisfied" in wrong
        assert await tab.see("document.querySelector('input[name=satisfied]:checked').value") == "DISSATISFIED"
        await fits(tab)
        keep(f"survey-{language}-wrong", await tab.picture())

        await tab.type("textarea", "字还是看不清。")
        await tab.press("input[name=anonymous]")
        await tab.press("button")
        await tab.until("document.querySelector('.said') !== null")
        assert await tab.see("document.querySelector('.said').textContent") == THANKS[language]
        await fits(tab)
        keep(f"survey-{language}-thanks", await tab.picture())
        await journey.until_status(id, "HANDLING")

        await tab.open(f"{link[:-4]}AAAA", language)
        assert await tab.see("document.querySelector('form')") is None
        keep(f"survey-{language}-gone", await tab.picture())
