"""A world of such sites from a seed: every way of the catalogue several times, and a search engine that lists some."""

from __future__ import annotations

from html import escape
from random import Random
from urllib.parse import quote, unquote

from testbed.removals.catalogue import WAYS, Way
from testbed.removals.dress import name
from testbed.removals.site import Answer, Asked, Site, Stock


class World:
    """``each`` sites of every way whose name holds ``only``."""

    def __init__(self, seed: int, each: int, only: str = "") -> None:
        rng = Random(f"removals {seed}")
        self.search_host = f"{name(rng, 4)}-search.example"
        stock = Stock(rng)
        chosen: list[Way] = [way for way in WAYS if only in way.name]
        self.sites = [
            Site(Random(rng.getrandbits(64)), way, stock, place * each + turn, self.search_host)
            for place, way in enumerate(chosen)
            for turn in range(each)
        ]
        self.by_host = {host: site for site in self.sites for host in site.hosts}

    def answer(self, asked: Asked) -> Answer:
        if asked.host == self.search_host:
            return self._results(unquote(asked.path.partition("q=")[2]))
        site = self.by_host.get(asked.host)
        return site.answer(asked) if site is not None else Answer(404, b"no such host")

    def _results(self, domain: str) -> Answer:
        site = self.by_host.get(domain)
        found = ""
        if site is not None and site.state.listed:
            wrapped = f"/url?q={quote(site.url(site.path), safe='')}"
            found = f"<li><a href='{escape(wrapped)}'>{escape(site.title)}</a></li>"
        body = f"<!doctype html><title>{escape(domain)}</title><h1>Results</h1><ol>{found}</ol><p>Search again</p>"
        return Answer(200, body.encode())
