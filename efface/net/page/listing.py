"""Sitemaps, feeds and OpenSearch descriptions: what a site says about its own pages, read in the sandbox.

Sitemaps and their indexes (sitemaps.org 0.9, also gzipped and as plain text), RSS, RDF, Atom (RFC 4287), JSON Feed 1.1.
Elements are counted as they pass; document types, and with them all entities, are refused; no tree is built.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal, NoReturn
from xml.parsers import expat

from yarl import URL

from efface.net.inflate import Inflate
from efface.net.page import data
from efface.net.page.urls import absolute
from efface.net.protocol import Entry

Kind = Literal["", "index", "sitemap", "feed", "search"]
MOST_ELEMENTS = 600_000
MOST_DEPTH = 32
MOST_INFLATED = 50 * 1024 * 1024
"""The size that sitemaps.org allows a sitemap uncompressed."""
MOST_ENTRIES = 5_000
"""Of the entries of one list the newest are kept."""
_MOST_TEXT = 4_096
_ROOTS: dict[str, Kind] = {
    "sitemapindex": "index", "urlset": "sitemap", "rss": "feed", "rdf": "feed", "feed": "feed",
    "opensearchdescription": "search",
}  # fmt: skip
_ITEMS = frozenset({"sitemap", "url", "item", "entry"})
_DATES = frozenset({"lastmod", "pubdate", "updated", "published", "date", "publication_date"})
_ISO = re.compile(r"\d{4}(?:-\d\d(?:-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)?)?)?")


class _Enough(Exception):
    """More than is read."""


@dataclass(slots=True)
class Listing:
    """``entries`` newest first where dates are given; ``more`` says that there were more than ``MOST_ENTRIES``, or than
    could be read. ``template`` is the address of a search, with ``leads.WORD`` in it."""

    kind: Kind = ""
    entries: list[Entry] = field(default_factory=list)
    template: str = ""
    more: bool = False


def read_listing(body: bytes, url: str) -> Listing:
    """``body``, fetched from ``url``, as a list. Never raises for what is in it: kind "" where it is none."""
    try:
        base = URL(url)
    except (ValueError, TypeError):
        return Listing()
    clipped = False
    if body[:2] == b"\x1f\x8b":
        machine = Inflate("gzip", MOST_INFLATED)
        try:
            machine.feed(body)
        except ValueError:
            clipped = True
        body, clipped = bytes(machine.out), clipped or machine.full or not machine.complete
    head = body[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] in (b"{", b"["):
        found = _json_feed(data.parse(body.decode("utf-8", "replace")), base)
    elif head[:1] == b"<":
        found = _Reader(base).read(body)
    else:
        found = _plain(body, base)
    found.more = found.more or clipped
    return found


def _kept(entries: dict[str, int], base: URL, more: bool) -> tuple[list[Entry], bool]:
    """The newest, as absolute addresses: of the rest nobody needs to know the spelling."""
    ordered = sorted(entries.items(), key=lambda item: -item[1])
    found: dict[str, int] = {}
    for reference, at in ordered[:MOST_ENTRIES]:
        url = absolute(base, reference)
        if url:
            found.setdefault(url, at)
    return [Entry(url, at) for url, at in found.items()], more or len(ordered) > MOST_ENTRIES


def _plain(body: bytes, base: URL) -> Listing:
    """A sitemap of one address a line."""
    lines = body[:MOST_INFLATED].decode("utf-8", "replace").splitlines()[:50_000]
    if not lines or not all(line.strip().startswith(("http://", "https://")) for line in lines[:5] if line.strip()):
        return Listing()
    kept, more = _kept({line.strip()[:2048]: 0 for line in lines if line.strip()}, base, False)
    return Listing("sitemap" if kept else "", kept, more=more)


def _json_feed(given: Any, base: URL) -> Listing:
    if not isinstance(given, dict) or not isinstance(given.get("items"), list):
        return Listing()
    entries: dict[str, int] = {}
    for item in given["items"][:MOST_ENTRIES]:
        if isinstance(item, dict):
            url = str(item.get("url") or item.get("external_url") or "")[:2048]
            if url:
                entries[url] = moment(str(item.get("date_modified") or item.get("date_published") or ""))
    kept, more = _kept(entries, base, len(given["items"]) > MOST_ENTRIES)
    return Listing("feed", kept, more=more)


class _Reader:
    """One pass over the XML."""

    def __init__(self, base: URL) -> None:
        self.base = base
        self.found = Listing()
        self.entries: dict[str, int] = {}
        self.stack: list[str] = []
        self.count = 0
        self.text = ""
        self.url, self.at = "", 0

    def read(self, body: bytes) -> Listing:
        reader = expat.ParserCreate(namespace_separator=" ")
        reader.StartElementHandler, reader.EndElementHandler = self._begin, self._end
        reader.CharacterDataHandler = self._words
        for name in ("StartDoctypeDeclHandler", "EntityDeclHandler", "ExternalEntityRefHandler"):
            setattr(reader, name, self._refuse)
        more = False
        try:
            reader.Parse(body, True)
        except (expat.ExpatError, ValueError, LookupError, _Enough):
            more = True  # what was read until there counts
        self.found.entries, self.found.more = _kept(self.entries, self.base, more)
        return self.found

    def _refuse(self, *_: Any) -> NoReturn:
        raise _Enough

    def _begin(self, name: str, given: dict[str, str]) -> None:
        name = name.rpartition(" ")[2].lower()
        self.count += 1
        if self.count > MOST_ELEMENTS or len(self.stack) >= MOST_DEPTH:
            raise _Enough
        if not self.stack:
            self.found.kind = _ROOTS.get(name, "")
            if not self.found.kind:
                raise _Enough
        self.stack.append(name)
        self.text = ""
        if name == "url" and self.found.kind == "search":
            self._template(given)
        elif name in _ITEMS:
            self.url, self.at = "", 0
        elif name == "link" and given.get("href") and given.get("rel", "alternate") == "alternate" and self._inside():
            self.url = self.url or given["href"][:2048]

    def _inside(self) -> bool:
        return any(name in _ITEMS for name in self.stack)

    def _template(self, given: dict[str, str]) -> None:
        """OpenSearch 1.1, "Url": only what gives a page, asked by GET, with nothing required but the words."""
        template = given.get("template", "")
        if given.get("type") != "text/html" or given.get("method", "get").lower() != "get":
            return
        filled = re.sub(r"\{[^{}]{1,40}\?\}", "", template).replace("{searchTerms}", "WORDWORD")
        if "{" not in filled and "WORDWORD" in filled:
            self.found.template = absolute(self.base, filled).replace("WORDWORD", "{word}")

    def _words(self, text: str) -> None:
        if len(self.text) < _MOST_TEXT:
            self.text += text[:_MOST_TEXT]

    def _end(self, name: str) -> None:
        name = self.stack.pop()
        parent = self.stack[-1] if self.stack else ""
        text = self.text.strip()
        if name in ("loc", "link", "guid") and parent in _ITEMS and text and not self.url:
            self.url = text[:2048] if name != "guid" or text.startswith("http") else ""
        elif name in _DATES and self._inside():
            self.at = max(self.at, moment(text))
        elif name in _ITEMS and self.url and not (name == "url" and self.found.kind == "search"):
            self.entries[self.url] = max(self.at, self.entries.get(self.url, 0))
            if len(self.entries) > 10 * MOST_ENTRIES:
                raise _Enough
        self.text = ""


def moment(text: str) -> int:
    """Seconds since 1970 of a date as W3C or RFC 5322 write it; 0 where it is none, or no plausible one."""
    text = text.strip()[:40]
    try:
        if _ISO.fullmatch(text):
            padded = text + "-01-01"[len(text) - 4 :] if len(text) in (4, 7) else text
            when = datetime.fromisoformat(padded.replace("Z", "+00:00"))
        else:
            when = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return int(when.timestamp()) if 1990 <= when.year <= 2100 else 0
