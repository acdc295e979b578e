"""One site with one item that somebody wants removed: its addresses, and what it answers at a moment."""

from __future__ import annotations

import bisect
import json
from dataclasses import dataclass, field, replace
from html import escape
from random import Random
from urllib.parse import quote, unquote

from testbed import hostile, pictures
from testbed.pictures import Pixels
from testbed.removals import made
from testbed.removals.catalogue import GONE, Way
from testbed.removals.dress import ABSENT, Dress, Pic, name
from testbed.removals.state import DOWN, SERVED, State, truth

HERE = "127.0.0.1"
OURS = "EffaceBot"
REFERERS = frozenset({"direct", "outside"})
_MISSING = ("404", "404", "404-quiet", "200-words", "200-quiet", "home-redirect")


@dataclass(frozen=True, slots=True)
class Asked:
    host: str
    path: str
    agent: str
    referer: str
    peer: str


@dataclass(slots=True)
class Answer:
    """``raw``: "hang", "drip", "lying" or "reset", which the server must play itself."""

    status: int = 200
    body: bytes = b""
    mime: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    raw: str = ""


class Stock:
    """What the sites of one world share: strangers' pictures, and a pool that gives no two alike."""

    def __init__(self, rng: Random) -> None:
        self.pool = pictures.Pool(rng)
        self.strangers = [self.pool.take(480, 360) for _ in range(24)]
        self.files = [pictures.jpeg(one, 82) for one in self.strangers]
        self.small = [pictures.jpeg(pictures.fit(one, 160), 75) for one in self.strangers]


class Site:
    """``now`` is set by whoever drives the world: hours since the notice."""

    def __init__(self, rng: Random, way: Way, stock: Stock, number: int, search_host: str) -> None:
        self.rng, self.way, self.stock, self.search_host = rng, way, stock, search_host
        self.now = -1.0
        self.dress = Dress(rng)
        language = self.dress.language
        self.domain = f"{name(rng)}{number}.example"
        video, scripted = way.needs == "video", way.needs == "scripted"
        own = rng.choice(["", "img.", "other"]) if way.needs != "edge" else "edge"
        self.media_host = {"": self.domain, "img.": f"img.{self.domain}", "other": f"{name(rng)}{number}-files.example",
                           "edge": f"cdn.{self.domain}"}[own]  # fmt: skip
        self.copy_host = f"{name(rng)}{number}-copy.example"
        self.title = language.title(rng)
        self.sentences = [language.sentence(rng) for _ in range(rng.randint(5, 11))]
        numbers = rng.sample(range(1000, 99_999), 6)
        self.path = self.dress.address(numbers[0], self.title)
        self.moved_path = self.dress.address(numbers[1], language.title(rng))
        self.variant_path = "/xx" + self.dress.address(numbers[2], self.title)
        self.others: dict[str, tuple[str, list[str], list[int]]] = {}
        for one in numbers[3:]:
            title = language.title(rng)
            words = [language.sentence(rng) for _ in range(6)]
            self.others[self.dress.address(one, title)] = title, words, rng.sample(range(24), 3)
        key = name(rng, 4)
        self.full, self.thumb = f"/i/{key}.jpg", f"/t/{key}_s.jpg"
        self.moved_full, self.variant_full, self.endless_full = f"/i/{key}m.jpg", f"/i/{key}v.jpg", f"/t/{key}_e.jpg"
        self.favoured_full = f"/i/{key}f.jpg"
        self.playlist = f"/h/{key}/list.m3u8" if video else ""
        self.scripted = scripted
        self.target: Pixels = made.textured(stock.pool, rng)
        self.file = pictures.jpeg(self.target, 86)
        self.small = pictures.jpeg(pictures.fit(self.target, 220), 78)
        self.film = made.film(stock.pool, rng) if video else []
        self.beside = rng.sample(range(24), rng.randint(1, 3))
        self.replaced = (language.title(rng), [language.sentence(rng) for _ in range(7)], rng.sample(range(24), 3))
        self.changed: dict[str, bytes] = {}
        absent = [state.page for _, state in way.steps if state.page in ABSENT]
        self.missing_style = absent[0] if absent else rng.choice(_MISSING)
        if scripted:
            self.missing_style = "scripted-empty"
        kin = way.needs in ("kin", "scripted") or rng.random() < 0.8
        self.control = self.url(rng.choice(list(self.others)) if kin else "/")

    # -- what it is asked about ---------------------------------------------------------------------------------------

    def url(self, path: str) -> str:
        return f"http://{self.domain}{path}"

    @property
    def hosts(self) -> list[str]:
        return list(dict.fromkeys([self.domain, self.media_host, self.copy_host]))

    @property
    def search_url(self) -> str:
        return f"http://{self.search_host}/find?q={quote(self.domain)}" if self._is_listed_way else ""

    @property
    def _is_listed_way(self) -> bool:
        return any(state.listed for _, state in self.way.steps)

    @property
    def state(self) -> State:
        place = bisect.bisect_right([at for at, _ in self.way.steps], self.now)
        if place:
            return self.way.steps[place - 1][1]
        needs = self.way.needs
        return State(
            "scripted" if self.scripted else "live", pieces="alive" if needs == "video" else "",
            variant="live" if needs == "variant" else "", copy="alive" if needs == "copy" else "",
            listed=self._is_listed_way,
        )  # fmt: skip

    @property
    def truth(self) -> str:
        state = self.state
        if state.site in DOWN and not self.media_host.endswith(self.domain):
            # Its media stand with somebody else, who knows nothing of what became of the site.
            told = truth(replace(state, site="up", page="404"))
            return told if told == "part" else "hidden"
        return truth(state)

    def names(self, host: str) -> list[str] | str:
        """What the name server says of one of its hosts: an error's word, or "" for its usual address."""
        down = self.state.site
        if host == self.copy_host or (host == self.media_host and not host.endswith(self.domain)):
            return ""
        return {"nxdomain": "nxdomain", "servfail": "servfail", "refused": "nowhere"}.get(down, "")

    # -- what it answers ----------------------------------------------------------------------------------------------

    def answer(self, asked: Asked) -> Answer:
        state = self.state
        if asked.path == "/robots.txt":
            return Answer(200, b"User-agent: *\nDisallow: /\n", "text/plain")
        if state.site in DOWN and asked.host in (self.domain, f"img.{self.domain}", f"cdn.{self.domain}"):
            return self._down(state.site)
        if asked.path == self.favoured_full and asked.host == self.media_host and state.unseen_by in REFERERS:
            # What the favoured are shown stands at an address of its own, and is served to whoever comes from there.
            return self._file(self.file) if f"//{self.domain}/" in asked.referer else Answer(404)
        if self._is_kept_from(asked, state) or (state.unseen_by in REFERERS and asked.path in (self.full, self.thumb)):
            state = GONE
        if asked.host == self.copy_host:
            return self._file(self.file) if asked.path == self.full and state.copy == "alive" else Answer(404)
        found = self._media(asked, state)
        if found is not None and asked.host == self.media_host:
            return found
        if asked.host != self.domain:
            return self._no_medium(state)
        return self._page(asked, state)

    def _is_kept_from(self, asked: Asked, state: State) -> bool:
        return (
            (state.unseen_by == "bot" and OURS in asked.agent)
            or (state.unseen_by == "here" and asked.peer == HERE)
            or (state.unseen_by == "direct" and "google" not in asked.referer)
            or (state.unseen_by == "outside" and asked.referer.partition("//")[2].partition("/")[0] != self.domain)
        )

    def _down(self, how: str) -> Answer:
        dress = self.dress
        if how in ("hang", "reset"):
            return Answer(raw=how)
        if how == "500":
            return Answer(503, b"<h1>Service Unavailable</h1>")
        if how == "parked":
            return Answer(200, b"<title>Parked</title><h1>This domain is for sale</h1><p>Inquire about it.</p>")
        if how == "suspended":
            return Answer(200, b"<title>Account Suspended</title><h1>This Account has been suspended.</h1>")
        inner = dress.missing(self.replaced[0] if how == "sold" else dress.quiet_words, [])
        return Answer(200, dress.page(self.replaced[0], inner, Random(1), []))

    # -- media --------------------------------------------------------------------------------------------------------

    def _media(self, asked: Asked, state: State) -> Answer | None:
        path, _, query = asked.path.partition("?")
        if path in (self.full, self.thumb) or (self.playlist and path == self.playlist):
            kind = state.thumb if path == self.thumb else state.media
            data = self.small if path == self.thumb else self._list() if path == self.playlist else self.file
            return self._medium(kind, data, path == self.playlist, query, state)
        if path == self.moved_full:
            return self._file(self.file) if state.page == "moved" else self._no_medium(state)
        if path == self.variant_full:
            return self._file(self.file) if state.variant == "live" else self._no_medium(state)
        if path == self.endless_full:
            return self._file(self.small) if state.page == "endless" else self._no_medium(state)
        if self.film and path.startswith("/h/") and path.endswith(".ts"):
            number = int(path.rsplit("-", 1)[1][:-3]) if "-" in path else 99
            alive = state.pieces == "alive" or state.media in SERVED
            there = alive and number < len(self.film)
            return Answer(200, self.film[number], "video/mp2t") if there else Answer(404)
        if path.startswith(("/o/", "/os/")):
            place = path.rpartition("/")[2].split("-")[0].removesuffix(".jpg")
            files = self.stock.small if path.startswith("/os/") else self.stock.files
            return self._file(files[int(place)]) if place.isdigit() and int(place) < 24 else self._no_medium(state)
        if path.startswith(("/i/", "/t/")):
            return self._no_medium(state)
        return None

    def _medium(self, kind: str, data: bytes, is_list: bool, query: str, state: State) -> Answer:
        if kind in SERVED:
            body = data if kind == "alive" or is_list else self._changed(kind)
            answer = self._file(body, "application/vnd.apple.mpegurl" if is_list else "image/jpeg")
            if self.way.needs == "edge":
                answer.headers |= {"x-cache": "HIT", "age": "300"}
            return answer
        if kind == "cached" and "nocache" not in query:
            return Answer(200, data, "image/jpeg", {"x-cache": "HIT", "age": "86400"})
        if kind == "enormous":
            return Answer(200, hostile.enormous_png(), "image/png")
        if kind in ("403", "410"):
            return Answer(int(kind), b"no")
        return self._no_medium(state)

    def _no_medium(self, state: State) -> Answer:
        """What this site's media host says of what it has not."""
        kinds = {one for _, step in self.way.steps for one in (step.media, step.thumb)}
        if "placeholder" in kinds:
            return self._file(self.stock.files[self.beside[0]])
        if "page" in kinds:
            return Answer(200, self.dress.page(self.dress.quiet_words, self.dress.missing(self.dress.quiet_words, []),
                                               Random(), []))  # fmt: skip
        return Answer(404, b"<h1>404</h1>")

    def _changed(self, kind: str) -> bytes:
        if kind not in self.changed:
            self.changed[kind] = made.changed(self.target, kind, self.rng)
        return self.changed[kind]

    @staticmethod
    def _file(data: bytes, mime: str = "image/jpeg") -> Answer:
        return Answer(200, data, mime)

    def _list(self) -> bytes:
        base = self.playlist.rpartition("/")[0]
        pieces = "".join(f"#EXTINF:4.0,\n{base}/p-{number}.ts\n" for number in range(len(self.film)))
        return f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n{pieces}#EXT-X-ENDLIST\n".encode()

    # -- pages --------------------------------------------------------------------------------------------------------

    def _page(self, asked: Asked, state: State) -> Answer:
        path = asked.path
        walled = state.page in ("login-quiet", "members-404")
        if path == self.path:
            return self._item(state)
        if path == self.moved_path and state.page == "moved":
            return Answer(200, self._gallery(self.moved_full, self.moved_full))
        if path == self.variant_path and state.variant == "live":
            return Answer(200, self._gallery(self.variant_full, self.variant_full, "variant"))
        if path.startswith("/api/item"):
            return self._told(state, path)
        if path in self.others:
            return self._item(state) if walled else self._other(path)
        if path.startswith("/sorry"):
            words = self.dress.quiet_words
            return Answer(200, self.dress.page(words, self.dress.missing(words, []), Random(), []))
        if path in ("/", "/list"):
            return Answer(200, self._front(path))
        return self._item(state) if walled else self._missing()

    def _item(self, state: State) -> Answer:
        page, dress = state.page, self.dress
        if page == "live":
            full, thumb = (self.favoured_full,) * 2 if state.unseen_by in REFERERS else (self.full, self.thumb)
            return Answer(200, self._gallery(full, thumb, alternate=self.variant_path))
        if page == "text":
            return Answer(200, self._gallery("", ""))
        if page == "other":
            return Answer(200, self._strangers(*self.replaced))
        if page == "moved":
            return Answer(301, headers={"location": self.moved_path})
        if page == "scripted":
            return Answer(200, self._shell())
        if page == "endless":
            pics = [Pic(self._at(f"/os/{n % 24}-{self.rng.randrange(10**6)}.jpg"), "#") for n in range(150)]
            body = dress.gallery(self.replaced[0], self.replaced[1], [*pics, Pic(self._at(self.endless_full), "#")])
            return Answer(200, dress.page(self.replaced[0], body, Random(), []))
        if page == "bomb":
            return Answer(200, hostile.bomb(), headers={"content-encoding": "gzip"})
        if page in ("drip", "lying"):
            return Answer(raw=page)
        if page in ABSENT:
            return self._absent(page)
        return self._door(page)

    def _door(self, page: str) -> Answer:
        dress, language = self.dress, self.dress.language
        if page == "members-404":
            return Answer(404, dress.page("404", dress.missing(dress.missing_words, []), Random(), []))
        if page == "451":
            return Answer(451, dress.page("451", "<h1>451</h1>", Random(), []))
        if page == "ratelimit":
            return Answer(429, b"slow down", headers={"retry-after": "600"})
        words, form = {
            "login": (dress.login_words, "<form method='post'><input name='u'><input type='password' name='p'></form>"),
            "login-quiet": (dress.quiet_words, "<p><a href='/in'>...</a></p>"),
            "age": (dress.age_words, "<a href='/yes'>OK</a>"),
            "paywall": ("Become a premium member", "<p>Subscribe to view this.</p>"),
            "challenge": ("Just a moment...", f"<div id='challenge-form'>{escape(language.wait)}</div>"),
            "challenge-200": ("Just a moment...", f"<div class='g-recaptcha'>{escape(language.wait)}</div>"),
            "geo": (language.away, ""),
        }[page]
        headers = {"cf-mitigated": "challenge"} if page == "challenge" else {}
        status = 403 if page == "challenge" else 200
        return Answer(status, dress.page(words, f"<h1>{escape(words)}</h1>{form}", Random(), []), headers=headers)

    def _missing(self) -> Answer:
        return self._absent(self.missing_style)

    def _absent(self, style: str) -> Answer:
        dress, fresh = self.dress, Random()
        if style == "home-redirect":
            return Answer(302, headers={"location": "/"})
        if style == "list-redirect":
            return Answer(302, headers={"location": "/list"})
        if style == "sorry-redirect":
            return Answer(302, headers={"location": "/sorry.html?from=x"})
        if style == "home-200":
            return Answer(200, self._front("/"))
        if style == "meta-refresh":
            return Answer(200, b"<!doctype html><meta http-equiv='refresh' content='0;url=/'><title>...</title>")
        if style == "scripted-empty":
            return Answer(200, self._shell())
        quiet = style.endswith("quiet")
        words = dress.quiet_words if quiet else dress.missing_words
        if style == "200-words":
            words = f"{words} - not found"
        recommends = [self._stranger(fresh.randrange(24), fresh) for _ in range(8)] if style == "200-recommends" else []
        body = dress.page(words, dress.missing(words, recommends), fresh, self._aside(fresh))
        return Answer(int(style[:3]) if style[:3].isdigit() else 200, body)

    def _at(self, path: str) -> str:
        return path if self.media_host == self.domain else f"http://{self.media_host}{path}"

    def _stranger(self, number: int, fresh: Random | None = None) -> Pic:
        return Pic(self._at(f"/os/{number}.jpg"), self._at(f"/o/{number}.jpg"))

    def _aside(self, fresh: Random) -> list[Pic]:
        return [self._stranger(fresh.randrange(24)) for _ in range(self.dress.sidebar)]

    def _gallery(self, full: str, thumb: str, also: str = "", alternate: str = "") -> bytes:
        dress, fresh = self.dress, Random()
        pics = [self._stranger(number) for number in self.beside]
        if full and not self.playlist:
            pics.insert(len(pics) // 2, Pic(self._at(thumb), self._at(full)))
        video = self._at(self.playlist) if full and self.playlist else ""
        body = dress.gallery(self.title, self.sentences, pics, video)
        if self.way.needs == "copy" and full:
            body += f"<p><a href='http://{self.copy_host}{self.full}'>2</a></p>"
        head = ""
        if self.way.needs == "variant" and alternate and not also:
            head = f"<link rel='alternate' hreflang='xx' href='{alternate}'>"
        return dress.page(self.title, body, fresh, self._aside(fresh), head=head)

    def _other(self, path: str) -> Answer:
        return Answer(200, self._shell() if self.scripted else self._strangers(*self.others[path]))

    def _strangers(self, title: str, sentences: list[str], numbers: list[int]) -> bytes:
        fresh = Random()
        body = self.dress.gallery(title, sentences, [self._stranger(number) for number in numbers])
        return self.dress.page(title, body, fresh, self._aside(fresh))

    def _front(self, path: str) -> bytes:
        fresh = Random()
        rows = "".join(f"<li><a href='{one}'>{escape(title)}</a></li>" for one, (title, *_) in self.others.items())
        heading = self.dress.title if path == "/" else self.dress.language.menu[2]
        body = f"<h1>{escape(heading)}</h1><ul>{rows}</ul><p>{escape(self.dress.language.sentence(Random(path)))}</p>"
        return self.dress.page(heading, body, fresh, self._aside(fresh))

    def _shell(self) -> bytes:
        """A page that is written by its script."""
        return (
            f"<!doctype html><html lang='{self.dress.language.code}'><head><title>{escape(self.dress.title)}</title>"
            "</head><body><div id='app'></div><script>/* app */</script><script>"
            "fetch('/api/item?p=' + encodeURIComponent(location.pathname + location.search)).then(a => a.json())"
            ".then(item => { document.getElementById('app').innerHTML = item.html; });</script></body></html>"
        ).encode()

    def _told(self, state: State, path: str) -> Answer:
        wanted = unquote(path.partition("p=")[2])
        dress = self.dress
        html = f"<h1>{escape(dress.missing_words)}: not found</h1>"
        if wanted == self.path and state.page == "scripted":
            pics = [*(self._stranger(n) for n in self.beside), Pic(self._at(self.thumb), self._at(self.full))]
            html = dress.gallery(self.title, self.sentences, pics)
        for one, (title, sentences, numbers) in self.others.items():
            if wanted == one:
                html = dress.gallery(title, sentences, [self._stranger(number) for number in numbers])
        return Answer(200, json.dumps({"html": html}).encode(), "application/json")
