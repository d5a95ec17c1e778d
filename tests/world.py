"""What tests share that is no fixture."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ISSUER = "http://127.0.0.1/dev/issuer"
