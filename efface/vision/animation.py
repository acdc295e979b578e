"""Animated pictures (GIF, WebP, AVIF): the frames worth looking at, and a print as of a video.

Runs inside the decoder's sandbox. Frames build on each other, so they are read in order until the limits of frames,
pixels or time are reached; the 10,000-frame GIF costs its first thousand.
"""

from __future__ import annotations

import io
import time
import warnings
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from efface.vision import pdq
from efface.vision.formats import sniff
from efface.vision.pictures import MAX_PIXELS, PictureError
from efface.vision.video.model import Limits, VideoPrint
from efface.vision.video.sample import Hasher, Picker, Still, thumb

FORMATS = ("GIF", "WEBP", "AVIF")
MOST_STILLS = 16
_MOST_PIXELS = 1_500_000_000
"""Pixels decoded in all."""
_WALL_S = 8.0
"""Half of what the decoder gives a picture: the first frame's fingerprints must not be lost to the others."""
_STEP = 0.2
"""Least seconds between hashed frames."""
_CHANGED = 1.2
_USUAL_S = 0.1
_LONGEST_S = 60.0


@dataclass(frozen=True, slots=True)
class Animation:
    """``print`` has a record of each frame that differs from the one before it; ``stills`` are the frames that differ
    most, at most ``MOST_STILLS``, the first always among them. ``frames`` is how many there are in the file, as far as
    that was counted."""

    print: VideoPrint
    stills: tuple[Still, ...]
    frames: int


def is_animated(data: bytes) -> bool:
    """Whether ``data`` is a picture of more than one frame, by its header. Never raises."""
    if sniff(data) not in ("image/gif", "image/webp", "image/avif"):
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                return bool(getattr(picture, "is_animated", False))
    except Exception:  # a parser of hostile bytes may raise anything
        return False


def read(data: bytes, limits: Limits | None = None) -> Animation:
    """The frames of ``data``. Raises ``efface.vision.pictures.PictureError``."""
    if sniff(data) not in ("image/gif", "image/webp", "image/avif"):
        raise PictureError("unknown-format")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                return _read(picture, limits or Limits())
    except PictureError:
        raise
    except Image.DecompressionBombError:
        raise PictureError("too-many-pixels") from None
    except MemoryError:
        raise PictureError("memory") from None
    except Exception as error:  # a parser of hostile bytes may raise anything
        raise PictureError("corrupt", type(error).__name__) from None


def _read(picture: Image.Image, limits: Limits) -> Animation:
    width, height = picture.size
    if width * height > min(MAX_PIXELS, limits.pixels * 4):
        raise PictureError("too-many-pixels", f"{width}x{height}")
    if min(width, height) < pdq.LEAST_SIDE:
        raise PictureError("corrupt", "too small for a fingerprint")
    start = time.monotonic()
    most = min(limits.animation_frames, _MOST_PIXELS // (width * height))
    hasher, picker = Hasher(), Picker(min(MOST_STILLS, max(1, limits.stills)))
    seen: NDArray[np.float32] | None = None
    seconds, hashed_at, partial, number = 0.0, -1.0, "", 0
    while True:
        if number >= most or time.monotonic() - start > min(_WALL_S, limits.wall_s):
            partial = "time"
            break
        try:
            picture.seek(number)
            rgb = _flattened(picture)
        except EOFError:
            break
        except Exception as error:  # a parser of hostile bytes may raise anything
            if not number or isinstance(error, MemoryError):
                raise
            partial = "corrupt"
            break
        grey = _grey(rgb)
        look = thumb(grey)
        if seen is None or (seconds - hashed_at >= _STEP and float(np.abs(look - seen).mean()) >= _CHANGED):
            seen, hashed_at = look, seconds
            hasher.add(number, round(seconds, 3), grey)
            still = Still(number, round(seconds, 3), _small(rgb, limits.still_side), width, height)
            picker.offer(grey, lambda still=still: still)  # type: ignore[misc]
        seconds += _lasts(picture)
        number += 1
    count = max(number, int(getattr(picture, "n_frames", number)) if not partial else number)
    done = VideoPrint(round(seconds, 3), tuple(hasher.finish()), width, height, partial)
    return Animation(done, tuple(picker.stills()), count)


def _flattened(picture: Image.Image) -> NDArray[np.uint8]:
    """The frame on white, (height, width, 3)."""
    if picture.mode == "RGB":
        return np.asarray(picture, np.uint8)
    rgba = picture.convert("RGBA")
    ground = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
    return np.asarray(Image.alpha_composite(ground, rgba).convert("RGB"), np.uint8)


def _grey(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(pdq.to_hash_size(rgb), cv2.COLOR_RGB2GRAY), np.uint8)


def _small(rgb: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    longer = max(rgb.shape[:2])
    if longer <= side:
        return np.ascontiguousarray(rgb)
    size = (max(1, round(rgb.shape[1] * side / longer)), max(1, round(rgb.shape[0] * side / longer)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _lasts(picture: Image.Image) -> float:
    """Seconds the frame is shown; browsers show very short ones for a tenth of a second."""
    try:
        seconds = float(picture.info.get("duration", 0)) / 1000
    except (TypeError, ValueError):
        return _USUAL_S
    return min(seconds, _LONGEST_S) if seconds >= 0.02 else _USUAL_S
