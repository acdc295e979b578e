"""Makes the codebook of the local index (efface/vision/local/codebook.npy): ``python -m bench.codebook PHOTOS OUT``.

Majority-vote k-means over the BEBLID codes of photos, their mirror images and generated scenes, in two storeys of 128.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from bench.scenes import scene
from efface.vision.local.keypoints import keypoints, to_look_size
from efface.vision.pictures import read_pixels

STOREY = 128
ROUNDS = 12
Codes = npt.NDArray[np.uint8]
_SCALES = (1.0, 0.7, 0.5)
_SCENES = 120


def gather(photos: list[Path], seed: int) -> Codes:
    """Codes (n, 32) of every picture at three sizes and of its mirror image."""
    rng = np.random.default_rng(seed)
    pictures = [read_pixels(path.read_bytes()).rgb for path in photos]
    pictures += [scene(rng) for _ in range(_SCENES)]
    codes: list[Codes] = []
    for picture in pictures:
        grey = to_look_size(picture)
        for scale in _SCALES:
            small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            found = keypoints(np.asarray(small, dtype=np.uint8), 700, mirrored=True)
            codes += [found.codes, found.mirrored]
    return np.concatenate(codes)


def centres_of(codes: Codes, count: int, rng: np.random.Generator) -> tuple[Codes, npt.NDArray[np.int64]]:
    """``count`` centres (count, 32) and the centre of each code."""
    bits = np.unpackbits(codes, axis=1).astype(np.float32) * 2 - 1
    centres = bits[rng.choice(len(bits), count, replace=len(bits) < count)]
    nearest = np.zeros(len(bits), np.int64)
    for _ in range(ROUNDS):
        for start in range(0, len(bits), 20000):
            nearest[start : start + 20000] = np.argmax(bits[start : start + 20000] @ centres.T, axis=1)
        for place in range(count):
            members = bits[nearest == place]
            total = members.sum(axis=0) if len(members) else bits[rng.integers(len(bits))]
            centres[place] = np.where(total > 0, 1, -1)
    return np.packbits(centres > 0, axis=1), nearest


def make(photos: list[Path], seed: int = 3) -> Codes:
    """(128, 129, 32) uint8."""
    rng = np.random.default_rng(seed)
    codes = gather(photos, seed)
    coarse, nearest = centres_of(codes, STOREY, rng)
    book = np.empty((STOREY, STOREY + 1, codes.shape[1]), np.uint8)
    for place in range(STOREY):
        members = codes[nearest == place]
        book[place, 0] = coarse[place]
        book[place, 1:] = centres_of(members if len(members) else codes, STOREY, rng)[0]
    return book


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.codebook", description=__doc__)
    parser.add_argument("photos", type=Path, help="a folder of everyday photos")
    parser.add_argument("out", type=Path)
    parser.add_argument("--most", type=int, default=120, help="photos to use, by name")
    given = parser.parse_args()
    np.save(given.out, make(sorted(given.photos.glob("*.jpg"))[: given.most]))


if __name__ == "__main__":
    main()
