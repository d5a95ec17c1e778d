"""The page on which a petitioner answers a survey: HTML by hand, in Chinese or English, for a phone, without scripts. Nothing that the
petitioner told stands on it but what they have typed there."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from pathlib import Path
from string import Template
from typing import Literal, get_args

from services.feedback.domain.followup import FollowUp
from services.feedback.domain.survey import SATISFACTION_ZH, Survey
from shared.china_time import CHINA, day_in_china
from shared.contracts.feedback import Satisfaction

Language = Literal["zh", "en"]
TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
STYLE = (TEMPLATES / "survey.css").read_text("utf-8")
PAGE, SURVEY = (Template((TEMPLATES / name).read_text("utf-8")) for name in ("page.html", "survey.html"))
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Language",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
SATISFACTION_EN: dict[Satisfaction, str] = {
    "VERY_SATISFIED": "Very satisfied",
    "SATISFIED": "Satisfied",
    "NEUTRAL": "Neither satisfied nor dissatisfied",
    "DISSATISFIED": "Not satisfied",
    "VERY_DISSATISFIED": "Not satisfied at all",
}
WORDS: dict[str, tuple[str, str]] = {
    "title": ("您对办理结果满意吗？", "Are you satisfied with the result?"),
    "number_label": ("诉求编号", "Grievance number"),
    "registered_label": ("登记日期", "Registered on"),
    "reply_label": ("答复", "Our reply"),
    "resolved_label": ("问题解决了吗？", "Is it resolved?"),
    "yes": ("已解决", "Yes"),
    "no": ("未解决", "No"),
    "satisfied_label": ("您满意吗？", "Are you satisfied?"),
    "reason_label": ("原因或意见", "Why, or what you want to say"),
    "reason_hint": (
        "未解决或不满意时请填写，将据此重新办理或督查。请勿填写姓名、电话等个人信息。",
        "Needed if it is not resolved or you are not satisfied: your case is handled again, or looked into, because of it. "
        "Please give no names or phone numbers.",
    ),
    "anonymous_label": (
        "不让承办部门看到我的评价（要求重办时，承办部门只看到原因）",
        "Do not show my answer to the departments that handle it (if it is handled again, they read only the reason)",
    ),
    "send": ("提交", "Send"),
    "open_until": (
        "请在 {until} 前提交；首次提交后的一段时间内可以更改。",
        "Please answer before {until}. For a while after that you can change it.",
    ),
    "thanks": ("已收到您的评价，谢谢。", "Thank you. Your answer was recorded."),
    "change_until": ("{until} 前可在此更改。", "You can change it here until {until}."),
    "gone_title": ("链接无效", "This link is not valid"),
    "gone": (
        "链接不正确、已过期，或评价已不能再更改。如需反映问题，请通过原渠道联系我们。",
        "It is not correct, or its time is over, or your answer can no longer be changed. To tell us more, contact us as you did before.",
    ),
    "busy_title": ("请稍后再试", "Please try again shortly"),
    "busy": ("系统暂时无法处理。", "This cannot be done right now."),
    "switch": ("English", "中文"),
}


@dataclass(frozen=True)
class Typed:
    """What stands in the form. `seen`: how many answers there were when it was shown."""

    resolved: str = ""
    satisfied: str = ""
    reason: str = ""
    anonymous: bool = False
    seen: str = "0"

    @classmethod
    def of(cls, survey: Survey) -> Typed:
        """What was answered last."""
        shown = cls(seen=str(len(survey.answers)))
        if (answer := survey.answer) is None:
            return shown
        resolved = "yes" if answer.resolved else "no"
        return replace(
            shown, resolved=resolved, satisfied=answer.satisfied, reason=answer.reason or "", anonymous=survey.anonymous_to_handlers
        )


def language_of(asked: str | None, accepts: str) -> Language:
    """What was chosen on the page, else the first of Accept-Language's that is spoken here; Chinese."""
    chosen: Language | None = next((language for language in get_args(Language) if language == asked), None)
    if chosen is not None:
        return chosen
    found = re.findall(r"(?:^|,)\s*(zh|en)\b[^,;]*(?:;\s*q=([0-9.]+))?", accepts.lower())
    weighed = sorted(found, key=lambda each: -(float(each[1]) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", each[1]) else 1.0))
    return "en" if weighed and weighed[0][0] == "en" else "zh"


def survey_page(followup: FollowUp, survey: Survey, typed: Typed, language: Language, longest: int, wrong: tuple[str, str] | None) -> str:
    """The form. `wrong`: what is not right with what was typed, told in both languages whichever is chosen."""
    words = _words(language)
    until, notice = words["open_until"].format(until=_minute(survey.expires_at)), ""
    if survey.changeable_until is not None:
        until, notice = words["change_until"].format(until=_minute(survey.changeable_until)), _paragraph("said", words["thanks"])
    if wrong is not None:
        notice = f'<div class="wrong" role="alert">{_both(wrong)}</div>'
    grades = SATISFACTION_ZH if language == "zh" else SATISFACTION_EN
    body = SURVEY.substitute(
        {name: escape(text) for name, text in words.items()},
        lang=language,
        notice=notice,
        number=escape(followup.number),
        registered=day_in_china(followup.registered_at).isoformat(),
        reply=escape(followup.reply.text if followup.reply else ""),
        seen=escape(typed.seen),
        resolved=_choices("resolved", {"yes": words["yes"], "no": words["no"]}, typed.resolved),
        satisfied=_choices("satisfied", grades, typed.satisfied),
        reason=escape(typed.reason),
        longest=longest,
        anonymous=" checked" if typed.anonymous else "",
        until=escape(until),
    )
    return _page(words["title"], body, language)


def gone_page(language: Language) -> str:
    """One for every link that cannot be used, whatever is wrong with it."""
    words = _words(language)
    return _page(words["gone_title"], _paragraph("about", words["gone"]), language)


def busy_page(language: Language) -> str:
    words = _words(language)
    return _page(words["busy_title"], _paragraph("about", words["busy"]), language)


def _page(title: str, body: str, language: Language) -> str:
    other, switch = ("en" if language == "zh" else "zh"), escape(_words(language)["switch"])
    return PAGE.substitute(lang=language, other=other, switch=switch, title=escape(title), style=STYLE, body=body)


def _words(language: Language) -> dict[str, str]:
    return {name: zh if language == "zh" else en for name, (zh, en) in WORDS.items()}


def _choices(name: str, choices: Mapping[str, str] | Mapping[Satisfaction, str], chosen: str) -> str:
    def choice(value: str, text: str) -> str:
        checked = " checked" if value == chosen else ""
        return f'<label><input type="radio" name="{name}" value="{value}"{checked}> <span>{escape(text)}</span></label>'

    return "\n".join(choice(value, text) for value, text in choices.items())


def _both(words: tuple[str, str]) -> str:
    return "".join(f'<p lang="{language}">{escape(text)}</p>' for language, text in zip(get_args(Language), words, strict=True))


def _paragraph(kind: str, text: str) -> str:
    return f'<p class="{kind}" role="status">{escape(text)}</p>'


def _minute(at: datetime) -> str:
    return f"{at.astimezone(CHINA):%Y-%m-%d %H:%M}"
