"""Is this page written by its scripts? Then what was served says little about what is shown. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

LITTLE_TEXT = 200
"""Characters of main text below which a page with scripts may be an empty shell."""
_ROOTS = (
    "#root, #app, #__next, #__nuxt, #___gatsby, #svelte, #ember-app, app-root, [data-reactroot], [ng-app], [data-v-app]"
)
_GALLERIES = re.compile(r"galler|grid|album|photo|thumb|masonry|media|pictures|results|infinite|feed", re.IGNORECASE)
_ASKS = re.compile(
    r"(?:enable|need|requires?|activate|turn on)[^.]{0,30}javascript"
    r"|javascript[^.]{0,40}(?:required|disabled|enable|aktivier)"
    r"|activ(?:er|a|e)[^.]{0,20}javascript|включите javascript|javascript を有効|启用 javascript|javascript etkin",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Signs:
    """What tells: characters of main text, scripts, links and media found, whether a noscript text asks for scripts,
    whether an application's root or a gallery stands empty, pictures whose address is filled in later."""

    text: int = 0
    scripts: int = 0
    links: int = 0
    media: int = 0
    asks: bool = False
    root: bool = False
    hollow: int = 0
    unfilled: int = 0


def signs(tree: LexborHTMLParser, text: str, links: int, media: int) -> Signs:
    scripts = [
        node for node in tree.css("script")[:200]
        if (node.attributes.get("type") or "").lower() in ("", "module", "text/javascript", "application/javascript")
    ]  # fmt: skip
    asks = any(_ASKS.search(node.text(deep=True)[:2000]) for node in tree.css("noscript")[:10])
    asks = asks or (len(text) < LITTLE_TEXT and bool(_ASKS.search(text)))
    root = any(not node.text(deep=True, strip=True)[:80] for node in tree.css(_ROOTS)[:5])
    hollow = sum(1 for node in tree.css("div, ul, section, main")[:1500] if _is_hollow(node))
    unfilled = sum(1 for node in tree.css("img:not([src])")[:200] if not _named(node.attributes))
    return Signs(len(text), len(scripts), links, media, asks, root, hollow, unfilled)


def _is_hollow(node: LexborNode) -> bool:
    given = node.attributes
    name = f"{given.get('class') or ''} {given.get('id') or ''}"
    return bool(_GALLERIES.search(name)) and node.first_child is None


def _named(given: dict[str, str | None]) -> bool:
    return any(name.startswith("data-") and value and "/" in value for name, value in given.items()) or bool(
        given.get("srcset")
    )


def needs_browser(seen: Signs) -> bool:
    """Whether what is shown must be asked of a browser."""
    if not seen.scripts:
        return False
    if seen.unfilled >= 3 and seen.media <= seen.unfilled:
        return True
    bare = seen.text < LITTLE_TEXT and seen.media <= 1
    return bare and (seen.root or seen.asks or seen.hollow > 0 or (seen.links <= 2 and seen.scripts >= 2))
