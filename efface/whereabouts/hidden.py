"""A page without what its readers do not see: that is where addresses for machines (honeypots) stand."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser

from efface.net.page.read import bounded_html

MOST_NODES = 20_000
MOST_SHEETS = 20
MOST_SELECTORS = 400
SHEET_CHARS = 100_000
HIDDEN = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|opacity:0(?:;|$|\.0+(?:;|$))|font-size:0|color:transparent|"
    r"(?:left|top|right|bottom|text-indent|margin-(?:left|top)):-\d{3,}|translate(?:x|y|3d)?\([^)]*-\d{3,}|scale\(0|"
    r"(?:^|;)(?:height|width|max-height|max-width):0(?:px)?(?:;|$)|clip:rect\(0|clip:rect\(1px|clip-path:inset\((?:50|100)%"
)
_CLASSES = ("hidden", "hide", "d-none", "is-hidden", "invisible", "visually-hidden", "visuallyhidden", "sr-only",
            "screen-reader-text", "screenreader", "offscreen", "off-screen", "nodisplay", "honeypot", "hp", "ohnohoney",
            "display-none", "u-hidden")  # fmt: skip
_NEVER_SHOWN = (
    "template, noscript, [hidden], [aria-hidden=true], input[type=hidden], object, dialog:not([open]), "
    "head > :not(style):not(script)"
)
_RULE = re.compile(r"([^{}]{1,400})\{([^{}]{0,2000})\}")
_SELECTOR = re.compile(r"^[A-Za-z0-9_.# >\-]{1,100}$")
_COLOUR = re.compile(r"(?:^|;)(background(?:-color)?|color):([^;]{1,60})")
_NAMED = {"white": "#ffffff", "black": "#000000", "red": "#ff0000"}


def visible(html: str) -> LexborHTMLParser:
    """The page without hidden elements (by attribute, inline style, its own style sheets, and the usual class names),
    templates and comments. Scripts stay: they may write an address."""
    page = LexborHTMLParser(bounded_html(html)[0])
    for node in page.css(_NEVER_SHOWN):
        if node.tag not in ("title", "meta", "link", "base"):
            node.decompose()
    for node in page.css(", ".join(f".{name}" for name in _CLASSES))[:MOST_NODES]:
        node.decompose()
    ground = _ground(page)
    for node in page.css("[style]")[:MOST_NODES]:
        style = squeezed(node.attributes.get("style") or "")
        if node.tag not in ("body", "html") and (HIDDEN.search(style) or _same_colour(style, ground)):
            node.decompose()
    selectors = list(_hiding(page, ground))
    for start in range(0, len(selectors), 100):
        for node in page.css(", ".join(selectors[start : start + 100]))[:MOST_NODES]:
            node.decompose()
    return page


def squeezed(style: str) -> str:
    """Declarations in lower case without white space or comments."""
    return re.sub(r"/\*.*?\*/|\s+|!important", "", style.lower()[:2000], flags=re.DOTALL)


def rules(page: LexborHTMLParser) -> Iterator[tuple[str, str]]:
    """(selector list, declarations) of the page's own style sheets."""
    for style in page.css("style")[:MOST_SHEETS]:
        sheet = re.sub(r"/\*[^*]{0,2000}\*/", "", style.text()[:SHEET_CHARS])
        for rule in _RULE.finditer(sheet):
            yield rule[1].strip(), rule[2]


def _hiding(page: LexborHTMLParser, ground: str) -> Iterator[str]:
    """Plain selectors (tags, classes, ids, descendants) that a style sheet hides."""
    count = 0
    for selectors, declarations in rules(page):
        style = squeezed(declarations)
        if not (HIDDEN.search(style) or _same_colour(style, ground)):
            continue
        for selector in selectors.split(","):
            selector = " ".join(selector.split())
            plain = _SELECTOR.match(selector) and re.search(r"[.#]", selector) and not selector[0].isdigit()
            if plain and not re.search(r"[.#>-]\s*$|[.#]\d|[.#][ .#>]|> >|^>", selector):
                yield selector
                count += 1
                if count == MOST_SELECTORS:
                    return


def _ground(page: LexborHTMLParser) -> str:
    """The colour behind the text where the page says it; white where it has no style at all, "" where unknown."""
    body = page.css_first("body")
    found = _colours(squeezed(body.attributes.get("style") or "")) if body is not None else {}
    if "background" in found:
        return found["background"]
    for selectors, declarations in rules(page):
        if re.search(r"(?:^|,)\s*(?:body|html)\s*(?:,|$)", selectors):
            found = _colours(squeezed(declarations)) | found
    if "background" in found:
        return found["background"]
    return "" if page.css_first("link[rel=stylesheet], style, body[bgcolor]") is not None else "#ffffff"


def _same_colour(style: str, ground: str) -> bool:
    """Text in the colour of what is behind it."""
    found = _colours(style)
    front = found.get("color", "")
    return bool(front) and front == found.get("background", ground)


def _colours(style: str) -> dict[str, str]:
    made = {}
    for name, value in _COLOUR.findall(style):
        value = _NAMED.get(value, value)
        if re.fullmatch(r"#[0-9a-f]{3}", value):
            value = "#" + "".join(letter * 2 for letter in value[1:])
        match = re.fullmatch(r"rgba?\((\d{1,3}),(\d{1,3}),(\d{1,3})(?:,[\d.]+)?\)", value)
        if match:
            value = "#" + "".join(f"{min(int(one), 255):02x}" for one in match.groups())
        made["color" if name == "color" else "background"] = value
    return made
