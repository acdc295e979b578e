"""The loops of the local index, compiled. Loads numba: imported by processes that match, never by the decoder.

Codes of enrolled keypoints live in blocks of ``BLOCK``, as four rows of 64-bit words, so that one descriptor is
compared with a whole block by vector instructions. The blocks of a list form a chain from its last block backwards.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.core import types
from numba.extending import intrinsic

from efface.vision.kernels import compiled

BLOCK = 64
GRID = 40
"""As in ``efface.vision.local.prints``: compiled in as a constant."""


def _ones_of(typing_context: Any, word: Any) -> Any:
    """Number of set bits of a uint64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


_ones: Any = intrinsic(_ones_of)


@compiled
def _apart(columns: Any, j: int, a: int, b: int, c: int, d: int) -> int:
    """Bits by which code ``j`` of ``columns`` (4, n) differs from the code a, b, c, d."""
    return _ones(columns[0, j] ^ a) + _ones(columns[1, j] ^ b) + _ones(columns[2, j] ^ c) + _ones(columns[3, j] ^ d)


@compiled
def nearest_lists(codes: Any, coarse: Any, fine: Any, coarse_probes: int, probes: int) -> Any:
    """For each of ``codes`` (n, 4) uint64 the ``probes`` nearest lists, (n, probes) int32, nearest first. ``coarse``
    (4, c), ``fine`` (c, 4, f) the centres under each coarse one; a list is coarse * f + fine."""
    n, c, f = codes.shape[0], coarse.shape[1], fine.shape[2]
    out = np.zeros((n, probes), np.int32)
    first = np.empty(c, np.uint64)
    under = np.empty(f, np.uint64)
    centres = np.empty(coarse_probes, np.int64)
    centre_bits = np.empty(coarse_probes, np.uint64)
    bits = np.empty(probes, np.uint64)
    for i in range(n):
        a, b, d, e = codes[i, 0], codes[i, 1], codes[i, 2], codes[i, 3]
        for j in range(c):
            first[j] = _apart(coarse, j, a, b, d, e)
        centre_bits[:] = 999
        for j in range(c):
            if first[j] < centre_bits[coarse_probes - 1]:
                k = coarse_probes - 1
                while k > 0 and centre_bits[k - 1] > first[j]:
                    centre_bits[k], centres[k] = centre_bits[k - 1], centres[k - 1]
                    k -= 1
                centre_bits[k], centres[k] = first[j], j
        bits[:] = 999
        for p in range(coarse_probes):
            words = fine[centres[p]]
            for j in range(f):
                under[j] = _apart(words, j, a, b, d, e)
            for j in range(f):
                if under[j] < bits[probes - 1]:
                    k = probes - 1
                    while k > 0 and bits[k - 1] > under[j]:
                        bits[k], out[i, k] = bits[k - 1], out[i, k - 1]
                        k -= 1
                    bits[k], out[i, k] = under[j], centres[p] * f + j
    return out


@compiled
def has_free(previous: Any, free: int, n: int) -> bool:
    """Whether the chain of free blocks that begins at ``free`` has ``n``."""
    while free >= 0 and n > 0:
        free = previous[free]
        n -= 1
    return n == 0


@compiled
def store(
    codes: Any, lists: Any, slot: int, places: Any, blocks: Any, owners: Any, previous: Any, list_of: Any,
    tail: Any, fill: Any, free: int,
) -> int:  # fmt: skip
    """Appends ``codes`` (n, 4) to their ``lists`` (n,) for ``slot``; returns the first free block."""
    for i in range(codes.shape[0]):
        this = lists[i]
        block = tail[this]
        if block < 0 or fill[this] == BLOCK:
            fresh = free
            free = previous[fresh]
            previous[fresh] = block
            list_of[fresh] = this
            tail[this] = fresh
            fill[this] = 0
            block = fresh
        at = fill[this]
        for w in range(4):
            blocks[block, w, at] = codes[i, w]
        owners[block, at] = np.uint32((slot << 8) | i)
        places[slot, i] = block * BLOCK + at
        fill[this] = at + 1
    return free


@compiled
def take_out(
    own: Any, n: int, places: Any, blocks: Any, owners: Any, previous: Any, list_of: Any, tail: Any, fill: Any,
    free: int,
) -> int:  # fmt: skip
    """Overwrites the entries at ``own`` (>= n,) with the last ones of their lists; returns the first free block.
    ``own`` is a row of ``places`` and follows when one of its own entries is moved."""
    for i in range(n):
        block, at = own[i] // BLOCK, own[i] % BLOCK
        this = list_of[block]
        last, end = tail[this], fill[this] - 1
        if last != block or end != at:
            for w in range(4):
                blocks[block, w, at] = blocks[last, w, end]
            owner = owners[last, end]
            owners[block, at] = owner
            places[owner >> 8, owner & 0xFF] = block * BLOCK + at
        for w in range(4):
            blocks[last, w, end] = 0
        owners[last, end] = 0
        fill[this] = end
        if end == 0:
            tail[this] = previous[last]
            fill[this] = BLOCK if previous[last] >= 0 else 0
            previous[last] = free
            free = last
    return free


@compiled
def scan(
    codes: Any, visits: Any, lists: Any, blocks: Any, owners: Any, previous: Any, tail: Any, fill: Any,
    radius: int, most_each: int, hit_query: Any, hit_owner: Any, hit_bits: Any, count: Any,
) -> int:  # fmt: skip
    """Entries within ``radius`` bits. ``lists`` are the list of each visit, sorted, and ``visits`` the row of ``codes``
    that makes it, so that a block is read once for all that visit it. Writes at most ``len(hit_query)`` hits; a row
    has at most ``most_each``; ``count`` (n,) int32 counts them. Returns the number written."""
    written = 0
    room = hit_query.shape[0]
    bits = np.empty(BLOCK, np.uint64)
    start = 0
    visits_count = visits.shape[0]
    while start < visits_count:
        this = lists[start]
        end = start + 1
        while end < visits_count and lists[end] == this:
            end += 1
        block = tail[this]
        filled = fill[this]
        while block >= 0:
            words = blocks[block]
            for v in range(start, end):
                row = visits[v]
                a, b, c, d = codes[row, 0], codes[row, 1], codes[row, 2], codes[row, 3]
                for j in range(BLOCK):
                    bits[j] = _apart(words, j, a, b, c, d)
                near = 0
                for j in range(BLOCK):
                    near += bits[j] <= radius
                if near == 0:
                    continue
                for j in range(filled):
                    if bits[j] <= radius and count[row] < most_each and written < room:
                        hit_query[written] = row
                        hit_owner[written] = owners[block, j]
                        hit_bits[written] = bits[j]
                        count[row] += 1
                        written += 1
            block = previous[block]
            filled = BLOCK
        start = end
    return written


@compiled
def vote(
    hit_query: Any, hit_owner: Any, hit_bits: Any, written: int, count: Any,
    frame_of: Any, frames: int, query: Any, slot_pose: Any, slot_size: Any, touched: Any, least: float,
    out_slot: Any, out_frame: Any, out_score: Any,
) -> int:  # fmt: skip
    """Enrolled pictures whose hits in one frame agree on where the picture lies. ``query`` (n, 4) float32: x, y
    (pixels), angle (radians), log2 of size; ``frame_of`` (n,) int32. ``slot_pose`` (slots, keypoints, 3) uint8: x
    cell, y cell, turn << 4 | level. ``touched`` (slots,) int32 is zero and left zero. Writes slots, frames and scores;
    returns their number."""
    for h in range(written):
        touched[hit_owner[h] >> 8] += 1
    kept = 0
    keep = np.empty(written, np.int64)
    for h in range(written):
        slot = hit_owner[h] >> 8
        if touched[slot] >= 2:
            keep[kept] = ((np.int64(slot) * frames + frame_of[hit_query[h]]) << 32) | h
            kept += 1
    for h in range(written):
        touched[hit_owner[h] >> 8] = 0
    order = np.sort(keep[:kept])
    limit = 96
    pose = np.empty((limit, 6), np.float32)
    found = 0
    start = 0
    while start < kept:
        both = order[start] >> 32
        slot = both // frames
        end = start
        n = 0
        while end < kept and (order[end] >> 32) == both:
            if n < limit:
                h = order[end] & 0xFFFFFFFF
                row = hit_query[h]
                e = hit_owner[h] & 0xFF
                packed = slot_pose[slot, e, 2]
                turn = query[row, 2] - np.float32((packed >> 4) * (np.pi / 8))
                size = query[row, 3] - np.float32((packed & 15) * 0.26303440583)
                scale = np.float32(2.0) ** size
                cell = max(slot_size[slot, 0], slot_size[slot, 1]) / np.float32(GRID)
                dx = (slot_size[slot, 0] * 0.5 - (slot_pose[slot, e, 0] + 0.5) * cell) * scale
                dy = (slot_size[slot, 1] * 0.5 - (slot_pose[slot, e, 1] + 0.5) * cell) * scale
                co, si = np.cos(turn), np.sin(turn)
                pose[n, 0] = query[row, 0] + co * dx - si * dy
                pose[n, 1] = query[row, 1] + si * dx + co * dy
                pose[n, 2] = turn
                pose[n, 3] = size
                pose[n, 4] = (1.0 - hit_bits[h] / 80.0) / np.sqrt(1.0 + count[row] / 4.0)
                pose[n, 5] = row
                n += 1
            end += 1
        start = end
        best = np.float32(0.0)
        for i in range(n):
            reach = 60.0 + 110.0 * np.float32(2.0) ** pose[i, 3]
            score = np.float32(0.0)
            for j in range(n):
                turn = abs(pose[i, 2] - pose[j, 2]) % np.float32(2 * np.pi)
                turn = min(turn, np.float32(2 * np.pi) - turn)
                if (
                    turn < 0.7
                    and abs(pose[i, 3] - pose[j, 3]) < 0.9
                    and abs(pose[i, 0] - pose[j, 0]) < reach
                    and abs(pose[i, 1] - pose[j, 1]) < reach
                ):
                    score += pose[j, 4]
            best = max(best, score)
        if best >= least and found < out_slot.shape[0]:
            out_slot[found] = slot
            out_frame[found] = both % frames
            out_score[found] = best
            found += 1
    return found


@compiled
def verify(
    places: Any, n: int, cell: float, pose: Any, blocks: Any, codes: Any, query: Any, radius: int, answer: Any
) -> int:
    """Inliers of the best affine map of one enrolled picture into one frame, written to ``answer`` (6,) float64 in
    pixels. ``places`` (>= n,) int32 are the entries of its ``n`` keypoints, ``cell`` the pixels of a cell; ``codes``
    (4, m) uint64 and ``query`` (m, 4) float32 are the frame's. The same input, the same answer: every match proposes,
    the best proposals are refined."""
    m = codes.shape[1]
    ex, ey = np.empty(n, np.float32), np.empty(n, np.float32)
    qx, qy = np.empty(n, np.float32), np.empty(n, np.float32)
    turn, size = np.empty(n, np.float32), np.empty(n, np.float32)
    taken = np.full(m, -1, np.int32)
    bits_of = np.empty(n, np.int64)
    distance = np.empty(m, np.uint64)
    count = 0
    for i in range(n):
        block, j = places[i] // BLOCK, places[i] % BLOCK
        a, b, c, d = blocks[block, 0, j], blocks[block, 1, j], blocks[block, 2, j], blocks[block, 3, j]
        least = np.uint64(999)
        for k in range(m):
            distance[k] = _apart(codes, k, a, b, c, d)
        for k in range(m):
            least = min(least, distance[k])
        if least > radius:
            continue
        k = 0
        while distance[k] != least:
            k += 1
        at = taken[k]
        if at >= 0 and bits_of[at] <= least:
            continue
        if at < 0:
            at = count
            count += 1
            taken[k] = at
        bits_of[at] = least
        ex[at], ey[at] = (pose[i, 0] + 0.5) * cell, (pose[i, 1] + 0.5) * cell
        qx[at], qy[at] = query[k, 0], query[k, 1]
        turn[at] = query[k, 2] - np.float32((pose[i, 2] >> 4) * (np.pi / 8))
        size[at] = query[k, 3] - np.float32((pose[i, 2] & 15) * 0.26303440583)
    if count < 4:
        return 0
    return _fit(count, cell, ex, ey, qx, qy, turn, size, answer)


@compiled
def _fit(count: int, cell: float, ex: Any, ey: Any, qx: Any, qy: Any, turn: Any, size: Any, answer: Any) -> int:
    support = np.zeros(count, np.int64)
    for i in range(count):
        scale = np.float32(2.0) ** size[i]
        co, si = np.cos(turn[i]) * scale, np.sin(turn[i]) * scale
        total = 0
        for j in range(count):
            dx, dy = ex[j] - ex[i], ey[j] - ey[i]
            px, py = qx[i] + co * dx - si * dy, qy[i] + si * dx + co * dy
            loose = 12.0 + 0.9 * cell * scale + 0.25 * scale * (abs(dx) + abs(dy))
            if abs(px - qx[j]) < loose and abs(py - qy[j]) < loose and _agree(turn, size, i, j):
                total += 1
        support[i] = total
    best = 0
    fitted = np.empty(6, np.float64)
    use = np.empty(count, np.bool_)
    for _ in range(min(6, count)):
        i = 0
        for j in range(1, count):
            if support[j] > support[i]:
                i = j
        if support[i] < max(4, best):
            break
        support[i] = -1
        scale = np.float32(2.0) ** size[i]
        co, si = np.cos(turn[i]) * scale, np.sin(turn[i]) * scale
        for j in range(count):
            dx, dy = ex[j] - ex[i], ey[j] - ey[i]
            px, py = qx[i] + co * dx - si * dy, qy[i] + si * dx + co * dy
            loose = 12.0 + 0.9 * cell * scale + 0.25 * scale * (abs(dx) + abs(dy))
            use[j] = abs(px - qx[j]) < loose and abs(py - qy[j]) < loose and _agree(turn, size, i, j)
        inliers = 0
        for step in range(7):
            if not _least_squares(count, ex, ey, qx, qy, use, step >= 2, cell, fitted):
                inliers = 0
                break
            grow = np.sqrt(abs(fitted[0] * fitted[4] - fitted[1] * fitted[3]))
            tolerance = (4.0 + 0.5 * cell * grow) * max(1.0, 2.2 - 0.4 * step)
            inliers = 0
            for j in range(count):
                px = fitted[0] * ex[j] + fitted[1] * ey[j] + fitted[2] - qx[j]
                py = fitted[3] * ex[j] + fitted[4] * ey[j] + fitted[5] - qy[j]
                use[j] = px * px + py * py < tolerance * tolerance and _agree(turn, size, i, j)
                inliers += use[j]
            if inliers < 4:
                inliers = 0
                break
        if inliers > best and _is_plausible(fitted):
            distinct = _distinct(count, qx, qy, use)
            if distinct > best:
                best = distinct
                answer[:] = fitted
    return best


@compiled
def _agree(turn: Any, size: Any, i: int, j: int) -> bool:
    """Whether two matches turn and grow alike (50 degrees, a factor of two)."""
    difference = abs(turn[i] - turn[j]) % np.float32(2 * np.pi)
    return min(difference, np.float32(2 * np.pi) - difference) < 0.87 and abs(size[i] - size[j]) < 1.05


@compiled
def _is_plausible(affine: Any) -> bool:
    """No mirror, no squeeze beyond 2.1, between a twelfth and twelve times the size."""
    a, b, c, d = affine[0], affine[1], affine[3], affine[4]
    area = a * d - b * c
    if area <= 0:
        return False
    square = a * a + b * b + c * c + d * d
    apart = np.sqrt(max(0.0, square * square - 4 * area * area))
    longest, shortest = np.sqrt((square + apart) / 2), np.sqrt(max(1e-12, (square - apart) / 2))
    return longest / shortest < 2.1 and 1 / 144 < area < 144


@compiled
def _distinct(count: int, qx: Any, qy: Any, use: Any) -> int:
    """Inliers in different cells of 6 pixels."""
    cells = np.empty(count, np.int64)
    n = 0
    for j in range(count):
        if use[j]:
            cells[n] = np.int64(qx[j] // 6) * 65536 + np.int64(qy[j] // 6)
            n += 1
    ordered = np.sort(cells[:n])
    distinct = 0
    for j in range(n):
        distinct += j == 0 or ordered[j] != ordered[j - 1]
    return distinct


@compiled
def _least_squares(
    count: int, ex: Any, ey: Any, qx: Any, qy: Any, use: Any, affine: bool, cell: float, out: Any
) -> bool:
    """Similarity, or affine map where the points are spread enough, into ``out`` (6,). False: points too close."""
    n, mx, my, ux, uy = 0, 0.0, 0.0, 0.0, 0.0
    for j in range(count):
        if use[j]:
            n += 1
            mx += ex[j]
            my += ey[j]
            ux += qx[j]
            uy += qy[j]
    if n < 3:
        return False
    mx, my, ux, uy = mx / n, my / n, ux / n, uy / n
    xx = yy = xy = ax = ay = bx = by = 0.0
    for j in range(count):
        if use[j]:
            x, y, u, v = ex[j] - mx, ey[j] - my, qx[j] - ux, qy[j] - uy
            xx += x * x
            yy += y * y
            xy += x * y
            ax += u * x
            ay += u * y
            bx += v * x
            by += v * y
    spread = xx + yy
    if spread < 64.0 * n:
        return False
    co, si = (ax + by) / spread, (bx - ay) / spread
    a, b, c, d = co, -si, si, co
    if affine:
        # Drawn towards the similarity by as much as the cells blur: thin rows of points stay stable.
        ridge = 0.1 * cell * cell * n
        xx, yy = xx + ridge, yy + ridge
        ax, ay, bx, by = ax + ridge * a, ay + ridge * b, bx + ridge * c, by + ridge * d
        area = xx * yy - xy * xy
        a, b = (ax * yy - ay * xy) / area, (ay * xx - ax * xy) / area
        c, d = (bx * yy - by * xy) / area, (by * xx - bx * xy) / area
    out[0], out[1], out[2] = a, b, ux - a * mx - b * my
    out[3], out[4], out[5] = c, d, uy - c * mx - d * my
    return True
