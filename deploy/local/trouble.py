"""What the supervisor says when it cannot go on: what is wrong, and what to type."""

from __future__ import annotations


class Trouble(RuntimeError):
    """One line for a person at a terminal. Never carries a password."""


class Busy(Trouble):
    """Another supervisor holds this .local directory."""
