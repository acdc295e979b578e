"""How much of what is sensitive on photographed identity cards the suggestion covers by itself, before anybody's brush.

A letter counts as covered when at least 90 % of its box is. ``name_shown`` and ``face_shown`` say what is left to be
seen: a suggestion that covers everything would be useless. ``pixels_constant``: in every covered picture, read again
from the file as it would be shown, all covered pixels have the one colour. Cards are made, nothing is written."""

from __future__ import annotations

import io
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from bench.cards import Card, make
from efface.vision import proof
from efface.vision.faces import FaceEngine
from efface.vision.models.runtime import Floats

COVERED = 0.9


def measure(seed: int, count: int, models: Path, portraits: Path | None = None) -> dict[str, Any]:
    """All figures with their counts."""
    engine, text = FaceEngine.load(models), proof.TextEngine.load(models)
    total: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    by_kind: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    names, shown_faces, constant, seconds = [0, 0], 0, True, []
    for card in make(seed, count, portraits):
        begun = time.monotonic()
        boxes = [face.box for face in engine.analyse(card.photo)] if engine is not None else []
        found = proof.suggest(card.photo, boxes, text, card.name)
        made = proof.encode(proof.cover(card.photo, found.areas))
        seconds.append(time.monotonic() - begun)
        hidden = proof.covered((card.photo.shape[0], card.photo.shape[1]), found.areas)
        for kind, box in card.letters:
            covered = _share(hidden, box) >= COVERED
            for tally in (total[card.layout], by_kind[kind]):
                tally[0] += covered
                tally[1] += 1
        names[0] += sum(_share(hidden, box) < 0.3 for box in card.names)
        names[1] += len(card.names)
        shown_faces += _face_shown(hidden, card)
        stored = np.asarray(Image.open(io.BytesIO(made)).convert("RGB"))
        constant = constant and proof.constant(stored, found.areas)
    covered, characters = (sum(tally[at] for tally in total.values()) for at in (0, 1))
    return {
        "seed": seed, "cards": count, "characters": characters, "covered": covered,
        "covered_share": round(covered / max(1, characters), 4),
        "by_layout": {key: round(tally[0] / tally[1], 4) for key, tally in total.items()},
        "by_kind": {key: round(tally[0] / tally[1], 4) for key, tally in by_kind.items()},
        "pixels_constant": constant, "name_letters": names[1], "name_shown": round(names[0] / max(1, names[1]), 4),
        "face_shown": round(shown_faces / max(1, count), 4), "text_model": text is not None,
        "seconds_median": round(float(np.median(seconds)), 2),
    }  # fmt: skip


def _share(hidden: np.ndarray, box: Floats) -> float:
    spot = np.zeros(hidden.shape, np.uint8)
    left, top, wide, high = cv2.boundingRect(np.round(box).astype(np.int32))
    top, left = max(0, top), max(0, left)
    part = spot[top : top + high, left : left + wide]
    cv2.fillConvexPoly(part, np.round(box - [left, top]).astype(np.int32), 1)
    within = hidden[top : top + high, left : left + wide]
    return float(within[part > 0].mean()) if part.any() else 1.0


def _face_shown(hidden: np.ndarray, card: Card) -> bool:
    """Whether most of the middle of the portrait can be seen."""
    if card.face is None:
        return False
    centre = card.face.mean(axis=0)
    return _share(hidden, np.asarray(centre + (card.face - centre) * 0.5, np.float32)) < 0.3
