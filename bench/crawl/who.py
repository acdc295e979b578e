"""The catalogue's cases of who could remove it: addresses hidden from machines and laid out for them, registries and
WHOIS servers that lie, names and certificates that hold for everything."""

from __future__ import annotations

import base64
import codecs
from collections.abc import Callable

from bench.crawl.catalogue import WORDS, case, look
from bench.crawl.stage import CLAIMED, OTHER, Asked, Stage, page
from efface.net.fetcher.context import Context
from efface.net.guard import Guard
from efface.net.protocol import Limits, WhereaboutsRequest
from efface.net.world import load_world
from efface.search import urls
from efface.whereabouts.lookup import lookup
from efface.whereabouts.mirrors.engine import Mirrors
from efface.whereabouts.mirrors.holdings import Holdings, hold
from efface.whereabouts.model import Dossier
from testbed.lookups.model import Site, World
from testbed.lookups.serve import Running
from testbed.lookups.truth import truth

HOST = "hostile.example.net"
DESK = f"dmca@{HOST}"
HERS = f"contact@{HOST}"
"""Stands where a desk's address would: only that it is hers keeps it from being picked."""
BELIEVED = 0.1
"""Contacts below this confidence are written to by nobody."""


def _desks(found: Dossier, role: str = "operator") -> list[str]:
    return sorted(
        {one.value for party in found.parties if party.role == role for one in party.contacts
         if one.confidence >= BELIEVED and "@" in one.value}
    )  # fmt: skip


# 19 -- addresses
def _written(name: str, expected: str, html: str) -> None:
    async def play(stage: Stage, context: Context) -> str:
        contact = f"<html><body><h1>Contact</h1><p>For removal of content {html}</p></body></html>"
        front = page(f"<html><body><a href='/contact'>Contact</a>{WORDS}</body></html>")

        def answer(asked: Asked) -> bytes:
            return page(contact) if asked.path == "/contact" else front if asked.path == "/" else page("", 404)

        url = stage.add(HOST, answer)
        found = await lookup(WhereaboutsRequest(url, limits=Limits(total_s=4.0), refuse=[HERS]), context.guard)
        return ", ".join(_desks(found)) or "nobody"

    case(f"e-mail: {name}", expected, seconds=8.0, requests=14)(play)


def _cloudflare(value: str, key: int = 0x5A) -> str:
    return f"{key:02x}" + "".join(f"{ord(letter) ^ key:02x}" for letter in value)


_USER, _NET = "dmca", "hostile.example.net"
for _name, _html in {
    "entities": "".join(f"&#{ord(letter)};" for letter in DESK),
    "percent in a link": f"<a href='mailto:{_USER}%40{_NET}'>mail us</a>",
    "at and dot in words": "write to dmca [at] hostile [dot] example [dot] net. Thank you",
    "in Russian": "пишите dmca [собака] hostile [точка] example [точка] net",
    "Cloudflare's": f"<a class='__cf_email__' data-cfemail='{_cloudflare(DESK)}'>[email protected]</a>",
    "turned around": f"<span style='unicode-bidi:bidi-override;direction:rtl'>{DESK[::-1]}</span>",
    "put together by a script": f"<script>document.write('<a href=\"mailto:'+'{_USER}'+'@'+'{_NET}'+'\">')</script>",
    "base64 in a script": f"<script>x.innerHTML=atob('{base64.b64encode(DESK.encode()).decode()}')</script>",
    "rot13": f"<span data-rot13='{codecs.encode(DESK, 'rot13')}'>mail</span>",
    "by style sheet": f"<style>.c::before{{content:'{_USER}@'}}</style><b class='c'>{_NET}</b>",
    "with a decoy inside": f"{_USER}<span style='display:none'>nospam</span>@{_NET}",
    "zero width": f"{_USER}\u200b@\u2060{_NET}",
}.items():
    _written(_name, DESK, _html)
for _name, _html in {
    "honeypot, not displayed": f"<div style='display:none'><a href='mailto:{DESK}'>{DESK}</a></div>",
    "honeypot, off screen": f"<p style='position:absolute;left:-9999px'>{DESK}</p>",
    "fake desk in a comment": f"<!-- abuse contact: {DESK} -->",
    "her own address in the text": f"she writes from {HERS}",
    "her own address in a link": f"<a href='mailto:{HERS}'>report to her</a>",
    "a visitor's address": f"<div class='comments'><p>write me at {DESK}</p></div>",
}.items():
    _written(_name, "nobody", _html)


# 20 -- registries
Trick = Callable[[Running, Site], None]


def _registry(name: str, expected: str, trick: Trick, role: str = "host", suffix: str = "com") -> None:
    """The party's own desk first ("its desk"), nobody's where it cannot be had ("nobody"), or a wrong one."""

    async def play(stage: Stage, context: Context) -> str:
        running = Running(7, 60)
        ready = await running.start()
        try:
            world = running.world
            site = next(
                one for one in world.sites
                if one.domain.endswith(f".{suffix}") and not one.place.cdn and one.media is None and not one.embed
                and one.where not in ("dead-dns", "wall")
            )  # fmt: skip
            trick(running, site)
            guard = Guard(world=load_world(ready["world"]))
            found = await lookup(WhereaboutsRequest(f"http://{site.place.host}{site.gallery}"), guard)
        finally:
            await running.stop()
        return _whose(found, world, site, role)

    case(f"registry: {name}", expected, seconds=20.0, requests=0)(play)


def _whose(found: Dossier, world: World, site: Site, role: str) -> str:
    right = truth(world, site)
    wrong = [
        one.value for party in found.parties for one in party.contacts
        if one.confidence >= BELIEVED and right.mistaken(party.role, one.value)
    ]  # fmt: skip
    if wrong:
        return f"wrong: {', '.join(wrong)}"
    company = world.companies[site.place.company if role == "host" else site.registrar]
    first = next((one.value for party in found.parties if party.role == role for one in party.contacts), "nobody")
    if any("169.254" in line or "127.0.0.1" in line for line in found.partial):
        return "went where it was sent"
    if first in (company.abuse, company.form):
        return "its desk"
    return first if first == "nobody" else f"other: {first}"


def _styled(style: str) -> Trick:
    def trick(running: Running, site: Site) -> None:
        running.world.companies[site.place.company].style = style

    return trick


for _style, _name in {
    "busy-once": "429 and Retry-After", "html": "HTML with an address in it", "loop": "redirects for ever",
    "malformed": "broken JSON", "huge": "an answer without end", "nested": "desk three entities deep",
    "odd-card": "a card of odd shapes", "contact-uri": "a form in contact-uri", "flat": "desk beside, not inside",
    "remarks": "remarks that look like a desk", "several": "several desks",
}.items():  # fmt: skip
    _registry(_name, "its desk", _styled(_style))
_registry("related link to a metadata address", "its desk", lambda running, site: None, "registrar")


def _moved_to(suffix: str) -> Trick:
    """The world lets a site stand below a suffix whose WHOIS server misbehaves."""

    def trick(running: Running, site: Site) -> None:
        old, new = site.domain, site.domain.rpartition(".")[0] + "." + suffix
        site.place.host = site.place.host.replace(old, new)
        for name in ("mailbox", "second", "form"):
            setattr(site, name, getattr(site, name).replace(old, new))
        site.traps = {kind: value.replace(old, new) for kind, value in site.traps.items()}
        site.domain = new
        running.refresh()

    return trick


for _suffix, _name, _expected in (
    ("me", "WHOIS referral to loopback", "its desk"), ("cc", "WHOIS line by the registrant", "its desk"),
    ("bz", "WHOIS referral that loops", "nobody"), ("ws", "WHOIS answer without end", "nobody"),
    ("la", "WHOIS answer that drips", "nobody"), ("st", "WHOIS server that says nothing", "nobody"),
):  # fmt: skip
    _registry(_name, _expected, _moved_to(_suffix), "registrar")


# 21 -- what holds for every name
@case("wildcard DNS: every name below it", "one site")
async def _(stage: Stage, context: Context) -> str:
    names = [f"{letter * 12}.{HOST}" for letter in "abc"]
    for name in names:
        stage.add(name, lambda _: page(WORDS))
    url = stage.add(HOST, lambda _: page("".join(f"<a href='http://{name}/'>x</a>" for name in names) + WORDS))
    links = (await look(context, url)).links
    own = {urls.belongs(link, "example.net") for link in links}
    return "one site" if own == {True} and len(links) == 3 else str(links)


@case("wildcard DNS: random names are no sign of an operator", "nobody", seconds=8.0, requests=14)
async def _(stage: Stage, context: Context) -> str:
    stage.add(HOST, lambda asked: page(WORDS) if asked.path == "/" else page("", 404))
    for record in ("abuse", "mail", "origin", "direct", "cpanel"):
        stage.names[f"{record}.{HOST}"] = [OTHER]
    found = await lookup(WhereaboutsRequest(f"http://{HOST}/", limits=Limits(total_s=4.0)), context.guard)
    assert CLAIMED in found.addresses
    return ", ".join(_desks(found)) or "nobody"


@case("wildcard certificate: no sign of one operator", "no sign")
async def _(stage: Stage, context: Context) -> str:
    """Many strangers behind one certificate: at a host that issues one for all it holds."""
    mirrors = Mirrors(Holdings())
    mirrors.build({f"s{number}.example": hold(["certificate:shared", f"ga:{number}"]) for number in range(40)})
    return "joined" if mirrors.networks() else "no sign"
