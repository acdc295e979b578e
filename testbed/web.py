"""Answers of sites: (host, path, query, state) to status, headers and body. No sockets here.

The CDN is a layer over this: ``edge`` keeps media in the state's cache and answers from it.
"""

from __future__ import annotations

import hashlib
import mmap
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from urllib.parse import parse_qs

from testbed import hostile, render
from testbed.model import File, Gallery, Operator, Site, Trap
from testbed.state import State


@dataclass(slots=True)
class Answer:
    """``raw`` names a misbehaviour the server plays instead of sending ``body`` (see ``hostile.py``)."""

    status: int
    body: bytes | memoryview = b""
    mime: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    raw: str = ""


class Web:
    """All sites of a world over one state. Media bytes are memory-mapped."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._map = _mapped(state.folder / "media.bin")
        self._files: dict[str, File] = {file.key: file for file in state.world.files}
        self._operators: dict[str, Operator] = {entry.key: entry for entry in state.world.operators}
        self._traps: dict[str, list[Trap]] = {}
        for trap in state.world.traps:
            self._traps.setdefault(trap.site, []).append(trap)
        self._pages: dict[tuple[str, str], tuple[tuple[int, int], bytes]] = {}

    def close(self) -> None:
        self._pages.clear()
        self._map = None

    def file(self, key: str) -> tuple[File, bytes]:
        file = self._files[key]
        assert self._map is not None
        return file, self._map[file.offset : file.offset + file.size]

    def answer(self, host: str, path: str, query: str, agent: str = "") -> Answer:
        """What the origin of ``host`` says to a GET by user agent ``agent``."""
        site = self.state.by_host.get(host)
        if site is None:
            return Answer(404, b"no such site\n", "text/plain")
        how = self.state.outage(site.domain)
        if how:
            return Answer(503, b"Service Unavailable", "text/plain", raw="hang" if how == "hang" else "")
        if path == "/robots.txt":
            return self._robots(site)
        if site.wall == "challenge":
            return Answer(403, render.challenge(site).encode(), headers={"cf-mitigated": "challenge"})
        url = f"http://{host}{path}" + (f"?{query}" if query else "")
        asset = self.state.assets.get(url) or self.state.assets.get(f"http://{host}{path}")
        if asset is not None and asset.url in self.state.cloaked and "bot" in agent.lower():
            return Answer(404, b"not found\n", "text/plain")
        if asset is not None and asset.url in self.state.restricted and self.state.stands(asset.url):
            return Answer(451, b"not available in your country\n", "text/plain")
        if host == site.domain and path == "/complaints/" and site.domain in self.state.shown:
            return Answer(200, render.complaints(site, self.state.shown[site.domain]).encode())
        if asset is not None and asset.role != "page":
            return self._media(asset.url, asset.file)
        if host != site.domain:
            return Answer(404, b"not found\n", "text/plain")
        if asset is not None and self.state.stands(asset.url):
            return self._gallery(site, asset.gallery, asset.url)
        return self._other(site, path, query)

    def _robots(self, site: Site) -> Answer:
        if site.robots == "busy":
            return Answer(503, b"busy", "text/plain")
        return Answer(200, render.robots(site).encode(), "text/plain")

    def _media(self, url: str, key: str) -> Answer:
        if not self.state.stands(url):
            return Answer(404, b"not found\n", "text/plain")
        file, data = self.file(key)
        return Answer(200, data, file.mime, {"etag": f'"{file.sha256[:16]}"', "cache-control": "public, max-age=86400"})

    def _html(self, site: Site, name: str, make: str) -> Answer:
        body = make.encode()
        self._pages[(site.domain, name)] = (self.state.version(site), body)
        return self._tagged(body)

    @staticmethod
    def _tagged(body: bytes) -> Answer:
        return Answer(200, body, headers={"etag": f'"{hashlib.sha1(body).hexdigest()[:16]}"'})

    def _gallery(self, site: Site, entry: Gallery, url: str) -> Answer:
        operator = self._operators[site.operator]
        if url in self.state.gated:
            return Answer(200, render.login(site, operator).encode())
        kept = self._pages.get((site.domain, entry.id))
        if kept and kept[0] == self.state.version(site):
            return self._tagged(kept[1])
        listed = [other for other in self.state.listed(site) if other.id != entry.id]
        related = Random(entry.id).sample(listed, min(4, len(listed)))
        traps = self._traps.get(site.domain, [])
        return self._html(site, entry.id, render.gallery(site, entry, operator, related, traps))

    def _other(self, site: Site, path: str, query: str) -> Answer:
        operator = self._operators[site.operator]
        page = 1 if path == "/" else int(path[6:]) if path.startswith("/page/") and path[6:].isdigit() else 0
        if page:
            name = f"list-{page}"
            kept = self._pages.get((site.domain, name))
            if kept and kept[0] == self.state.version(site):
                return self._tagged(kept[1])
            made = render.listing(site, self.state.listed(site), page, operator)
            if made is not None:
                return self._html(site, name, made)
        if path == "/contact":
            return self._tagged(render.contact(site, operator, self._traps.get(site.domain, [])).encode())
        if path == "/about":
            return self._tagged(render.about(site, operator).encode())
        if path == "/report":
            return self._tagged(render.report(site, operator).encode())
        if path == "/removal" and operator.extortion:
            return self._tagged(render.removal(site, operator).encode())
        if path.startswith("/members"):
            return Answer(302, headers={"location": "/login"})
        if path == "/login":
            return self._tagged(render.login(site, operator).encode())
        if path.startswith("/go/"):
            return Answer(302, headers={"location": "/go/" + ("square" if path.endswith("round") else "round")})
        if path == "/calendar" and site.calendar:
            month = parse_qs(query).get("month", ["2026-09"])[0]
            return Answer(200, render.calendar(site, month, operator).encode())
        if path == "/js/tag.js":
            return Answer(200, b"window.tag=1;", "text/javascript")
        if site.hostile and path.startswith("/lab/"):
            found = hostile.answer(site.domain, path[5:], query)
            if found is not None:
                return Answer(*found)
        return self._missing(site, path, operator)

    def _missing(self, site: Site, path: str, operator: Operator) -> Answer:
        if site.missing == "home":
            return Answer(302, headers={"location": "/"})
        clean = [entry for entry in self.state.listed(site) if not entry.item]
        others = Random(path).sample(clean, min(5, len(clean)))
        status, body = render.missing(site, path, operator, others)
        return Answer(status, body.encode())

    # -- the CDN --------------------------------------------------------------------------------------------------

    def edge(self, host: str, path: str, query: str, agent: str = "") -> Answer:
        """What the CDN in front of ``host`` says: pictures from its cache, everything else from the origin."""
        site = self.state.by_host[host]
        name = self.state.world.provider(site.cdn).name.split()[0].lower()
        url = f"http://{host}{path}" + (f"?{query}" if query else "")
        asset = self.state.assets.get(url)
        ray = hashlib.sha1(f"{url}{self.state.now}".encode()).hexdigest()[:16]
        marks = {"server": f"{name}-edge", f"{name}-ray": f"{ray}-FRA", "via": f"1.1 {name} (edge cache)"}
        if asset is not None and asset.role != "page" and self.state.in_cache(url):
            file, data = self.file(asset.file)
            age = int((self.state.now - self.state.cached[url]).total_seconds())
            marks |= {"x-cache": "HIT", "age": str(age), "etag": f'"{file.sha256[:16]}"'}
            return Answer(200, data, file.mime, marks)
        found = self.answer(host, path, query, agent)
        found.headers |= marks
        found.headers["x-cache"] = "MISS" if asset is not None and asset.role != "page" else "DYNAMIC"
        if found.status == 200 and asset is not None and asset.role != "page" and not query:
            self.state.cache(url)
        return found


def _mapped(path: Path) -> mmap.mmap | None:
    with path.open("rb") as opened:
        return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
