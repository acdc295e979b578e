"""Whom a page leads to beside its own site: players and embeds, hosts of its videos, ad networks, payment, and names of
the same domain that may stand on the machine behind a CDN. Nothing is asked here: what is on the page is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode
from yarl import URL

from efface.whereabouts import facts

MOST = 12
MOST_NODES = 1_000
PLAYER = re.compile(
    r"/(?:embed|player|e|v|video|play|iframe)(?:[/.?_-]|$)|(?:^|[./-])(?:embed|player|stream|video|vid|cdn)\w*\.",
    re.IGNORECASE,
)
_STREAM = re.compile(r"""["'](https?:\\?/\\?/[^"'\s<>]{4,500}?\.(?:mp4|m3u8|mpd|webm)(?:[?][^"'\s]{0,300})?)["']""")
_DIRECT = ("direct", "cpanel", "origin", "webmail", "ftp", "server", "whm", "plesk", "panel")


@dataclass(slots=True)
class Beside:
    """``embeds`` and ``players``: hosts of frames that show media, and of the page's own videos; ``outside``: hosts of
    scripts, frames and links elsewhere (for the tables of ad networks and payment); ``names``: linked names of the same
    domain that are commonly the machine itself."""

    embeds: list[str] = field(default_factory=list)
    players: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    fediverse: bool = False

    def add(self, other: Beside) -> None:
        for mine, theirs in (
            (self.embeds, other.embeds),
            (self.players, other.players),
            (self.outside, other.outside),
            (self.names, other.names),
        ):
            mine += [one for one in theirs if one not in mine]
        self.fediverse = self.fediverse or other.fediverse


def beside(page: LexborHTMLParser, url: str) -> Beside:
    """Never raises. Hosts are in ASCII, lower case; the site's own are left out but for ``players`` and ``names``."""
    here = facts.host_of(url)
    domain = facts.registered(here) or here
    found = Beside(fediverse=page.css_first("#mastodon, meta[name=generator][content^=Mastodon]") is not None)
    for frame in page.css("iframe[src], iframe[data-src], embed[src]")[:MOST_NODES]:
        host = _host(url, frame.attributes.get("src") or frame.attributes.get("data-src") or "")
        if not host or _under(host, domain):
            continue
        _put(found.outside, host)
        if _shows_media(frame):
            _put(found.embeds, host)
    for node in page.css("video[src], video source[src], audio[src]")[:MOST_NODES]:
        _put(found.players, _host(url, node.attributes.get("src") or ""))
    for node in page.css("script[src]")[:MOST_NODES]:
        host = _host(url, node.attributes.get("src") or "")
        if host and not _under(host, domain):
            _put(found.outside, host)
    for node in page.css("script:not([src])")[:60]:
        for link in _STREAM.findall(node.text()[:100_000])[:20]:
            _put(found.players, _host(url, link.replace("\\/", "/")))
    for node in page.css("a[href], form[action], img[src], link[rel=preconnect], link[rel=dns-prefetch]")[:MOST_NODES]:
        given = node.attributes
        host = _host(url, given.get("href") or given.get("action") or given.get("src") or "")
        if not host:
            continue
        if not _under(host, domain):
            _put(found.outside, host, 200)
        elif host.partition(".")[0] in _DIRECT and host != here:
            _put(found.names, host)
    return found


def _shows_media(frame: LexborNode) -> bool:
    """A frame that may go full screen or whose address is a player's; not one of an advertisement's size."""
    given = frame.attributes
    source = (given.get("src") or given.get("data-src") or "")[:500]
    size = {given.get("width"), given.get("height")}
    if size & {"0", "1", "90", "50", "60", "100"}:
        return False
    return "allowfullscreen" in given or "fullscreen" in (given.get("allow") or "") or bool(PLAYER.search(source))


def _host(url: str, link: str) -> str:
    link = link.strip()
    if not link or link.startswith(("data:", "javascript:", "#", "mailto:", "blob:", "about:", "tel:")):
        return ""
    if link.startswith(("/", "?", "./", "../")) and not link.startswith("//"):
        return facts.host_of(url)
    try:
        to = URL(url).join(URL(link[:2000]))
    except (ValueError, TypeError):
        return ""
    return facts.host_of(str(to)) if to.scheme in ("http", "https") else ""


def _under(host: str, domain: str) -> bool:
    return host == domain or host.endswith("." + domain)


def _put(where: list[str], host: str, most: int = MOST) -> None:
    if host and host not in where and len(where) < most:
        where.append(host)


def ads_lines(text: str) -> Iterator[tuple[str, str]]:
    """(exchange, account) of an ads.txt (IAB): at most 200 lines of that shape."""
    count = 0
    for line in text[:200_000].splitlines():
        parts = [part.strip() for part in line.partition("#")[0].split(",")]
        sells = len(parts) >= 3 and parts[2].upper() in ("DIRECT", "RESELLER")
        if sells and re.fullmatch(r"[a-z0-9.-]{3,100}", parts[0].lower()):
            yield parts[0].lower(), parts[1][:100]
            count += 1
            if count == 200:
                return
