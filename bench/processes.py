"""CPU time of the processes of a running system."""

from __future__ import annotations

from collections.abc import Iterable

import psutil

from deploy.local.supervisor import System

MAILBOX_ALONE = {"MINYI_CHANNELS": "WEB"}
"""Replies are looked up: what is measured is neither a provider nor how long the night is."""


class Used(dict[str, float]):
    """Process → CPU seconds, its children included."""

    def __sub__(self, earlier: Used) -> Used:
        return Used({name: seconds - earlier.get(name, 0.0) for name, seconds in self.items()})

    @property
    def total(self) -> float:
        return sum(self.values())

    def of(self, names: Iterable[str]) -> float:
        return sum(self.get(name, 0.0) for name in names)


def used(system: System) -> Used:
    """What each process has used so far."""
    found = Used()
    for name, process in system.processes.items():
        if process.pid is not None:
            root = psutil.Process(process.pid)
            times = [each.cpu_times() for each in (root, *root.children(recursive=True))]
            found[name] = sum(each.user + each.system for each in times)
    return found
