"""Two videos laid side by side: is there a stretch of one that runs along in the other?

A frame agrees when the frame that the straight line "theirs at t is ours at offset + speed * t" puts beside it is
about the nearest of all. Of how near the frames could come, the line has to reach ``REACHED``: ten pairs of videos of
one room, in which one person moves otherwise, reached .44 to .60, their 40 copies .82 and more wherever anything moved
by 1 % of the width. So a still picture, a black stretch or a wall that never changes proves nothing: there, every
moment is as near as any other. A stretch counts when several frames that differ from each other agree. Stretches are
looked for again until none is left, so that a clip with parts taken out, or shown twice, is found whole.

Measured (``efface bench video``): thresholds set on 12 films over one half of a photo set, 10 films over the other half
kept apart: 60 of 60 copies found, none of 580 other pairs, some of which share their opening titles. Where the enrolled
side was read at one frame a second too, 5 of 6 copies are found: enrol with depth "enrol".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from efface.vision.scan import Words, words
from efface.vision.video.model import FramePrint, VideoPrint

Floats = NDArray[np.float64]
Bits = NDArray[np.int16]

NEAR = 48
"""Bits within which a frame can agree with the frame at its place. Wider than for a picture on its own: frames have to
agree together."""
CONTRAST = 5
"""Bits that the frame at its place must be nearer than the usual frame of that video."""
CLEAR = 30
"""Mean contrast from which three frames are enough; below (a fixed camera, little moves) it takes ``LEAST_DULL``."""
LEAST_FRAMES = 3
LEAST_DULL = 12
DIFFERENT, DIFFERENT_DULL = 14, 8
"""Bits between two agreeing frames from which they count as two, by the contrast."""
REACHED, REACHED_PART = 0.75, 0.85
"""Share of the possible nearness that a line must reach over a clear stretch, or over all that a dull one would put
beside each other; the latter for a dull stretch alone."""
LEAST_SECONDS = 1.5
LEAST_SHARE = 0.25
"""Share of either video that must agree, unless ``LONG_SECONDS`` do: videos of one maker share their opening titles. At
0.15, four seconds of titles in clips of 27 seconds were taken for a copy once they were played a little faster."""
LONG_SECONDS = 20.0
SLOWEST, FASTEST = 0.8, 1.25
"""Range of speeds looked for."""
TOLERANCE = 0.5
"""Seconds that a frame may stand off the line, and 1 % of the stretch."""

_TIES = 3
_PER_FRAME = 4
_MOST_LINES = 2_000
_MOST_PAIRS = 1_500
_STRETCHES = 6
_LONGEST_GAP = 6.0
_BACKGROUND = 256


@dataclass(frozen=True, slots=True)
class Rows:
    """Hashes of one enrolled video: ``seconds`` (n,) ascending and ``words`` (n, 4) uint64; a frame with two hashes has
    two rows. ``duration`` in seconds."""

    seconds: Floats
    words: Words
    duration: float


@dataclass(frozen=True, slots=True)
class Alignment:
    """What agrees; the fields are those of ``VideoHit``."""

    seconds: float
    start: float
    end: float
    share_ours: float
    share_theirs: float
    offset: float
    speed: float
    mirrored: bool
    distance: float
    frames: int
    distinct: int
    compared: int


def distances(left: Words, right: Words) -> Bits:
    """Hamming distances, (m, n) int16, of (m, 4) and (n, 4) uint64."""
    made = np.zeros((len(left), len(right)), np.int16)
    for column in range(4):
        made += np.bitwise_count(left[:, column, None] ^ right[None, :, column])
    return made


def align(video: VideoPrint, rows: Rows) -> Alignment | None:
    """How ``video`` runs along the enrolled one; None where it does not. The better of as it is and mirrored."""
    frames = video.telling
    if len(frames) < LEAST_FRAMES or len(rows.seconds) < LEAST_FRAMES:
        return None
    times = np.array([frame.seconds for frame in frames])
    stands_for = _stands_for(np.array([frame.seconds for frame in video.frames]), times, video.duration)
    found = [_one_way(frames, times, stands_for, video, rows, mirrored) for mirrored in (False, True)]
    return max((item for item in found if item is not None), key=lambda item: item.seconds, default=None)


def _one_way(
    frames: list[FramePrint], times: Floats, stands_for: Floats, video: VideoPrint, rows: Rows, mirrored: bool
) -> Alignment | None:
    table = _table(frames, rows, mirrored)
    if table is None:
        return None
    usual = np.median(table[:, :: 1 + table.shape[1] // _BACKGROUND], axis=1)
    own = words([frame.pdq for frame in frames])
    free = np.ones(len(frames), bool)
    agreed = np.zeros(len(frames), bool)
    best: tuple[float, float, float] | None = None
    nearest = np.zeros(len(frames))
    for _ in range(_STRETCHES):
        line = _line(table, usual, times, rows.seconds, free)
        if line is None:
            break
        offset, speed = line
        look = _laid(table, usual, times, rows.seconds, offset, speed, free)
        if not look.proves(own, stands_for):
            break
        here = look.here
        agreed |= here
        nearest[here] = look.away[here]
        free &= ~here
        weight = float(stands_for[here].sum())
        if best is None or weight > best[0]:
            best = (weight, offset, speed)
    if best is None:
        return None
    seconds = float(stands_for[agreed].sum())
    share_theirs = min(1.0, seconds / max(float(stands_for.sum()), 1e-6))
    share_ours = min(1.0, seconds * best[2] / max(rows.duration, 1e-6))
    if max(share_ours, share_theirs) < LEAST_SHARE and seconds < LONG_SECONDS:
        return None
    return Alignment(
        seconds=round(seconds, 2),
        start=round(float(times[agreed].min()), 2),
        end=round(float(times[agreed].max()), 2),
        share_ours=round(share_ours, 3),
        share_theirs=round(share_theirs, 3),
        offset=round(best[1], 2),
        speed=round(best[2], 3),
        mirrored=mirrored,
        distance=float(np.median(nearest[agreed])),
        frames=int(agreed.sum()),
        distinct=_distinct(own[agreed], DIFFERENT_DULL),
        compared=len(frames),
    )


def _table(frames: list[FramePrint], rows: Rows, mirrored: bool) -> Bits | None:
    """Distances (frames, rows): the least over the hashes with and without bars and logos."""
    if mirrored:
        kinds = [[frame.mirrored for frame in frames], [frame.clean_mirrored or frame.mirrored for frame in frames]]
    else:
        kinds = [[frame.pdq for frame in frames], [frame.clean or frame.pdq for frame in frames]]
    if not all(kinds[0]):
        return None
    table = distances(words(kinds[0]), rows.words)
    if kinds[1] != kinds[0]:
        table = np.minimum(table, distances(words(kinds[1]), rows.words))
    return table


def _line(
    table: Bits, usual: Floats, times: Floats, ours: Floats, free: NDArray[np.bool_]
) -> tuple[float, float] | None:
    """Offset and speed on which most agrees, from pairs of near frames."""
    at, to, worth = _pairs(table, usual, times, ours, free)
    if len(at) < LEAST_FRAMES:
        return None
    lines = _lines(at, to)
    best, line = 0.0, None
    for start in range(0, len(lines), 256):
        part = lines[start : start + 256]
        off = np.abs(part[:, :1] + part[:, 1:] * at[None, :] - to[None, :])
        score = np.where(off <= TOLERANCE, 1.0, 0.0) @ worth
        place = int(np.argmax(score))
        if score[place] > best:
            best, line = float(score[place]), part[place]
    if line is None:
        return None
    offset, speed = float(line[0]), float(line[1])
    for narrow in (1.5, 0.6, 0.3):  # refined on what is near it
        on = np.abs(offset + speed * at - to) <= TOLERANCE * narrow
        if on.sum() < LEAST_FRAMES or np.ptp(at[on]) < 3.0:
            break
        speed, offset = (float(value) for value in np.polyfit(at[on], to[on], 1, w=worth[on]))
        speed = min(max(speed, SLOWEST), FASTEST)
        offset = float(np.average(to[on] - speed * at[on], weights=worth[on]))
    return offset, speed


def _pairs(
    table: Bits, usual: Floats, times: Floats, ours: Floats, free: NDArray[np.bool_]
) -> tuple[Floats, Floats, Floats]:
    """Moments of theirs and of ours that look alike, a few for each frame and apart in time, and what each is worth."""
    at: list[float] = []
    to: list[float] = []
    worth: list[float] = []
    for row in np.flatnonzero(free).tolist():
        line = table[row]
        near = np.flatnonzero(line <= min(NEAR, float(usual[row]) - CONTRAST))
        taken: list[float] = []
        for place in near[np.argsort(line[near], kind="stable")].tolist():
            moment = float(ours[place])
            if all(abs(moment - other) >= 0.7 for other in taken):
                taken.append(moment)
                at.append(float(times[row]))
                to.append(moment)
                worth.append(min(float(usual[row]) - float(line[place]), 40.0))
                if len(taken) == _PER_FRAME:
                    break
    keep = slice(None, None, 1 + len(at) // _MOST_PAIRS)
    return np.array(at)[keep], np.array(to)[keep], np.array(worth)[keep]


def _lines(at: Floats, to: Floats) -> Floats:
    """Lines (n, 2: offset, speed) through each pair at its own speed, and through two pairs at theirs."""
    single = np.stack([to - at, np.ones_like(at)], axis=1)
    left, right = np.triu_indices(len(at), 1)
    apart = np.flatnonzero(np.abs(at[right] - at[left]) >= max(2.0, 0.2 * float(np.ptp(at))))
    left, right = left[apart], right[apart]
    speed = (to[right] - to[left]) / (at[right] - at[left])
    fits = np.flatnonzero((speed >= SLOWEST) & (speed <= FASTEST))
    fits = fits[:: 1 + len(fits) // _MOST_LINES]
    double = np.stack([to[left[fits]] - speed[fits] * at[left[fits]], speed[fits]], axis=1)
    return np.concatenate([single, double])


@dataclass(frozen=True, slots=True)
class _Laid:
    """All frames laid on one line. ``here``: those that agree; ``beside``: those with a frame of ours at their place;
    ``away``: bits to the nearest of these; ``gain`` and ``could``: how much nearer than the usual frame that is, and
    the nearest of all."""

    here: NDArray[np.bool_]
    beside: NDArray[np.bool_]
    stretch: NDArray[np.bool_]
    away: Floats
    gain: Floats
    could: Floats

    def reached(self, frames: NDArray[np.bool_]) -> float:
        """Share of the possible nearness, 0..1."""
        return float(self.gain[frames].sum()) / max(float(self.could[frames].sum()), 1e-6)

    def proves(self, own: Words, stands_for: Floats) -> bool:
        """Whether the frames that agree are enough of a proof."""
        count = int(self.here.sum())
        if count < LEAST_FRAMES or float(stands_for[self.here].sum()) < LEAST_SECONDS:
            return False
        part = self.reached(self.stretch)
        if float(self.gain[self.here].mean()) >= CLEAR:
            return part >= REACHED and _distinct(own[self.here]) >= LEAST_FRAMES
        if int(self.stretch.sum()) < LEAST_DULL or 2 * count < LEAST_DULL:
            return False
        whole = self.reached(self.beside)
        return (whole >= REACHED or part >= REACHED_PART) and _distinct(
            own[self.here], DIFFERENT_DULL
        ) >= LEAST_FRAMES


def _laid(
    table: Bits, usual: Floats, times: Floats, ours: Floats, offset: float, speed: float, free: NDArray[np.bool_]
) -> _Laid:
    place = offset + speed * times
    low = np.searchsorted(ours, place - TOLERANCE)
    high = np.searchsorted(ours, place + TOLERANCE)
    beside = free & (high > low)
    away = np.full(len(times), 256.0)
    for row in np.flatnonzero(beside).tolist():
        away[row] = table[row, low[row] : high[row]].min()
    could = np.maximum(usual - table.min(axis=1), 0.0)
    gain = np.clip(usual - away, 0.0, None)
    here = beside & (away <= NEAR) & (gain >= CONTRAST) & (could - gain <= np.maximum(_TIES, could / 4))
    if not here.any():
        return _Laid(here, beside, here, away, gain, could)
    stretch = beside & (times >= times[here].min()) & (times <= times[here].max())
    return _Laid(here, beside, stretch, away, gain, could)


def _distinct(own: Words, apart: int = DIFFERENT) -> int:
    """How many of the frames differ from each other."""
    kept: list[int] = []
    table = distances(own, own)
    for row in range(len(own)):
        if all(table[row, other] > apart for other in kept):
            kept.append(row)
    return len(kept)


def _stands_for(every: Floats, times: Floats, duration: float) -> Floats:
    """Seconds that each usable frame stands for: half-way to the frames beside it, usable or not."""
    if len(every) == 1:
        return np.array([max(duration, 0.1)])
    middle = (every[1:] + every[:-1]) / 2
    edges = np.concatenate([[max(0.0, every[0] - _LONGEST_GAP)], middle, [max(duration, every[-1])]])
    span = np.minimum(np.diff(edges), _LONGEST_GAP)
    places = np.clip(np.searchsorted(every, times), 0, len(every) - 1)
    return np.asarray(span[places], np.float64)
