"""What strangers' pictures are compared by beyond a hash is kept nowhere: faces, local features, copy vectors, the text
of pages. So for what is newly enrolled of these, pages are read again.

The mark stands on the page, not on the case: however many fingerprints wait, each page is fetched once.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta

from django.db.models import Q

from efface.cases.models import Case, Fingerprint, FingerprintKind, Purpose
from efface.engine.base import clock, deadlines, tenancy
from efface.search.lookback import PATIENCE_S, read_again, usable
from efface.search.matcher.client import Comparer, await_fingerprints
from efface.search.models import Sighting
from efface.search.revisit import GRID_H

log = logging.getLogger(__name__)
CHUNK = 5000
DUE = "case.sweep"
"""Kind of the deadline at which a case's sweep begins."""


def request(organisation: uuid.UUID, case_id: uuid.UUID, now: datetime) -> None:
    """Have a sweep made for a case at the next step of the grid: templates that come in before then share it."""
    due = clock.align(now + timedelta(minutes=1), hours=GRID_H)
    deadlines.set_deadline(DUE, case_id, due, organisation=organisation, case=case_id)


def request_all(organisation: uuid.UUID, now: datetime) -> None:
    """The same for every open case of the organisation with a face template: face search was switched on. Inside the
    organisation's transaction."""
    rows = Fingerprint.objects.filter(kind=FingerprintKind.FACE, retired_at=None, case__state=Case.State.OPEN)
    for case_id in rows.values_list("case_id", flat=True).distinct():
        request(organisation, case_id, now)


def start(
    organisation: uuid.UUID, case_id: uuid.UUID, matcher: Comparer, now: datetime, patience_s: float = PATIENCE_S
) -> int:
    """Mark every page that may show what the case waits for. Returns how many pages. The matcher must know the
    fingerprints first: a page that was swept too early would not be swept again. While it does not, the sweep is put
    off to the next step of the grid."""
    faces = usable(organisation, case_id, (FingerprintKind.FACE,), Purpose.FACE_SEARCH, now)
    others = usable(organisation, case_id, (FingerprintKind.LOCAL, FingerprintKind.COPY), Purpose.COPY_MATCH, now)
    others += usable(organisation, case_id, (FingerprintKind.TEXT,), Purpose.TEXT_SEARCH, now)
    if not faces and not others:
        return 0
    if not await_fingerprints(matcher, faces + others, patience_s):
        log.warning("case %s: the matcher does not hold its fingerprints; its sweep is put off", case_id)
        with tenancy.organisation(organisation):
            request(organisation, case_id, now)
        return 0
    pages = Q()
    if faces:
        pages |= Q(media__faces__gt=0) | Q(media__faces_seen=False)
    if others:
        pages |= Q(role="media")
    with tenancy.organisation(organisation):
        rows = (
            Sighting.objects.filter(pages, link_digest=None)
            .exclude(media__error__in=("corrupt", "unknown-format"))
            .values_list("page_digest", "site_id")
            .distinct()
        )
        count, batch, sites = 0, [], set()
        for digest, site in rows.iterator(chunk_size=CHUNK):
            batch.append(bytes(digest))
            sites.add(site)
            if len(batch) >= CHUNK:
                count += read_again(batch, (), now, sweep=True)
                batch = []
        return count + read_again(batch, sites, now, sweep=True)
