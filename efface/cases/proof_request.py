"""What a form says about a photographed identity document, as a request to the decoder. Both doors have this form."""

from __future__ import annotations

import json
from collections.abc import Mapping

from efface.net.proofs import ProofRequest
from efface.vision.proof.areas import Area, Kind, from_wire, rectangle

RECTANGLES = 4
"""Rectangles that a form without scripts has fields for, of each kind."""


def asked(given: Mapping[str, str], picture: bytes, likeness: bytes = b"", *, only_areas: bool = False) -> ProofRequest:
    """``covered`` "yes": she covered it on her own device, and nothing is suggested. ``name``; ``areas`` (JSON) and
    rectangles ``cover-1-left`` ... ``show-1-height`` in percent. What cannot be read covers nothing and shows
    nothing."""
    return ProofRequest(
        picture, automatic=given.get("covered") != "yes", areas=areas(given), only_areas=only_areas,
        name=given.get("name", "")[:200], likeness=likeness,
    )  # fmt: skip


def areas(given: Mapping[str, str]) -> list[Area]:
    """The areas a form names, what is shown after what is covered."""
    try:
        drawn = from_wire(json.loads(given.get("areas", "") or "[]"))
    except (ValueError, RecursionError):
        drawn = []
    return [*drawn, *_rectangles(given, "show", "shown"), *_rectangles(given, "cover", "drawn")]


def _rectangles(given: Mapping[str, str], word: str, kind: Kind) -> list[Area]:
    found = []
    for number in range(1, RECTANGLES + 1):
        sides = [_percent(given.get(f"{word}-{number}-{side}", "")) for side in ("left", "top", "width", "height")]
        if sides[2] and sides[3]:
            found.append(rectangle(kind, *sides))
    return found


def _percent(given: str) -> float:
    try:
        value = float(given.replace(",", ".") or 0) / 100
    except ValueError:
        return 0.0
    return value if 0 <= value <= 1 else 0.0
