"""What the doctor says: per check that all is well, a note, or what is wrong with its mend, in one line of two languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    check: str
    state: Literal["ok", "note", "wrong"]
    en: str
    zh: str
    mend: str = ""
    """What to type, where something is to be mended."""

    @property
    def wrong(self) -> bool:
        return self.state == "wrong"

    @property
    def line(self) -> str:
        """One line, whatever a driver's text brought along."""
        mend = f": type `{self.mend}`" if self.mend else ""
        return " ".join(f"{self.en}{mend} · {self.zh}{f'：请执行 {self.mend}' if self.mend else ''}".split())

    def as_json(self) -> dict[str, str]:
        return {"check": self.check, "state": self.state, "message": self.en, "messageZh": self.zh, "mend": self.mend}


def ok(check: str, en: str, zh: str) -> Finding:
    return Finding(check, "ok", en, zh)


def note(check: str, en: str, zh: str, mend: str = "") -> Finding:
    return Finding(check, "note", en, zh, mend)


def wrong(check: str, en: str, zh: str, mend: str = "") -> Finding:
    return Finding(check, "wrong", en, zh, mend)


def told(check: str, trouble: Exception) -> Finding:
    """A line that names its mend already, in both languages where its author wrote both."""
    en, _, zh = str(trouble).partition(" · ")
    return Finding(check, "wrong", en, zh or "详见英文")
