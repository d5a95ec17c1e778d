"""Feedback's settings: the common ones."""

from shared.settings import CommonSettings


class FeedbackSettings(CommonSettings):
    pass
