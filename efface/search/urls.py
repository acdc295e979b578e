"""Which addresses are pages of a site worth keeping, and under which spelling. Pure, but for the keyed digest."""

from __future__ import annotations

import functools
import re
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from efface.engine.base import sealing
from efface.net.page.urls import canonical as spelled

MAX_LENGTH = 800
MAX_SEGMENTS = 12
MAX_PARAMETERS = 6
NO_PAGE = "no page"
PAGER, LATEST, TAGS = 20, 22, 65
"""Priorities of a list's further pages, of lists of what is new, of pages of a tag."""

_SESSION = frozenset(
    {"phpsessid", "jsessionid", "aspsessionid", "sid", "sessid", "sessionid", "session_id", "session", "cfid",
     "cftoken", "fbclid", "gclid", "msclkid", "yclid", "mc_cid", "mc_eid", "_ga", "_gl"}
)  # fmt: skip
_SESSION_PREFIX = ("utm_",)
_PATH_SESSION = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/?#]*", re.IGNORECASE)
_NO_PAGE = re.compile(
    r"\.(?:jpe?g|png|gif|webp|avif|bmp|svgz?|ico|mp4|webm|m3u8|ts|mov|avi|mkv|mp3|css|js|json|xml|rss|atom|txt|pdf|zip|rar"
    r"|7z|gz|exe|apk|woff2?|ttf)$",
    re.IGNORECASE,
)
_ACTION = frozenset(
    {"login", "log-in", "signin", "sign-in", "logout", "log-out", "signup", "sign-up", "register", "report", "flag",
     "share", "print", "reply", "cart", "checkout", "account", "wp-admin", "wp-login.php", "cgi-bin", "search"}
)  # fmt: skip
_MINOR = frozenset(
    {"about", "contact", "privacy", "terms", "tos", "imprint", "impressum", "faq", "help", "legal", "dmca", "2257",
     "rules", "advertise"}
)  # fmt: skip
_LATEST = frozenset(
    {"latest", "new", "newest", "recent", "fresh", "updates", "trending", "popular", "top", "browse", "all", "archive",
     "neu", "neueste", "nouveau", "nouveautes", "nuevo", "nuevos", "ultimos", "novo", "nuovi", "nieuw", "najnowsze"}
)  # fmt: skip
_TAGS = frozenset({"tag", "tags", "category", "categories", "model", "models", "kategorie", "label", "topics"})
_CALENDAR_KEY = frozenset({"day", "month", "year", "week", "date", "from", "to"})
_CALENDAR_PATH = re.compile(
    r"/(?:calendar|kalender|calendario|events?)(?:/|$)|/(?:19|20)\d\d/\d\d?(?:/\d\d?)?/?$", re.IGNORECASE
)
_PAGER_PATH = re.compile(r"/(?:page|seite|pagina)[/-]?\d{1,4}/?$", re.IGNORECASE)
_PAGER_KEY = frozenset({"page", "paged", "pg", "offset", "start"})


@functools.lru_cache(maxsize=8192)
def canonical(url: str) -> str:
    """The one spelling of a page's address, session and tracking parameters removed; "" where it is no web address."""
    url = spelled(url)
    if not url:
        return ""
    parts = urlsplit(url)
    path = _PATH_SESSION.sub("", parts.path) or "/"
    query = parts.query
    if query:
        given = parse_qsl(query, keep_blank_values=True)
        kept = [(key, value) for key, value in given if not _is_session(key)]
        if len(kept) != len(given):
            query = urlencode(kept)
    if path == parts.path and query == parts.query:
        return url
    return urlunsplit((parts.scheme, parts.netloc, path, query, ""))


def _is_session(key: str) -> bool:
    key = key.lower()
    return key in _SESSION or key.startswith(_SESSION_PREFIX)


def digest(url: str) -> bytes:
    """Keyed digest by which a page or medium is found again. Equal for all spellings of one address."""
    return sealing.digest("url", canonical(url) or url)


def host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def belongs(url: str, domain: str) -> bool:
    """Whether an address lies on a site: its registered domain or a host below it."""
    host = host_of(url)
    return host == domain or host.endswith("." + domain)


def refusal(url: str) -> str:
    """Why a link is not kept as a page; "" where it is. ``url`` is canonical."""
    parts = urlsplit(url)
    segments = [segment.lower() for segment in parts.path.split("/") if segment]
    if len(url) > MAX_LENGTH or len(segments) > MAX_SEGMENTS:
        return "too long"
    if _NO_PAGE.search(parts.path):
        return NO_PAGE
    if segments and (segments[0] in _ACTION or segments[-1] in _ACTION):
        return "an action"
    if parts.query.count("&") >= MAX_PARAMETERS:
        return "too many parameters"
    if _repeats(segments):
        return "repeats itself"
    return ""


def _repeats(segments: list[str]) -> bool:
    """The mark of links that are relative by mistake: a segment three times, or a pair right after itself."""
    if any(segments.count(segment) >= 3 for segment in set(segments)):
        return True
    return any(segments[i : i + 2] == segments[i + 2 : i + 4] for i in range(len(segments) - 3))


def shape(url: str) -> str:
    """The form of an address: numbers, ids and slugs replaced, parameters without values. Endless series share one."""
    parts = urlsplit(url)
    return "/".join(_form(segment) for segment in parts.path.split("/")) + _keys(parts)


def _form(segment: str) -> str:
    if segment.isdigit():
        return "#"
    if len(segment) > 20 or any(letter.isdigit() or letter in "-_%" for letter in segment):
        return "*"
    return segment.lower()


def _keys(parts: SplitResult) -> str:
    if not parts.query:
        return ""
    return "?" + "&".join(sorted({key.lower() for key, _ in parse_qsl(parts.query, keep_blank_values=True)}))


def is_calendar(url: str) -> bool:
    """One of a series of dates, which never ends."""
    parts = urlsplit(url)
    keys = {key.lower() for key, _ in parse_qsl(parts.query)}
    return bool(keys & _CALENDAR_KEY) or bool(_CALENDAR_PATH.search(parts.path))


def is_pager(url: str) -> bool:
    """A further page of a list."""
    parts = urlsplit(url)
    keys = {key.lower() for key, _ in parse_qsl(parts.query)}
    return bool(keys & _PAGER_KEY) or bool(_PAGER_PATH.search(parts.path))


def is_minor(url: str) -> bool:
    """A page that rarely shows pictures: imprint, terms, tags."""
    segments = [segment.lower().removesuffix(".html").removesuffix(".php") for segment in urlsplit(url).path.split("/")]
    return bool(_MINOR.intersection(segments[:2] + segments[-1:]))


def priority(url: str, depth: int) -> int:
    """Order of first visits, lower is sooner: further pages of lists, then pages by depth, then the rest."""
    if is_calendar(url):
        return 95
    if is_minor(url):
        return 80
    if is_pager(url):
        return PAGER
    segments = [segment.lower() for segment in urlsplit(url).path.split("/") if segment]
    if segments and segments[-1] in _LATEST and len(segments) <= 2:
        return LATEST
    if segments and segments[0] in _TAGS:
        return TAGS
    return min(40 + depth, 60)
