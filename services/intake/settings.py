"""Intake's settings beside the common ones."""

from pydantic import SecretStr

from shared.settings import CommonSettings


class IntakeSettings(CommonSettings):
    public_url: str = "http://127.0.0.1:8101"
    """Where clients reach this service's upload and file routes; the base of signed URLs."""
    pages_url: str = "http://127.0.0.1:8000"
    """Where petitioners reach the gateway; the base of the links to surveys."""
    claim_seconds: float = 30.0
    """How long one sender may hold a delivery before it counts as unknown."""
    deliver_seconds: float = 0.25
    """How often a worker looks for deliveries that nobody has in hand (an indexed query that finds nothing when idle)."""
    upload_limit_bytes: int = 20 * 1024 * 1024
    upload_minutes: int = 15
    phone_look_ups_a_day: int = 50
    """How often one person may look somebody up by phone in a day."""
    master_keys: SecretStr = SecretStr("")
    """`0001:<hex>,0002:<hex>`: the master keys, where they are not in files. The secret is shown nowhere."""
