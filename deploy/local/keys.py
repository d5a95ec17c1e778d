"""Makes the key files. Needs nothing but what the services need: a container runs it too.

python -m deploy.local.keys DIR [--development]
"""

from __future__ import annotations

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
    arguments = [argument for argument in sys.argv[1:] if argument != "--development"]
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.exit("usage: python -m deploy.local.keys DIR [--development]")
    ensure_keys(Path(arguments[0]), development="--development" in sys.argv)
    sys.stdout.write(f"keys are in {arguments[0]}; back them up apart from the data\n")
