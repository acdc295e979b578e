"""Small numbers kept back, so that no table, no two tables and no two days tell of single people. Pure but for chance.

Whoever knows every case but one reckons any fixed rule backwards: where twelve are told as ten and thirteen as fifteen,
the thirteenth is told of. So chance has a part in every figure, by draws that nobody is shown:

1. each figure carries a draw between -``SPREAD`` and ``SPREAD``, small ones likelier: one more or less makes any result
   at most twice as likely as before, but for the last draw at each end (one in four hundred);
2. what does not reach ``SHOWN_FROM`` with its draw is not shown, nought neither. No draw lifts fewer than ``FEWEST``
   people so far;
3. where only one part of a sum is hidden, or the hidden ones are few together, more are hidden with it (complementary
   suppression), and stay hidden as long as they are needed. Who that is follows from the drawn figures, not the true;
4. what is shown is rounded to ``BASE``, parts and sums each for themselves;
5. a figure moves only once it has moved by ``FEWEST`` at the least, by twelve as a rule: how many it waits for is drawn
   too. Until then the next report repeats what the last one said. With each move its draws are made anew.

After two-sided geometric noise (A. Ghosh, T. Roughgarden, M. Sundararajan, SIAM J. Comput. 41, 2012), cut off at both
ends; shown from a drawn threshold (A. Korolova and others, WWW 2009)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from secrets import SystemRandom

FEWEST = 5
BASE = 5
SPREAD = 7
SHOWN_FROM = FEWEST + SPREAD
DRAWS = range(-SPREAD, SPREAD + 1)
WEIGHTS = [2 ** (SPREAD - abs(draw)) for draw in DRAWS]
"""How likely each draw is, in parts of their sum: one step further is half as likely."""
_chance = SystemRandom()
Draw = Callable[[], int]


def drawn() -> int:
    """One draw of chance."""
    return _chance.choices(DRAWS, WEIGHTS)[0]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a report stands on for one cell: ``count`` people, its ``draw``, how far it must move (``wait``), and
    whether it was hidden. Nobody is shown it; the next report begins from it."""

    count: int
    draw: int
    wait: int
    hidden: bool = False

    @property
    def told(self) -> int:
        """What may be reckoned with: everything that is let out or decided follows from this, never from ``count``."""
        return self.count + self.draw

    @property
    def few(self) -> bool:
        return self.told < SHOWN_FROM


@dataclass(frozen=True, slots=True)
class Table:
    """``shown`` by name: rounded, None where hidden; ``total`` likewise. ``kept`` is for the next report."""

    shown: dict[str, int | None]
    total: int | None
    kept: dict[str, Kept] = field(default_factory=dict)


TOTAL = "="
"""Name under which the sum of a table is kept."""


def rounded(count: int, base: int = BASE) -> int:
    """To the nearest ``base``."""
    return (count + base // 2) // base * base


def steady(count: int, before: Kept | None, draw: Draw | None = None) -> Kept:
    """What is reported on: what the last report stood on, unless it moved far enough since."""
    if before is not None and abs(count - before.count) < before.wait:
        return before
    draw = draw or drawn
    return Kept(count, draw(), FEWEST + SPREAD + draw())


def table(
    parts: Mapping[str, int], total: int | Kept, before: Mapping[str, Kept] | None = None, *, shut: bool = False,
    draw: Draw | None = None,
) -> Table:  # fmt: skip
    """Protect one list of parts, in people, and their sum: counted here, or as another table keeps it already. ``shut``
    hides all of it: a sum it could be reckoned from is hidden."""
    before = before or {}
    cells = {name: steady(count, before.get(name), draw) for name, count in parts.items()}
    whole = total if isinstance(total, Kept) else steady(total, before.get(TOTAL), draw)
    hidden = set(cells) if shut else _hidden(cells, before)
    # A sum of nothing but hidden parts says how many they are together: shown where that is enough people.
    total_hidden = shut or whole.few
    kept = {name: Kept(one.count, one.draw, one.wait, name in hidden) for name, one in cells.items()}
    kept[TOTAL] = Kept(whole.count, whole.draw, whole.wait, total_hidden)
    return Table(
        {name: None if name in hidden else rounded(one.told) for name, one in cells.items()},
        None if total_hidden else rounded(whole.told),
        kept,
    )


def _hidden(cells: Mapping[str, Kept], before: Mapping[str, Kept]) -> set[str]:
    hidden = {name for name, one in cells.items() if one.few}
    if not hidden:
        return hidden
    # Whoever was hidden to keep another company stays so: shown now, the last report would give the other away.
    hidden |= {name for name in cells if name in before and before[name].hidden}
    open_parts = sorted((one.told, name) for name, one in cells.items() if name not in hidden)
    while open_parts and (len(hidden) < 2 or sum(cells[name].told for name in hidden) < SHOWN_FROM):
        hidden.add(open_parts.pop(0)[1])
    return hidden
