"""A signature is found by its stroke; rules, frames, shades and printed letters are not taken for one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from efface.vision.proof.strokes import strokes

PAPER = (232, 236, 228)


def sheet() -> np.ndarray:
    return np.full((638, 1012, 3), PAPER, np.uint8)


def written(
    turned: float = 0.0, ink: tuple[int, int, int] = (20, 20, 90), pen: int = 3
) -> tuple[np.ndarray, np.ndarray]:
    """A card with a looped signature, and the points of its stroke."""
    at = np.linspace(0, 6 * np.pi, 240)
    across = 380 + at * 11 + 14 * np.sin(2.1 * at)
    down = 440 + 22 * np.sin(at) + 9 * np.sin(3.3 * at)
    points = np.stack([across, down], axis=1)
    spin = cv2.getRotationMatrix2D((506, 319), turned, 1.0)
    points = points @ spin[:, :2].T + spin[:, 2]
    card = sheet()
    cv2.polylines(card, [np.round(points).astype(np.int32)], False, ink, pen, cv2.LINE_AA)
    return card, points


def covered(card: np.ndarray) -> np.ndarray:
    hidden = np.zeros(card.shape[:2], np.uint8)
    for corners in strokes(card):
        cv2.fillConvexPoly(hidden, np.round(corners).astype(np.int32), 1)
    return hidden


@pytest.mark.parametrize("turned", [0, 12, 90, 180])
@pytest.mark.parametrize("ink", [(20, 20, 90), (60, 60, 60)])
def test_a_signature_is_covered_whichever_way_the_card_lies(turned: float, ink: tuple[int, int, int]) -> None:
    card, points = written(turned, ink)
    hidden = covered(card)
    at = np.round(points).astype(int)
    inside = (at[:, 0] >= 0) & (at[:, 0] < card.shape[1]) & (at[:, 1] >= 0) & (at[:, 1] < card.shape[0])
    at = at[inside]
    assert hidden[at[:, 1], at[:, 0]].mean() > 0.97
    assert hidden.mean() < 0.1, "and not the whole card"


def test_rules_frames_and_shades_are_left() -> None:
    card = sheet()
    cv2.line(card, (100, 500), (500, 500), (30, 30, 30), 2)
    cv2.rectangle(card, (20, 20), (990, 615), (40, 40, 40), 3)
    cv2.rectangle(card, (600, 120), (700, 180), (60, 60, 60), -1)
    cv2.putText(card, "I L T O", (120, 300), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (20, 20, 20), 2)
    assert strokes(card) == []


def test_a_tiny_or_empty_picture_is_no_trouble() -> None:
    assert strokes(np.zeros((8, 8, 3), np.uint8)) == [] and strokes(sheet()) == []
