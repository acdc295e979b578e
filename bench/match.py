"""How fast and how exactly fingerprints are searched: ours, the threatexchange library's indexes, and plain reading.

Hashes are random 256-bit words, as many near ones planted for every distance from 0 to 31, and some at 32 to 40 that
must stay out. Ratios: theirs over ours for the peers; for the bandwidth, one hash compared with all over one plain read
of as many bytes as all have. Peers answer in turns with ours, so that a slow moment meets both; processor time counts.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.peers.environment import PeersMissing, peers_python
from bench.peers.process import Peer, PeerFailed
from efface.vision import scan
from efface.vision.hamming import MATCH
from efface.vision.index import FaceIndex, PdqIndex

Words = npt.NDArray[np.uint64]
BATCH = 256
ROUNDS = 5
_SINGLES = 24
_CHANGES = 40
_DIMENSION = 192


def run(active: int = 1_000_000, seen: int = 10_000_000, templates: int = 100_000, seed: int = 5) -> dict[str, Any]:
    """All figures. Times are milliseconds of one processor, medians unless named otherwise."""
    _say("making hashes, and comparing them by brute force")
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 2**64, (active, 4), dtype=np.uint64)
    asked, truth = _questions(rows, rng)
    scan.warm()
    before = _rss_mb()
    start = time.perf_counter()
    index: PdqIndex[uuid.UUID] = PdqIndex()
    keys: list[uuid.UUID] = []
    index.add_many(_entries(rows, keys))
    build_s = time.perf_counter() - start
    rss = _rss_mb() - before
    numbers = {key: number for number, key in enumerate(keys)}
    found = [[numbers[hit.key] for hit in hits] for hits in index.query([[text] for text in asked])]
    right = sum(len(set(mine) & true) for mine, true in zip(found, truth, strict=True))
    result: dict[str, Any] = {
        "active": active,
        "queries": len(asked),
        "true_pairs": sum(map(len, truth)),
        "recall": right / max(1, sum(map(len, truth))),
        "false_pairs": sum(len(set(mine) - true) for mine, true in zip(found, truth, strict=True)),
        "build_s": round(build_s, 2),
        "rss_mb": round(rss, 1),
        "process_peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "batch": BATCH,
    }
    times, peers = _in_turns(index, rows, asked, truth)
    result |= peers
    result["ms"] = {name: _ms(values) for name, values in times.items()}
    result["best_ms"] = {name: round(min(values) * 1000, 4) for name, values in times.items() if values}
    _say("changes under load")
    result["update_visible_s"] = round(_changes(index, asked, rng), 4)
    result["faces"] = _faces(templates, rng)
    result["seen"] = _seen(seen, rng)
    result["ratios"] = {
        "vs_pdqindex2": _over(times["pdqindex2_single"], times["single"]),
        "vs_pdqindex2_batch": _over(times["pdqindex2_single"], times["batch"]),
        "vs_pdqindex": _over(times["pdqindex_batch"], times["batch"]),
        "vs_pdqindex_single": _over(times["pdqindex_single"], times["single"]),
        "vs_bandwidth": _over(times["single"], times["read"]),
        "vs_bandwidth_batch": _over(times["batch"], times["read"]),
        "faces_vs_two_reads": result["faces"]["vs_two_reads"],
        "seen_vs_pass": result["seen"]["vs_pass"],
    }
    return result


def _entries(rows: Words, keys: list[uuid.UUID]) -> Iterator[tuple[uuid.UUID, list[str]]]:
    raw = rows.astype(">u8")
    for number in range(len(rows)):
        key = uuid.UUID(int=number)
        keys.append(key)
        yield key, [raw[number].tobytes().hex()]


def _questions(rows: Words, rng: np.random.Generator) -> tuple[list[str], list[set[int]]]:
    """Hashes to ask for, and the rows within the threshold by brute force with numpy."""
    asked = rng.integers(0, 2**64, (BATCH * 2, 4), dtype=np.uint64)
    for position in range(41 * 10):
        distance = position // 10
        value = int.from_bytes(rows[int(rng.integers(len(rows)))].astype(">u8").tobytes(), "big")
        for bit in rng.choice(256, distance, replace=False):
            value ^= 1 << int(bit)
        asked[position] = np.frombuffer(value.to_bytes(32, "big"), ">u8")
    truth = []
    columns = np.ascontiguousarray(rows.T)
    for one in asked:
        distances = np.zeros(len(rows), np.uint16)
        for column, word in zip(columns, one, strict=True):
            distances += np.bitwise_count(column ^ word)
        truth.append(set(np.flatnonzero(distances <= MATCH).tolist()))
    return [one.astype(">u8").tobytes().hex() for one in asked], truth


def _in_turns(
    index: PdqIndex[uuid.UUID], rows: Words, asked: list[str], truth: list[set[int]]
) -> tuple[dict[str, list[float]], dict[str, Any]]:
    names = ("read", "single", "batch", "pdqindex2_single", "pdqindex_single", "pdqindex_batch")
    times: dict[str, list[float]] = {name: [] for name in names}
    report: dict[str, Any] = {"peers": "threatexchange 1.2.17"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hashes.npy"
        np.save(path, rows.astype(">u8").view(np.uint8).reshape(-1, 32))
        try:
            with Peer(peers_python()) as peer:
                for name in ("pdqindex", "pdqindex2"):
                    _say(f"the peer builds its {name}")
                    report[name] = {
                        key: round(value, 2)
                        for key, value in peer.ask("search.load", hashes=str(path), index=name).items()
                    }
                right: dict[str, list[bool]] = {"pdqindex": [], "pdqindex2": []}
                for turn in range(ROUNDS):
                    _say(f"turn {turn + 1} of {ROUNDS}")
                    _ours(index, rows, asked, times)
                    for name, count in (("pdqindex", 12), ("pdqindex2", 4)):
                        start = turn * 83
                        part = asked[start : start + count]
                        answer = peer.ask("search.single", index=name, asked=part)
                        times[f"{name}_single"] += answer["times"]
                        right[name] += [
                            true <= set(hits)
                            for true, hits in zip(truth[start : start + count], answer["found"], strict=True)
                        ]
                    answer = peer.ask("search.batch", asked=asked[:BATCH])
                    times["pdqindex_batch"].append(answer["time"] / BATCH)
                for name, values in right.items():
                    report[name]["complete"] = f"{sum(values)} of {len(values)}"
        except (PeersMissing, PeerFailed) as error:
            report["peers"] = f"not measured: {error}"
            _say(f"the peers are not measured: {error}")
            if not times["single"]:
                for _ in range(ROUNDS):
                    _ours(index, rows, asked, times)
    return times, report


def _ours(index: PdqIndex[uuid.UUID], rows: Words, asked: list[str], times: dict[str, list[float]]) -> None:
    times["read"].append(_read_s(rows))
    for text in asked[:_SINGLES]:
        times["single"].append(_timed(lambda text=text: index.query([[text]])))  # type: ignore[misc]
    pictures = [[text] for text in asked[:BATCH]]
    times["batch"].append(_timed(lambda: index.query(pictures)) / BATCH)


def _read_s(rows: npt.NDArray[Any]) -> float:
    """Seconds for one read of the array by the quickest of two plain loops of one thread: a sum, and a search for a
    byte (the C library's) in as much memory."""
    flat = rows.reshape(-1).view(np.uint64)
    same = np.full(flat.nbytes, 1, np.uint8).tobytes()
    sums = [_timed(lambda: np.add.reduce(flat)) for _ in range(3)]
    looks = [_timed(lambda: same.find(b"\x00")) for _ in range(3)]
    return min(sums + looks)


def _changes(index: PdqIndex[uuid.UUID], asked: list[str], rng: np.random.Generator) -> float:
    """The longest time from the call that adds or removes to an answer that shows it, while another thread asks."""
    ended = threading.Event()
    pictures = [[text] for text in asked[:BATCH]]

    def ask() -> None:
        while not ended.is_set():
            index.query(pictures)

    other = threading.Thread(target=ask)
    other.start()
    longest = 0.0
    try:
        for _ in range(_CHANGES):
            key, text = uuid.uuid4(), rng.bytes(32).hex()
            for shown in (True, False):
                start = time.perf_counter()
                if shown:
                    index.add(key, [text])
                else:
                    index.remove(key)
                seen = any(hit.key == key for hit in index.query([[text]])[0])
                longest = max(longest, time.perf_counter() - start)
                if seen != shown:
                    raise AssertionError("a change is not visible after the call that made it")
    finally:
        ended.set()
        other.join()
    return longest


def _faces(count: int, rng: np.random.Generator) -> dict[str, Any]:
    _say("faces")
    index: FaceIndex[int] = FaceIndex()
    vectors = rng.standard_normal((count, _DIMENSION)).astype(np.float32)
    for number, vector in enumerate(vectors):
        index.add(number, "model", vector)
    faces = vectors[rng.integers(0, count, 64)]
    reads, single, batch = [], [], []
    for _ in range(ROUNDS):
        reads.append(_read_s(vectors))
        single.append(_timed(lambda: index.query("model", faces[:1], 0.6)))
        batch.append(_timed(lambda: index.query("model", faces, 0.6)) / len(faces))
    return {
        "templates": count,
        "batch": len(faces),
        "ms": {"read": _ms(reads), "single": _ms(single), "batch": _ms(batch)},
        "vs_two_reads": _over(single, [2 * value for value in reads]),
        "vs_two_reads_batch": _over(batch, [2 * value for value in reads]),
    }


def _seen(count: int, rng: np.random.Generator) -> dict[str, Any]:
    """A case's 50 fingerprints, and their eight views each, against all hashes met."""
    _say("hashes met before")
    rows = rng.integers(0, 2**64, (count, 4), dtype=np.uint64)
    wanted = rng.integers(0, 2**64, (400, 4), dtype=np.uint64)
    places = rng.integers(0, count, 50)
    wanted[:50] = rows[places]
    wanted[:50, 3] ^= np.uint64((1 << 31) - 1)
    reads, fifty, views = [], [], []
    for _ in range(3):
        reads.append(_read_s(rows))
        fifty.append(_timed(lambda: scan.scan(rows, wanted[:50])))
    found = scan.scan(rows, wanted[:50])
    missed = 50 - len(set(found.wanted.tolist()))
    views.append(_timed(lambda: scan.scan(rows, wanted)))
    return {
        "hashes": count,
        "fingerprints": 50,
        "missed": missed,
        "ms": {"read": _ms(reads), "fingerprints": _ms(fifty), "eight_views_each": _ms(views)},
        "vs_pass": _over(fifty, reads),
        "vs_pass_eight_views": _over(views, reads),
    }


def _timed(work: Callable[[], object]) -> float:
    """Processor seconds: what other programmes take of the machine meanwhile does not count."""
    start = time.process_time()
    work()
    return time.process_time() - start


def _ms(values: list[float]) -> float | None:
    return round(statistics.median(values) * 1000, 4) if values else None


def _over(one: list[float], other: list[float]) -> float | None:
    return round(statistics.median(one) / statistics.median(other), 3) if one and other else None


def _rss_mb() -> float:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
