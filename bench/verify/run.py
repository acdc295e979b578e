"""``efface bench verify``: every way of removing, and of only seeming to, against the site's own account of itself."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

from bench.verify.drive import Line, Watched, WorldFault
from bench.verify.stand import Stand, standing
from efface.takedown.verdict import GONE, SEEN
from testbed.removals.world import World

AT_ONCE = 3
NOT_GONE = frozenset({"live", "moved", "part", "text", "hidden"})
TRULY_GONE = frozenset({"gone", "listed"})
ALL_ROWS = 17


def run(
    seed: int, each: int, tell: Callable[[str], None], only: str = "", truth_file: Path | None = None
) -> dict[str, Any]:  # fmt: skip
    """Figures over all checks after the notices. ``tell`` is given lines for people."""
    world = World(seed, each, only)
    began = time.monotonic()
    with standing(world) as stand:
        lines, faults = _all(stand, seed, tell)
    if truth_file is not None:
        _write(lines, truth_file)
    found = figures(lines)
    tell(table(lines))
    for one in wrong(lines):
        said = f"{one.truth}, called {one.state} (row {one.row}): {one.reason}"
        tell(f"WRONG {one.way} [{one.site}] after {one.hours} h: {said}")
    seconds = round(time.monotonic() - began)
    return {**found, "faults": faults, "seed": seed, "sites": len(world.sites), "seconds": seconds}


def _all(stand: Stand, seed: int, tell: Callable[[str], None]) -> tuple[list[Line], list[str]]:
    faults: list[str] = []

    def one(number: int) -> list[Line]:
        site = stand.world.sites[number]
        rng = Random(f"{seed} {number}")
        placed = site.way.needs == "abroad" or rng.random() < 0.4
        try:
            lines = Watched(stand, site, number, placed, rng).lines()
        except WorldFault as fault:
            faults.append(str(fault))
            return []
        tell(f"{number:4} {site.way.name}: " + " ".join(f"{line.truth}>{line.state}" for line in lines[1:]))
        return lines

    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(one, range(len(stand.world.sites))))
    return [line for lines in found for line in lines], faults


def figures(lines: Sequence[Line]) -> dict[str, Any]:
    """``false_gone``: checks that concluded absence while something of it was there, or hidden. ``false_live_rate``:
    share of the checks of what was truly gone that called it there; ``undecided_rate``: that said neither.
    ``confirmed``: of the sites that were gone to the end, and for the last three days, how many were called so."""
    after = [line for line in lines if line.hours >= 0]
    gone = [line for line in after if line.truth in TRULY_GONE]
    false_live = [line for line in gone if line.state in SEEN]
    undecided = [line for line in gone if line.state not in SEEN and line.state not in GONE]
    confusion: dict[str, dict[str, int]] = {
        truth: dict(sorted(Counter(line.state for line in after if line.truth == truth).items()))
        for truth in sorted({line.truth for line in after})
    }
    ended = [group for group in _by_site(after) if _ended(group)]
    return {
        "confusion": confusion,
        "checks": len(after),
        "false_gone": len([line for line in after if _false_gone(line)]),
        "false_live": len(false_live),
        "false_live_rate": round(len(false_live) / max(1, len(gone)), 4),
        "undecided_rate": round(len(undecided) / max(1, len(gone)), 4),
        "confirmed": [sum(group[-1].state == "gone-confirmed" for group in ended), len(ended)],
        "rows_hit": sorted({row for line in lines for row in line.rows if 1 <= row <= ALL_ROWS}),
    }


def _false_gone(line: Line) -> bool:
    if line.truth == "listed":
        return line.state == "gone-confirmed"
    return line.truth in NOT_GONE and line.state in GONE


def _by_site(lines: Sequence[Line]) -> list[list[Line]]:
    groups: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        groups[line.site].append(line)
    return list(groups.values())


def _ended(group: list[Line]) -> bool:
    """Truly gone from some check to the last, for three days and three checks at least."""
    tail: list[Line] = []
    for line in reversed(group):
        if line.truth != "gone":
            break
        tail.append(line)
    return len(tail) > 3 and tail[0].hours - tail[-1].hours >= 72


def wrong(lines: Sequence[Line]) -> list[Line]:
    """The checks that were wrong in the way that matters, either way."""
    after = [line for line in lines if line.hours >= 0]
    return [line for line in after if _false_gone(line) or (line.truth in TRULY_GONE and line.state in SEEN)]


def table(lines: Sequence[Line]) -> str:
    """The confusion matrix for people: a row for what was true, a column for what was concluded."""
    confusion = figures(lines)["confusion"]
    states = sorted({state for row in confusion.values() for state in row})
    head = f"{'truth':8}" + "".join(f"{state[:16]:>18}" for state in states)
    rows = [
        f"{truth:8}" + "".join(f"{row.get(state, 0) or '.':>18}" for state in states)
        for truth, row in confusion.items()
    ]
    return "\n".join(["", head, *rows])


def _write(lines: Sequence[Line], path: Path) -> None:
    """The sites' own account, a line a check."""
    rows = [{"way": one.way, "site": one.site, "hours": one.hours, "truth": one.truth} for one in lines]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
