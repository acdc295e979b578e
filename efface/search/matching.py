"""From resemblances to matches: one candidate a case and page, with every reason, written once.

Reasons are plain words and numbers, as JSON; a person decides from them without looking:

- ``{"kind": "pdq", "distance", "threshold", "view", "exact", "strong", "fingerprint", "sighting", "role"}``
- ``{"kind": "face", "score", "threshold", "strong_at", "strong", "region", "px", "width", "height", "fingerprint",
  "sighting", "role"}``
- ``{"kind": "local", "score", "threshold", "strong_at", "strong", "error", "region", "view", "fingerprint", "sighting",
  "role", "width", "height"}``: her picture lies in this one, in the polygon ``region``
- ``{"kind": "vector", "score", "threshold", "strong_at", "strong", "model", "region", "fingerprint", "sighting",
  "role", "width", "height"}``: her picture resembles the part ``region`` of this one
- ``{"kind": "video", "score", "threshold", "strong_at", "strong", "seconds", "share", "view", "fingerprint",
  "sighting", "role"}``
- ``{"kind": "text", "score", "words", "strong", "fingerprint", "sighting"}``: the page says what she goes by
- ``{"kind": "return" | "copy", "finding", "site"}``: the picture of a finding, which was removed, or still stands there
- ``{"kind": "reported", "by"}``: she, or a worker, named this page
- ``{"kind": "listed"}``: met only as a thumbnail in a list; the page itself could not be read
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db import IntegrityError, transaction

from efface.cases import events, own
from efface.cases.may import may
from efface.cases.models import Case, Fingerprint, Purpose, ReportedLink
from efface.engine.base import tenancy
from efface.net.protocol import Scan
from efface.search import assets, urls
from efface.search.matcher.hits import Hit
from efface.search.media import Met
from efface.search.models import Asset, Finding, FindingState, Match, Media
from efface.vision.hamming import LOW_QUALITY, MATCH, least_distance

ENGINE = "engine"
GONE = frozenset({FindingState.GONE_CONFIRMED, FindingState.GONE_PROVISIONAL})
SAME_PICTURE = "the same picture was rejected on another page"
OWN_PLACE = "a place of her own"
PURPOSE = {
    "pdq": Purpose.HASH_MATCH,
    "video": Purpose.HASH_MATCH,
    "local": Purpose.COPY_MATCH,
    "vector": Purpose.COPY_MATCH,
    "face": Purpose.FACE_SEARCH,
    "text": Purpose.TEXT_SEARCH,
    "reported": Purpose.HASH_MATCH,
}
COPIES = ("pdq", "video", "local", "vector")
"""Kinds that say: this is an enrolled picture or video, or part of one."""
RESEMBLANCES = ("face", "local", "vector")
"""Kinds of which a rejection holds for the same picture on other pages."""
MOST_REASONS = 40
MOST_REJECTED = 2000
MOST_LINKS = 200
_RANK = {"pdq": 0, "video": 1, "local": 2, "vector": 3, "face": 4, "text": 5, "reported": 6}


@dataclass(frozen=True, slots=True)
class PageFacts:
    """The page that evidence stands on. ``baseline`` is ``efface.net.protocol.Baseline`` as a dictionary, {} where its
    text was not read."""

    url: str
    digest: bytes
    baseline: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One hit on one medium of the page."""

    hit: Hit
    met: Met


@dataclass(frozen=True, slots=True)
class Written:
    """What came of it: new candidates, matches that gained reasons, findings that came back. ``unsure``: findings that
    were gone, and whose page names her picture again; its bytes must be fetched before that is news."""

    made: int = 0
    added: int = 0
    back: int = 0
    unsure: int = 0

    def __add__(self, other: Written) -> Written:
        return Written(
            self.made + other.made, self.added + other.added, self.back + other.back, self.unsure + other.unsure
        )


def baseline(scan: Scan) -> dict[str, Any]:
    """What the page says now, boiled down to hashes: by which it is recognised later, without keeping its text."""
    from efface.net.page.shingles import shingle, sketch, words

    return {
        "title": scan.title,
        "text_shingles": sketch(shingle(words(scan.text))),
        "dom_shingles": [],
        "media_urls": [one.ref.url for one in scan.media] + [ref.url for ref in scan.skipped],
    }


def write(page: PageFacts, evidence: Sequence[Evidence], now: datetime) -> Written:
    """Write the evidence to the cases it belongs to. Inside the caller's transaction; safe to repeat."""
    done = Written()
    ordered = sorted(evidence, key=lambda one: (one.hit.organisation, one.hit.case))
    for organisation, rows in groupby(ordered, key=lambda one: one.hit.organisation):
        with tenancy.organisation(organisation):
            for case_id, of_case in groupby(list(rows), key=lambda one: one.hit.case):
                case = Case.objects.filter(pk=case_id).first()
                if case is not None:
                    done += of(case, page, list(of_case), now)
    return done


def of(case: Case, page: PageFacts, evidence: Sequence[Evidence], now: datetime, reported_by: str = "") -> Written:
    """The evidence of one case, inside its organisation. What its consents do not cover is dropped here."""
    allowed = {kind: bool(may(case, PURPOSE[kind], now)) for kind in {one.hit.kind for one in evidence}}
    in_use = _in_use(case)
    usable = [
        one for one in evidence
        if allowed[one.hit.kind] and one.met.sighting is not None and one.hit.fingerprint in in_use
    ]  # fmt: skip
    if not usable:
        return Written()
    match = Match.objects.select_for_update().filter(case=case, page_digest=page.digest).first() or _moved(case, page)
    if match is None:
        try:
            with transaction.atomic():
                _make(case, page, usable, now, reported_by)
            return Written(made=1)
        except IntegrityError:
            match = Match.objects.select_for_update().get(case=case, page_digest=page.digest)
    return _again(match, page, usable, now)


def _in_use(case: Case) -> set[str]:
    """The case's fingerprints that may be compared with at this moment, and "" for what no fingerprint speaks for. The
    matcher may have compared a moment before one was taken back."""
    rows = Fingerprint.objects.filter(case=case, retired_at=None).values_list("pk", flat=True)
    return {"", *map(str, rows)}


def _moved(case: Case, page: PageFacts) -> Match | None:
    """The match of a finding whose page is known to have moved here."""
    asset = Asset.objects.filter(case=case, role="page", url_digest=page.digest).select_related("finding").first()
    return Match.objects.select_for_update().get(pk=asset.finding.match_id) if asset is not None else None


def _make(case: Case, page: PageFacts, evidence: Sequence[Evidence], now: datetime, reported_by: str) -> None:
    best = min(evidence, key=_order)
    assert best.met.sighting is not None
    match = Match(
        organisation_id=case.organisation_id, case=case, sighting_id=best.met.sighting, page_digest=page.digest,
        kind=best.hit.kind, score=best.hit.score, strong=best.hit.strong, made_at=now,
        reasons=[*_reasons(evidence), *earlier(case, evidence, page.digest)],
    )  # fmt: skip
    if reported_by:
        match.reasons.append({"kind": "reported", "by": reported_by})
    match.page_url, match.media_url = page.url, best.met.ref.url
    match.baseline = page.baseline or None
    decided = _decided_before(case, page, evidence)
    if decided:
        match.state, match.decided_why = decided
        match.decided_at, match.decided_by = now, ENGINE
    match.save()
    if match.state == Match.State.CANDIDATE:
        events.record(
            case, "match.made", ENGINE, subject=match.pk, now=now, why=match.kind, strong=match.strong,
            returned=any(reason["kind"] == "return" for reason in match.reasons),
        )  # fmt: skip


def _again(match: Match, page: PageFacts, evidence: Sequence[Evidence], now: datetime) -> Written:
    """The page is known to the case already. A decision stands; reasons that are new are added to what is open."""
    if match.state in (Match.State.REJECTED, Match.State.OWN) and not _open_again(match, page, evidence, now):
        return Written()
    if page.baseline and match.baseline is None:
        match.baseline = page.baseline
        match.save(update_fields=["baseline"])
    if match.state == Match.State.CONFIRMED:
        return _came_back(match, evidence, now)
    added = [reason for reason in _reasons(evidence) if _key(reason) not in {_key(old) for old in match.reasons}]
    if not added:
        return Written()
    best = min(evidence, key=_order)
    match.reasons = [reason for reason in match.reasons if reason["kind"] != "listed" or best.met.listed] + added
    if _order(best) < rank(match.kind, match.strong, match.score):
        assert best.met.sighting is not None
        match.kind, match.score, match.strong = best.hit.kind, best.hit.score, best.hit.strong
        match.sighting_id, match.media_url = best.met.sighting, best.met.ref.url
    match.save()
    return Written(added=1)


def _open_again(match: Match, page: PageFacts, evidence: Sequence[Evidence], now: datetime) -> bool:
    """Whether what was decided about the page no longer covers what it shows: then it is a candidate again. A place of
    hers that is one no more, or a page there that she reports; and a strong copy on a page that was rejected before the
    picture stood there."""
    if match.state == Match.State.OWN:
        if match.decided_by != ENGINE or (own.is_own(match.case, page.url) and not _reported(match.case, page)):
            return False
    else:
        before = Media.objects.filter(sightings__in=_sightings(match)).exclude(pdq=[]).values_list("pdq", flat=True)
        decided = {_key(reason) for reason in match.reasons}
        new = [
            one for one in evidence
            if one.hit.kind in COPIES and one.hit.strong and _key(_reason(one)) not in decided
            and (match.decided_by == ENGINE or not near(one.met, before))
        ]  # fmt: skip
        if not new:
            return False
    match.state, match.decided_at, match.decided_by, match.decided_why = Match.State.CANDIDATE, None, "", ""
    match.save(update_fields=["state", "decided_at", "decided_by", "decided_why"])
    events.record(match.case, "match.made", ENGINE, subject=match.pk, now=now, why=match.kind, strong=match.strong)
    return True


def _sightings(match: Match) -> list[uuid.UUID]:
    return [uuid.UUID(reason["sighting"]) for reason in match.reasons if reason.get("sighting")]


def _reported(case: Case, page: PageFacts) -> bool:
    """Whether she or a worker named this very page."""
    links = ReportedLink.objects.filter(case=case).order_by("-at")[:MOST_LINKS]
    return any(isinstance(row.url, str) and urls.digest(urls.canonical(row.url)) == page.digest for row in links)


def _came_back(match: Match, evidence: Sequence[Evidence], now: datetime) -> Written:
    """The page of a finding shows her picture. Where it was gone, it is back: that is news, once its bytes were seen
    just now and are the finding's picture, or a copy of an enrolled one."""
    finding = Finding.objects.select_for_update().filter(match=match).first()
    if finding is None or finding.stopped:
        return Written()
    known = assets.pictures(finding)
    hers = [one.met for one in evidence if _is_copy(one.hit) or near(one.met, known)]
    if not hers:
        return Written()
    if finding.state not in GONE:
        assets.add(finding, hers, now)
        return Written()
    fresh = [met for met in hers if met.fresh]
    if not fresh:
        return Written(unsure=1)
    assets.add(finding, fresh, now)
    events.record(match.case, "finding.reappeared", ENGINE, subject=finding.pk, now=now, seen_by="crawl")
    return Written(back=1)


def _is_copy(hit: Hit) -> bool:
    return hit.kind == "pdq" or (hit.kind in COPIES and hit.strong)


def near(met: Met, pictures: Iterable[Sequence[str]]) -> bool:
    """Whether a medium is one of these pictures (each as its hashes), however turned."""
    if not met.pdq or met.quality < LOW_QUALITY:
        return False
    return any(least_distance(met.pdq, hashes[:1]) <= MATCH for hashes in pictures if hashes)


def earlier(case: Case, evidence: Sequence[Evidence], page: bytes) -> list[dict[str, Any]]:
    """The case's findings on other pages that show one of these pictures: a return where it had been removed."""
    found: dict[uuid.UUID, dict[str, Any]] = {}
    rows = assets.of_case(case).exclude(finding__match__page_digest=page)
    for row in rows:
        if row.finding_id not in found and any(near(one.met, [row.pdq]) for one in evidence):
            kind = "return" if row.finding.state in GONE else "copy"
            found[row.finding_id] = {"kind": kind, "finding": str(row.finding_id), "site": row.finding.site.domain}
    return list(found.values())


def _decided_before(case: Case, page: PageFacts, evidence: Sequence[Evidence]) -> tuple[str, str] | None:
    """State and reason of a candidate that nobody needs to be asked about: it stands in a place of her own, or each of
    its pictures was rejected for this case on another page, or is as good as one that was. A copy by hash or of a video
    is asked about on every page: one slip must not hide all copies of her picture. So is a name: the picture beside it
    may be the site's banner."""
    if own.is_own(case, page.url) and not _reported(case, page):
        return Match.State.OWN, OWN_PLACE
    if any(one.hit.kind not in RESEMBLANCES for one in evidence):
        return None
    rejected = Match.objects.filter(case=case, state=Match.State.REJECTED, kind__in=RESEMBLANCES)
    rejected = rejected.exclude(decided_by=ENGINE).exclude(sighting=None)
    rows = list(rejected.select_related("sighting__media").order_by("-decided_at")[:MOST_REJECTED])
    shown = [row.sighting for row in rows if row.sighting is not None]
    pictures = [one.media.pdq for one in shown if one.media.pdq]
    files = {one.media_id for one in shown}
    if rows and all(one.met.media in files or near(one.met, pictures) for one in evidence):
        return Match.State.REJECTED, SAME_PICTURE
    return None


def _order(one: Evidence) -> tuple[int, bool, float]:
    return rank(one.hit.kind, one.hit.strong, one.hit.score)


def rank(kind: str, strong: bool, score: float) -> tuple[int, bool, float]:
    """Best first: copies before faces before words, strong before weak, then the nearer."""
    return _RANK[kind], not strong, score if kind == "pdq" else -score


def _reasons(evidence: Sequence[Evidence]) -> list[dict[str, Any]]:
    made = [_reason(one) for one in sorted(evidence, key=_order) if one.hit.kind != "reported"][:MOST_REASONS]
    if evidence and all(one.met.listed for one in evidence):
        made.append({"kind": "listed"})
    return made


def _reason(one: Evidence) -> dict[str, Any]:
    hit = one.hit
    common: dict[str, Any] = {
        "kind": hit.kind,
        "fingerprint": hit.fingerprint,
        "sighting": str(one.met.sighting),
        "role": one.met.ref.role,
    }
    if hit.kind == "pdq":
        return common | {
            "distance": int(hit.score), "threshold": int(hit.threshold), "view": hit.view, "exact": hit.exact,
            "strong": hit.strong,
        }  # fmt: skip
    common |= {"score": hit.score, "threshold": hit.threshold, "strong_at": hit.strong_at, "strong": hit.strong}
    if hit.kind == "text":
        return common | {"words": hit.words}
    if hit.kind == "video":
        return common | {"seconds": hit.seconds, "share": hit.share, "view": hit.view}
    size = {"width": one.met.width, "height": one.met.height}
    if hit.kind == "vector":
        return common | size | {"model": hit.model, "region": hit.region}
    if hit.kind == "local":
        return common | size | {"error": hit.error, "view": hit.view, "region": hit.region}
    return common | size | {"region": hit.region, "px": hit.px}


def _key(reason: dict[str, Any]) -> tuple[Any, ...]:
    return reason["kind"], reason.get("fingerprint"), reason.get("sighting"), reason.get("finding")
