"""Peak memory of all processes of a run, sampled: proportional set size, so that shared pages count once."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path


def children_of(pids: Iterable[int]) -> set[int]:
    """These processes and all below them."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
                parents.setdefault(int(stat.rsplit(")", 1)[1].split()[1]), []).append(int(entry.name))
            except (OSError, ValueError, IndexError):
                continue
    found, waiting = set(), list(pids)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += parents.get(pid, [])
    return found


def resident(pids: Iterable[int]) -> dict[int, int]:
    """Bytes of each process: proportional set size where the kernel tells, else resident set size."""
    sizes: dict[int, int] = {}
    for pid in pids:
        try:
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    sizes[pid] = int(line.split()[1]) * 1024
        except OSError:
            try:
                pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
                sizes[pid] = pages * os.sysconf("SC_PAGE_SIZE")
            except OSError:
                continue
    return sizes


def cpu_seconds(pids: Iterable[int]) -> float:
    """Processor time of these processes and of the children they waited for."""
    ticks = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += sum(int(one) for one in fields[11:15])
        except (OSError, ValueError, IndexError):
            continue
    return ticks / float(os.sysconf("SC_CLK_TCK"))


class Peak:
    """Samples until stopped; ``bytes`` is the largest sum seen."""

    def __init__(self, roots: Callable[[], Iterable[int]], every: float = 2.0) -> None:
        self.roots, self.every = roots, every
        self.bytes = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(self.every):
            self.sample()

    def sample(self) -> None:
        self.bytes = max(self.bytes, sum(resident(children_of(self.roots())).values()))

    def stop(self) -> int:
        self._stop.set()
        self._thread.join(5)
        return self.bytes
