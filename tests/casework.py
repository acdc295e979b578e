"""A case with a finding, made through the same tables the rooms use, and a fetcher whose answers a test writes."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from efface.accounts.models import User
from efface.cases import consents, opening
from efface.cases.models import Case, Purpose
from efface.net.client import FetcherUnavailable
from efface.net.protocol import Captured, FetchFacts, MediaRef, Picture, ScannedMedia
from efface.search import urls
from efface.search.models import Asset, Finding, Match, Media, Sighting
from efface.sites.models import Site
from tests.conftest import NOON

PAGE = "http://pictures.example/v/1044"
FULL = "http://img.pictures.example/full/1044.jpg"
THUMB = "http://img.pictures.example/small/1044.jpg"
PDQ = "f0" * 32


def make_user(name: str = "w") -> User:
    return User.objects.create_user(f"{name}@example.org", name=name, created=NOON)


def make_case(organisation: Any, **more: Any) -> Case:
    given = {"age": "adult", "country": "de", "language": "en", "acquisition": "self_generated_shared"} | more
    case = opening.open_case(organisation.pk, "caseworker:1", now=NOON, name="Subject A", **given).case
    for purpose in (Purpose.HASH_MATCH, Purpose.NOTIFY, Purpose.CONTACT_OPERATOR):
        consents.give(case, purpose, "survivor", NOON)
    return case


def make_finding(
    case: Case, page: str = PAGE, media: tuple[str, ...] = (FULL,), thumbs: tuple[str, ...] = (THUMB,),
    age: str = "adult", now: datetime = NOON, pdq: str = PDQ,
) -> Finding:
    """A confirmed finding with its asset set. No event is recorded: a test says what happens next."""
    domain = ".".join((urlsplit(page).hostname or "").split(".")[-2:])
    site, _ = Site.objects.get_or_create(domain=domain, defaults={"start_url": f"http://{domain}/", "added_at": NOON})
    digest = hashlib.sha256(pdq.encode()).digest()
    picture, _ = Media.objects.get_or_create(
        sha256=digest, defaults={"pdq": [pdq] * 8, "first_seen": now, "last_seen": now}
    )
    page_digest = urls.digest(page)
    sighting, _ = Sighting.objects.get_or_create(
        media=picture, site=site, page_digest=page_digest, media_digest=urls.digest(media[0]),
        defaults={"page_url": page, "media_url": media[0], "first_seen": now, "last_seen": now},
    )  # fmt: skip
    owned = {"organisation_id": case.organisation_id, "case": case}
    match = Match.objects.create(
        **owned, sighting=sighting, page_digest=page_digest, kind="pdq", score=6, strong=True, page_url=page,
        media_url=media[0], state="confirmed", made_at=now,
    )  # fmt: skip
    finding = Finding.objects.create(
        **owned, match=match, site=site, age=age, page_url=page, confirmed_at=now,
    )  # fmt: skip
    for role, places in (("page", (page,)), ("media", media), ("thumbnail", thumbs)):
        for url in places:
            Asset.objects.create(
                **owned, finding=finding, role=role, url=url, url_digest=urls.digest(url),
                host=urlsplit(url).hostname or "", pdq=[] if role == "page" else [pdq] * 8, added_at=now,
            )  # fmt: skip
    return finding


def captured(url: str = PAGE, html: str = "<title>t</title><p>her page</p>", status: int = 200) -> Captured:
    raw = html.encode()
    facts = FetchFacts(
        url=url, final_url=url, status=status, headers={"content-type": "text/html", "content-encoding": "gzip",
        "x-odd": "a\r\nx: b"}, size=len(raw), mime="text/html", claimed_ip="203.0.113.80",
    )  # fmt: skip
    picture = Picture(
        sha256="ab" * 32, md5="cd" * 16, size=50_000, mime="image/jpeg", width=800, height=600, pdq=[PDQ] * 8,
        pdq_quality=90,
    )  # fmt: skip
    return Captured(
        facts=facts, request_headers={"user-agent": "EffaceBot"}, html_b64=base64.b64encode(raw).decode(),
        html_sha256=hashlib.sha256(raw).hexdigest(), title="t",
        media=[ScannedMedia(MediaRef(FULL), FetchFacts(FULL, FULL, 200), picture)],
        dns=["pictures.example A 203.0.113.80"],
    )  # fmt: skip


class ScriptedFetcher:
    """Answers each operation with what the test set: a value, an exception, or a function of the request."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[tuple[str, Any]] = []

    def _answer(self, op: str, request: Any) -> Any:
        self.asked.append((op, request))
        answer = self.answers.get(op, FetcherUnavailable("not set"))
        if callable(answer) and not isinstance(answer, BaseException):
            answer = answer(request)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def capture(self, request: Any) -> Any:
        return self._answer("capture", request)

    def observe(self, request: Any) -> Any:
        return self._answer("observe", request)

    def ask(self, op: str, request: Any, kind: Any) -> Any:
        return self._answer(op, request)
