"""Comparison of many PDQ hashes, compiled. Imports numba (about a second and 100 MB): for processes that search, never
for the decoder. Only ``efface.vision.scan`` loads this module, on demand.

A hash is 32 bytes. Both functions are exact: part of the bytes rules a row out, and whatever is left is counted whole.
They release the interpreter's lock.
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
def _maybe_near(
    context: Any, table: Any,
    a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any, i: Any, j: Any, k: Any, m: Any,
) -> Any:  # fmt: skip
    """For the first ``_PLACES`` bytes of a row, the set of lanes (bit n for lane n) whose sum of table entries stays
    under 128. Entries are added in vectors of ``LANES`` bytes; LLVM fits them to the processor."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        byte, word = ir.IntType(8), ir.IntType(64)
        vector = ir.VectorType(byte, LANES)
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        base = builder.bitcast(array.data, byte.as_pointer())
        parts = []
        for place in range(_PLACES):
            value = builder.zext(arguments[1 + place], word)
            offset = builder.add(
                builder.mul(value, ir.Constant(word, LANES)), ir.Constant(word, place * 256 * LANES)
            )  # fmt: skip
            entry = builder.bitcast(builder.gep(base, [offset]), vector.as_pointer())
            parts.append(builder.load(entry, align=1))
        while len(parts) > 1:
            pairs = [builder.add(parts[n], parts[n + 1]) for n in range(0, len(parts) - 1, 2)]
            parts = pairs + parts[len(pairs) * 2 :]
        under = builder.icmp_signed(">=", parts[0], ir.Constant(vector, [0] * LANES))
        return builder.bitcast(under, word)

    return types.uint64(table, a, b, c, d, e, f, g, h, i, j, k, m), generate


@compiled
def _distance(rows: Any, i: int, asked: Any, k: int) -> int:
    total = 0
    for place in range(32):
        total += _ones(rows[i, place] ^ asked[k, place])
    return total


@compiled
def few(rows: Any, size: int, asked: Any, threshold: int, found: Any) -> int:
    """Pairs of the first ``size`` of ``rows`` (n, 32) and ``asked`` (m, 32), both uint8, within ``threshold`` bits: for
    a handful asked. Quick where the rows' first bytes stand side by side in memory, and their second, and so on.

    Writes row, asked and distance into the columns of ``found`` (3, room) int64 as far as there is room. Returns how
    many there are, which may be more: then ask again with room for all."""
    count = 0
    for start in range(0, size, _CHUNK):
        stop = min(start + _CHUNK, size)
        for k in range(asked.shape[0]):
            a, b, c, d = asked[k, 0], asked[k, 1], asked[k, 2], asked[k, 3]
            e, f, g, h = asked[k, 4], asked[k, 5], asked[k, 6], asked[k, 7]
            o, p, q, r = asked[k, 8], asked[k, 9], asked[k, 10], asked[k, 11]
            s, t = asked[k, 12], asked[k, 13]
            least = np.uint8(255)
            for i in range(start, stop):
                first = (
                    _ones(rows[i, 0] ^ a) + _ones(rows[i, 1] ^ b) + _ones(rows[i, 2] ^ c) + _ones(rows[i, 3] ^ d)
                    + _ones(rows[i, 4] ^ e) + _ones(rows[i, 5] ^ f) + _ones(rows[i, 6] ^ g) + _ones(rows[i, 7] ^ h)
                    + _ones(rows[i, 8] ^ o) + _ones(rows[i, 9] ^ p) + _ones(rows[i, 10] ^ q) + _ones(rows[i, 11] ^ r)
                    + _ones(rows[i, 12] ^ s) + _ones(rows[i, 13] ^ t)
                )  # fmt: skip
                least = min(least, np.uint8(first))
            # By chance hardly one chunk in thousand holds a row that the first bytes do not rule out.
            if least > threshold:
                continue
            for i in range(start, stop):
                distance = _distance(rows, i, asked, k)
                if distance <= threshold:
                    if count < found.shape[1]:
                        found[0, count] = i
                        found[1, count] = k
                        found[2, count] = distance
                    count += 1
    return count


@compiled
def lanes(rows: Any, size: int, asked: Any, threshold: int, table: Any, found: Any) -> int:
    """As ``few``, for up to ``LANES`` of ``asked`` at once and ``threshold`` up to 127: every row is read once, in any
    layout.

    ``table`` is scratch room, (12, 256, LANES) uint8: for each of the first 12 bytes of a hash and each value of that
    byte, the differing bits of every lane."""
    for place in range(_PLACES):
        bias = 127 - threshold if place == 0 else 0
        for lane in range(LANES):
            if lane < asked.shape[0]:
                own = asked[lane, place]
                for value in range(256):
                    table[place, value, lane] = _ones(np.uint8(value) ^ own) + bias
            else:
                for value in range(256):
                    table[place, value, lane] = 128 if place == 0 else 0
    count = 0
    for i in range(size):
        maybe = _maybe_near(
            table, rows[i, 0], rows[i, 1], rows[i, 2], rows[i, 3], rows[i, 4], rows[i, 5],
            rows[i, 6], rows[i, 7], rows[i, 8], rows[i, 9], rows[i, 10], rows[i, 11],
        )  # fmt: skip
        while maybe != 0:
            k = np.int64(_ones((maybe & (~maybe + np.uint64(1))) - np.uint64(1)))
            maybe &= maybe - np.uint64(1)
            distance = _distance(rows, i, asked, k)
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
