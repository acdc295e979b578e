"""What is known of a video once its pixels are gone, and how that is written down.

A record is what vPDQ keeps of a frame (frame number, quality, hash, timestamp; Meta's "vPDQ" in ThreatExchange), and
beside it the hash of the mirrored frame and, where bars or a logo were found, both hashes without them.
"""

from __future__ import annotations

import json
import math
import re
import struct
import zlib
from dataclasses import dataclass
from typing import Any, Literal

from efface.vision.hamming import LOW_QUALITY

Reason = Literal[
    "unknown-format",
    "unknown-codec",
    "corrupt",
    "truncated",
    "no-video",
    "no-key-frames",
    "encrypted",
    "too-many-pixels",
    "too-large",
    "memory",
    "time",
]
WORDS: dict[Reason, str] = {
    "unknown-format": "This is not a video file of a kind that is read.",
    "unknown-codec": "The video uses a compression that is not read.",
    "corrupt": "The video is damaged.",
    "truncated": "The video breaks off before anything could be read; a part of the file is missing.",
    "no-video": "The file holds sound only.",
    "no-key-frames": "The video has no key frame, so that no picture of it can be built.",
    "encrypted": "The video is encrypted.",
    "too-many-pixels": "The picture of the video is larger than what is read.",
    "too-large": "The file is larger than what is read.",
    "memory": "Reading the video would take too much memory.",
    "time": "Reading the video took too long.",
}
"""What to tell a person for each reason."""

MOST_FRAMES = 20_000
"""Records one print may have, wherever it comes from."""
MOST_SECONDS = 86_400.0
_MAGIC = b"EVP1"
_HEAD = struct.Struct("!4sIIIIB")
_FRAME = struct.Struct("!IIB")
_HEX = re.compile(r"[0-9a-f]{64}")
_ENDINGS: tuple[Reason | Literal[""], ...] = ("", "time", "truncated", "corrupt", "too-large")


class VideoError(ValueError):
    """The bytes are not a video that is read. ``reason`` is a key of ``WORDS``; ``detail`` never holds anything of
    the video."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason: Reason = reason
        self.detail = detail

    @property
    def words(self) -> str:
        """A sentence for a person."""
        return WORDS[self.reason]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of reading one video. ``data_bytes`` and ``pixels`` (of one frame) refuse; the others stop or thin, and
    the print says so. ``wall_s``: seconds; ``records``: frames hashed; ``stills``: frames handed to ``each``;
    ``still_side``: pixels of a still's longer side; ``animation_frames``: frames of a GIF that are looked at."""

    data_bytes: int = 512 * 1024 * 1024
    pixels: int = 9_500_000
    wall_s: float = 60.0
    records: int = 7_200
    packets: int = 2_000_000
    stills: int = 12
    still_side: int = 1280
    animation_frames: int = 1_000


@dataclass(frozen=True, slots=True)
class FramePrint:
    """One frame. ``number`` counts from the start of the video at its mean frame rate, ``seconds`` from its start;
    ``quality`` is PDQ's, 0..100; hashes are 64 hexadecimal digits, empty where there is none. ``clean`` and
    ``clean_mirrored`` are hashes without bars and logos, kept only where they differ from the plain ones."""

    number: int
    seconds: float
    quality: int
    pdq: str
    mirrored: str = ""
    clean: str = ""
    clean_mirrored: str = ""

    @property
    def views(self) -> list[str]:
        """The hashes a met frame is looked up by: as it is, then mirrored. Half of the list each."""
        plain = [value for value in (self.pdq, self.clean) if value]
        turned = [value for value in (self.mirrored, self.clean_mirrored) if value]
        return plain + turned if len(plain) == len(turned) else plain


@dataclass(frozen=True, slots=True)
class VideoPrint:
    """All of a video that is kept. ``duration`` in seconds, times in whole milliseconds; ``width`` and ``height`` in
    pixels, upright, as published (0 where unknown); ``frames`` in order of time. ``partial`` says why there was more
    than was read: "" for a whole reading, else "time", "truncated", "corrupt" or "too-large"."""

    duration: float
    frames: tuple[FramePrint, ...]
    width: int = 0
    height: int = 0
    partial: str = ""

    @property
    def telling(self) -> list[FramePrint]:
        """The frames by which a video can be recognised: those that have a hash, and show enough for it."""
        return [frame for frame in self.frames if frame.pdq and frame.quality >= LOW_QUALITY]

    def to_vpdq_json(self) -> str:
        """A JSON list of vPDQ's records: ``frame_number``, ``quality``, ``hash``, ``timestamp`` (seconds)."""
        return json.dumps(
            [
                {
                    "frame_number": frame.number,
                    "quality": frame.quality,
                    "hash": frame.pdq,
                    "timestamp": round(frame.seconds, 3),
                }
                for frame in self.frames
            ]
        )

    def to_vpdq_signal(self) -> str:
        """The compact form that ThreatExchange's vPDQ signal type reads: a JSON list of "hash,quality,timestamp"."""
        return json.dumps([f"{frame.pdq},{frame.quality},{frame.seconds:.3f}" for frame in self.frames])

    @classmethod
    def from_vpdq_json(cls, text: str) -> VideoPrint:
        """A print of somebody else's vPDQ records, in any of the forms above. Raises ``ValueError``."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            raise ValueError("vPDQ records are a JSON list") from None
        if not isinstance(data, list) or len(data) > MOST_FRAMES:
            raise ValueError("vPDQ records are a JSON list, not longer than is read")
        frames = sorted((_vpdq(item, place) for place, item in enumerate(data)), key=lambda frame: frame.seconds)
        return cls(frames[-1].seconds if frames else 0.0, tuple(frames))

    def to_bytes(self) -> bytes:
        """The print, packed: about 110 bytes a frame, 160 where bars or a logo were found."""
        body = bytearray()
        for frame in self.frames:
            given = [frame.pdq, frame.mirrored, frame.clean, frame.clean_mirrored]
            flags = sum(1 << bit for bit, value in enumerate(given[1:]) if value)
            body += _FRAME.pack(frame.number, round(frame.seconds * 1000), frame.quality)
            body.append(flags)
            body += bytes.fromhex("".join(given))
        ending = _ENDINGS.index(self.partial) if self.partial in _ENDINGS else 0
        head = _HEAD.pack(
            _MAGIC, len(self.frames), round(self.duration * 1000), self.width, self.height, ending
        )
        return head + zlib.crc32(body).to_bytes(4, "big") + bytes(body)

    @classmethod
    def from_bytes(cls, data: bytes) -> VideoPrint:
        """The inverse of ``to_bytes``, for bytes from anywhere. Raises ``ValueError``."""
        if len(data) < _HEAD.size + 4:
            raise ValueError("a video print has a head")
        magic, count, duration, width, height, ending = _HEAD.unpack_from(data)
        body = data[_HEAD.size + 4 :]
        if magic != _MAGIC or count > MOST_FRAMES or ending >= len(_ENDINGS) or not _is_time(duration / 1000):
            raise ValueError("not a video print")
        if zlib.crc32(body).to_bytes(4, "big") != data[_HEAD.size : _HEAD.size + 4]:
            raise ValueError("a video print that was changed")
        frames: list[FramePrint] = []
        at = 0
        for _ in range(count):
            frame, at = _unpacked(body, at)
            if frames and frame.seconds < frames[-1].seconds:
                raise ValueError("frames out of order")
            frames.append(frame)
        if at != len(body):
            raise ValueError("more bytes than frames")
        return cls(duration / 1000, tuple(frames), width, height, _ENDINGS[ending])


def _unpacked(body: bytes, at: int) -> tuple[FramePrint, int]:
    if at + _FRAME.size + 1 > len(body):
        raise ValueError("a frame is cut short")
    number, milliseconds, quality = _FRAME.unpack_from(body, at)
    seconds = milliseconds / 1000
    flags = body[at + _FRAME.size]
    at += _FRAME.size + 1
    if not _is_time(seconds) or quality > 100 or flags > 7:
        raise ValueError("not a frame")
    hashes = [""] * 4
    for place in [0, *(bit + 1 for bit in range(3) if flags >> bit & 1)]:
        if at + 32 > len(body):
            raise ValueError("a hash is cut short")
        hashes[place] = body[at : at + 32].hex()
        at += 32
    return FramePrint(number, seconds, quality, *hashes), at


def _vpdq(item: Any, place: int) -> FramePrint:
    """One record: an object, or "hash,quality,timestamp", or "frame,quality,hash,timestamp"."""
    try:
        if isinstance(item, dict):
            number, quality = item.get("frame_number", place), item["quality"]
            pdq, seconds = item["hash"], item["timestamp"]
        else:
            parts = str(item).split(",")
            if len(parts) == 3:
                number, (pdq, quality, seconds) = place, parts
            else:
                number, quality, pdq, seconds = parts
        frame = FramePrint(int(number), float(seconds), int(quality), str(pdq).strip().lower())
    except (KeyError, TypeError, ValueError, OverflowError):
        raise ValueError("not a vPDQ record") from None
    fits = _HEX.fullmatch(frame.pdq) and 0 <= frame.quality <= 100 and 0 <= frame.number < 1 << 32
    if not fits or not _is_time(frame.seconds):
        raise ValueError("not a vPDQ record")
    return frame


def _is_time(seconds: float) -> bool:
    return math.isfinite(seconds) and 0 <= seconds <= MOST_SECONDS
