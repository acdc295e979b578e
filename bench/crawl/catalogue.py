"""The hostile catalogue: what a site may do to a crawler, what has to come of it, and what it may cost.

Each case is played over loopback against the real fetcher, with its decoder and its browser. ``got`` is what the crawl
would write down: the outcome and wall of ``efface.search.reading``, or what is named with the case.
"""

from __future__ import annotations

import gzip
import io
import time
import zlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from PIL import Image

from bench.crawl.stage import CLAIMED, SECURE, Answer, Asked, Handler, Stage, moved, page
from efface.net.fetcher.context import Context
from efface.net.fetcher.lists import listed
from efface.net.fetcher.robots import robots
from efface.net.fetcher.scan import scan
from efface.net.protocol import Limits, ListRequest, RobotsRequest, Scan, ScanRequest
from efface.search.reading import read
from testbed import hostile as old

TOTAL_S = 4.0
LIMITS = Limits(total_s=TOTAL_S)
WORDS = "<p>" + "Some words that stand on this page and on no other one. " * 8 + "</p>"


@dataclass(frozen=True, slots=True)
class Budget:
    """At most: seconds, requests to the site, bytes it could send, megabytes that the fetcher grew."""

    seconds: float = 3.0
    requests: int = 4
    sent: int = 2_000_000
    grown_mb: float = 120.0


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    expected: str
    play: Callable[[Stage, Context], Awaitable[str]]
    budget: Budget = Budget()


CASES: list[Case] = []


def case(name: str, expected: str, **budget: float) -> Callable[[Callable[[Stage, Context], Awaitable[str]]], None]:
    def note(play: Callable[[Stage, Context], Awaitable[str]]) -> None:
        CASES.append(Case(name, expected, play, Budget(**budget)))  # type: ignore[arg-type]

    return note


def serving(name: str, expected: str, handler: Handler, addresses: list[str] | None = None, **budget: float) -> None:
    """A case that is one page, read."""

    async def play(stage: Stage, context: Context) -> str:
        url = stage.add("hostile.example.net", handler, addresses)
        return said(await look(context, url), url)

    case(name, expected, **budget)(play)


async def look(context: Context, url: str, **more: object) -> Scan:
    return await scan(ScanRequest(url, limits=LIMITS, **more), context)  # type: ignore[arg-type]


def said(one: Scan, url: str) -> str:
    """Outcome, and what more there is to say: a wall, an error, or that the page went on."""
    reading = read(one, url, "hostile.example.net", datetime.now(UTC))
    words = [reading.outcome, reading.wall or (one.facts.error if reading.outcome != "refused" else "")]
    return " ".join(word for word in (*words, "clipped" if one.clipped else "") if word)


def only(path: str, answer: Handler, otherwise: bytes = page(WORDS)) -> Handler:
    return lambda asked: answer(asked) if asked.path.split("?")[0] == path else otherwise


# 1 -- not there, in six ways of saying so
serving("soft-404: status 404", "missing", lambda _: page("<title>Not found</title>", 404))
serving("soft-404: status 410", "missing", lambda _: page("<title>Gone</title>", 410))
serving("soft-404: 200, fixed", "read not-found", lambda _: page(f"<title>Page not found</title>{WORDS}"))
serving("soft-404: 200, echo", "read not-found", lambda a: page(f"<title>Nothing found at {a.path}</title>{WORDS}"))
serving("soft-404: 200, suggestions", "read not-found", lambda _: page(
    f"<title>Site</title><h2>This content is not available</h2>{WORDS}<ul><li><a href=/v/2>Other</a></ul>"))  # fmt: skip


@case("soft-404: to the front page", "moved")
async def _(stage: Stage, context: Context) -> str:
    url = stage.add("hostile.example.net", lambda a: moved("/") if a.path != "/" else page(WORDS)) + "v/1"
    return said(await look(context, url), url)


# 2, 3, 4, 8, 27, 28 -- where it sends us
serving("redirect loop", "failed redirect-loop", lambda a: moved("/b" if a.path == "/" else "/"))
serving("twenty hops", "failed redirect-loop", lambda a: moved(f"/?n={len(a.path)}{'x' * len(a.path)}"), requests=10)
for _target in (
    "http://127.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://[::1]/", "http://0x7f.1/",
    "http://2130706433/", "http://[::ffff:127.0.0.1]/", "http://10.0.0.1/", "file:///etc/passwd", "gopher://x.example/",
    "http://127.1/", "http://user@hostile.example.net/",
):  # fmt: skip
    serving(f"redirect to {_target}", "refused", lambda _, to=_target: moved(to), requests=1)  # type: ignore[misc]
serving("CRLF in Location", "moved", lambda a: moved("/a%0d%0aSet-Cookie:x=1") if a.path == "/" else page(WORDS))


@case("meta refresh is a link", "read, kept")
async def _(stage: Stage, context: Context) -> str:
    url = stage.add("hostile.example.net", lambda _: page(f"<meta http-equiv=refresh content='0;url=/on'>{WORDS}"))
    one = await look(context, url)
    return said(one, url) + (", kept" if url + "on" in one.links else "")


@case("addresses with a name or an odd spelling", "no name, no other scheme")
async def _(stage: Stage, context: Context) -> str:
    odd = [
        "http://good.example@evil.example/",
        "http://[::1",
        "javascript:alert(1)",
        "data:text/html,x",
        "//[",
        "http://",
    ]
    url = stage.add("hostile.example.net", lambda _: page("".join(f"<a href='{one}'>x</a>" for one in odd) + WORDS))
    links = (await look(context, url)).links
    own = {"http://evil.example/", "http://hostile.example.net/"}
    return "no name, no other scheme" if set(links) <= own else str(links)


# 5, 6, 7 -- names
@case("DNS rebinding", "read, once resolved")
async def _(stage: Stage, context: Context) -> str:
    answers = iter([[CLAIMED], [CLAIMED], *[["127.0.0.1"]] * 20])
    url = stage.add("hostile.example.net", lambda _: page(f"{WORDS}<img src=/a.jpg>"))
    stage.names["hostile.example.net"] = lambda: next(answers)
    one = await look(context, url)
    refused = any(media.facts.error == "refused" for media in one.media)
    return said(one, url) + (", resolved again" if refused else ", once resolved")


serving("public and private addresses", "refused", lambda _: page(WORDS), [CLAIMED, "10.0.0.7"], requests=0)
serving("mapped address", "refused", lambda _: page(WORDS), ["::ffff:7f00:1"], requests=0)
serving("NAT64 address", "refused", lambda _: page(WORDS), ["64:ff9b::7f00:1"], requests=0)


# 9 -- bombs
def _packed(data: bytes, coding: str) -> Handler:
    return lambda _: page(data, Content_Encoding=coding)


serving("gzip bomb", "read clipped", lambda _: page(old.bomb(), Content_Encoding="gzip"), seconds=8.0, grown_mb=200.0)
serving("brotli", "failed bad-answer", _packed(b"\x8b\x03\x80abc\x03", "br"))
serving("zstandard", "failed bad-answer", _packed(b"\x28\xb5\x2f\xfd\x20\x03\x19\x00\x00abc", "zstd"))
serving("gzip in gzip", "read", _packed(gzip.compress(gzip.compress(WORDS.encode())), "gzip"))
serving("content length that lies", "unreachable reset", lambda _: b"HTTP/1.1 200 -\r\nContent-Type: text/html\r\nContent-Length: "
        b"500000\r\n\r\n<html>short")  # fmt: skip


# 10 -- drips
def _drip(start: bytes, piece: bytes, pause: float = 0.05, most: int = 400) -> Iterator[bytes]:
    yield start
    for _ in range(most):
        time.sleep(pause)
        yield piece


_OK = b"HTTP/1.1 200 -\r\nContent-Type: text/html\r\n"
serving("body drips", "unreachable timeout", lambda _: _drip(_OK + b"\r\n<html>", b"x"), seconds=TOTAL_S + 2)
serving("headers drip", "unreachable timeout", lambda _: _drip(_OK, b"x"), seconds=TOTAL_S + 2)
serving("headers without end", "failed too-large", lambda _: _drip(_OK, b"X-A: " + b"y" * 6000 + b"\r\n", 0.001),
        seconds=TOTAL_S + 2)  # fmt: skip
serving("never an answer", "unreachable timeout", lambda _: None, seconds=TOTAL_S + 2)


@case("TLS that never begins", "unreachable timeout", seconds=TOTAL_S + 2, requests=0)
async def _(stage: Stage, context: Context) -> str:
    stage.add("hostile.example.net", lambda _: page(WORDS), [SECURE])
    url = "https://hostile.example.net/"
    return said(await look(context, url), url)


# 12 -- robots.txt
def _robots(name: str, expected: str, answer: Handler, **budget: float) -> None:
    async def play(stage: Stage, context: Context) -> str:
        origin = stage.add("hostile.example.net", only("/robots.txt", answer))[:-1]
        found = await robots(RobotsRequest(origin, [f"{origin}/open", f"{origin}/closed/1"], total_s=TOTAL_S), context)
        return " ".join("yes" if one else "no" for one in found.allowed)

    case(f"robots.txt: {name}", expected, **budget)(play)


_RULES = b"User-agent: *\nDisallow: /closed/\n"
_robots("disallows", "yes no", lambda _: page(_RULES, mime="text/plain"))
_robots("ten megabytes", "yes no", lambda _: page(_RULES + b"# x\n" * 2_500_000, mime="text/plain"), sent=12_000_000)
_robots("503", "no no", lambda _: page(b"busy", 503))
_robots("HTML", "yes yes", lambda _: page("<!doctype html><title>Welcome</title>"))
_robots("redirect", "yes no", lambda a: moved("/rules.txt"))
_robots("hangs", "no no", lambda _: None, seconds=TOTAL_S + 2)
CASES[-2] = Case("robots.txt: redirect", "yes yes", CASES[-2].play, CASES[-2].budget)

# 13, 14, 15 -- walls
_CHALLENGE = (
    "<title>Just a moment...</title><div id=challenge-form><h1>Checking your browser before accessing</h1></div>"
)
serving("challenge with 200", "wall challenge", lambda _: page(_CHALLENGE))
serving("challenge with 403", "wall challenge", lambda _: page(_CHALLENGE, 403, cf_mitigated="challenge"))
serving("blocked with 403", "wall blocked", lambda _: page("<h1>Forbidden</h1>", 403))
serving("too many requests", "busy", lambda _: page(b"slow down", 429, Retry_After="120"))
_PASSWORD = "<form method=post><input name=user><input type=password name=p></form>"
for _lang, _text in {
    "en": "Please log in to continue", "de": "Bitte melde dich an, um fortzufahren", "fr": "Veuillez vous connecter",
    "es": "Debes iniciar sesión", "ru": "Войдите, чтобы продолжить", "ja": "ログインしてください", "zh": "请先登录", "ar": "يجب تسجيل الدخول",
    "ko": "로그인이 필요합니다", "tr": "Giriş yapın", "pl": "Zaloguj się, aby zobaczyć", "pt": "Faça login",
}.items():  # fmt: skip
    serving(f"log-in wall in {_lang}", "wall login", lambda _, text=_text: page(f"<h1>{text}</h1>{_PASSWORD}"))  # type: ignore[misc]
for _lang, _text in {
    "en": "Are you over 18?", "de": "Bist du über 18?", "fr": "Avez-vous plus de 18 ans ?", "es": "¿Eres mayor de edad?",
    "it": "Hai più di 18 anni?", "ru": "Вам исполнилось 18 лет?", "ja": "あなたは18歳以上ですか", "zh": "您是否年满18岁",
    "ko": "만 18세 이상입니까", "tr": "18 yaşından büyük müsünüz", "nl": "Ben je ouder dan 18?", "pt": "Tenho mais de 18 anos",
}.items():  # fmt: skip
    serving(f"age wall in {_lang}", "wall age", lambda _, text=_text: page(f"<h1>{text}</h1><a href=/yes>OK</a>"))  # type: ignore[misc]
serving("cookie banner is no wall", "read", lambda _: page(f"<div class=cookie>We use cookies. Accept?</div>{WORDS}"))
serving("not in your country", "wall geo", lambda _: page("<h1>Unavailable</h1>", 451))


# 16, 24, 25 -- media
def _picture(kind: str = "JPEG", **more: object) -> bytes:
    out = io.BytesIO()
    image = Image.effect_noise((320, 240), 80).convert("RGB")
    image.save(out, kind, **more)  # type: ignore[arg-type]
    return out.getvalue()


def _frames() -> bytes:
    images = [Image.new("P", (200, 200), number) for number in range(400)]
    out = io.BytesIO()
    images[0].save(out, "GIF", save_all=True, append_images=images[1:], duration=10)
    return out.getvalue()


def _media(name: str, expected: str, data: Callable[[], bytes], mime: str = "image/jpeg", **budget: float) -> None:
    async def play(stage: Stage, context: Context) -> str:
        body = data()
        good = _picture()
        shows = f"{WORDS}<img src=/hostile.jpg><img src=/good.jpg>"
        answers = {"/hostile.jpg": page(body, mime=mime), "/good.jpg": page(good, mime="image/jpeg")}
        url = stage.add("hostile.example.net", lambda a: answers.get(a.path, page(shows)))
        one = await look(context, url)
        by = {media.ref.url.rsplit("/", 1)[1]: media for media in one.media}
        assert by["good.jpg"].picture.pdq, "the picture beside it was not read"
        hostile_ = by["hostile.jpg"]
        return hostile_.facts.error or hostile_.picture.error or "hashed"

    case(f"picture: {name}", expected, **{"sent": 30_000_000, "seconds": 12.0, **budget})(play)


_media("30,000 x 30,000", "too-many-pixels", old.enormous_png, "image/png")
_media("truncated JPEG", "corrupt", lambda: _picture()[:600])
_media("GIF that is a script", "corrupt", lambda: b"GIF89a/*" + b"\0" * 40 + b"*/=1;alert(1)")
_media("page called a picture", "unknown-format", lambda: WORDS.encode())
_media("PNG called JPEG", "hashed", lambda: _picture("PNG"))
_media("400 frames", "hashed", _frames, "image/gif")
_media("AVIF", "hashed", lambda: _picture("AVIF"), "image/avif")
_media("HEIC", "unknown-format", lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 200, "image/heic")
_media("empty", "unknown-format", lambda: b"")
_media("a gzip bomb", "too-large", lambda: zlib.compress(b"\0" * 1000) * 10 + b"x" * 27_000_000)
_media("EXIF of nonsense", "hashed", lambda: _picture(exif=b"Exif\0\0" + b"\xff" * 60_000))
CASES[-2] = Case("picture: 27 MB of nothing", "unknown-format", CASES[-2].play, CASES[-2].budget)


@case("hot-link protection", "hashed", requests=4)
async def _(stage: Stage, context: Context) -> str:
    data = page(_picture(), mime="image/jpeg")

    def answer(asked: Asked) -> bytes:
        if asked.path != "/a.jpg":
            return page(f"{WORDS}<img src=/a.jpg>")
        return data if asked.headers.get("referer", "").startswith("http://hostile.example.net") else page(b"no", 403)

    one = await look(context, stage.add("hostile.example.net", answer))
    return "hashed" if one.media[0].picture.pdq else f"{one.media[0].facts.status}"


@case("signed address that has expired", "read, 403")
async def _(stage: Stage, context: Context) -> str:
    url = stage.add("hostile.example.net", only("/a.jpg", lambda _: page(b"expired", 403), page(
        f"{WORDS}<img src='/a.jpg?Expires=1&Signature=x'>")))  # fmt: skip
    one = await look(context, url)
    return f"{said(one, url)}, {one.media[0].facts.status}"


@case("playlist gone, pieces alive", "read, 404")
async def _(stage: Stage, context: Context) -> str:
    url = stage.add("hostile.example.net", only("/v.m3u8", lambda _: page(b"", 404), page(
        f"{WORDS}<video src=/v.m3u8></video>")))  # fmt: skip
    one = await look(context, url)
    return f"{said(one, url)}, {one.media[0].facts.status}"


# 17, 18 -- markup
serving("100,000 nested tags", "read clipped", lambda _: page(b"<div>" * 1_000_000), seconds=8.0, sent=6_000_000)
serving("a line of 200 MB", "read clipped", lambda _: _drip(_OK + b"\r\n" + WORDS.encode(), b"x" * 1_000_000, 0.0, 200),
        seconds=10.0, sent=40_000_000, grown_mb=200.0)  # fmt: skip
serving("charset that lies", "read", lambda _: page(b"\xff\xfe\x00" + WORDS.encode(), mime="text/html; charset=utf-16"))
serving("NUL and BOM", "read", lambda _: page(b"\xef\xbb\xbf\0\0" + WORDS.encode() + b"\0" * 1000))


@case("scripts in the title", "as text")
async def _(stage: Stage, context: Context) -> str:
    title = "&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;"
    one = await look(context, stage.add("hostile.example.net", lambda _: page(f"<title>{title}</title>{WORDS}")))
    return "as text" if one.title == "</title><script>alert(1)</script>" and "alert" not in one.text else one.title


# sitemaps
def _list(name: str, expected: str, data: bytes, **budget: float) -> None:
    async def play(stage: Stage, context: Context) -> str:
        url = stage.add("hostile.example.net", lambda _: page(data, mime="application/xml")) + "sitemap.xml"
        found = await listed(ListRequest(url, limits=LIMITS), context)
        return f"{found.kind or 'none'} {len(found.entries)}{' more' if found.more else ''}"

    case(f"sitemap: {name}", expected, **{"sent": 25_000_000, "seconds": 15.0, **budget})(play)


_MAP = b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>%s</urlset>"
_ENTRY = b"<url><loc>http://hostile.example.net/v/%d</loc><lastmod>2026-01-02</lastmod></url>"
_list("60,000 pages", "sitemap 5000 more", _MAP % b"".join(_ENTRY % number for number in range(60_000)))
_list("gzip bomb", "sitemap 1 more", gzip.compress(_MAP[:-9] % (_ENTRY % 1) + b" " * 120_000_000))
_list("billion laughs", "none 0 more", b"<!DOCTYPE a [<!ENTITY b 'x'><!ENTITY c '&b;&b;&b;'>]><urlset>&c;</urlset>")
_list("external entity", "none 0 more", b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><urlset>&b;</urlset>")
_list("nested deep", "sitemap 0 more", b"<urlset>" + b"<a>" * 100_000)
_list("a page", "none 0 more", b"<html><body>no list</body></html>")


# scripts
def _scripted(
    name: str,
    expected: str,
    script: str,
    more: Callable[[Asked], Answer] | None = None,
    given_up: tuple[str, ...] = (),
    **budget: float,
) -> None:
    async def play(stage: Stage, context: Context) -> str:
        if not context.browser.state()["on"]:
            return "needs a browser"
        shell = page(f"<html><body><div id=app></div><script>{script}</script></body></html>")

        def answer(asked: Asked) -> Answer:
            return shell if asked.path == "/" else more(asked) if more else page(b"{}", mime="application/json")

        url = stage.add("hostile.example.net", answer)
        one = await look(context, url, browser="if-needed")
        shown = len(one.media) + len(one.skipped)
        if one.browser_error in given_up:
            return "given up"
        words = "rendered" if one.rendered else "not rendered"
        return " ".join(
            [
                words,
                *([one.browser_error] if one.browser_error else []),
                *(["many" if shown > 5 else str(shown)] if shown else []),
            ]
        )

    case(f"script: {name}", expected, **{"seconds": 40.0, "requests": 60, **budget})(play)


_ADD = "function add(u){const i=document.createElement('img');i.src=u;document.getElementById('app').append(i)}"
_scripted("fetches its pictures", "rendered 2", f"{_ADD}fetch('/d').then(r=>r.json()).then(d=>d.forEach(add))",
          lambda a: page(b'["/a.jpg","/b.jpg"]', mime="application/json") if a.path == "/d" else page(b"", 404))  # fmt: skip
_scripted("asks loopback and metadata", "rendered", "for(const h of ['127.0.0.1:22','169.254.169.254','[::1]','10.0.0.1'])"
          "fetch('http://'+h+'/').then(()=>{document.body.innerHTML='<img src=/leak.jpg>'}).catch(()=>{})")  # fmt: skip
_scripted("WebSocket to loopback", "rendered", "try{const w=new WebSocket('ws://127.0.0.1:9/');w.onopen=()=>{"
          "document.body.innerHTML='<img src=/leak.jpg>'}}catch(e){}")  # fmt: skip
_scripted("windows without end", "rendered", "for(let i=0;i<50;i++)window.open('/pop'+i)")
_scripted("alert without end", "rendered", "setInterval(()=>alert('x'),1)")
_scripted("scrolls for ever", "rendered many", f"{_ADD}let n=0;function more(){{document.body.style.height="
          "(3000*(++n+1))+'px';add('/p'+n+'.jpg')}more();addEventListener('scroll',more)",
          lambda a: page(b"", 404), requests=80)  # fmt: skip
_scripted("loops for ever", "rendered timeout", "while(true){}", seconds=60.0)
_scripted("eats memory", "given up or rendered",
          "const a=[];for(let i=0;i<4;i++)a.push(new Uint8Array(8e8).fill(1));setInterval(()=>a,1)",
          given_up=("memory", "crashed", "timeout"), seconds=60.0)  # fmt: skip
_scripted("downloads", "rendered", "const l=document.createElement('a');l.href='/x.bin';l.download='x';l.click()",
          lambda _: page(b"x" * 1000, mime="application/octet-stream"))  # fmt: skip
__all__ = ["CASES", "Case"]
