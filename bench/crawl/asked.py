"""What sites saw: the world's own log of requests, counted. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

LISTS = ("/robots.txt", "/sitemap.xml", "/feed", "/rss.xml")
SLACK_S = 0.05
"""A request that left in time may arrive this much sooner than its turn: the one before it was slower on its way."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Times (seconds) at which each page, (host, path), was asked for; and each host for any page. Where a site itself
    sent a visitor on, the next address is the same request to it."""

    pages: Mapping[tuple[str, str], Sequence[float]]
    hosts: Mapping[str, Sequence[float]]

    def twice_within(self, interval_s: float) -> list[tuple[str, str]]:
        """Pages asked for twice within the interval."""
        return [page for page, times in self.pages.items() if any(b - a < interval_s for a, b in pairwise(times))]

    def again(self) -> int:
        """How often a page was asked for that had been asked for before."""
        return sum(len(times) - 1 for times in self.pages.values())

    def too_soon(self, least_s: float) -> list[str]:
        """Hosts that were asked for two pages sooner after each other."""
        least = least_s - SLACK_S
        return [host for host, times in self.hosts.items() if any(b - a < least for a, b in pairwise(times))]


def read(lines: Iterable[str], media: frozenset[str], within: set[str]) -> Seen:
    """``lines`` are "time status host path"; ``media`` paths that are no pages; ``within`` the hosts in question."""
    pages: dict[tuple[str, str], list[float]] = defaultdict(list)
    hosts: dict[str, list[float]] = defaultdict(list)
    sent_on: set[str] = set()
    for line in lines:
        at, status, host, path = line.rstrip("\n").split(" ", 3)
        if host not in within or path in LISTS or path.split("?")[0] in media:
            continue
        pages[host, path].append(float(at))
        if host not in sent_on:
            hosts[host].append(float(at))
        (sent_on.add if status[:1] == "3" and status != "304" else sent_on.discard)(host)
    return Seen({page: sorted(times) for page, times in pages.items()}, {h: sorted(t) for h, t in hosts.items()})
