"""More of the catalogue: formats of media, names in other letters, scripts wherever a stranger's words go, and pages
that answer one asker otherwise than another."""

from __future__ import annotations

import io
import json
import struct
import zlib

from PIL import Image

from bench.crawl.catalogue import LIMITS, WORDS, _media, _picture, _scripted, case, look, said, serving
from bench.crawl.stage import Asked, Stage, page
from efface.net.fetcher.context import Context, site_of
from efface.net.fetcher.observe import observe
from efface.net.protocol import AssetRef, ObserveRequest
from efface.search import urls
from efface.whereabouts import record

HOST = "hostile.example.net"
SCRIPT = "<script>alert(1)</script>"


# 1 -- not there, in silence and by a script
serving("200 and nothing at all", "read", lambda _: page(b""))
serving("soft-404: 200, the same words for every address", "read not-found", lambda a: page(
    f"<title>Oops</title><h1>404</h1><p>We can't find the page {a.path}.</p>"))  # fmt: skip


# 8 -- sent elsewhere by a script
_scripted("sends elsewhere", "rendered 1", "location.replace('/on')",
          lambda a: page(f"{WORDS}<img src=/a.jpg>") if a.path == "/on" else page(b"", 404))  # fmt: skip
_scripted("sends to loopback", "not rendered unreachable", "setTimeout(()=>{location.href='http://127.0.0.1/'},50)")


# 16 -- media
def _framed(kind: str, frames: int) -> bytes:
    images = [Image.effect_noise((120, 90), 60 + number).convert("RGB") for number in range(frames)]
    out = io.BytesIO()
    images[0].save(out, kind, save_all=True, append_images=images[1:], duration=10)
    return out.getvalue()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png_with(chunk: bytes) -> bytes:
    """A true picture with one chunk more behind its head."""
    data = _picture("PNG")
    return data[:33] + chunk + data[33:]


def _profile_bomb() -> bytes:
    """A colour profile of a hundred megabytes, packed small."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b"\0" * 1_000_000) for _ in range(100)) + packer.flush()
    return _png_with(_chunk(b"iCCP", b"x\0\0" + packed))


def _words_bomb() -> bytes:
    return _png_with(_chunk(b"zTXt", b"x\0\0" + zlib.compress(b"\0" * 80_000_000, 9)))


SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script><image href='http://127.0.0.1/a'/></svg>"
_BOX = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41"
_media("APNG of many frames", "hashed", lambda: _framed("PNG", 60), "image/png")
_media("TIFF", "unknown-format", lambda: _picture("TIFF"), "image/tiff")
_media("SVG with a script", "unknown-format", lambda: SVG, "image/svg+xml")
_media("colour profile that unpacks to 100 MB", "hashed", _profile_bomb, "image/png")
_media("words that unpack to 80 MB", "hashed", _words_bomb, "image/png")
_media("JPEG with a ZIP behind it", "hashed", lambda: _picture() + b"PK\3\4" + b"x" * 5000)
_media("WEBP cut short", "corrupt", lambda: _picture("WEBP")[:300], "image/webp")
_media("video of a head and nothing else", "truncated", lambda: _BOX + b"\0\0\0\x08mdat", "video/mp4")
_media("video whose boxes are longer than the file", "no-video", lambda: _BOX + b"\x7f\xff\xff\xffmoov" + b"\0" * 400,
       "video/mp4")  # fmt: skip
_media("video of boxes in boxes", "corrupt", lambda: _BOX + _boxes(4000), "video/mp4")


def _boxes(deep: int) -> bytes:
    body = b""
    for _ in range(deep):
        body = struct.pack(">I", len(body) + 8) + b"moov" + body
    return body


# 18 -- scripts in everything
@case("scripts in headers", "as text")
async def _(stage: Stage, context: Context) -> str:
    more = {"Server": SCRIPT, "ETag": f'"{SCRIPT}{"x" * 5000}"', "X-Powered-By": SCRIPT * 100}
    one = await look(context, stage.add(HOST, lambda _: page(WORDS, **more)))
    held = one.facts.headers
    cut = all(len(value) <= 512 for value in held.values())
    return "as text" if cut and held["server"] == SCRIPT and "alert" not in one.text + one.title else str(held)[:80]


@case("scripts in addresses", "as text")
async def _(stage: Stage, context: Context) -> str:
    """Of links and media: what is kept of them holds no sign that begins a tag or ends an attribute between double
    quotes. A single quote may stand in an address (RFC 3986, 2.2); no page of ours puts one between single quotes."""
    bad = f"/v/\"&gt;{SCRIPT.replace('<', '&lt;').replace('>', '&gt;')}"
    shows = f"<a href='{bad}'>x</a><img src='{bad}.jpg' alt='{bad}'><img src=\"/a.jpg?x='&quot;&lt;b&gt;\">{WORDS}"
    one = await look(context, stage.add(HOST, lambda a: page(shows) if a.path == "/" else page(b"", 404)))
    met = [*one.links, *(media.ref.url for media in one.media)]
    kept = [urls.canonical(url) for url in met]
    return "as text" if len(met) == 3 and not any(sign in url for url in kept for sign in '<>" ') else str(kept)


def _stored(name: str, data: bytes, suffix: str) -> None:
    """An answer about a domain with scripts wherever words go: no desk comes of them, and what is kept is plain."""

    async def play(stage: Stage, context: Context) -> str:
        found = record.read(data, suffix, "hostile.example").as_dict()
        desks = [one for one in json.dumps(found).split('"') if "@" in one]
        return "no desk" if not any("alert" in one for one in desks) else str(desks)

    case(f"registry: {name}", "no desk", requests=0)(play)


_CARD = ["vcard", [
    ["version", {}, "text", "4.0"], ["fn", {}, "text", SCRIPT], ["email", {}, "text", f"{SCRIPT}@x.example"],
    ["email", {}, "text", f"a@b.example\"onload={SCRIPT}"],
]]  # fmt: skip
_ANSWER = {
    "objectClassName": "domain", "ldhName": "hostile.example",
    "remarks": [{"title": SCRIPT, "description": [f"write to {SCRIPT}@x.example", SCRIPT]}],
    "entities": [{"objectClassName": "entity", "roles": ["registrar", "abuse"], "vcardArray": _CARD}],
}  # fmt: skip
_stored("scripts in RDAP remarks and cards", json.dumps(_ANSWER).encode(), "")
_LINES = f"""Domain Name: HOSTILE.EXAMPLE
Registrar: {SCRIPT}
Registrar Abuse Contact Email: {SCRIPT}@x.example
\x1b]8;;http://evil.example\x07x
"""
_stored("scripts in WHOIS", _LINES.encode(), "com")


# 27 -- names in other letters
@case("names in other letters", "each its own site")
async def _(stage: Stage, context: Context) -> str:
    """A name that looks like another one is another site, by its ASCII form."""
    names = ("ex\u0430mple.net", "xn--exmple-4nf.net", "EXAMPLE.net\uff0e", "example\u3002net")
    shows = "".join(f"<a href='http://{one}/'>x</a>" for one in names)
    links = (await look(context, stage.add(HOST, lambda _: page(shows + WORDS)))).links
    domains = {site_of(link) for link in map(urls.canonical, links) if link}
    return "each its own site" if domains == {"xn--exmple-4nf.net", "example.net"} else f"{sorted(domains)} {links}"


# 12, 13, 15 -- another answer for another asker
@case("not there for our name only", "live for a browser", seconds=12.0, requests=30)
async def _(stage: Stage, context: Context) -> str:
    """The page says 404 to a crawler and shows itself to a browser: it is not gone."""

    def answer(asked: Asked) -> bytes:
        bot = "efface" in asked.headers.get("user-agent", "").lower()
        if asked.path == "/v/1" and not bot:
            return page(f"<title>One</title>{WORDS}<img src=/a.jpg>")
        return page("<title>Not found</title>", 404) if asked.path.startswith("/v/") else page(WORDS)

    url = stage.add(HOST, answer)
    seen = await observe(ObserveRequest([AssetRef("page", url + "v/1")], limits=LIMITS), context)
    statuses = {name: one.facts.status for name, one in seen.pages.items()}
    live = statuses.get("bot") == 404 and statuses.get("browser") == 200
    return "live for a browser" if live else str(statuses)


@case("every page forbidden", "wall blocked, again")
async def _(stage: Stage, context: Context) -> str:
    """A whole site that says 403 is blocked, page for page, and never an empty site."""
    url = stage.add(HOST, lambda _: page("<title>403 Forbidden</title><h1>Forbidden</h1>", 403))
    first, second = [said(await look(context, url + path), url) for path in ("", "v/2")]
    return f"{first}, again" if first == second else f"{first}, {second}"


