"""Where more of a site is: feeds, further pages of lists, "load more" endpoints, players in frames, the search form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode

from selectolax.lexbor import LexborHTMLParser, LexborNode
from yarl import URL

from efface.net.page.urls import absolute

WORD = "{word}"
"""Stands in a search address for what is looked for."""
MOST = 20
MOST_ALTERNATES = 6
_FEEDS = frozenset({"application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"})
_OEMBED = frozenset({"application/json+oembed", "text/json+oembed"})
_MORE = (
    "data-next", "data-next-url", "data-next-page", "data-load-more", "data-load-more-url", "data-more-url",
    "data-ajax-url", "data-endpoint", "data-infinite-url", "data-href-next", "hx-get",
)  # fmt: skip
_MORE_SELECTOR = ", ".join(f"[{name}]" for name in _MORE)
_WORDS = frozenset({"q", "s", "query", "search", "keyword", "keywords", "term", "k", "suche", "buscar", "busca"})
_NEXT_TEXT = re.compile(
    r"^(?:next|older(?: posts)?|load more|show more|weiter|nächste|ältere|suivant|siguiente|próxim[oa]|següent|avanti|"
    r"successiv[oa]|volgende|następna|далее|следующая|次へ|下一页|下一頁|다음|التالي|sonraki|»|›|→|>>?)\s*[»›→]*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Leads:
    """``further``: more of the same list; ``frames``: what is embedded from elsewhere; ``search``: an address with
    ``WORD`` in it, and ``described`` the address of an OpenSearch description; "" where there is none. ``alternates``
    are what the page calls itself elsewhere: in other languages, for phones, and by its ``canonical`` address.
    ``oembed`` is where it describes itself as data; "" where it does not."""

    feeds: list[str] = field(default_factory=list)
    further: list[str] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    search: str = ""
    described: str = ""
    alternates: list[str] = field(default_factory=list)
    canonical: str = ""
    oembed: str = ""


def leads(tree: LexborHTMLParser, base: URL) -> Leads:
    """What a page says about where more is. Absolute addresses, each once, at most ``MOST`` of a kind."""
    feeds, described, canonical, oembed = [], "", "", ""
    alternates: list[str | None] = []
    for node in tree.css("link[rel]")[:200]:
        given = node.attributes
        rel, kind = (given.get("rel") or "").lower().split(), (given.get("type") or "").lower()
        if "alternate" in rel and kind in _OEMBED:
            oembed = oembed or absolute(base, given.get("href") or "")
        elif "alternate" in rel and kind in _FEEDS:
            feeds.append(given.get("href"))
        elif {"canonical", "amphtml"} & set(rel) or ("alternate" in rel and {"hreflang", "media"} & set(given)):
            alternates.append(given.get("href"))
            if "canonical" in rel:
                canonical = canonical or absolute(base, given.get("href") or "")
        elif "search" in rel and "opensearch" in kind and not described:
            described = absolute(base, given.get("href") or "")
    further, frames = _some(base, _further(tree)), _some(base, _frames(tree, base))
    same = [url for url in _some(base, alternates) if url != str(base.with_fragment(None))]
    same = same[:MOST_ALTERNATES]
    return Leads(_some(base, feeds), further, frames, _search(tree, base), described, same, canonical, oembed)


def _some(base: URL, references: Iterator[str] | list[str | None]) -> list[str]:
    found: dict[str, None] = {}
    for reference in references:
        url = absolute(base, reference or "")
        if url:
            found[url] = None
        if len(found) >= MOST:
            break
    return list(found)


def _further(tree: LexborHTMLParser) -> Iterator[str]:
    for node in tree.css("a[rel~=next], link[rel~=next]")[:MOST]:
        yield node.attributes.get("href") or ""
    for node in tree.css(_MORE_SELECTOR)[: 3 * MOST]:
        for name in _MORE:
            value = (node.attributes.get(name) or "").strip()
            if "/" in value or value.startswith("?"):
                yield value
    for node in tree.css("a[href]")[:2000]:
        if _NEXT_TEXT.match(node.text(deep=True, strip=True)[:40] or (node.attributes.get("aria-label") or "")[:40]):
            yield node.attributes.get("href") or ""


def _frames(tree: LexborHTMLParser, base: URL) -> Iterator[str]:
    """Frames of other hosts: a player lives there, and with it the video that the page shows."""
    for node in tree.css("iframe, frame, embed, amp-iframe")[: 3 * MOST]:
        given = node.attributes
        reference = given.get("src") or given.get("data-src") or given.get("data-lazy-src") or ""
        url = absolute(base, reference)
        if url and URL(url).raw_host != base.raw_host and not _hidden(node):
            yield url


def _hidden(node: LexborNode) -> bool:
    """Frames of a pixel are counters, not players."""
    given = node.attributes
    return (given.get("width") or "")[:2].strip() in ("0", "1") or (given.get("height") or "")[:2].strip() in ("0", "1")


def _search(tree: LexborHTMLParser, base: URL) -> str:
    """The address that a search form asks by GET, ``WORD`` in the place of what is typed."""
    for form in tree.css("form")[:20]:
        if (form.attributes.get("method") or "get").lower() != "get":
            continue
        name, fixed = "", {}
        for box in form.css("input")[:20]:
            given = box.attributes
            key, kind = (given.get("name") or "").strip(), (given.get("type") or "text").lower()
            if not key:
                continue
            if kind in ("text", "search") and (key.lower() in _WORDS or kind == "search") and not name:
                name = key
            elif kind == "hidden" and len(given.get("value") or "") <= 100:
                fixed[key] = given.get("value") or ""
        action = absolute(base, form.attributes.get("action") or str(base))
        if name and action and URL(action).raw_host == base.raw_host:
            bare = str(URL(action).with_query(None))
            return f"{bare}?{urlencode(fixed) + '&' if fixed else ''}{urlencode({name: ''})}{WORD}"
    return ""
