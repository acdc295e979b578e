"""How far each ground of ``efface.takedown.classify`` is believed, counted instead of guessed.

``bench/replies/first_contact.csv`` says what was made of replies (``more/desks``, ``second``, ``third``, ``fourth``)
with the phrases as they stood before any of them was written: kind, what was said, and on which ground. The hand-set
order of the grounds is made a share of right answers by isotonic regression (pooled neighbours), and each
ground's own count
moves it from there as far as the count is large (``WEIGHT`` mails of the pooled share are added to it).

``python -m bench.calibrate`` writes ``efface/takedown/certainty.yaml`` and prints the ten-fold cross-validation.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

SEEN = Path(__file__).parent / "replies" / "first_contact.csv"
WRITTEN = Path(__file__).parent.parent / "efface" / "takedown" / "certainty.yaml"
WEIGHT = 6
FOLDS = 10
HEAD = """# How far each ground of a reply's kind is believed. `hand` is the order set by hand, `right` of `of` what was
# counted on replies no phrase had been written for, `believed` what follows from both. `person: true`: whatever was
# counted, a person reads it (a price, a disguise, a contradiction). Made by `python -m bench.calibrate`,
# which says how.
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    ground: str
    right: bool


def outcomes(path: Path = SEEN) -> list[Outcome]:
    with path.open(encoding="utf-8", newline="") as file:
        return [Outcome(row["ground"], row["kind"] == row["said"]) for row in csv.DictReader(file)]


def pooled(pairs: Iterable[tuple[float, bool]]) -> list[tuple[float, float]]:
    """Isotonic regression: (lowest score of a pool, share of right ones), rising, by pooling adjacent violators."""
    pools: list[list[float]] = []
    for score, right in sorted(pairs):
        if pools and pools[-1][0] == score:
            pools[-1][1] += right
            pools[-1][2] += 1
        else:
            pools.append([score, float(right), 1.0])
    merged: list[list[float]] = []
    for pool in pools:
        merged.append(pool)
        while len(merged) > 1 and merged[-2][1] / merged[-2][2] >= merged[-1][1] / merged[-1][2]:
            last = merged.pop()
            merged[-1][1] += last[1]
            merged[-1][2] += last[2]
    return [(score, right / count) for score, right, count in merged]


def share_at(pools: Sequence[tuple[float, float]], score: float) -> float:
    return next((share for lowest, share in reversed(pools) if lowest <= score), 0.0)


def believed(seen: Sequence[Outcome], hand: dict[str, float]) -> dict[str, float]:
    """Each ground's confidence, from what was counted of it and of those set at the same height by hand."""
    pools = pooled((hand[one.ground], one.right) for one in seen)
    found: dict[str, float] = {}
    for ground, height in hand.items():
        own = [one.right for one in seen if one.ground == ground]
        prior = share_at(pools, height)
        found[ground] = round((sum(own) + WEIGHT * prior) / (len(own) + WEIGHT), 2) if height else 0.0
    return found


def cross_validated(seen: Sequence[Outcome], hand: dict[str, float], person: set[str], doubt: float) -> tuple[int, int]:
    """(right, sure enough) over ten folds: each mail judged by confidences that were counted without it."""
    right = sure = 0
    for fold in range(FOLDS):
        others = [one for place, one in enumerate(seen) if place % FOLDS != fold]
        confidence = believed(others, hand)
        for one in seen[fold::FOLDS]:
            if one.ground not in person and confidence[one.ground] >= doubt:
                sure += 1
                right += one.right
    return right, sure


def written(path: Path = WRITTEN) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def table() -> dict[str, dict[str, float]]:
    """The file's rows, counted anew; what is set by hand is kept."""
    rows = written()
    hand = {ground: float(row["hand"]) for ground, row in rows.items()}
    seen = outcomes()
    confidence = believed(seen, hand)
    new: dict[str, dict[str, float]] = {}
    for ground, row in rows.items():
        own = [one.right for one in seen if one.ground == ground]
        new[ground] = {"hand": row["hand"], "right": sum(own), "of": len(own), "believed": confidence[ground]}
        if row.get("person"):
            new[ground]["person"] = True
    return new


def main() -> None:
    from efface.takedown.classify import DOUBT

    rows = table()
    lines = (
        yaml.dump({ground: row}, default_flow_style=None, sort_keys=False, width=200) for ground, row in rows.items()
    )
    WRITTEN.write_text(HEAD + "".join(lines), encoding="utf-8")
    hand = {ground: float(row["hand"]) for ground, row in rows.items()}
    person = {ground for ground, row in rows.items() if row.get("person")}
    for doubt in (0.6, DOUBT, 0.8, 0.85):
        right, sure = cross_validated(outcomes(), hand, person, doubt)
        print(
            f"at {doubt}: {right} of {sure} right ({right / max(1, sure):.3f}), {sure} of {len(outcomes())} sure enough"
        )


if __name__ == "__main__":
    main()
