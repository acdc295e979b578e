"""Who can remove it: how often the right desk of every party is found, whether a wrong one ever is, and what it costs
beside bare calls of whoisit and dnspython for the same records.

The world (testbed/lookups) runs in a process of its own, the look-ups in the real fetcher, the bare calls in a third;
batches of both take turns, so that a slow moment meets both. Sites whose registries are made to be slow are left out
of the times, not of the figures. ``right`` is the party's own desk for such reports; a party of which nothing is
published is not counted; a contact is wrong that belongs to anybody else, at any rank, from the confidence on at which
it would be used.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from efface.net.client import Fetcher, FetcherUnavailable
from efface.net.protocol import WhereaboutsRequest
from efface.whereabouts.client import whereabouts
from efface.whereabouts.model import Dossier, Party
from testbed.lookups.build import BAD_WHOIS, build
from testbed.lookups.model import SLOW, Site, World
from testbed.lookups.truth import Expected, truth

AT_ONCE = 12
BATCH = 50
USED = 0.1
"""Contacts below this are never written to (``takedown.reach.LEAST``)."""
FRESH_S = 600.0
"""Look-ups of one batch share what is the same (the entry of a network, say); the bare calls ask for each site."""
UNSHARED = 100
"""Of so many sites the time is taken once more with nothing shared, as before something is sent."""
TRIED = "1, 2, 3"
"""Seeds that were looked at while this was built; figures are told of others."""


@dataclass
class Count:
    parties: int = 0
    at_1: int = 0
    at_3: int = 0

    def shares(self) -> dict[str, float | int]:
        whole = max(1, self.parties)
        return {
            "parties": self.parties,
            "recall_at_1": round(self.at_1 / whole, 4),
            "recall_at_3": round(self.at_3 / whole, 4),
        }


@dataclass
class Score:
    by_party: dict[str, Count] = field(default_factory=lambda: defaultdict(Count))
    contacts: int = 0
    wrong: list[str] = field(default_factory=list)
    origins: int = 0
    origins_right: int = 0
    origins_wrong: int = 0
    failures: int = 0


def run(seed: int, count: int, peers: bool = True) -> dict[str, Any]:
    """All figures. Raises ``ValueError`` for fewer than ten sites."""
    world = build(seed, count)
    timed = [site for site in world.sites if not _slow(world, site)]
    rest = [site for site in world.sites if _slow(world, site)]
    dossiers: dict[str, Dossier] = {}
    ours, bare, alone, bare_alone = _Spent(), _Spent(), _Spent(), _Spent()
    with served(seed, count) as ready, fetching(ready["world"]) as (fetcher, pid), _Bare(ready) as other:
        for start in range(0, len(timed), BATCH):
            part = timed[start : start + BATCH]
            turns = [lambda part=part: ours.add(_ask(fetcher, pid, part, dossiers)),
                     lambda part=part: bare.add(other.ask([_hosts(site) for site in part]))]  # fmt: skip
            for turn in turns if (start // BATCH) % 2 else turns[::-1]:
                turn()
            if start < UNSHARED:
                alone.add(_ask(fetcher, pid, part, {}, fresh_s=0.0))
                bare_alone.add(other.ask([_hosts(site) for site in part]))
        _ask(fetcher, pid, rest, dossiers)
    score = judge(world, dossiers)
    whole = Count(*(sum(getattr(one, name) for one in score.by_party.values()) for name in ("parties", "at_1", "at_3")))
    result: dict[str, Any] = {
        "seed": seed,
        "seeds_tried_while_building": TRIED,
        "sites": count,
        **{name: value for name, value in whole.shares().items() if name != "parties"},
        "parties": whole.parties,
        "wrong_party_rate": round(len(score.wrong) / max(1, score.contacts), 6),
        "contacts": score.contacts,
        "wrong": score.wrong[:20],
        "ratio_vs_bare": round(ours.s / bare.s, 2) if bare.s else None,
        "cpu_ratio_vs_bare": round(ours.cpu_s / bare.cpu_s, 2) if bare.cpu_s else None,
        "ratio_vs_bare_unshared": round(alone.s / bare_alone.s, 2) if bare_alone.s else None,
        "timed_sites": len(timed),
        "sites_per_s": round(len(timed) / ours.s, 1) if ours.s else None,
        "bare_sites_per_s": round(len(timed) / bare.s, 1) if bare.s else None,
        "at_once": AT_ONCE,
        "by_party": {name: one.shares() for name, one in sorted(score.by_party.items())},
        "origin_hints": {"given": score.origins, "right": score.origins_right, "wrong": score.origins_wrong},
        "failures": score.failures,
    }
    if peers:
        from bench.whereabouts_peers import compare

        result["peers"] = compare(world, dossiers)
    return result


def _slow(world: World, site: Site) -> bool:
    """Whether whoever asks about this site has to wait for an answer that is made to be slow."""
    hosts = [world.companies[one.company] for one in (site.place, site.media) if one is not None and not one.cdn]
    hosts += [world.companies[site.embed]] if site.embed else []
    return site.domain.rpartition(".")[2] in BAD_WHOIS or any(one.style in SLOW for one in hosts)


def page_of(site: Site, fresh_s: float = FRESH_S) -> WhereaboutsRequest:
    media = [f"http://{site.media.host}/p/1.jpg"] if site.media is not None else []
    return WhereaboutsRequest(f"http://{site.place.host}{site.gallery}", media, fresh_s=fresh_s)


def _hosts(site: Site) -> list[str]:
    return [site.place.host] + ([site.media.host] if site.media is not None else [])


@dataclass
class _Spent:
    s: float = 0.0
    cpu_s: float = 0.0

    def add(self, more: dict[str, float]) -> None:
        self.s += more["s"]
        self.cpu_s += more["cpu_s"]


def _ask(
    fetcher: Fetcher, pid: int, sites: Sequence[Site], found: dict[str, Dossier], fresh_s: float = FRESH_S
) -> dict[str, float]:
    busy, start = _cpu(pid), time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = pool.map(lambda site: whereabouts(fetcher, page_of(site, fresh_s)), sites)
        for site, dossier in zip(sites, answers, strict=True):
            found[site.domain] = dossier
    return {"s": time.perf_counter() - start, "cpu_s": _cpu(pid) - busy}


def _cpu(pid: int) -> float:
    """Processor seconds of another process."""
    words = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def judge(world: World, dossiers: dict[str, Dossier]) -> Score:
    """What was found beside what is true."""
    score = Score()
    for site in world.sites:
        dossier = dossiers.get(site.domain)
        if dossier is None:
            score.failures += 1
            continue
        known = truth(world, site)
        for expected in known.parties:
            if not expected.right:
                continue
            count = score.by_party[expected.what]
            ranked = [[one.value for one in party.contacts] for party in _of(dossier, expected)]
            count.parties += 1
            count.at_1 += any(values[:1] and values[0] in expected.right for values in ranked)
            count.at_3 += any(set(values[:3]) & expected.right for values in ranked)
        for party in dossier.parties:
            for contact in party.contacts:
                if contact.confidence >= USED:
                    score.contacts += 1
                    if known.mistaken(party.role, contact.value):
                        score.wrong.append(f"{site.domain}: {party.role} {contact.value} ({contact.source})")
        if site.place.cdn:
            origin = world.companies[site.place.company]
            score.origins += bool(site.hint)
            guesses = [party for party in dossier.beside if party.reasons and party.reasons[0].startswith("may be")]
            score.origins_right += any(party.asn == origin.asn for party in guesses)
            score.origins_wrong += sum(party.asn != origin.asn for party in guesses)
    return score


def _of(dossier: Dossier, expected: Expected) -> list[Party]:
    if expected.role == "isp":
        return [one for one in dossier.parties if one.key.startswith(f"{expected.what}:")]
    return [
        one for one in dossier.parties
        if one.role == expected.role and (not expected.covers or expected.covers in one.covers)
    ]  # fmt: skip


@contextlib.contextmanager
def served(seed: int, count: int) -> Iterator[dict[str, Any]]:
    """The world in a process of its own."""
    command = [sys.executable, "-m", "testbed.lookups.serve", "--seed", str(seed), "--sites", str(count)]
    with _process(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())


@contextlib.contextmanager
def fetching(world: dict[str, Any]) -> Iterator[tuple[Fetcher, int]]:
    """The real fetcher, given the world by an inherited descriptor."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as told:
        told.write(json.dumps(world).encode())
        told.flush()
        path = Path(folder) / "f.sock"
        command = [sys.executable, "-m", "efface.whereabouts.fetcher", "--socket", str(path)]
        command += ["--world-fd", str(told.fileno()), "--exit-with-parent"]
        with _process(
            command, pass_fds=[told.fileno()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            fetcher = Fetcher(str(path), timeout_s=200)
            for _ in range(600):
                with contextlib.suppress(FetcherUnavailable):
                    fetcher.ping()
                    break
                time.sleep(0.05)
            yield fetcher, process.pid


@contextlib.contextmanager
def _process(command: list[str], **more: Any) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen(command, text=True, env=environment, **more)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class _Bare:
    """The bare calls at work in a process of their own."""

    def __init__(self, ready: dict[str, Any]) -> None:
        world = ready["world"]
        rdap = json.loads(json.dumps({key: world["rdap"][key] for key in
                                      ("timestamp", "asn", "dns", "ipv4", "ipv6", "object")}))  # fmt: skip
        for part in ("asn", "dns", "ipv4", "ipv6"):
            for service in rdap[part]["services"]:
                service[1] = [ready["rdap"]]
        port = world["ports"]["43"]
        self._told = {"rdap": rdap, "dns": world["dns"], "at_once": AT_ONCE, "whois": {
            suffix: [ready["whois"][suffix], port] for suffix in world["whois"]}}  # fmt: skip
        self._process: subprocess.Popen[str] | None = None
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> _Bare:
        command = [sys.executable, "-W", "ignore", "-m", "bench.bare_lookups"]
        self._process = self._stack.enter_context(_process(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        self._say(self._told)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def ask(self, hosts: list[list[str]]) -> dict[str, float]:
        self._say(hosts)
        assert self._process is not None and self._process.stdout is not None
        answer: dict[str, float] = json.loads(self._process.stdout.readline())
        return answer

    def _say(self, what: Any) -> None:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
