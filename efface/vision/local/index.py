"""Which enrolled pictures are seen, whole or in part, in one that was met. For the matcher: loads numba.

An inverted file over BEBLID codes (each code lies in the list of its nearest centre of the codebook), a vote on where
the picture would lie, and an affine check of the best. A picture counts from the moment ``add`` returns and no longer,
nor is any of it in memory, from the moment ``remove`` returns. All methods may be called from several threads.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from efface.vision.local import codebook, kernels, search, thresholds
from efface.vision.local.geometry import Polygon, part_of, region_of
from efface.vision.local.keypoints import LEVEL_STEP
from efface.vision.local.looks import Group, LocalLook, look
from efface.vision.local.prints import GRID, PRINT_KEYPOINTS, LocalPrint, enrol
from efface.vision.local.tiles import TILES, Affine, TileBits

Key = TypeVar("Key", bound=Hashable)

_STORE_PROBES = 4
_FIRST_SLOTS = 64
_LEAST_STRONG = 16
"""Strong waves of a tile under which a stranger's answer is not believed: honest ones have 32."""
_FIRST_BLOCKS = 256
_HITS = 1 << 18


@dataclass(frozen=True, slots=True)
class Candidate(Generic[Key]):
    """An enrolled picture that local features see. ``affine`` leads from shares of the enrolled picture to shares of
    the query (a mirroring one where ``mirrored``); ``region`` is where in the query it lies, ``part`` which part of
    the enrolled picture that is."""

    key: Key
    inliers: int
    affine: Affine
    mirrored: bool
    region: Polygon
    part: Polygon


@dataclass(frozen=True, slots=True)
class LocalHit(Generic[Key]):
    """A candidate whose tiles were seen. ``tile_error`` is the share of differing tile bits, at most ``threshold``."""

    key: Key
    inliers: int
    tile_error: float
    threshold: float
    tiles: int
    region: Polygon
    part: Polygon
    mirrored: bool


class LocalIndex(Generic[Key]):
    """Local prints by key, one each: about 9.3 kB a print."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free_blocks = -1
        self._coarse, self._fine = codebook.load()
        self._reset()

    def __len__(self) -> int:
        """Number of prints."""
        return len(self._slots)

    def __contains__(self, key: object) -> bool:
        return key in self._slots

    def add(self, key: Key, print_: LocalPrint) -> None:
        """``key`` stands for exactly this print from now on; the one it had before goes."""
        codes = _words(print_.codes)
        lists = kernels.nearest_lists(codes, self._coarse, self._fine, _STORE_PROBES, 1)[:, 0]
        with self._lock:
            self._drop(key)
            slot = self._free_slots.pop() if self._free_slots else self._new_slot()
            n = len(print_)
            self._make_room(n)
            self._pose[slot, :n, 0] = print_.x
            self._pose[slot, :n, 1] = print_.y
            self._pose[slot, :n, 2] = print_.turn << 4 | print_.level
            self._size[slot] = print_.width, print_.height
            self._count[slot] = n
            self._signs[slot] = print_.signs
            self._texture[slot] = print_.texture
            self._free_blocks = kernels.store(
                codes, lists, slot, self._places, self._blocks, self._owners, self._previous, self._list_of,
                self._tail, self._fill, self._free_blocks,
            )  # fmt: skip
            self._keys[slot] = key
            self._slots[key] = slot

    def remove(self, key: Key) -> bool:
        """Forgets ``key`` and overwrites its print; False where it was not there."""
        with self._lock:
            return self._drop(key)

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._reset()

    def candidates(self, look: LocalLook) -> list[Candidate[Key]]:
        """Enrolled pictures seen in a picture that was met, at most ``search.MOST_CANDIDATES``, most inliers first;
        one a key. Ask ``tiles`` in the decoder what it sees there, then ``confirm``: a candidate alone is no match."""
        frames = _frames(look)
        if not frames:
            return []
        with self._lock:
            if not self._slots:
                return []
            best: dict[int, tuple[int, _Frame, NDArray[np.float64]]] = {}
            within: set[int] = set()
            for slot, frame in self._voted(frames):
                answer = np.empty(6, np.float64)
                inliers = int(
                    kernels.verify(
                        self._places[slot], int(self._count[slot]), float(self._size[slot].max()) / GRID,
                        self._pose[slot], self._blocks, frame.columns, frame.query, search.VERIFY_RADIUS, answer,
                    )
                )  # fmt: skip
                if inliers >= thresholds.LEAST_INLIERS:
                    if not frame.whole:
                        within.add(slot)
                    if slot not in best or inliers > best[slot][0]:
                        best[slot] = inliers, frame, answer
            # A screen's own bars and buttons agree with those of other enrolled screenshots, often better than the
            # picture in it with its original: what was found within a frame has half of the places for itself.
            ranked = sorted(best.items(), key=lambda item: (-item[1][0], item[0]))
            kept = [item for item in ranked if item[0] in within][: search.MOST_CANDIDATES // 2]
            taken = {slot for slot, _ in kept}
            kept += [item for item in ranked if item[0] not in taken][: search.MOST_CANDIDATES - len(kept)]
            found = sorted(kept, key=lambda item: (-item[1][0], item[0]))
            return [
                self._candidate(self._keys[slot], slot, inliers, frame, answer)
                for slot, (inliers, frame, answer) in found
            ]

    def confirm(self, candidate: Candidate[Key], seen: TileBits) -> LocalHit[Key] | None:
        """The match, where the tiles that lie in the query are those of the enrolled picture and it is still here."""
        with self._lock:
            slot = self._slots.get(candidate.key)
            if slot is None:
                return None
            signs, texture = self._signs[slot].copy(), self._texture[slot].copy()
        places = [seen.inside] if np.array_equal(seen.inside, seen.framed) else [seen.inside, seen.framed]
        found = [tile_error(signs, texture, seen, where) for where in places]
        error, count = min(found, key=lambda one: one[0] - thresholds.most_tile_error(one[1]))
        threshold = thresholds.most_tile_error(count)
        if error > threshold:
            return None
        return LocalHit(
            candidate.key,
            candidate.inliers,
            round(error, 4),
            threshold,
            count,
            candidate.region,
            candidate.part,
            candidate.mirrored,
        )

    def _candidate(
        self, key: Key, slot: int, inliers: int, frame: _Frame, answer: NDArray[np.float64]
    ) -> Candidate[Key]:
        affine = frame.to_shares(answer, float(self._size[slot, 0]), float(self._size[slot, 1]))
        return Candidate(key, inliers, affine, frame.mirrored, region_of(affine), part_of(affine))

    def _voted(self, frames: list[_Frame]) -> list[tuple[int, _Frame]]:
        codes = np.concatenate([frame.codes[: frame.voters] for frame in frames])
        query = np.concatenate([frame.query[: frame.voters] for frame in frames])
        frame_of = np.concatenate([np.full(len(frame.codes[: frame.voters]), i) for i, frame in enumerate(frames)])
        lists = kernels.nearest_lists(codes, self._coarse, self._fine, search.COARSE_PROBES, search.PROBES)
        flat = lists.ravel()
        order = np.argsort(flat, kind="stable")
        visits = (order // search.PROBES).astype(np.int32)
        counts = np.zeros(len(codes), np.int32)
        written = kernels.scan(
            codes, visits, flat[order], self._blocks, self._owners, self._previous, self._tail, self._fill,
            search.RADIUS, search.MOST_HITS, self._hit_row, self._hit_owner, self._hit_bits, counts,
        )  # fmt: skip
        slots = np.empty(1 << 14, np.int32)
        frame_ids = np.empty(1 << 14, np.int32)
        scores = np.empty(1 << 14, np.float32)
        found = kernels.vote(
            self._hit_row, self._hit_owner, self._hit_bits, written, counts, frame_of.astype(np.int32), len(frames),
            query, self._pose, self._size, self._touched, search.LEAST_VOTE, slots, frame_ids, scores,
        )  # fmt: skip
        order = np.lexsort((slots[:found], -scores[:found]))
        ranked = [(int(slots[i]), frames[int(frame_ids[i])]) for i in order]
        whole = [item for item in ranked if item[1].whole][: search.MOST_VERIFIED]
        return whole + [item for item in ranked if not item[1].whole][: search.MOST_VERIFIED]

    def _drop(self, key: Key) -> bool:
        slot = self._slots.pop(key, None)
        if slot is None:
            return False
        self._free_blocks = kernels.take_out(
            self._places[slot], int(self._count[slot]), self._places, self._blocks, self._owners, self._previous,
            self._list_of, self._tail, self._fill, self._free_blocks,
        )  # fmt: skip
        for array in (self._places, self._pose, self._size, self._count, self._signs, self._texture):
            array[slot] = 0
        del self._keys[slot]
        self._free_slots.append(slot)
        return True

    def _reset(self) -> None:
        lists = self._fine.shape[0] * self._fine.shape[2]
        self._slots: dict[Key, int] = {}
        self._keys: dict[int, Key] = {}
        self._free_slots: list[int] = []
        self._used_slots = 0
        self._places: NDArray[np.int32] = np.zeros((_FIRST_SLOTS, PRINT_KEYPOINTS), np.int32)
        self._pose: NDArray[np.uint8] = np.zeros((_FIRST_SLOTS, PRINT_KEYPOINTS, 3), np.uint8)
        self._size: NDArray[np.uint16] = np.zeros((_FIRST_SLOTS, 2), np.uint16)
        self._count: NDArray[np.uint8] = np.zeros(_FIRST_SLOTS, np.uint8)
        self._signs: NDArray[np.uint64] = np.zeros((_FIRST_SLOTS, TILES * TILES), np.uint64)
        self._texture: NDArray[np.uint8] = np.zeros((_FIRST_SLOTS, TILES * TILES), np.uint8)
        self._touched: NDArray[np.int32] = np.zeros(_FIRST_SLOTS, np.int32)
        self._blocks: NDArray[np.uint64] = np.zeros((_FIRST_BLOCKS, 4, kernels.BLOCK), np.uint64)
        self._owners: NDArray[np.uint32] = np.zeros((_FIRST_BLOCKS, kernels.BLOCK), np.uint32)
        self._previous: NDArray[np.int32] = np.full(_FIRST_BLOCKS, -1, np.int32)
        self._list_of: NDArray[np.int32] = np.zeros(_FIRST_BLOCKS, np.int32)
        self._tail: NDArray[np.int32] = np.full(lists, -1, np.int32)
        self._fill: NDArray[np.int32] = np.zeros(lists, np.int32)
        self._free_blocks = -1
        self._link(0, _FIRST_BLOCKS)
        self._hit_row: NDArray[np.int32] = np.empty(_HITS, np.int32)
        self._hit_owner: NDArray[np.uint32] = np.empty(_HITS, np.uint32)
        self._hit_bits: NDArray[np.uint8] = np.empty(_HITS, np.uint8)

    def _new_slot(self) -> int:
        slot = self._used_slots
        if slot == len(self._count):
            size = slot + max(64, slot // 8)
            for array in (
                self._places, self._pose, self._size, self._count, self._signs, self._texture, self._touched,
            ):  # fmt: skip
                _grow(array, size)
        self._used_slots += 1
        return slot

    def _make_room(self, n: int) -> None:
        """At least ``n`` free blocks: the most that ``n`` codes can need."""
        if kernels.has_free(self._previous, self._free_blocks, n):
            return
        old = len(self._previous)
        size = old + max(256, n, old // 8)
        for array in (self._blocks, self._owners, self._previous, self._list_of):
            _grow(array, size)
        self._link(old, size)

    def _link(self, start: int, end: int) -> None:
        """Puts the blocks from ``start`` to ``end`` on the chain of free ones."""
        self._previous[start:end] = np.arange(start - 1, end - 1)
        self._previous[start] = self._free_blocks
        self._free_blocks = end - 1


class _Frame:
    """One group as the index asks with it: the picture or its mirror image."""

    __slots__ = ("codes", "columns", "group", "mirrored", "query", "voters", "whole")

    def __init__(self, group: Group, voters: int, mirrored: bool) -> None:
        self.group = group
        self.mirrored = mirrored
        self.codes = _words(group.mirrored if mirrored else group.codes)
        self.columns = np.ascontiguousarray(self.codes.T)
        query = np.empty((len(group), 4), np.float32)
        query[:, 0] = group.x * np.float32(group.width / 65535)
        query[:, 1] = group.y * np.float32(group.height / 65535)
        query[:, 2] = group.angle * np.float32(2 * np.pi / 256)
        query[:, 3] = group.level * np.float32(np.log2(LEVEL_STEP))
        if mirrored:
            query[:, 0] = group.width - 1 - query[:, 0]
            query[:, 2] = np.float32(np.pi) - query[:, 2]
        self.query = query
        self.voters = voters
        self.whole = group.box == (0.0, 0.0, 1.0, 1.0)

    def to_shares(self, pixels: NDArray[np.float64], width: float, height: float) -> Affine:
        """``pixels``, an affine map from the enrolled look (``width`` x ``height``) to this frame, in shares."""
        a, b, c, d, e, f = (float(value) for value in pixels)
        across = [a * width / self.group.width, b * height / self.group.width, (c + 0.5) / self.group.width]
        down = [d * width / self.group.height, e * height / self.group.height, (f + 0.5) / self.group.height]
        if self.mirrored:
            across = [-across[0], -across[1], 1 - across[2]]
        left, top, right, bottom = self.group.box
        return (
            across[0] * (right - left), across[1] * (right - left), left + across[2] * (right - left),
            down[0] * (bottom - top), down[1] * (bottom - top), top + down[2] * (bottom - top),
        )  # fmt: skip


def warm() -> None:
    """Compiles (the first time on a machine some twenty seconds, later from disk) or loads everything a matcher runs:
    for its start, before it says it is ready."""
    rng = np.random.default_rng(0)
    grey = np.kron(rng.integers(0, 256, (40, 60)), np.ones((8, 8))).astype(np.uint8)
    index: LocalIndex[int] = LocalIndex()
    index.add(0, enrol(grey))
    index.candidates(look(grey))
    index.remove(0)


def tile_error(
    signs: NDArray[np.uint64], texture: NDArray[np.uint8], seen: TileBits, where: NDArray[np.bool_]
) -> tuple[float, int]:
    """Mean share (0..1) of differing signs over the tiles of ``where`` that say something, and their number; 1 where
    none does.

    A tile where both have texture counts by the signs of the query's strong waves; one that is clear on one side and
    flat on the other counts as a half, what unrelated tiles differ by; others do not count.
    Of several places the nearest counts."""
    both = where & (texture > 0) & (seen.texture > 0)
    one = where & (np.abs(texture.astype(np.int8) - seen.texture.astype(np.int8)) == 2)
    count = int(both.sum()) + int(one.sum())
    if not count:
        return 1.0, 0
    strong = np.bitwise_count(seen.strong[:, both]).astype(np.float64)
    differing = np.bitwise_count((seen.signs[:, both] ^ signs[both]) & seen.strong[:, both])
    shares = np.where(strong >= _LEAST_STRONG, differing / np.maximum(strong, 1), 0.5)
    return (float(shares.sum(axis=1).min()) + 0.5 * int(one.sum())) / count, count


def _frames(look: LocalLook) -> list[_Frame]:
    """The picture and the pictures within it, each as it is and mirrored."""
    voters = [search.VOTERS] + [search.region_voters(len(look.groups) - 1)] * (len(look.groups) - 1)
    return [
        _Frame(group, count, mirrored)
        for group, count in zip(look.groups, voters, strict=True)
        if len(group) >= thresholds.LEAST_INLIERS
        for mirrored in (False, True)
    ]


def _words(codes: NDArray[np.uint8]) -> NDArray[np.uint64]:
    return np.ascontiguousarray(codes).view("<u8").astype(np.uint64)


def _grow(array: NDArray[Any], size: int) -> None:
    """Lengthens ``array`` in place: large ones are moved by the kernel's page tables, never copied."""
    array.resize((size, *array.shape[1:]), refcheck=False)
