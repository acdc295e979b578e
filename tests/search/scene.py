"""A case with pictures, and a site served from a dictionary: what the tests of this room play with."""

from __future__ import annotations

import hashlib
import random
import uuid
from base64 import b64encode
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from efface.cases.active import Active
from efface.cases.models import Case, Consent, Fingerprint
from efface.engine.base import sealing
from efface.net.page.urls import url_digest
from efface.net.protocol import (
    FetchFacts,
    Listed,
    ListRequest,
    MediaRef,
    Picture,
    Robots,
    RobotsRequest,
    Scan,
    ScannedMedia,
    ScanRequest,
)
from efface.search.matcher.hits import Compare, Hit, Hits, Watch
from efface.search.matcher.index import Bounds, Index
from efface.vision.video import FramePrint, VideoPrint

MODEL = "m@sha256:1"


def make_case(organisation: Any, now: datetime, *, age: str = "adult", level: str = "declared") -> Case:
    """An open case with consents for comparing pictures and for notices."""
    case = Case(
        organisation=organisation, reference=uuid.uuid4().hex[:9], age=age, level=level, country="DE", opened_at=now
    )
    sealing.make_case_key(case.pk, organisation.pk)
    case.save()
    for purpose in ("hash_match", "face_search", "notify"):
        Consent.objects.create(
            organisation=organisation,
            case=case,
            purpose=purpose,
            given_at=now,
            expires_at=now.replace(year=now.year + 1),
        )
    return case


def pdq_of(name: str) -> list[str]:
    """Eight hashes of the picture of this name; "name~12" is 12 bits away, "name>" is mirrored."""
    base, _, off = name.partition("~")
    mirrored = base.endswith(">")
    rng = random.Random(base.rstrip(">"))
    views = [rng.randbytes(32).hex() for _ in range(8)]
    if mirrored:
        views = [views[number ^ 5] for number in range(8)]
    turn = (1 << int(off or 0)) - 1
    return [f"{int(view, 16) ^ turn:064x}" for view in views]


def clip_of(name: str, start: int = 0, end: int = 20) -> str:
    """The clip of the video of this name, from second ``start`` to ``end``: a new picture each second."""
    frames = tuple(
        FramePrint(25 * number, float(number), 90, *pdq_of(f"{name}/{start + number}")[:2])
        for number in range(end - start)
    )
    return b64encode(VideoPrint(float(end - start), frames, 640, 360).to_bytes()).decode()


def video(case: Case, name: str, now: datetime, age: str = "adult") -> Fingerprint:
    """Enrol the video of this name."""
    row = Fingerprint(organisation_id=case.organisation_id, case=case, kind="video", age=age, created=now)
    row.value = {"clip": clip_of(name), "seconds": 20.0, "sha256": sha_of(name), "md5": ""}
    row.save()
    return row


def sha_of(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def picture(case: Case, name: str, now: datetime, age: str = "adult") -> Fingerprint:
    """Enrol the picture of this name."""
    row = Fingerprint(organisation_id=case.organisation_id, case=case, kind="pdq", quality=90, age=age, created=now)
    row.value = {"pdq": pdq_of(name), "sha256": sha_of(name), "md5": ""}
    row.save()
    return row


def hit_of(row: Fingerprint, kind: str, score: float, strong: bool, **more: Any) -> Hit:
    """A hit of ``row`` as the matcher would give it."""
    media = -1 if kind == "text" else 0
    return Hit(
        str(row.organisation_id), str(row.case_id), str(row.pk), media, kind, score, 0.0, strong, **more
    )  # fmt: skip


def face(case: Case, vector: list[float], now: datetime) -> Fingerprint:
    row = Fingerprint(organisation_id=case.organisation_id, case=case, kind="face", age="adult", created=now)
    row.value = {"model": MODEL, "vector": vector, "photos": 3}
    row.save()
    return row


@dataclass
class Page:
    """``shows``: media path to picture name; ``thumbs``: media path to (picture name, path of the page it links to)."""

    links: list[str] = field(default_factory=list)
    shows: dict[str, str] = field(default_factory=dict)
    thumbs: dict[str, tuple[str, str]] = field(default_factory=dict)
    status: int = 200
    walls: list[str] = field(default_factory=list)
    text: str = "Some words that stand on this page and on no other one"
    to: str = ""


class StubFetcher:
    """Answers from ``pages`` (path to ``Page``) of one host; counts what it was asked. ``faces`` maps a picture's name
    to how many faces it shows; what is in ``down`` answers with that error, what is in ``unread``
    (names) cannot be decoded for that reason."""

    def __init__(self, host: str = "http://quiet-lake.example") -> None:
        self.host = host
        self.pages: dict[str, Page] = {}
        self.faces: dict[str, int] = {}
        self.clips: dict[str, str] = {}
        self.down: dict[str, str] = {}
        self.unread: dict[str, str] = {}
        self.forbidden: set[str] = set()
        self.lists: dict[str, Listed] = {}
        self.lists_read: list[str] = []
        self.sitemaps: list[str] = []
        self.robots_status = 200
        self.delay = 0.0
        self.scanned: list[str] = []
        self.fetched: list[str] = []
        self.requests: list[ScanRequest] = []
        self.robots_asked = 0
        self.crash_at = ""

    def robots(self, request: RobotsRequest) -> Robots:
        self.robots_asked += 1
        facts = FetchFacts(request.origin + "/robots.txt", status=self.robots_status)
        error = self.down.get("/robots.txt", self.down.get("*", ""))
        if error or self.robots_status >= 500:
            return Robots(replace(facts, error=error), [False] * len(request.urls))  # type: ignore[arg-type]
        allowed = [self._path(url) not in self.forbidden for url in request.urls]
        return Robots(facts, allowed, self.delay, [self._url(path) for path in self.sitemaps])

    def listed(self, request: ListRequest) -> Listed:
        path = self._path(request.url)
        self.lists_read.append(path)
        found = self.lists.get(path)
        return found if found is not None else Listed(FetchFacts(request.url, request.url, 404))

    def scan(self, request: ScanRequest) -> Scan:
        path = self._path(request.url)
        self.requests.append(request)
        self.scanned.append(path)
        if path == self.crash_at:
            raise KeyboardInterrupt
        facts = FetchFacts(request.url, request.url, 200)
        if error := self.down.get(path, self.down.get("*", "")):
            return Scan(replace(facts, status=0, error=error))  # type: ignore[arg-type]
        page = self.pages.get(path)
        if page is None:
            return Scan(replace(facts, status=404), walls=["not-found"])
        if page.to:
            facts = replace(facts, final_url=self._url(page.to), redirects=[self._url(page.to)])
            page = self.pages[page.to]
        etag = hashlib.sha256(repr(page).encode()).hexdigest()[:12]
        facts = replace(facts, status=page.status, headers={"etag": etag})
        if request.etag == etag:
            return Scan(replace(facts, status=304), not_modified=True)
        media, skipped = [], []
        for ref, name in self._refs(page):
            if url_digest(ref.url) in request.skip:
                skipped.append(ref)
            else:
                media.append(self._media(ref, name, request.faces))
        return Scan(
            facts, "Title", page.text, links=[self._url(link) for link in page.links], media=media, skipped=skipped,
            walls=page.walls,
        )  # fmt: skip

    def _refs(self, page: Page) -> list[tuple[MediaRef, str]]:
        refs = [(MediaRef(self._url(path)), name) for path, name in page.shows.items()]
        for path, (name, link) in page.thumbs.items():
            refs.append((MediaRef(self._url(path), "thumbnail", link=self._url(link)), name))
        return refs

    def _media(self, ref: MediaRef, name: str, faces: bool) -> ScannedMedia:
        self.fetched.append(self._path(ref.url))
        if name == "":
            return ScannedMedia(ref, FetchFacts(ref.url, ref.url, 404), Picture())
        if name == "corrupt":
            return ScannedMedia(ref, FetchFacts(ref.url, ref.url, 200), Picture(sha256=sha_of(name), error="corrupt"))
        if error := self.unread.get(name):
            return ScannedMedia(ref, FetchFacts(ref.url, ref.url, 200), Picture(sha_of(name), error=error))
        shown = Picture(
            sha_of(name), "", 1000, "image/jpeg", 640, 480, pdq_of(name), 90, self.faces.get(name, 0) if faces else 0,
            clip=self.clips.get(name, ""),
        )  # fmt: skip
        return ScannedMedia(ref, FetchFacts(ref.url, ref.url, 200), shown)

    def _url(self, path: str) -> str:
        return path if "://" in path else self.host + path

    def _path(self, url: str) -> str:
        return url.removeprefix(self.host)


class StubMatcher:
    """The real index over rows given by hand, or over what may be used now; ``face_hits`` maps a picture's name to the
    fingerprint and cosine that the faces on it are said to have, ``more_hits`` to hits of other kinds, ``text_hits``
    words of a page to hits."""

    def __init__(self, *rows: Fingerprint) -> None:
        self.rows = [_active(row) for row in rows]
        self.face_hits: dict[str, list[tuple[Fingerprint, float]]] = {}
        self.more_hits: dict[str, list[Hit]] = {}
        self.text_hits: dict[str, list[Hit]] = {}
        self.questions: list[Compare] = []
        self.forgotten: list[str] = []
        self.templates = self.looks = 0
        self.boot = "1"

    def watch(self) -> Watch:
        return Watch(self.boot, len(self.rows), self.templates, self.looks)

    def missing(self, fingerprints: list[str]) -> list[str]:
        return []

    def forget(self, token: str) -> None:
        self.forgotten.append(token)

    def compare(self, question: Compare) -> Hits:
        self.questions.append(question)
        index = Index(self.rows, {MODEL: Bounds(0.55, 0.6)})
        found = index.compare_pictures(question.media)
        for position, shown in enumerate(question.media):
            for name, rows in self.face_hits.items():
                if shown.sha256 != sha_of(name) or not question.token:
                    continue
                for row, score in rows:
                    found.append(
                        Hit(
                            str(row.organisation_id),
                            str(row.case_id),
                            str(row.pk),
                            position,
                            "face",
                            score,
                            0.55,
                            score >= 0.6,
                            0.6,
                            region=[0.1, 0.1, 0.3, 0.4],
                            px=80,
                            model=MODEL,
                        )  # fmt: skip
                    )
            for name, hits in self.more_hits.items():
                if shown.sha256 == sha_of(name):
                    found += [replace(hit, media=position) for hit in hits]
        for words, hits in self.text_hits.items():
            if words in question.text:
                found += hits
        return Hits(self.boot, found)


def _active(row: Fingerprint) -> Active:
    return Active(row.pk, row.case_id, row.organisation_id, row.kind, row.value)


__all__ = ["Page", "StubFetcher", "StubMatcher", "face", "make_case", "pdq_of", "picture", "sha_of"]
