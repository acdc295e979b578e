"""Thresholds of an embedder from labelled photos, with the counts they rest on.

A threshold is the cosine that the given share of comparisons with other people reaches, rounded up to a thousandth. A
share that rests on fewer than ``LEAST_ALARMS`` comparisons beyond it would be a guess: it is refused.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from efface.vision.faces.labelled import Labelled
from efface.vision.faces.template import MIN_PHOTOS
from efface.vision.faces.trial import of_one, of_three, run, same_scores
from efface.vision.faces.vectors import Floats
from efface.vision.models.manifest import Thresholds

SAME_FAR, REVIEW_FAR, STRONG_FAR = 1e-3, 1e-4, 2e-5
"""Shares of comparisons with other people that may reach ``same``, ``review`` and ``strong``. ``strong`` is promised at
3e-5 and calibrated at two thirds of it: so few comparisons decide it that another set differs."""
LEAST_ALARMS = 5
"""Least comparisons beyond a threshold for it to be one."""


class TooFewPhotos(ValueError):
    """The labelled photos cannot carry the thresholds that are asked of them. ``str()`` says how many would."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """Thresholds, and on how much they rest: people enrolled, comparisons, and those that reached each."""

    thresholds: Thresholds
    highest_impostors: list[float]


def calibrate(photos: Sequence[Labelled], data: str) -> Calibrated:
    """Thresholds from ``photos``; ``data`` says in words what they are. Raises ``TooFewPhotos``."""
    counts: dict[str, str | int | float] = {
        "data": data,
        "photos": len(photos),
        "people": len({photo.person for photo in photos}),
    }
    genuine, impostor = same_scores(photos)
    same = threshold(impostor, SAME_FAR, "same")
    three, one = run(photos, MIN_PHOTOS, of_three(same)), run(photos, 1, of_one)
    review = max(same, threshold(three.all_others(), REVIEW_FAR, "review"))
    strong = max(review, threshold(three.all_others(), STRONG_FAR, "strong"))
    single_review = min(strong, max(same, threshold(one.all_others(), REVIEW_FAR, "review of a single photo")))
    single_strong = min(strong, max(single_review, threshold(one.all_others(), STRONG_FAR, "strong of a single photo")))
    counts |= {"templates": three.enrolled}
    for name, found, cosine in (
        ("review", three, review),
        ("strong", three, strong),
        ("single_review", one, single_review),
        ("single_strong", one, single_strong),
    ):
        counts[f"{name}_comparisons"] = found.others
        counts[f"{name}_false_alarms"] = found.false(cosine)
    counts |= {
        "same_comparisons_of_one_person": len(genuine),
        "same_comparisons_of_one_person_below": int((genuine < same).sum()),
        "same_comparisons_of_two_people": len(impostor),
        "same_comparisons_of_two_people_reaching": int((impostor >= same).sum()),
    }
    highest = [round(float(value), 3) for value in np.sort(three.all_others())[::-1][:12]]
    return Calibrated(Thresholds(review, strong, same, single_review, single_strong, counts), highest)


def threshold(impostor: Floats, far: float, name: str) -> float:
    """The least thousandth that at most the share ``far`` of the cosines ``impostor`` reaches.

    Raises ``TooFewPhotos`` where fewer than ``LEAST_ALARMS`` of them would lie beyond it."""
    need = math.ceil(LEAST_ALARMS / far)
    if len(impostor) < need:
        raise TooFewPhotos(
            f"{name} stands for {far:g} false alarms a comparison, which takes {need:,} comparisons with other people; "
            f"these photos give {len(impostor):,}. About {_people(need)} people with three photos each would do."
        )
    highest = np.sort(impostor)[::-1]
    return math.floor(float(highest[int(len(impostor) * far)]) * 1000 + 1) / 1000


def _people(comparisons: int) -> int:
    """How many people with three photos make so many comparisons: each template with three photos of all others."""
    return math.ceil((1 + math.sqrt(1 + 4 * comparisons / 3)) / 2)
