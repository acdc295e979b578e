"""Many PDQ hashes against many, exact: every pair within a distance. The engine below ``PdqIndex``, and the look-up of
a new case in everything met before.

Compiled where numba can be imported (0.5 ms for one hash against 1,000,000, 0.2 ms each for sixty-four together), else
with numpy, some four times slower. Numba is loaded by the first large comparison; a process that serves loads it at
its start with ``warm``.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import numpy.typing as npt

from efface.vision.hamming import MATCH

log = logging.getLogger(__name__)

Words = npt.NDArray[np.uint64]
"""(n, 4): PDQ hashes, the most significant 64 bits first."""

Octets = npt.NDArray[np.uint8]
"""(n, 32): PDQ hashes, the most significant byte first."""

Pairs = npt.NDArray[np.int64]

_SMALL = 200_000
"""Comparisons below which numpy is quick enough not to load numba for."""

_FEW = 12
"""Wanted hashes from which it pays to read the rows once for all of them."""

_LANES_BOUND = 127
_ROOM = 4096
_BLOCK = 1 << 15


@dataclass(frozen=True, slots=True)
class Near:
    """Pairs within the threshold, three arrays (pairs,) int64: positions in the two sides, and bits of difference."""

    rows: Pairs
    wanted: Pairs
    distances: Pairs


def octets(hashes: Sequence[str]) -> Octets:
    """PDQ hashes (n of 64 hexadecimal digits) as (n, 32) uint8. Raises ``ValueError`` if one is malformed."""
    if any(len(value) != 64 for value in hashes):
        raise ValueError("a PDQ hash has 64 hexadecimal digits")
    raw = b"".join(bytes.fromhex(value) for value in hashes)
    if len(raw) != 32 * len(hashes):
        raise ValueError("a PDQ hash has 64 hexadecimal digits")
    return np.frombuffer(raw, np.uint8).reshape(-1, 32)


def words(hashes: Sequence[str]) -> Words:
    """PDQ hashes (n of 64 hexadecimal digits) as (n, 4) uint64. Raises ``ValueError`` if one is malformed."""
    return octets(hashes).view(">u8").astype(np.uint64)


def scan(rows: Words | Octets, wanted: Words | Octets, threshold: int = MATCH, size: int | None = None) -> Near:
    """Every pair of ``rows`` and ``wanted``, both (n, 4) words or both (n, 32) bytes, that differs in ``threshold``
    bits at most (0..256), in no particular order. Bytes may be of any layout: for a few wanted hashes, ``.T`` of
    (32, n) is the fastest. ``size``: only so many rows count, the first."""
    if rows.dtype != wanted.dtype or rows.shape[1:] != wanted.shape[1:]:
        raise ValueError("the two sides are both words or both bytes")
    left, right = _bytes(rows), _bytes(wanted)
    found = np.empty((3, 0), np.int64)
    size = len(left) if size is None else min(size, len(left))
    if size and len(right) and threshold >= 0:
        kernels = _kernels() if size * len(right) >= _SMALL else None
        if kernels is not None:
            found = _compiled(kernels, left, right, threshold, size)
        else:
            found = _plain(left[:size], right, threshold)
    return Near(found[0], found[1], found[2])


def _bytes(hashes: Words | Octets) -> Octets:
    """Words as the bytes they are in memory: the order of bits does not matter to a distance."""
    if hashes.ndim == 2 and hashes.dtype == np.uint8 and hashes.shape[1] == 32:
        return np.asarray(hashes, np.uint8)
    if hashes.ndim == 2 and hashes.dtype == np.uint64 and hashes.shape[1] == 4:
        return np.ascontiguousarray(hashes).view(np.uint8)
    raise ValueError("hashes are rows of four words or of 32 bytes")


def warm() -> bool:
    """Load and compile now what a first comparison would have to wait for. False where numba is not to be had and
    numpy compares."""
    kernels = _kernels()
    if kernels is None:
        return False
    for rows in (np.zeros((1, 32), np.uint8), np.zeros((32, 2), np.uint8).T):
        for count in (1, _FEW):
            _compiled(kernels, rows, np.zeros((count, 32), np.uint8), 0, len(rows))
    table = kernels.new_table()
    _whole(kernels.lanes, np.zeros((1, 32), np.uint8), 1, np.zeros((1, 32), np.uint8), 0, table)
    return True


@functools.cache
def _kernels() -> ModuleType | None:
    try:
        from efface.vision import kernels
    except Exception as error:  # numba may be missing, too old for the Python, or stopped by the platform
        log.warning("hashes are compared with numpy, which is slower: %s", type(error).__name__)
        return None
    return kernels


def _compiled(kernels: ModuleType, rows: Octets, wanted: Octets, threshold: int, size: int) -> Pairs:
    wanted = np.ascontiguousarray(wanted)
    least = _FEW if rows.strides[0] == 1 else 2
    table = None
    parts: list[Pairs] = []
    for start in range(0, len(wanted), kernels.LANES):
        group = wanted[start : start + kernels.LANES]
        if len(group) < least or threshold > _LANES_BOUND:
            part = _whole(kernels.few, rows, size, group, threshold)
        else:
            table = kernels.new_table() if table is None else table
            part = _whole(kernels.lanes, rows, size, group, threshold, table)
        part[1] += start
        parts.append(part)
    return np.concatenate(parts, axis=1)


def _whole(kernel: Callable[..., int], *arguments: object) -> Pairs:
    """What the kernel finds, with as much room as that takes."""
    room = _ROOM
    while True:
        found = np.empty((3, room), np.int64)
        count = kernel(*arguments, found)
        if count <= room:
            return found[:, :count].copy()
        room = count


def _plain(rows: Octets, wanted: Octets, threshold: int) -> Pairs:
    parts: list[Pairs] = []
    asked = np.ascontiguousarray(wanted).view(np.uint64)
    for start in range(0, len(rows), _BLOCK):
        block = np.ascontiguousarray(np.ascontiguousarray(rows[start : start + _BLOCK]).view(np.uint64).T)
        for position, row in enumerate(asked):
            # Half of the bits decides nearly always; the other half is counted for the few that remain.
            half = np.bitwise_count(block[0] ^ row[0]) + np.bitwise_count(block[1] ^ row[1])
            places = np.flatnonzero(half <= threshold)
            if not len(places):
                continue
            rest = block[2:, places] ^ row[2:, None]
            distances = half[places].astype(np.int64) + np.bitwise_count(rest).sum(axis=0, dtype=np.int64)
            near = distances <= threshold
            places = places[near]
            parts.append(np.stack([places + start, np.full(len(places), position), distances[near]]))
    return np.concatenate(parts, axis=1) if parts else np.empty((3, 0), np.int64)
