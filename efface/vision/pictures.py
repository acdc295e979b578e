"""Bytes of a stranger's picture to an array of pixels, or a typed reason why not.

Runs inside the decoder's sandbox: the libraries below parse hostile input. Formats are an allow-list, pixels are
counted from the header before anything is decoded, only the first frame of an animation is read.
"""

from __future__ import annotations

import contextlib
import io
import struct
import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageFile

from efface.vision import pdq
from efface.vision.formats import MIMES, sniff

MAX_PIXELS = 40_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
FACE_SIDE = 1280
"""Least longer side, pixels, at which a picture is decoded when faces are looked for."""

_PNG_CHUNKS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})

Reason = Literal["corrupt", "too-many-pixels", "unknown-format", "memory"]

# The limit below is ours and checked by hand; Pillow's own would only warn up to twice it.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
ImageFile.LOAD_TRUNCATED_IMAGES = False


class PictureError(ValueError):
    """The bytes are not a picture we read. ``reason`` is one of ``Reason``."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class Pixels:
    """``rgb`` is uint8 (height, width, 3), upright, possibly smaller than published; ``width`` and ``height`` are the
    picture's own, upright."""

    rgb: NDArray[np.uint8]
    width: int
    height: int
    mime: str


def read_pixels(data: bytes, side: int = pdq.LONG_SIDE) -> Pixels:
    """The first frame of ``data``, upright and flattened on white.

    A JPEG is decoded at the smallest DCT scale whose longer side is still at least ``side`` pixels; everything else
    is reduced to twice ``side`` at most. Raises ``PictureError``.
    """
    if not sniff(data):
        raise PictureError("unknown-format")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _read(data, side)
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError("too-many-pixels") from None
    except MemoryError:
        raise PictureError("memory") from None
    except Exception as error:  # a parser of hostile bytes may raise anything
        raise PictureError("corrupt", type(error).__name__) from None


def _read(data: bytes, side: int) -> Pixels:
    kind = sniff(data)
    if kind == "image/jpeg":
        return _read_jpeg(data, side)
    if kind == "image/png":
        data = plain_png(data)
    picture = _open(data)
    rgb = _upright(_flatten(picture, side), orientation := _orientation(picture))
    return _pixels(rgb, picture.size, orientation, MIMES.get(picture.format or "", ""))


def _read_jpeg(data: bytes, side: int) -> Pixels:
    """A JPEG by the turbo decoder, which asks nothing of the markers around the picture; inks and what it cannot read
    are left to Pillow."""
    try:
        height, width, colours = simplejpeg.decode_jpeg_header(data, strict=False)[:3]
    except ValueError:
        height, width, colours = 0, 0, ""
    if width * height > MAX_PIXELS:
        raise PictureError("too-many-pixels", f"{width}x{height}")
    orientation = 1
    with contextlib.suppress(OSError, ValueError, SyntaxError, EOFError, struct.error):
        orientation = _orientation(_open(data))
    if width and colours in ("YCbCr", "RGB", "Gray"):
        with contextlib.suppress(ValueError):
            rgb = _upright(_scaled_jpeg(data, width, height, side), orientation)
            return _pixels(rgb, (width, height), orientation, MIMES["JPEG"])
    picture = _open(data)
    return _pixels(_upright(_flatten(picture, side), orientation), picture.size, orientation, MIMES["JPEG"])


def _open(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data), formats=FORMATS)
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise PictureError("too-many-pixels", f"{width}x{height}")
    return picture


def _pixels(rgb: NDArray[np.uint8], size: tuple[int, int], orientation: int, mime: str) -> Pixels:
    width, height = size if orientation < 5 else size[::-1]
    return Pixels(rgb, width, height, mime)


def plain_png(data: bytes) -> bytes:
    """``data``, a PNG, with the chunks of one still picture only (PNG section 5.6): texts and profiles that unpack to
    hundreds of megabytes, and further frames, are left out before anything is unpacked."""
    kept = [data[:8]]
    at = 8
    while at + 12 <= len(data):
        (size,) = struct.unpack_from("!I", data, at)
        name = data[at + 4 : at + 8]
        if name in _PNG_CHUNKS or (name == b"eXIf" and size <= 65536):
            kept.append(data[at : at + 12 + size])
        at += 12 + size
        if name == b"IEND":
            break
    return b"".join(kept)


def _scaled_jpeg(data: bytes, width: int, height: int, side: int) -> NDArray[np.uint8]:
    least = {"min_width": min(side, width)} if width >= height else {"min_height": min(side, height)}
    return np.asarray(simplejpeg.decode_jpeg(data, colorspace="RGB", strict=False, **least), dtype=np.uint8)


def _flatten(picture: Image.Image, side: int) -> NDArray[np.uint8]:
    picture.seek(0)
    picture.load()
    if picture.size[0] * picture.size[1] > MAX_PIXELS:
        raise PictureError("too-many-pixels", "frame")
    if picture.mode.startswith("I;16") or picture.mode in ("I", "F"):
        wide = np.asarray(picture, dtype=np.float32)
        top = 65535.0 if picture.mode != "F" else max(float(np.nanmax(wide)), 1e-6)
        grey = np.clip(np.nan_to_num(wide) * (255.0 / top), 0, 255).astype(np.uint8)
        picture = Image.fromarray(grey)
    longer = max(picture.size)
    factor = longer // (2 * side)
    if picture.mode == "P":
        picture = picture.convert("RGBA" if "transparency" in picture.info else "RGB")
    if picture.mode not in ("RGB", "RGBA", "LA", "L", "CMYK"):
        picture = picture.convert("RGBA" if "A" in picture.mode or "a" in picture.mode else "RGB")
    if factor >= 2:
        picture = picture.reduce(factor)
    if picture.mode in ("RGBA", "LA"):
        rgba = picture.convert("RGBA")
        ground = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        picture = Image.alpha_composite(ground, rgba)
    return np.asarray(picture.convert("RGB"), dtype=np.uint8)


def _orientation(picture: Image.Image) -> int:
    """EXIF orientation, 1..8; 1 where there is none or it cannot be read."""
    try:
        value = int(picture.getexif().get(0x0112, 1))
    except Exception:  # EXIF is as hostile as the rest and not worth losing the picture for
        return 1
    return value if 1 <= value <= 8 else 1


def _upright(rgb: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    turned = {
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, -1),
        7: lambda a: a.transpose(1, 0, 2)[::-1, ::-1],
        8: lambda a: np.rot90(a, 1),
    }.get(orientation)
    return np.ascontiguousarray(turned(rgb)) if turned else np.ascontiguousarray(rgb)


__all__ = ["FACE_SIDE", "FORMATS", "MAX_PIXELS", "MIMES", "PictureError", "Pixels", "read_pixels", "sniff"]
