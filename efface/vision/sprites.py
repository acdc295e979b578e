"""Sprite sheets: the thumbnails of a whole video in one picture, as players show them above the seek bar.

Each tile is a frame of the video and is looked up like one. A sheet is told by its seams: straight lines across the
whole picture, at equal distances, along which neighbouring pixels differ far more than elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from efface.vision import pdq
from efface.vision.hamming import LOW_QUALITY

Pixels = NDArray[np.uint8]
_GREY = np.full((1, 3), 1 / 3, np.float32)

LEAST_TILE = 48
"""Pixels of a tile's shorter side."""
MOST_ALONG = 40
MOST_TILES = 400
_SHAPES = (0.4, 3.0)
_SEAM = 2.2
"""Times the usual difference of neighbouring lines that a seam shows."""
_SEAMS_SHARE = 0.8
_LEAST_TILES = 4


@dataclass(frozen=True, slots=True)
class Grid:
    """``columns`` x ``rows`` tiles of equal size, without gaps."""

    columns: int
    rows: int


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile: its place in reading order, its eight PDQ hashes and their quality."""

    number: int
    hashes: list[str]
    quality: int


def grid(rgb: Pixels) -> Grid | None:
    """The grid of a sprite sheet (height, width, 3); None for any other picture."""
    height, width = rgb.shape[:2]
    if min(height, width) < LEAST_TILE or width * height < _LEAST_TILES * LEAST_TILE**2:
        return None
    grey: Pixels = np.asarray(cv2.transform(rgb, _GREY), np.uint8)
    across = _seams(np.asarray(cv2.absdiff(grey[:, 1:], grey[:, :-1]), np.uint8), width)
    down = _seams(np.ascontiguousarray(cv2.absdiff(grey[1:], grey[:-1]).T, np.uint8), height)
    best: tuple[int, Grid] | None = None
    for columns in across:
        for rows in down:
            wide, tall = width / columns, height / rows
            tiles = columns * rows
            if tiles < _LEAST_TILES or tiles > MOST_TILES or not _SHAPES[0] <= wide / tall <= _SHAPES[1]:
                continue
            if best is None or tiles > best[0]:
                best = tiles, Grid(columns, rows)
    return best[1] if best else None


def tiles(rgb: Pixels, found: Grid) -> Iterator[tuple[int, Pixels]]:
    """The tiles of a sheet with their number, in reading order; those of one colour are left out."""
    height, width = rgb.shape[:2]
    for row in range(found.rows):
        for column in range(found.columns):
            top, bottom = round(row * height / found.rows), round((row + 1) * height / found.rows)
            left, right = round(column * width / found.columns), round((column + 1) * width / found.columns)
            tile = rgb[top:bottom, left:right]
            if tile.std() > 4:
                yield row * found.columns + column, np.ascontiguousarray(tile)


def fingerprints(rgb: Pixels) -> list[Tile]:
    """The tiles of a sprite sheet that say something (quality at least ``LOW_QUALITY``); empty for any other picture.
    A thumbnail tile of 160x90 is as good for PDQ as the frame it was made of."""
    found = grid(rgb)
    if found is None:
        return []
    made = [Tile(number, *pdq.fingerprint(tile)) for number, tile in tiles(rgb, found)]
    return [tile for tile in made if tile.quality >= LOW_QUALITY]


def _seams(steps: Pixels, length: int) -> list[int]:
    """Numbers of tiles along one direction that the picture's lines allow, 1 always among them. ``steps``
    (other side, length - 1): differences of neighbouring lines."""
    mean = cv2.reduce(steps, 0, cv2.REDUCE_AVG, dtype=cv2.CV_32F)[0]
    usual = float(np.median(mean)) + 1.0
    last = len(mean) - 1
    strong = mean > _SEAM * usual
    strong[:-1] |= mean[1:] > _SEAM * usual
    strong[1:] |= mean[:-1] > _SEAM * usual
    fits = [1]
    for count in range(2, min(MOST_ALONG, length // LEAST_TILE) + 1):
        places = np.round(np.arange(1, count) * length / count).astype(int) - 1
        seams = places[strong[places]]
        if len(seams) < _SEAMS_SHARE * len(places):
            continue
        # A seam runs through the whole picture: most of its pixels differ. Few pictures come as far as to be asked.
        near = np.clip(seams[:, None] + np.array([-1, 0, 1]), 0, last)
        middle = np.median(steps[:, near], axis=0).max(axis=1)
        if (middle > 0.8 * usual).sum() >= _SEAMS_SHARE * len(places):
            fits.append(count)
    return fits
