"""What crosses the socket between the trusted side and the fetcher, and between the fetcher and the decoder.

Every type is plain data: strings, integers, booleans, lists. Everything a stranger wrote is length-capped before it
is put into one of these. Media bytes are in none of them: a picture leaves the decoder as a ``Picture``, which is
fingerprints only. ``to_wire``/``from_wire`` turn any of them into JSON-ready dictionaries and back, refusing unknown
or missing fields.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import types
import typing
from dataclasses import dataclass, field
from typing import Any, Literal

MAX_FRAME = 16 * 1024 * 1024
"""Largest message on the socket, bytes."""

ErrorKind = Literal[
    "",
    "refused",  # the egress guard said no: address not global, port, scheme
    "nxdomain",
    "servfail",  # any DNS failure that is not NXDOMAIN
    "timeout",
    "reset",  # refused, reset, closed in mid-answer
    "tls",
    "too-large",
    "redirect-loop",
    "bad-answer",  # not HTTP, broken encoding
    "internal",
]


class ProtocolError(ValueError):
    """A message does not have the shape of its type."""


class Want(enum.IntFlag):
    """What is asked of the decoder beside the fingerprints that every picture gets. ``FACES``: faces with embeddings;
    ``LOOK``: local features, to be compared with those of enrolled pictures; ``PRINT``: local features to be enrolled
    (the subject's own pictures only); ``VECTOR``: the copy vector, for either."""

    PLAIN = 0
    FACES = 1
    LOOK = 2
    PRINT = 4
    VECTOR = 8


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one fetch. Seconds and bytes; ``inflated_bytes`` counts after gzip; of a video the first
    ``video_bytes`` are read."""

    total_s: float = 30.0
    header_bytes: int = 64 * 1024
    page_bytes: int = 5_000_000
    media_bytes: int = 25_000_000
    video_bytes: int = 60_000_000
    inflated_bytes: int = 20_000_000
    redirects: int = 8
    media_per_page: int = 60
    links_per_page: int = 400
    text_chars: int = 20_000


@dataclass(frozen=True, slots=True)
class FetchFacts:
    """One HTTP exchange without its body. ``headers`` are lower-case names, values cut at 512 characters."""

    url: str
    final_url: str = ""
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    redirects: list[str] = field(default_factory=list)
    error: ErrorKind = ""
    detail: str = ""
    size: int = 0
    mime: str = ""
    claimed_ip: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """Fingerprints of one picture. ``pdq`` holds eight 64-digit hex hashes: original, then the seven other dihedral
    views in the order of ``efface.vision.pdq.DIHEDRAL``. ``faces`` counts faces, ``face_px`` is the widest face in
    pixels. A video or animation has ``clip`` (base64 of ``efface.vision.video.VideoPrint``) and its length in
    ``seconds``; its ``pdq`` are those of a frame of good quality. ``error`` is a typed reason ("corrupt",
    "too-many-pixels", "unknown-format", "timeout", "memory", "crashed", "off", and for videos those of
    ``efface.vision.video``), in which case the fingerprints are empty."""

    sha256: str = ""
    md5: str = ""
    size: int = 0
    mime: str = ""
    width: int = 0
    height: int = 0
    pdq: list[str] = field(default_factory=list)
    pdq_quality: int = 0
    faces: int = 0
    face_px: int = 0
    clip: str = ""
    seconds: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Face:
    """One face of one picture. Travels from decoder to matcher only, and to the enrolling side for a subject's own
    pictures. ``box`` is x, y, width, height as shares of the picture (0..1); ``embedding`` is L2-normalised; ``sharp``
    and ``turn`` as in ``efface.vision.faces.FaceFound``."""

    box: list[float]
    score: float
    quality: float
    px: int
    embedding: list[float]
    model: str
    sharp: float = 1.0
    turn: float = 0.0


@dataclass(frozen=True, slots=True)
class Vector:
    """A picture, or one within it, as ``efface.vision.copyvector`` sees it: ``values`` of length one, by the ``model``
    of that id; ``box`` is left, top, right, bottom as shares of the picture (0..1). Travels as ``Face`` does."""

    model: str
    values: list[float]
    box: list[float]


@dataclass(frozen=True, slots=True)
class Decoded:
    """The decoder's answer for one picture. ``look`` (base64 of ``efface.vision.local.LocalLook``) travels from decoder
    to matcher only, as faces do; ``print`` (base64 of ``LocalPrint``) to the enrolling side, with ``print_refused`` as
    the reason where there is none. ``vectors`` are of the whole picture and, unless it is to be enrolled, of pictures
    within it; there are none without a copy embedder, of blank pictures and of videos."""

    picture: Picture
    faces: list[Face] = field(default_factory=list)
    look: str = ""
    print: str = ""
    print_refused: str = ""
    vectors: list[Vector] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MailPart:
    """One attachment: never its bytes."""

    name: str
    mime: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A parsed mail. ``headers`` lower-case, first value of each, cut at 2,000 characters; ``text`` is plain text
    (HTML stripped to text), cut at 100,000. ``bounce`` lists addresses a delivery report names, ``bounce_permanent``
    those it calls permanent; ``is_feedback``: it is a complaint about our mail (ARF). ``error`` is set when the bytes
    could not be read as a mail."""

    headers: dict[str, str] = field(default_factory=dict)
    recipients: list[str] = field(default_factory=list)
    sender: str = ""
    subject: str = ""
    message_id: str = ""
    text: str = ""
    parts: list[MailPart] = field(default_factory=list)
    bounce: list[str] = field(default_factory=list)
    bounce_permanent: list[str] = field(default_factory=list)
    is_bounce: bool = False
    is_feedback: bool = False
    auto_submitted: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class MediaRef:
    """A picture or video that a page shows. ``role``: "media" (full), "thumbnail", "poster". ``source`` names where
    it stood ("img", "srcset", "a", "meta", "source", "video", "object", "css", "json-ld", "json", "iframe",
    "oembed", "browser"). ``of``: the address of the full medium that the page calls it a small version of, "" where
    it calls it none."""

    url: str
    role: Literal["media", "thumbnail", "poster"] = "media"
    source: str = "img"
    link: str = ""
    of: str = ""


@dataclass(frozen=True, slots=True)
class ScannedMedia:
    """``how``: "closely", with all that was wanted; "hash", by hash and no closer, since it stands for another page;
    "twin", since its hash is that of the full medium it is a small version of (``ref.of``), which was looked at closely
    and whose number of faces it has."""

    ref: MediaRef
    facts: FetchFacts
    picture: Picture
    how: Literal["closely", "hash", "twin"] = "closely"


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """Fetch a page (or a single picture), fetch its media and fingerprint them. Media whose URL digest
    (sha256 hex of the canonical URL) is in ``skip`` are listed but not fetched. ``token`` names the scan at the
    matcher: the faces, local features and copy vectors met are pushed to the matcher under it, where ``faces``,
    ``looks`` and ``vectors`` ask for them. ``browser``: whether a page that its scripts write is shown to a browser,
    where there is one. ``glance``: thumbnails that stand for other pages of the site, which will be read, are not
    looked at closely. ``hashed``: URL digests of thumbnails met before and known by hash alone, with the first of their
    hashes: they are skipped where the page shows the full medium, and it is the same, and else fetched."""

    url: str
    token: str = ""
    etag: str = ""
    last_modified: str = ""
    referer: str = ""
    skip: list[str] = field(default_factory=list)
    faces: bool = False
    looks: bool = False
    vectors: bool = False
    media: bool = True
    limits: Limits = field(default_factory=Limits)
    browser: Literal["", "if-needed", "always"] = ""
    glance: bool = False
    hashed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scan:
    """``walls``: "login", "age", "challenge", "paywall", "suspended", "parked", "geo", "not-found" recognised on the
    page. ``links`` are absolute, same-scheme http(s), fragment removed, in page order, without repeats. ``skipped``
    are references that were not fetched. A page whose URL is a picture has one entry in ``media`` and no links.
    ``feeds``, ``further`` (more of the same list), ``search`` and ``described`` as in ``efface.net.page.leads.Leads``.
    ``scripted``: its scripts write it, and it was not ``rendered`` by a browser; ``browser_error`` says why not.
    ``canonical`` is the address that the page says it is known by; ``asked`` counts what was asked of the site for it,
    media not counted: the page, a browser's own look at it, its description as data."""

    facts: FetchFacts
    title: str = ""
    text: str = ""
    language: str = ""
    links: list[str] = field(default_factory=list)
    media: list[ScannedMedia] = field(default_factory=list)
    skipped: list[MediaRef] = field(default_factory=list)
    walls: list[str] = field(default_factory=list)
    not_modified: bool = False
    clipped: bool = False
    feeds: list[str] = field(default_factory=list)
    further: list[str] = field(default_factory=list)
    search: str = ""
    described: str = ""
    scripted: bool = False
    rendered: bool = False
    browser_error: str = ""
    canonical: str = ""
    asked: int = 1


@dataclass(frozen=True, slots=True)
class ListRequest:
    """A sitemap, a feed or an OpenSearch description to read."""

    url: str
    etag: str = ""
    last_modified: str = ""
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Entry:
    """A page that a list names. ``at``: when it changed last, seconds since 1970; 0 where the list does not say."""

    url: str
    at: int = 0


@dataclass(frozen=True, slots=True)
class Listed:
    """``kind``: "index" (its entries are sitemaps), "sitemap", "feed", "search" (``template`` is the address of a
    search with ``efface.net.page.leads.WORD`` in it), "" where it is no list. ``more``: not all of it was read."""

    facts: FetchFacts
    kind: Literal["", "index", "sitemap", "feed", "search"] = ""
    entries: list[Entry] = field(default_factory=list)
    template: str = ""
    more: bool = False
    not_modified: bool = False


@dataclass(frozen=True, slots=True)
class QuestionRequest:
    """A question to a search service that answers in JSON. ``header`` and ``secret``: how it knows the asker; they go
    to this very address and to no other, so redirects are not followed."""

    url: str
    header: str = ""
    secret: str = ""
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Answered:
    """``urls``: what the answer's results link to, in its order. ``error`` of the facts says why there are none."""

    facts: FetchFacts
    urls: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TellRequest:
    """News for a partner's own address (a webhook): ``body_b64`` is posted as JSON with these further ``headers``, to
    this very address and to no other, so redirects are not followed. No more than 64 kB."""

    url: str
    body_b64: str
    headers: dict[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Told:
    """What the address answered: its status, or why there is none. Nothing of a body."""

    facts: FetchFacts


@dataclass(frozen=True, slots=True)
class RobotsRequest:
    """``total_s`` is the longest the answer is waited for, seconds, at most 15. ``visit`` names a visit: within one,
    a file that was there is asked for once and not before each page that turns up."""

    origin: str
    urls: list[str] = field(default_factory=list)
    agent: str = "EffaceBot"
    total_s: float = 15.0
    visit: str = ""


@dataclass(frozen=True, slots=True)
class Robots:
    """``allowed[i]`` answers ``urls[i]``. RFC 9309: 4xx allows all, 5xx and unreachable forbid all."""

    facts: FetchFacts
    allowed: list[bool] = field(default_factory=list)
    delay_s: float = 0.0
    sitemaps: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CaptureRequest:
    url: str
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Captured:
    """A page as it stood. ``html_b64`` is its HTML with every data: medium cut out, base64 of UTF-8; ``html_sha256``
    is the digest of the bytes as received. ``media`` carries digests and fingerprints, no payload. ``tls``: version and
    cipher; ``tls_chain``: certificates the server showed, its own first, base64 of DER. ``screenshot_b64``: PNG of the
    page as a browser shows it with every picture blocked, "" where there is none (``screenshot_error`` says why)."""

    facts: FetchFacts
    request_headers: dict[str, str] = field(default_factory=dict)
    html_b64: str = ""
    html_sha256: str = ""
    title: str = ""
    media: list[ScannedMedia] = field(default_factory=list)
    dns: list[str] = field(default_factory=list)
    tls: str = ""
    tls_chain: list[str] = field(default_factory=list)
    screenshot_b64: str = ""
    screenshot_error: str = ""


@dataclass(frozen=True, slots=True)
class SealMediumRequest:
    """A confirmed medium of an adult, to be sealed to an age public key under a legal hold. ``sha256`` and ``pdq``
    (hex) are of what was confirmed: another picture that stands there now is not sealed."""

    url: str
    key: str
    sha256: str = ""
    pdq: list[str] = field(default_factory=list)
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class SealedMedium:
    """``sealed_b64``: base64 of the age file; digest, size and type are of what is in it. ``error`` says why there is
    none."""

    facts: FetchFacts = field(default_factory=lambda: FetchFacts(""))
    sealed_b64: str = ""
    sha256: str = ""
    size: int = 0
    mime: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """A picture to be seen tiny, grey and blurred. ``sha256`` and ``pdq`` (its hashes, hexadecimal) are of what was met
    there: nothing else that stands at ``url`` by now is shown. One of the two is needed."""

    url: str
    sha256: str = ""
    pdq: list[str] = field(default_factory=list)
    referer: str = ""
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Preview:
    """``grey`` is base64 of ``width`` times ``height`` shades of grey, row by row, blurred; nothing where there is an
    ``error``: "gone" (not served, see ``facts``), "changed" (another picture stands there), "video", or a reason of
    ``Picture``. ``picture`` has the fingerprints of what was served."""

    facts: FetchFacts
    picture: Picture = field(default_factory=Picture)
    width: int = 0
    height: int = 0
    grey: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class AssetRef:
    """One member of a finding's asset set. ``role``: page, media, thumbnail, poster, cdn, segment (a piece of a video
    that a playlist named), search (a search engine's result or the picture in it)."""

    role: str
    url: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the page looked like when the finding was confirmed. Shingles are 32-bit hashes, at most 256 kept
    (bottom-k), of the main text and of the DOM's tag paths. ``strangers``: PDQ of pictures that have since stood at
    the finding's addresses and of which a person said that they are not hers."""

    title: str = ""
    text_shingles: list[int] = field(default_factory=list)
    dom_shingles: list[int] = field(default_factory=list)
    media_urls: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ObserveRequest:
    """One verification check. ``pdq`` are the hex hashes of what must be gone (all dihedral views of the matched
    fingerprint and of the sighting); ``clips`` the same of videos (base64 of ``efface.vision.video.VideoPrint``).
    ``still``: all of it is known to be pictures, so that no video can be it. ``elsewhere_url`` is a page of an
    unrelated live site, fetched when something of the finding could not be; without it the fetcher takes a site that
    answered it lately. ``token`` names the check at the matcher: where ``looks`` or ``vectors`` ask for it, pictures
    that stand at the finding's addresses and are not it are pushed there, to be compared as changed copies. ``pace_s``:
    seconds between two pages that are asked of one site."""

    assets: list[AssetRef]
    pdq: list[str] = field(default_factory=list)
    sha256: list[str] = field(default_factory=list)
    clips: list[str] = field(default_factory=list)
    still: bool = False
    baseline: Baseline | None = None
    control_url: str = ""
    elsewhere_url: str = ""
    limits: Limits = field(default_factory=Limits)
    token: str = ""
    looks: bool = False
    vectors: bool = False
    pace_s: float = 0.0


@dataclass(frozen=True, slots=True)
class PageLook:
    """A fetched page boiled down. ``target_media`` are those of ``media_urls`` that serve what must be gone;
    ``uncompared`` videos that may be it, since they could not be compared with it.
    ``similar_probe`` and ``similar_baseline`` are 0..1 of the main text left after
    removing what the probes share; -1 where it could not be compared; ``dom_similar_...`` the same of the frame.
    ``cut``: not all of the page, or not all media that are new on it, could be looked at. ``scripted``: its scripts
    write it, and no browser has shown it. ``alternates``: addresses that the page itself calls the same page (other
    languages, canonical)."""

    facts: FetchFacts
    title: str = ""
    walls: list[str] = field(default_factory=list)
    media_urls: list[str] = field(default_factory=list)
    text_shingles: list[int] = field(default_factory=list)
    dom_shingles: list[int] = field(default_factory=list)
    similar_probe: float = -1.0
    dom_similar_probe: float = -1.0
    similar_baseline: float = -1.0
    serves_target: bool = False
    target_media: list[str] = field(default_factory=list)
    uncompared: list[str] = field(default_factory=list)
    dom_similar_baseline: float = -1.0
    cut: bool = False
    scripted: bool = False
    alternates: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a video as it was served."""

    url: str
    sha256: str


@dataclass(frozen=True, slots=True)
class MediaLook:
    """One media asset as served now. ``matches`` is True when the picture served is the target; ``distance`` the
    least PDQ distance to it (256 where none). ``cache_hit`` is what the answer's headers say, ``bypass`` the same
    URL fetched with a cache-busting query. ``wall``: where a page is served in place of the picture, what that page
    is: a wall of ``Scan``; "not-found" also where siblings that never were are answered alike. ``agent``: who asked
    ("bot", "browser"); a medium that the one is not served is asked for as the other, and both looks are told.
    ``usual``: siblings that never were are answered with the same picture. ``compared``: it was handed to the matcher,
    to be compared as a changed copy. ``pieces``: some pieces of the video that a playlist names, as served now."""

    role: str
    facts: FetchFacts
    picture: Picture
    matches: bool = False
    distance: int = 256
    cache_hit: bool = False
    bypass_status: int = 0
    bypass_matches: bool = False
    wall: str = ""
    agent: str = "bot"
    usual: bool = False
    compared: bool = False
    pieces: list[Segment] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PathLook:
    """What the same check saw through another way out of this machine (``Guard.paths``), ``name`` as the operator calls
    it: the page as a browser asks for it, the site's other page, and the full media."""

    name: str
    page: PageLook | None = None
    control: PageLook | None = None
    media: list[MediaLook] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Observation:
    """All that one check saw, for ``takedown.verdict`` to judge. ``pages`` holds the page as each kind of visitor is
    shown it: "bot" and "browser", and where neither sees the target, a browser that comes "from-site" and one that
    comes "from-search" (by its Referer). ``others`` are further pages of the finding. ``probes`` two random siblings;
    ``control`` another live page of the site (None where none could be had); ``elsewhere_ok`` whether a fetch of an
    unrelated site worked in the same window; ``paths`` the same through other ways out."""

    pages: dict[str, PageLook] = field(default_factory=dict)
    probes: list[PageLook] = field(default_factory=list)
    control: PageLook | None = None
    media: list[MediaLook] = field(default_factory=list)
    elsewhere_ok: bool = True
    domain_status: list[str] = field(default_factory=list)
    others: list[PageLook] = field(default_factory=list)
    paths: list[PathLook] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DesignatedAgent:
    """One entry of the directory of agents for copyright notices (17 U.S.C. 512(c)(2)). ``expires``: ISO date, ""
    where the entry names none."""

    domain: str
    name: str = ""
    email: str = ""
    phone: str = ""
    url: str = ""
    expires: str = ""


@dataclass(frozen=True, slots=True)
class WhereaboutsRequest:
    """``media_urls`` are the finding's media, whose hosts are resolved too. ``now`` (ISO) is what expiry dates are held
    against; without it none has passed. ``refuse`` are addresses that must never be picked, above all her own: plain,
    or the SHA-256 (hex) of the address in lower case. ``earlier`` are addresses the page's host had before. ``agents``
    are directory entries of the domains in question. ``fresh_s``: an answer of another look-up may be used that is no
    older than this many seconds; 0 asks anew. ``pace_s``: seconds between two pages that are asked of one site."""

    url: str
    media_urls: list[str] = field(default_factory=list)
    limits: Limits = field(default_factory=Limits)
    now: str = ""
    refuse: list[str] = field(default_factory=list)
    earlier: list[str] = field(default_factory=list)
    agents: list[DesignatedAgent] = field(default_factory=list)
    fresh_s: float = 0.0
    pace_s: float = 0.0


_PLAIN = frozenset({str, int, float, bool})
"""Types that are sent as they are."""
_SENT = _PLAIN | {type(None)}
_FIELDS: dict[Any, tuple[str, ...]] = {}
"""The names of the fields of each type that was sent."""


def to_wire(value: Any) -> Any:
    """Dataclass to JSON-ready dictionaries and lists. ``dataclasses.asdict`` copies what needs no copy and takes four
    times as long, which a page with hundreds of links feels."""
    kind = type(value)
    if kind is str or kind is int or kind is float or kind is bool or value is None:
        return value
    if kind is list or kind is tuple:
        return list(value) if _SENT.issuperset(map(type, value)) else [to_wire(item) for item in value]
    if kind is dict:
        if _SENT.issuperset(map(type, value.values())):
            return dict(value)
        return {key: to_wire(item) for key, item in value.items()}
    names = _FIELDS.get(kind)
    if names is None and dataclasses.is_dataclass(kind):
        names = _FIELDS[kind] = tuple(field.name for field in dataclasses.fields(kind))
    if names is None:
        return value
    made = {}
    for name in names:
        item = getattr(value, name)
        made[name] = item if type(item) in _SENT else to_wire(item)
    return made


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    """The types of a dataclass's fields. Reading them takes longer than reading the message."""
    return typing.get_type_hints(kind)


def from_wire(kind: Any, data: Any, where: str = "") -> Any:
    """The inverse of ``to_wire`` for ``kind``. Raises ``ProtocolError`` naming the field that does not fit."""
    if type(data) is kind and kind in _PLAIN:
        return data
    where = where or getattr(kind, "__name__", str(kind))
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(data, dict):
            raise ProtocolError(f"{where}: not an object")
        hints = _hints(kind)
        if not hints.keys() >= data.keys():
            raise ProtocolError(f"{where}: unknown field {sorted(data.keys() - hints.keys())[0]}")
        values = {}
        for name, item in data.items():
            hint = hints[name]
            plain = type(item) is hint and hint in _PLAIN
            values[name] = item if plain else from_wire(hint, item, f"{where}.{name}")
        try:
            return kind(**values)
        except TypeError as error:
            raise ProtocolError(f"{where}: {error}") from None
    origin = typing.get_origin(kind)
    if origin is list:
        if not isinstance(data, list):
            raise ProtocolError(f"{where}: not a list")
        inner = typing.get_args(kind)[0]
        if inner in _PLAIN and {inner}.issuperset(map(type, data)):
            return data
        return [from_wire(inner, item, f"{where}[{i}]") for i, item in enumerate(data)]
    if origin is dict:
        if not isinstance(data, dict):
            raise ProtocolError(f"{where}: not an object")
        inner = typing.get_args(kind)[1]
        if inner in _PLAIN and {inner}.issuperset(map(type, data.values())) and {str}.issuperset(map(type, data)):
            return data
        return {str(key): from_wire(inner, item, f"{where}.{key}") for key, item in data.items()}
    if origin in (typing.Union, types.UnionType):
        if data is None:
            return None
        inner = next(arg for arg in typing.get_args(kind) if arg is not type(None))
        return from_wire(inner, data, where)
    if origin is Literal:
        if data not in typing.get_args(kind):
            raise ProtocolError(f"{where}: not one of the allowed words")
        return data
    if kind is Any:
        return data
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        try:
            return float(data)
        except OverflowError:
            raise ProtocolError(f"{where}: too large") from None
    if not isinstance(data, kind) or (kind is int and isinstance(data, bool)):
        raise ProtocolError(f"{where}: not of type {kind.__name__}")
    return data
