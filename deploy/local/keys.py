"""Makes the key files. Needs nothing but what the services need: a container runs it too.

`MINYI_ENV=development python -m deploy.local.keys DIR` makes the development issuer's pair too.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from shared.identity import keys as key_files


def ensure_keys(directory: Path, *, development: bool = True) -> Path:
    """Make the keys that are missing and touch none that exists; with `development` the issuer's pair too. Returns the JWKS file."""
    if development:
        key_files.ensure_development_keys(directory)
    else:
        key_files.ensure_keys(directory)
    return directory / "issuer.jwks.json"


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: python -m deploy.local.keys DIR")
    ensure_keys(Path(sys.argv[1]), development=os.environ.get("MINYI_ENV") == "development")
    sys.stdout.write(f"keys are in {sys.argv[1]}; back them up apart from the data\n")
