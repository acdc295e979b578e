"""New pictures of a case, compared with everything met before. Exact, over every row, a few thousand at a time."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import TypeVar

import numpy as np
from django.db.models import QuerySet
from django.db.models.fields.json import KeyTextTransform

from efface.cases import uses
from efface.cases.may import may
from efface.cases.models import Case, Fingerprint, FingerprintKind, Purpose
from efface.engine.base import tenancy
from efface.search import frontier, matching
from efface.search.matcher.client import Comparer, await_fingerprints
from efface.search.matcher.copies import Pictures, Videos, picture_hit, still_hit, turned
from efface.search.matcher.hits import Hit, Shown
from efface.search.matching import Evidence, PageFacts, Written
from efface.search.media import of_sighting
from efface.search.models import Frontier, Media, Sighting
from efface.sites import registry
from efface.vision.hamming import DIHEDRAL, LOW_QUALITY, MATCH
from efface.vision.scan import Words, scan, words
from efface.vision.video import VideoPrint

T = TypeVar("T")
log = logging.getLogger(__name__)
CHUNK = 50_000
CLIPS = 500
_HASH = re.compile("[0-9a-f]{64}")
PATIENCE_S = 5.0
KINDS = (FingerprintKind.PDQ, FingerprintKind.VIDEO)
Near = dict[uuid.UUID, dict[uuid.UUID, Hit]]
"""Medium to the fingerprints it resembles, the nearest view or frame of each."""


def look(
    organisation: uuid.UUID, case_id: uuid.UUID, matcher: Comparer, now: datetime, patience_s: float = PATIENCE_S
) -> Written:
    """Compare all of a case's pictures and videos with all media met, and write matches. Pages are read again too, so
    that what is there no longer is noticed, and their text is known.

    First the matcher must know them: what is met from then on it compares itself. Local features, faces and words of
    strangers are kept nowhere; for those there is the sweep."""
    if not ready(organisation, case_id, KINDS, Purpose.HASH_MATCH, matcher, now, patience_s):
        return Written()
    with tenancy.organisation(organisation):
        case = Case.objects.filter(pk=case_id).first()
        if case is None or not may(case, Purpose.HASH_MATCH, now):
            return Written()
        rows = Fingerprint.objects.filter(case=case, kind__in=KINDS, retired_at=None).exclude(age="minor")
        wanted = _Wanted(list(rows))
        near = wanted.find()
        done = _write(case, near, wanted.files, now) if near else Written()
        uses.note(case, Purpose.HASH_MATCH, "looked-back", now, found=done.made)
        return done


def ready(
    organisation: uuid.UUID,
    case_id: uuid.UUID,
    kinds: Sequence[str],
    purpose: str,
    matcher: Comparer,
    now: datetime,
    patience_s: float,
) -> bool:
    """Whether the case has fingerprints of these kinds that may be used. Waits a little until the matcher compares with
    them too."""
    ids = usable(organisation, case_id, kinds, purpose, now)
    if ids and not await_fingerprints(matcher, ids, patience_s):
        log.warning("case %s: the matcher does not hold its fingerprints", case_id)
    return bool(ids)


def usable(
    organisation: uuid.UUID, case_id: uuid.UUID, kinds: Sequence[str], purpose: str, now: datetime
) -> list[str]:
    """The ids of the case's fingerprints of these kinds, where they may be used."""
    with tenancy.organisation(organisation):
        case = Case.objects.filter(pk=case_id).first()
        if case is None or not may(case, purpose, now):
            return []
        rows = Fingerprint.objects.filter(case=case, kind__in=kinds, retired_at=None).exclude(age="minor")
        return [str(pk) for pk in rows.values_list("pk", flat=True)]


class _Wanted:
    """A case's pictures and videos, as they are looked for among media met."""

    def __init__(self, rows: Sequence[Fingerprint]) -> None:
        self.pictures, self.videos = Pictures(), Videos()
        self.files: dict[uuid.UUID, str] = {}
        self._of: list[tuple[uuid.UUID, int]] = []
        self._whole = {row.pk for row in rows if row.kind == FingerprintKind.PDQ}
        views: list[Words] = [words([])]
        for row in rows:
            value = row.value if isinstance(row.value, dict) else {}
            try:
                turned = words(list(value.get("pdq", ())))
                (self.videos if row.kind == FingerprintKind.VIDEO else self.pictures).put(row.pk, value)
            except (ValueError, LookupError, TypeError):
                log.error("fingerprint %s cannot be compared", row.pk)
                continue
            self.files[row.pk] = str(value.get("sha256") or "")
            views.append(turned)
            self._of += [(row.pk, view) for view in range(len(turned))]
        self.words = np.concatenate(views)

    def find(self) -> Near:
        found: Near = {}
        self._same(found)
        self._pictures(found)
        self._stills(found)
        self._clips(found)
        return found

    def _same(self, found: Near) -> None:
        """The very files, whatever their quality."""
        owners: dict[bytes, list[uuid.UUID]] = {}
        for fingerprint, file in self.files.items():
            if fingerprint in self._whole and _HASH.fullmatch(file):
                owners.setdefault(bytes.fromhex(file), []).append(fingerprint)
        for pk, digest in Media.objects.filter(sha256__in=list(owners)).values_list("pk", "sha256"):
            for fingerprint in owners[bytes(digest)]:
                _keep(found, pk, picture_hit(fingerprint, 0, DIHEDRAL[0], exact=True))

    def _pictures(self, found: Near) -> None:
        """A medium as it stands against the eight views of each picture: the view says how hers was turned."""
        if not len(self.words):
            return
        rows = _hashed().annotate(plain=KeyTextTransform("0", "pdq")).values_list("pk", "plain")
        for batch in batched(rows.iterator(chunk_size=CHUNK), CHUNK):
            batch, plain = _readable(batch)
            near = scan(plain, self.words, MATCH)
            for place, wanted, distance in zip(near.rows, near.wanted, near.distances, strict=True):
                fingerprint, view = self._of[wanted]
                _keep(found, batch[place][0], picture_hit(fingerprint, int(distance), DIHEDRAL[view], exact=False))

    def _stills(self, found: Near) -> None:
        """The eight views of a medium against the frames of each video."""
        frames, of_video = self.videos.frames()
        if not len(frames):
            return
        for batch in batched(_hashed().values_list("pk", "pdq").iterator(chunk_size=CHUNK), CHUNK):
            for view in range(len(DIHEDRAL)):
                shown, turned_so = _readable([(pk, hashes[view]) for pk, hashes in batch if len(hashes) > view])
                near = scan(turned_so, frames, MATCH)
                for place, wanted in zip(near.rows, near.wanted, strict=True):
                    _keep(found, shown[place][0], still_hit(of_video[wanted], turned(view)))

    def _clips(self, found: Near) -> None:
        """Videos and animations met, against both."""
        for medium in Media.objects.exclude(clip=b"").only("sha256", "clip").iterator(chunk_size=CLIPS):
            shown = Shown("", sha256=bytes(medium.sha256).hex())
            try:
                clip = VideoPrint.from_bytes(bytes(medium.clip))
            except ValueError:
                continue
            for hit in (*self.pictures.near(shown, clip), *self.videos.near(shown, clip)):
                _keep(found, medium.pk, hit)


def _hashed() -> QuerySet[Media]:
    return Media.objects.exclude(pdq=[]).filter(quality__gte=LOW_QUALITY)


def _readable(batch: list[tuple[uuid.UUID, str]]) -> tuple[list[tuple[uuid.UUID, str]], Words]:
    """The media of which a hash is kept, and their hashes: one that is none costs no other medium."""
    try:
        return batch, words([text for _pk, text in batch])
    except (ValueError, TypeError):
        sound = [(pk, text) for pk, text in batch if isinstance(text, str) and _HASH.fullmatch(text)]
        log.error("%d media cannot be compared", len(batch) - len(sound))
        return sound, words([text for _pk, text in sound])


def batched(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """``rows`` in lists of at most ``size``."""
    left = iter(rows)
    while batch := list(islice(left, size)):
        yield batch


def _keep(found: Near, medium: uuid.UUID, hit: Hit) -> None:
    """The better of what was found before and ``hit``."""
    known = found.setdefault(medium, {})
    before = known.get(uuid.UUID(hit.fingerprint))
    if before is None or matching.rank(hit.kind, hit.strong, hit.score) < matching.rank(
        before.kind, before.strong, before.score
    ):
        known[uuid.UUID(hit.fingerprint)] = hit


def _write(case: Case, near: Near, files: dict[uuid.UUID, str], now: datetime) -> Written:
    """Matches on pages that showed it when they were read last; every page it was met on is due at once."""
    sightings = list(Sighting.objects.filter(media__in=near).select_related("media", "site").defer("media__clip"))
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
            done += matching.of(case, facts, list(_evidence(case, own, near, files)), now)
    read_again(list(pages), {row.site_id for row in sightings}, now)
    return done


def read_again(digests: Sequence[bytes], sites: Iterable[uuid.UUID], now: datetime, *, sweep: bool = False) -> int:
    """Have these pages and their media read at once, whether they changed or not, and their sites visited. Returns how
    many pages."""
    count = frontier.make_due(digests, now, sweep=sweep)
    for site in sorted(sites):
        registry.visit_soon(site, now)
    return count


def _stands(row: Sighting, page: Frontier) -> bool:
    return page.status == 200 and page.read_at is not None and row.last_seen >= page.read_at


def _evidence(
    case: Case, rows: Iterable[Sighting], near: Near, files: dict[uuid.UUID, str]
) -> Iterable[Evidence]:
    for row in rows:
        met = of_sighting(row)
        for hit in near[row.media_id].values():
            exact = files.get(uuid.UUID(hit.fingerprint)) == met.sha256
            yield Evidence(replace(hit, organisation=str(case.organisation_id), case=str(case.pk), exact=exact), met)
