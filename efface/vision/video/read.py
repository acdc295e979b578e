"""Bytes of a stranger's video to hashes of its frames, or a typed reason why not. Runs inside the decoder's sandbox.

Key frames come first: they cost little, cover the whole length and are enough for triage. "thorough" goes on to one
frame a second; "enrol", for a subject's own video, to every change of the picture, so that whichever moment a copy was
sampled at has its like (a second of a pan moves a PDQ hash further than its threshold).
"""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Any, Literal

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from efface.vision import pdq
from efface.vision.video.container import opened
from efface.vision.video.model import MOST_SECONDS, Limits, VideoError, VideoPrint
from efface.vision.video.sample import Hasher, Picker, Still, thumb

Depth = Literal["triage", "thorough", "enrol"]

STEP = 1.0
"""Seconds between frames of a thorough reading."""
LEAST_SAMPLES = 12
"""Frames a thorough reading of a short clip takes at least, if it has as many."""
SHORTEST_STEP = 0.25
ENROL_STEP = 1 / 12
"""Least seconds between frames of an enrolled video."""
_MOST_KEYS = 240
_CHANGED = 1.2
"""Mean difference of grey levels from the frame kept last at which an enrolled video's frame is kept."""
_KEY_SHARE = 0.4
"""Share of the time that key frames may take."""
_ROTATED = frozenset({1, 3})


def read(
    data: bytes,
    limits: Limits | None = None,
    *,
    depth: Depth = "thorough",
    each: Callable[[Still], None] | None = None,
) -> VideoPrint:
    """The print of ``data``. ``each`` is handed the pixels of at most ``limits.stills`` frames that differ most from
    each other, in order of time, after everything was read. Raises ``VideoError``."""
    reading = _Reading(data, limits or Limits(), depth, each is not None)
    try:
        done = reading.run()
    except MemoryError:
        raise VideoError("memory") from None
    if each is not None:
        for still in reading.picker.stills():
            each(still)
    return done


def frames(data: bytes, limits: Limits | None, each: Callable[[Still], None], depth: Depth = "thorough") -> VideoPrint:
    """``read`` with ``each``: for callers that want the pixels first of all."""
    return read(data, limits, depth=depth, each=each)


class _Clock:
    """Time stamps of one stream as seconds from its start. Stamps that are missing or leap (a concatenation, a lie)
    go on from the last one."""

    def __init__(self, stream: Any) -> None:
        self._base = float(stream.time_base or 0) or 1 / 90_000
        rate = float(stream.average_rate or stream.guessed_rate or 25)
        self.rate = rate if 0.01 <= rate <= 1000 else 25.0
        self._shift: float | None = None
        self.last = 0.0
        self.end = 0.0

    def seconds(self, stamp: int | None) -> float:
        """Seconds of ``stamp``, in the stream's time base."""
        now = stamp * self._base if stamp is not None else math.nan
        if self._shift is None and not math.isnan(now):
            self._shift = -now
        value = now + (self._shift or 0.0) if not math.isnan(now) else self.last + 1 / self.rate
        if not -10.0 <= value - self.last <= 7200.0:
            fresh = self.last + 1 / self.rate
            self._shift = (self._shift or 0.0) + fresh - value
            value = fresh
        self.last = min(max(value, 0.0), MOST_SECONDS)
        self.end = max(self.end, self.last)
        return self.last


class _Reading:
    """One video being read."""

    def __init__(self, data: bytes, limits: Limits, depth: Depth, stills: bool) -> None:
        self.data = data
        self.limits = limits
        self.depth = depth
        self.picker = Picker(limits.stills if stills else 0)
        self.hasher = Hasher()
        self.start = time.monotonic()
        self.partial = ""
        self.duration = 0.0
        self.size = (0, 0)
        self.times: list[float] = []
        self.broken = 0

    def run(self) -> VideoPrint:
        keys = self._key_frames()
        if not keys and not self.times:
            self._nothing()
        if self.depth == "enrol" or (self.depth == "thorough" and not self._is_dense(self._step())):
            self._between()
        if not len(self.hasher):
            raise VideoError("corrupt", "no frame could be decoded")
        width, height = self.size
        return VideoPrint(
            round(min(self.duration, MOST_SECONDS), 3), tuple(self.hasher.finish()), width, height, self.partial
        )

    def _nothing(self) -> None:
        if self.partial == "time":
            raise VideoError("time")
        raise VideoError("corrupt" if self.broken else "no-key-frames")

    def _elapsed(self) -> float:
        return time.monotonic() - self.start

    def _step(self) -> float:
        """Seconds between the frames wanted."""
        if self.depth == "enrol":
            return max(ENROL_STEP, self.duration / self.limits.records)
        return max(min(STEP, max(SHORTEST_STEP, self.duration / LEAST_SAMPLES)), self.duration / self.limits.records)

    def _is_dense(self, step: float) -> bool:
        """Whether the key frames alone are as many as are wanted."""
        return len(self.times) >= 0.9 * self.duration / (1.25 * step)

    def _key_frames(self) -> int:
        """Hash key frames over the whole length, at most one a second and ``_MOST_KEYS`` at first; how many there
        were in the stream."""
        found = packets = 0
        with opened(self.data, self.limits) as (container, stream):
            clock = _Clock(stream)
            stamps: dict[int, float] = {}
            wanted, gap = -1.0, STEP if self.depth != "enrol" else 0.0
            taken = 0
            for packet in _packets(container, stream, self._note):
                packets += 1
                if packets > self.limits.packets or self._elapsed() > self.limits.wall_s * _KEY_SHARE:
                    self.partial = "time"
                    break
                seconds = clock.seconds(packet.pts if packet.pts is not None else packet.dts)
                if not packet.is_keyframe:
                    continue
                found += 1
                if seconds + 1e-3 < wanted:
                    continue
                wanted = seconds + gap
                if packet.pts is not None:
                    stamps[packet.pts] = seconds
                self._decode(stream, packet, clock, stamps)
                taken += 1
                if taken % _MOST_KEYS == 0:
                    gap = max(gap, 1.0) * 2
            self._decode(stream, None, clock, stamps)
            self.duration = clock.end + (1 / clock.rate if found else 0.0)
            self._check_length(container, stream, packets)
        return found

    def _check_length(self, container: Any, stream: Any, packets: int) -> None:
        """Note where the file ends long before the end it promises."""
        told = [float(container.duration or 0) / av.time_base]
        if stream.duration and stream.time_base:
            told.append(float(stream.duration * stream.time_base))
        promised = min((value for value in told if value > 0), default=0.0)
        if not self.partial and self.duration < 0.9 * min(promised, MOST_SECONDS):
            self.partial = "truncated"
        if not packets and not self.partial:
            raise VideoError("truncated" if promised else "corrupt", "no packets")

    def _decode(self, stream: Any, packet: Any, clock: _Clock, stamps: dict[int, float]) -> None:
        """Decode one key frame's packet (None: what the decoder still holds) and take what comes out."""
        for frame in self._pictures(stream, packet):
            seconds = stamps.get(frame.pts) if frame.pts is not None else None
            self._take(frame, clock.last if seconds is None else seconds, clock.rate)

    def _between(self) -> None:
        """Hash the frames between the key frames. When time runs short, whole groups of pictures are left out, evenly
        over the length."""
        step = self._step()
        enrol = self.depth == "enrol"
        known = sorted(self.times)
        with opened(self.data, self.limits, skip="DEFAULT" if enrol else "NONREF") as (container, stream):
            clock, wanted, skipping = _Clock(stream), 0.0, False
            seen: NDArray[np.float32] | None = None
            kept_at = -1.0
            packets: Iterator[Any] = _packets(container, stream, self._note, flush=True)
            for packet in packets:
                if self._elapsed() > self.limits.wall_s or len(self.hasher) >= self.limits.records:
                    self.partial = self.partial or "time"
                    break
                if packet is not None and packet.is_keyframe:
                    skipping = self._elapsed() > self._allowed(clock.last)
                    if skipping:
                        self.partial = self.partial or "time"
                if skipping and packet is not None:
                    continue
                for frame in self._pictures(stream, packet):
                    seconds = clock.seconds(frame.pts)
                    if seconds + 0.02 < wanted:
                        continue
                    wanted = (math.floor((seconds + 0.02) / step) + 1) * step
                    if _is_near(known, seconds):
                        continue
                    if enrol:
                        look = thumb(_grey(frame))
                        if seen is not None and seconds - kept_at < 1.0 and np.abs(look - seen).mean() < _CHANGED:
                            continue
                        seen, kept_at = look, seconds
                    self._take(frame, seconds, clock.rate)
            self.duration = max(self.duration, clock.end)

    def _allowed(self, seconds: float) -> float:
        """Seconds that may have passed when ``seconds`` of the video are done."""
        share = seconds / self.duration if self.duration else 1.0
        return self.limits.wall_s * (_KEY_SHARE + 0.05 + (0.95 - _KEY_SHARE) * share)

    def _pictures(self, stream: Any, packet: Any) -> list[Any]:
        try:
            return list(stream.codec_context.decode(packet))
        except MemoryError:
            raise
        except (av.error.FFmpegError, ValueError):
            self.broken += 1
            return []

    def _note(self, _: Exception) -> None:
        self.broken += 1
        self.partial = self.partial or "corrupt"

    def _take(self, frame: Any, seconds: float, rate: float) -> None:
        if frame.width * frame.height > self.limits.pixels:
            raise VideoError("too-many-pixels", f"{frame.width}x{frame.height}")
        if min(frame.width, frame.height) < pdq.LEAST_SIDE:
            raise VideoError("corrupt", "picture too small for a fingerprint")
        turns = round(frame.rotation / 90) % 4
        if self.size == (0, 0):
            self.size = (frame.height, frame.width) if turns in _ROTATED else (frame.width, frame.height)
        grey = np.ascontiguousarray(np.rot90(_grey(frame), turns))
        number = min(round(seconds * rate), 2**32 - 1)
        self.times.append(seconds)
        self.hasher.add(number, round(seconds, 3), grey)
        self.picker.offer(grey, lambda: self._still(frame, turns, number, seconds))

    def _still(self, frame: Any, turns: int, number: int, seconds: float) -> Still:
        longer = max(frame.width, frame.height)
        scale = min(1.0, self.limits.still_side / longer)
        rgb = _scaled(frame, scale, "rgb24")
        width, height = (frame.height, frame.width) if turns in _ROTATED else (frame.width, frame.height)
        return Still(number, round(seconds, 3), np.ascontiguousarray(np.rot90(rgb, turns)), width, height)


def _packets(
    container: Any, stream: Any, broken: Callable[[Exception], None], flush: bool = False
) -> Iterator[Any]:
    """The stream's packets until its end or until they can no longer be told apart; then None, if ``flush``."""
    try:
        for packet in container.demux(stream):
            if packet.size:
                yield packet
    except MemoryError:
        raise
    except (av.error.FFmpegError, ValueError, OSError) as error:
        broken(error)
    if flush:
        yield None


def _grey(frame: Any) -> NDArray[np.uint8]:
    """Brightness (height, width) uint8, longer side ``pdq.LONG_SIDE``, as stored (not turned upright)."""
    return _scaled(frame, pdq.LONG_SIDE / max(frame.width, frame.height), "gray")


def _scaled(frame: Any, scale: float, kind: str) -> NDArray[np.uint8]:
    width, height = max(2, round(frame.width * scale)), max(2, round(frame.height * scale))
    made = frame.reformat(width, height, format=kind, interpolation="BILINEAR", threads=1)
    return np.asarray(made.to_ndarray(), dtype=np.uint8)


def _is_near(times: list[float], seconds: float) -> bool:
    """Whether one of ``times``, sorted, is the same frame."""
    place = bisect_left(times, seconds)
    return any(abs(times[i] - seconds) < 0.02 for i in (place - 1, place) if 0 <= i < len(times))
