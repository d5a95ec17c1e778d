"""Intake's settings beside the common ones."""

from pydantic import Field, SecretStr, field_validator

from services.intake.domain.channels import SMS, WECHAT, offered_from
from services.intake.domain.quiet import QuietHours
from shared.settings import CommonSettings

SHORTEST_MESSAGE = 400
"""Characters: the link, and what is said about it, take up to some 300."""


class IntakeSettings(CommonSettings):
    public_url: str = "http://127.0.0.1:8101"
    """Where clients reach this service's upload and file routes; the base of signed URLs."""
    pages_url: str = "http://127.0.0.1:8000"
    """Where petitioners reach the gateway; the base of the links to surveys."""
    claim_seconds: float = 30.0
    """How long one sender may hold a delivery before another takes it over."""
    deliver_seconds: float = 0.5
    """How often a worker looks for deliveries that nobody has in hand (an indexed query that finds nothing when idle)."""
    channels: str = "WECHAT SMS WEB OPEN311"
    """The ways to tell petitioners that this installation has. `WEB` alone: every reply is looked up, and counts as delivered where it
    stands."""
    quiet_hours: str = "21:00-08:00"
    """When nobody is disturbed, by China's clock; empty: never."""
    provider_url: str = ""
    """Where messages by WeChat and SMS are handed in. While it is empty they wait, and /readyz says so."""
    provider_lookups: str = "WECHAT SMS"
    """The channels whose provider says what became of a reference of ours. By any other nothing is sent a second time."""
    provider_seconds: float = 10.0
    """How long a provider may take; at most half of a claim."""
    provider_wait_seconds: float = 5.0
    """Until the second try after trouble; four times as long with each further, half an hour at most, business time."""
    sms_characters: int = Field(default=500, ge=SHORTEST_MESSAGE)
    """How long a message by SMS may be; of a longer reply the beginning is sent, and where the whole of it stands."""
    wechat_characters: int = Field(default=2_000, ge=SHORTEST_MESSAGE)
    upload_limit_bytes: int = 20 * 1024 * 1024
    upload_minutes: int = 15
    phone_look_ups_a_day: int = 50
    """How often one person may look somebody up by phone in a day."""
    master_keys: SecretStr = SecretStr("")
    """`0001:<hex>,0002:<hex>`: the master keys, where they are not in files. The secret is shown nowhere."""

    def offered(self) -> frozenset[str]:
        return offered_from(self.channels.replace(",", " ").split())

    def lookups(self) -> frozenset[str]:
        return offered_from(self.provider_lookups.replace(",", " ").split())

    def longest(self) -> dict[str, int]:
        """How many characters a message may have, by channel; a mailbox takes any."""
        return {SMS: self.sms_characters, WECHAT: self.wechat_characters}

    @field_validator("channels", "provider_lookups")
    @classmethod
    def _known(cls, value: str) -> str:
        offered_from(value.replace(",", " ").split())
        return value

    @field_validator("quiet_hours")
    @classmethod
    def _written(cls, value: str) -> str:
        QuietHours.of(value)
        return value
