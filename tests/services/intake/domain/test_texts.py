"""What is typed into one line: trimmed, never blank, without characters that break what it is put into."""

import pytest
from pydantic import BaseModel, ValidationError

from services.intake.domain.texts import Line, LineOrNothing


class Typed(BaseModel):
    name: Line
    address: LineOrNothing = ""


def test_is_trimmed() -> None:
    typed = Typed(name=" 一组 ", address="　")
    assert (typed.name, typed.address) == ("一组", "")


@pytest.mark.parametrize("text", ["", " ", "　", "一\n组", "一\x0b组", "\u2028组", "\ud800", "一\t组"])
def test_refuses_what_is_no_line(text: str) -> None:
    with pytest.raises(ValidationError):
        Typed(name=text)
