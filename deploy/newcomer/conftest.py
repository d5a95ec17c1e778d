from __future__ import annotations

import pytest

from deploy.local.processes import ROOT
from deploy.newcomer.machine import Machines, can_run


@pytest.fixture(scope="session")
def machines() -> Machines:
    """A run that cannot make bare machines fails and says why; it is never passed over."""
    missing = can_run()
    if missing:
        pytest.exit(missing, returncode=2)
    return Machines(ROOT / ".local" / "newcomer")
