"""Comparison of many PDQ hashes, compiled. Imports numba (about a second and 100 MB): for processes that search, never
for the decoder. Only ``efface.vision.scan`` loads this module, on demand.

A hash is four 64-bit words, the most significant first. Both functions are exact: part of the bits rules a row out,
and whatever is left is counted whole. They release the interpreter's lock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

native: Any = intrinsic

LANES = 64
"""Hashes that ``lanes`` compares with at once: one byte each of one vector."""

_PLACES = 12
_CHUNK = 1024



def compiled(function: Callable[..., Any]) -> Any:
    """``function`` compiled at its first call, without the interpreter's lock, and kept on disk where there is a place
    to keep it."""
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no writable place beside the source nor in the user's cache
        return numba.njit(nogil=True)(function)


@native
def _ones(context: Any, value: Any) -> Any:
    """Number of set bits of an integer."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return value(value), generate


@native
def _maybe_near(context: Any, table: Any, first: Any, second: Any) -> Any:
    """For the first two words of a row, the set of lanes (bit i for lane i) whose sum of table entries over the first
    ``_PLACES`` bytes stays under 128. Bytes are added in vectors of ``LANES``; LLVM fits them to the processor."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        byte, word = ir.IntType(8), ir.IntType(64)
        vector = ir.VectorType(byte, LANES)
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        base = builder.bitcast(array.data, byte.as_pointer())
        parts = []
        for place in range(_PLACES):
            source = arguments[1 + place // 8]
            value = builder.and_(builder.lshr(source, ir.Constant(word, 56 - place % 8 * 8)), ir.Constant(word, 255))
            offset = builder.add(
                builder.mul(value, ir.Constant(word, LANES)), ir.Constant(word, place * 256 * LANES)
            )  # fmt: skip
            entry = builder.bitcast(builder.gep(base, [offset]), vector.as_pointer())
            parts.append(builder.load(entry, align=1))
        while len(parts) > 1:
            pairs = [builder.add(parts[i], parts[i + 1]) for i in range(0, len(parts) - 1, 2)]
            parts = pairs + parts[len(pairs) * 2 :]
        under = builder.icmp_signed(">=", parts[0], ir.Constant(vector, [0] * LANES))
        return builder.bitcast(under, word)

    return types.uint64(table, first, second), generate


@compiled
def few(rows: Any, asked: Any, threshold: int, found: Any) -> int:
    """Pairs of ``rows`` (n, 4) and ``asked`` (m, 4), both uint64, within ``threshold`` bits: for a handful asked.

    Writes row, asked and distance into the columns of ``found`` (3, room) int64 as far as there is room. Returns how
    many there are, which may be more: then ask again with room for all."""
    count = 0
    bound = np.int64(threshold + 1)
    for start in range(0, rows.shape[0], _CHUNK):
        stop = min(start + _CHUNK, rows.shape[0])
        first, second = rows[start:stop, 0], rows[start:stop, 1]
        for k in range(asked.shape[0]):
            one, two = asked[k, 0], asked[k, 1]
            # Negative as soon as one row of the chunk is within the bound by its first half: rare, by chance.
            sign = np.int64(0)
            for i in range(stop - start):
                sign |= np.int64(_ones(first[i] ^ one) + _ones(second[i] ^ two)) - bound
            if sign >= 0:
                continue
            for i in range(start, stop):
                half = np.int64(_ones(rows[i, 0] ^ one) + _ones(rows[i, 1] ^ two))
                if half >= bound:
                    continue
                distance = half + np.int64(_ones(rows[i, 2] ^ asked[k, 2]) + _ones(rows[i, 3] ^ asked[k, 3]))
                if distance < bound:
                    if count < found.shape[1]:
                        found[0, count] = i
                        found[1, count] = k
                        found[2, count] = distance
                    count += 1
    return count


@compiled
def lanes(rows: Any, asked: Any, threshold: int, table: Any, found: Any) -> int:
    """As ``few``, for up to ``LANES`` of ``asked`` at once and ``threshold`` up to 127: every row is read once.

    ``table`` is scratch room, (12, 256, LANES) uint8: for each of the first 12 bytes of a hash and each value of that
    byte, the differing bits of every lane."""
    for place in range(_PLACES):
        word, shift = place // 8, np.uint64(56 - place % 8 * 8)
        bias = 127 - threshold if place == 0 else 0
        for lane in range(LANES):
            if lane < asked.shape[0]:
                own = (asked[lane, word] >> shift) & np.uint64(255)
                for value in range(256):
                    table[place, value, lane] = _ones(np.uint64(value) ^ own) + bias
            else:
                for value in range(256):
                    table[place, value, lane] = 128 if place == 0 else 0
    count = 0
    for i in range(rows.shape[0]):
        maybe = _maybe_near(table, rows[i, 0], rows[i, 1])
        while maybe != 0:
            k = np.int64(_ones((maybe & (~maybe + np.uint64(1))) - np.uint64(1)))
            maybe &= maybe - np.uint64(1)
            distance = np.int64(
                _ones(rows[i, 0] ^ asked[k, 0])
                + _ones(rows[i, 1] ^ asked[k, 1])
                + _ones(rows[i, 2] ^ asked[k, 2])
                + _ones(rows[i, 3] ^ asked[k, 3])
            )
            if distance <= threshold:
                if count < found.shape[1]:
                    found[0, count] = i
                    found[1, count] = k
                    found[2, count] = distance
                count += 1
    return count


def new_table() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Scratch room for ``lanes``."""
    return np.empty((_PLACES, 256, LANES), np.uint8)
