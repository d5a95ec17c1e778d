"""Refusals: what a user may be told, in Chinese and English. They never carry a name, a phone number, a token or a key."""

from __future__ import annotations

from typing import ClassVar


class Refusal(Exception):
    """A request that is refused for a reason of the user's, not for a defect of ours.

    `code` is stable and for programs, `zh` and `en` are for people, `field` names the input at fault where there is one.
    `kind` is the coarse code that goes to GraphQL's `extensions.code` when a query field is refused.
    """

    kind: ClassVar[str] = "REFUSED"

    def __init__(self, code: str, zh: str, en: str, field: str | None = None) -> None:
        super().__init__(f"{code}: {en}")
        self.code = code
        self.zh = zh
        self.en = en
        self.field = field


class Forbidden(Refusal):
    """The viewer is known and may not do this."""

    kind = "FORBIDDEN"

    def __init__(
        self,
        code: str = "FORBIDDEN",
        zh: str = "您没有权限进行此操作。",
        en: str = "You may not do this.",
        field: str | None = None,
    ) -> None:
        super().__init__(code, zh, en, field)


class Unauthenticated(Refusal):
    """Nobody is signed in, or the token does not hold."""

    kind = "UNAUTHENTICATED"

    def __init__(
        self,
        code: str = "UNAUTHENTICATED",
        zh: str = "请先登录。",
        en: str = "Please sign in first.",
        field: str | None = None,
    ) -> None:
        super().__init__(code, zh, en, field)
