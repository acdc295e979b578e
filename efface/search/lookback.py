"""New pictures of a case, compared with everything met before. Exact, over every row, a few thousand at a time."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models.fields.json import KeyTextTransform

from efface.cases.may import may
from efface.cases.models import Case, Fingerprint, FingerprintKind, Purpose
from efface.engine.base import tenancy
from efface.net.page.urls import url_digest
from efface.net.protocol import MediaRef
from efface.search import frontier, matching
from efface.search.matcher.client import Comparer, await_fingerprints
from efface.search.matcher.hits import Hit
from efface.search.matching import Evidence, PageFacts, Written
from efface.search.media import Met
from efface.search.models import Frontier, Media, Sighting
from efface.sites import registry
from efface.vision.hamming import DIHEDRAL, LOW_QUALITY, MATCH

log = logging.getLogger(__name__)
CHUNK = 2000
PATIENCE_S = 5.0
Near = dict[uuid.UUID, list[tuple[Fingerprint, int, int]]]
"""Medium to the fingerprints it resembles, with distance and view."""


def look(
    organisation: uuid.UUID, case_id: uuid.UUID, matcher: Comparer, now: datetime, patience_s: float = PATIENCE_S
) -> Written:
    """Compare all of a case's pictures with all media met, and write matches. Pages are read again too, so that what is
    there no longer is noticed, and their text is known.

    First the matcher must know the pictures: what is met from then on it compares itself."""
    if not ready(organisation, case_id, FingerprintKind.PDQ, Purpose.HASH_MATCH, matcher, now, patience_s):
        return Written()
    with tenancy.organisation(organisation):
        case = Case.objects.filter(pk=case_id).first()
        if case is None or not may(case, Purpose.HASH_MATCH, now):
            return Written()
        rows = Fingerprint.objects.filter(case=case, kind=FingerprintKind.PDQ, retired_at=None).exclude(age="minor")
        prints = [row for row in rows if isinstance(row.value, dict) and len(row.value.get("pdq", ())) == len(DIHEDRAL)]
        if not prints:
            return Written()
        near = _compare(prints)
        return _write(case, near, now) if near else Written()


def ready(
    organisation: uuid.UUID,
    case_id: uuid.UUID,
    kind: str,
    purpose: str,
    matcher: Comparer,
    now: datetime,
    patience_s: float,
) -> bool:
    """Whether the case has fingerprints of this kind that may be used. Waits a little until the matcher compares with
    them too."""
    with tenancy.organisation(organisation):
        case = Case.objects.filter(pk=case_id).first()
        if case is None or not may(case, purpose, now):
            return False
        rows = Fingerprint.objects.filter(case=case, kind=kind, retired_at=None).exclude(age="minor")
        ids = [str(pk) for pk in rows.values_list("pk", flat=True)]
    if ids and not await_fingerprints(matcher, ids, patience_s):
        log.warning("case %s: the matcher does not hold its fingerprints", case_id)
    return bool(ids)


def _compare(prints: Sequence[Fingerprint]) -> Near:
    """A medium as it stands against the eight views of each fingerprint: the view says how hers was turned."""
    views = [
        (row, view, int(text, 16)) for row in prints for view, text in enumerate(row.value["pdq"])
    ]  # fmt: skip
    found: Near = {}
    rows = (
        Media.objects.exclude(pdq=[])
        .filter(quality__gte=LOW_QUALITY)
        .annotate(plain=KeyTextTransform("0", "pdq"))
        .values_list("pk", "plain")
    )
    for pk, text in rows.iterator(chunk_size=CHUNK):
        plain = int(text, 16)
        best: dict[uuid.UUID, tuple[Fingerprint, int, int]] = {}
        for row, view, wanted in views:
            distance = (plain ^ wanted).bit_count()
            if distance <= MATCH and (row.pk not in best or distance < best[row.pk][1]):
                best[row.pk] = (row, distance, view)
        if best:
            found[pk] = list(best.values())
    return found


def _write(case: Case, near: Near, now: datetime) -> Written:
    """Matches on pages that showed it when they were read last; every page it was met on is due at once."""
    sightings = list(Sighting.objects.filter(media__in=near).select_related("media", "site"))
    pages: dict[bytes, list[Sighting]] = {}
    for row in sightings:
        pages.setdefault(bytes(row.link_digest or row.page_digest), []).append(row)
    known = {bytes(row.digest): row for row in Frontier.objects.filter(digest__in=list(pages))}
    done = Written()
    for digest, rows in pages.items():
        page = known.get(digest)
        if page is None or page.wall == "stopped":
            continue
        own = [row for row in rows if row.link_digest is None and _stands(row, page)]
        if own:
            facts = PageFacts(page.url, digest)
            done += matching.of(case, facts, list(_evidence(case, own, near)), now)
    read_again(list(pages), {row.site_id for row in sightings}, now)
    return done


def read_again(digests: Sequence[bytes], sites: Iterable[uuid.UUID], now: datetime, *, faces_only: bool = False) -> int:
    """Have these pages and their media read at once, whether they changed or not, and their sites visited. Returns how
    many pages."""
    count = frontier.make_due(digests, now, faces_only=faces_only)
    for site in sorted(sites):
        registry.visit_soon(site, now)
    return count


def _stands(row: Sighting, page: Frontier) -> bool:
    return page.status == 200 and page.read_at is not None and row.last_seen >= page.read_at


def _evidence(case: Case, rows: Iterable[Sighting], near: Near) -> Iterable[Evidence]:
    for row in rows:
        url = row.media_url or ""
        met = Met(
            MediaRef(url, row.role),  # type: ignore[arg-type]
            url_digest(url), bytes(row.media_digest), None, bytes(row.media.sha256).hex(), row.media.pdq,
            row.media.quality, False, media=row.media_id, sighting=row.pk, fetched_at=row.fetched_at,
        )  # fmt: skip
        for fingerprint, distance, view in near[row.media_id]:
            exact = fingerprint.value.get("sha256") == met.sha256
            yield Evidence(
                Hit(
                    str(case.organisation_id),
                    str(case.pk),
                    str(fingerprint.pk),
                    0,
                    "pdq",
                    float(distance),
                    float(MATCH),
                    True,
                    float(MATCH),
                    DIHEDRAL[view],
                    exact,
                ),  # fmt: skip
                met,
            )
