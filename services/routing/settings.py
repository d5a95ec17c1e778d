"""Routing's settings: the common ones."""

from shared.settings import CommonSettings


class RoutingSettings(CommonSettings):
    pass
