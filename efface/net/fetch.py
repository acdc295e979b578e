"""Bounded fetch over HTTP: one total deadline, limits on headers, wire bytes and inflated bytes, redirects followed by
hand and judged anew, no cookies, typed errors. It never raises for what a stranger's server does."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Literal

import aiohttp
from yarl import URL

from efface.net.connect import Connectors, Tls, tls_context
from efface.net.guard import Guard, NetError, Refused
from efface.net.inflate import Inflate
from efface.net.protocol import FetchFacts, Limits
from efface.net.spacing import Spacing
from efface.vision.formats import sniff, sniff_playlist, sniff_video

BOT_AGENT = "Mozilla/5.0 (compatible; EffaceBot/0.1; removal of non-consensual intimate images)"
BROWSER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
HEADER_CHARS = 512
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_UNKEPT_HEADERS = frozenset({"set-cookie", "set-cookie2"})
_CHUNK = 65536

Reserve = Callable[[int], Awaitable[None]]
_ACCEPT = {
    "page": "text/html,application/xhtml+xml,image/*;q=0.9,*/*;q=0.8",
    "picture": "image/avif,image/webp,image/*;q=0.9,*/*;q=0.5",
    "text": "*/*",
    "segment": "video/*,*/*;q=0.5",
}

Want = Literal["page", "picture", "text", "segment"]
"""What the caller can use: "page" takes HTML (clipped at ``page_bytes``), a picture or a video; "picture" takes a whole
picture or an error, a video (clipped at ``video_bytes``), or the playlist of one; "text" takes anything, clipped at
``page_bytes``; "segment" takes anything, clipped at ``media_bytes``."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """``body`` is the entity after content coding; it never leaves the process. ``charset`` is the one the headers
    name. ``clipped`` says that there was more."""

    facts: FetchFacts
    body: bytes = b""
    charset: str = ""
    clipped: bool = False
    sent: tuple[tuple[str, str], ...] = ()

    @property
    def ok(self) -> bool:
        """Whether an answer with a success status came."""
        return not self.facts.error and 200 <= self.facts.status < 300


class Session:
    """The fetches of one request. Addresses stay pinned and connections alive while it is open; ``connectors`` lends it
    those of somebody who keeps them longer; ``spacing`` has pages of one site asked for some seconds apart."""

    def __init__(
        self,
        guard: Guard,
        limits: Limits | None = None,
        agent: str = BOT_AGENT,
        connectors: Connectors | None = None,
        spacing: Spacing | None = None,
    ) -> None:
        self.guard = guard
        self.limits = limits or Limits()
        self.agent = agent
        self.spacing = spacing
        self._owned = connectors is None
        self.connectors = connectors or Connectors(guard, tls_context())
        self._clients: dict[int, aiohttp.ClientSession] = {}

    async def __aenter__(self) -> Session:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._clients.values():
            await client.close()
        if self._owned:
            await self.connectors.close()

    def addresses(self, url: str) -> list[str]:
        """The claimed addresses pinned for the host of ``url`` in this session."""
        try:
            address = URL(url)
        except (ValueError, TypeError):
            return []
        return [str(item) for item in self.connectors.resolver.claimed(address.raw_host or "", address.port or 0)]

    def tls(self, url: str) -> Tls:
        """What the host of ``url`` showed when its connection was sealed."""
        try:
            return self.connectors.tls(URL(url).raw_host or "")
        except (ValueError, TypeError):
            return Tls()

    async def get(
        self,
        url: str,
        *,
        want: Want = "page",
        referer: str = "",
        etag: str = "",
        last_modified: str = "",
        agent: str = "",
        accept: str = "",
        redirects: int | None = None,
        reserve: Reserve | None = None,
        byte_range: tuple[int, int] | None = None,
        more: Mapping[str, str] | None = None,
    ) -> Fetched:
        """Fetch ``url``. Every failure is in ``facts.error``; nothing is raised but cancellation. ``reserve`` is
        awaited with the most bytes that the body of a picture may take, before it is read. ``byte_range`` (first and
        last byte) is asked for; a server may send the whole instead (status 200). ``more`` are further headers; with
        one that is secret go no ``redirects``."""
        headers = {
            "User-Agent": agent or self.agent,
            "Accept": accept or _ACCEPT[want],
            "Accept-Language": "en,*;q=0.5",
            "Accept-Encoding": "gzip",
        }
        if byte_range is not None:
            headers["Range"] = f"bytes={byte_range[0]}-{byte_range[1]}"
            headers["Accept-Encoding"] = "identity"
        headers |= more or {}
        if referer:
            headers["Referer"] = referer
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        trail = _Trail(url, reserve)
        most = self.limits.redirects if redirects is None else redirects
        if self.spacing is not None and want in ("page", "text"):
            async with self.spacing.turn(url):
                fetched = await self._fetched(trail, headers, want, most)
        else:
            fetched = await self._fetched(trail, headers, want, most)
        return replace(fetched, sent=tuple(headers.items()))

    async def post(self, url: str, data: bytes, headers: Mapping[str, str]) -> Fetched:
        """Hand ``data`` in at ``url`` and to no other address: a redirect is an error ("redirect-loop"). Every failure
        is in ``facts.error``, as with ``get``."""
        base = {"User-Agent": self.agent, "Accept": "*/*", "Accept-Encoding": "identity"}
        return await self._fetched(_Trail(url, None, data), base | dict(headers), "text", 0)

    async def _fetched(self, trail: _Trail, headers: dict[str, str], want: Want, redirects: int) -> Fetched:
        try:
            async with asyncio.timeout(self.limits.total_s):
                return await self._follow(trail, headers, want, redirects)
        except NetError as error:
            return Fetched(trail.facts(error.kind, error.detail))
        except TimeoutError:
            return Fetched(trail.facts("timeout"))
        except Exception as error:  # the HTTP library raises many kinds, not all of one family, for hostile answers
            kind, detail = _classify(error)
            return Fetched(trail.facts(kind, detail))

    async def _follow(self, trail: _Trail, headers: dict[str, str], want: Want, redirects: int) -> Fetched:
        url = _url(trail.url)
        seen = {str(url)}
        while True:
            trail.final = str(url)
            answer = await self._one(trail, url, headers, want)
            location = answer.facts.headers.get("location", "") if answer.facts.status in _REDIRECTS else ""
            if not location:
                return answer
            url = _join(url, trail.location)
            trail.redirects.append(str(url))
            if str(url) in seen or len(trail.redirects) > redirects:
                raise NetError("redirect-loop")
            seen.add(str(url))

    async def _one(self, trail: _Trail, url: URL, headers: dict[str, str], want: Want) -> Fetched:
        self.guard.check_url(url)
        client = self._client(url)
        method = "GET" if trail.data is None else "POST"
        async with client.request(method, url, headers=headers, data=trail.data, allow_redirects=False) as answer:
            connection = answer.connection
            peer = connection.transport.get_extra_info("peername") if connection and connection.transport else None
            via_socks = self.connectors.via_socks(url)
            trail.claimed_ip = "" if via_socks else self.connectors.claimed(url, peer[0] if peer else "")
            size = sum(len(name) + len(value) + 4 for name, value in answer.raw_headers)
            if size > self.limits.header_bytes:
                raise NetError("too-large", "headers")
            trail.status = answer.status
            trail.location = answer.headers.get("Location", "")[:4096]
            trail.headers = {
                name.lower()[:64]: value[:HEADER_CHARS]
                for name, value in answer.headers.items()
                if name.lower() not in _UNKEPT_HEADERS
            }
            trail.mime = answer.headers.get("Content-Type", "").split(";")[0].strip().lower()[:100]
            if answer.status in _REDIRECTS and trail.location:
                return Fetched(trail.facts())
            body, clipped = await self._body(trail, answer, want)
            return Fetched(trail.facts(), body, (answer.charset or "")[:40], clipped)

    async def _body(self, trail: _Trail, answer: aiohttp.ClientResponse, want: Want) -> tuple[bytes, bool]:
        coding = answer.headers.get("Content-Encoding", "").strip().lower()
        if coding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise NetError("bad-answer", "content coding")
        limits = self.limits
        length = answer.headers.get("Content-Length", "")
        body = bytearray()
        if trail.reserve is not None:
            known = length.isdigit() and coding in ("", "identity")
            most = limits.video_bytes if trail.mime.startswith("video/") else limits.media_bytes
            await trail.reserve(min(int(length), most) if known else most)
        inflate = Inflate(coding, limits.inflated_bytes) if coding not in ("", "identity") else None
        cap, clip = 0, False
        async for chunk in answer.content.iter_chunked(_CHUNK):
            trail.size += len(chunk)
            if inflate is None:
                body += chunk
            else:
                try:
                    inflate.feed(chunk)
                except ValueError:
                    raise NetError("bad-answer", "content coding") from None
                body = inflate.out
            if not cap and body:
                head = bytes(body[:512])
                picture, video = bool(sniff(head)), want in ("page", "picture") and bool(sniff_video(head))
                playlist = want == "picture" and bool(sniff_playlist(head))
                if want == "picture" and not (picture or video or playlist):
                    return b"", True
                clip = want in ("text", "segment") or not picture
                cap = limits.video_bytes if video else limits.page_bytes if clip else limits.media_bytes
                cap = limits.media_bytes if want == "segment" else cap
                if inflate:
                    cap = min(cap, limits.inflated_bytes)
                if not clip and length.isdigit() and int(length) > cap:
                    raise NetError("too-large")
            if cap and (len(body) > cap or trail.size > max(cap, limits.media_bytes) or (inflate and inflate.full)):
                if not clip:
                    raise NetError("too-large")
                return bytes(body[:cap]), True
        if inflate is not None and body and not inflate.complete:
            if not clip:
                raise NetError("reset", "body cut short")
            return bytes(body), True
        return bytes(body), False

    def _client(self, url: URL) -> aiohttp.ClientSession:
        connector = self.connectors.for_url(url)
        client = self._clients.get(id(connector))
        if client is None:
            client = self._clients[id(connector)] = aiohttp.ClientSession(
                connector=connector,
                connector_owner=False,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                timeout=aiohttp.ClientTimeout(total=self.limits.total_s),
                read_bufsize=_CHUNK,
                max_line_size=8190,
                max_field_size=min(8190, self.limits.header_bytes),
                max_headers=200,
            )
        return client


async def get_json(
    guard: Guard, url: str, *, accept: str = "application/json", limit: int = 1_000_000, total_s: float = 15.0
) -> tuple[FetchFacts, Any]:
    """The JSON at ``url`` (RDAP, RFC 7480), or None with the reason in the facts: any status but 2xx, or a body that is
    no JSON or longer than ``limit`` bytes ("bad-answer", "too-large")."""
    async with Session(guard, json_limits(limit, total_s)) as session:
        return await session_json(session, url, accept)


def json_limits(limit: int = 1_000_000, total_s: float = 15.0) -> Limits:
    """The limits of a session whose answers are JSON of at most ``limit`` bytes."""
    return Limits(total_s=total_s, page_bytes=limit, inflated_bytes=limit)


async def session_json(session: Session, url: str, accept: str = "application/json") -> tuple[FetchFacts, Any]:
    """``get_json`` within a session, whose limits hold (``json_limits``)."""
    fetched = await session.get(url, want="text", accept=accept)
    if not fetched.ok:
        return fetched.facts, None
    if fetched.clipped:
        return replace(fetched.facts, error="too-large"), None
    try:
        return fetched.facts, json.loads(fetched.body)
    except (ValueError, RecursionError):
        return replace(fetched.facts, error="bad-answer", detail="not JSON"), None


class _Trail:
    """What is known of a fetch so far, so that a failure half-way still tells it."""

    def __init__(self, url: str, reserve: Reserve | None = None, data: bytes | None = None) -> None:
        self.url = url
        self.data = data
        self.final = url
        self.reserve = reserve
        self.redirects: list[str] = []
        self.status = 0
        self.headers: dict[str, str] = {}
        self.location = ""
        self.mime = ""
        self.claimed_ip = ""
        self.size = 0

    def facts(self, error: str = "", detail: str = "") -> FetchFacts:
        return FetchFacts(
            url=self.url[:4096],
            final_url=self.final[:4096],
            status=self.status,
            headers=self.headers,
            redirects=[url[:4096] for url in self.redirects],
            error=error,  # type: ignore[arg-type]
            detail=detail[:200],
            size=self.size,
            mime=self.mime,
            claimed_ip=self.claimed_ip,
        )


def _url(text: str) -> URL:
    try:
        return URL(text.strip()).with_fragment(None)
    except (ValueError, TypeError, UnicodeError):
        raise Refused("not an address") from None


def _join(base: URL, location: str) -> URL:
    try:
        return base.join(URL(location.strip())).with_fragment(None)
    except (ValueError, TypeError, UnicodeError):
        raise NetError("bad-answer", "redirect to no address") from None


def _classify(error: BaseException) -> tuple[str, str]:
    """The protocol's word for an exception of aiohttp, and a detail that holds nothing of the answer."""
    name = type(error).__name__
    chain: list[BaseException] = []
    step: BaseException | None = error
    while step is not None and len(chain) < 6:
        chain.append(step)
        step = step.__cause__ or step.__context__
    for link in chain:
        if isinstance(link, NetError):
            return link.kind, link.detail
    if any(isinstance(link, (aiohttp.ClientSSLError, ssl.SSLError)) for link in chain):
        return "tls", name
    if any(type(link).__name__ == "LineTooLong" or "Too many" in str(link) for link in chain):
        return "too-large", "headers"
    if isinstance(error, aiohttp.InvalidURL):
        return "refused", "not an address"
    if isinstance(error, aiohttp.ClientPayloadError):
        broken = any(type(link).__name__ == "TransferEncodingError" for link in chain)
        return ("bad-answer", "transfer coding") if broken else ("reset", "body cut short")
    if isinstance(error, aiohttp.ClientResponseError):
        return "bad-answer", name
    if isinstance(error, (aiohttp.ClientConnectionError, OSError)) or name.startswith("Proxy"):
        return "reset", name
    return ("bad-answer" if isinstance(error, (aiohttp.ClientError, ValueError)) else "internal"), name
