"""A newly enrolled face: media known to show faces are fetched again, because no stranger's face is stored.

The mark stands on the page, not on the case: however many templates wait, each page is fetched once.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.models import Q

from efface.cases.may import may
from efface.cases.models import Case, Fingerprint, FingerprintKind, Purpose
from efface.engine.base import tenancy
from efface.search.lookback import read_again
from efface.search.models import Sighting

CHUNK = 5000


def start(organisation: uuid.UUID, case_id: uuid.UUID, now: datetime) -> int:
    """Mark every page with media that show faces, or were never looked at for faces. Returns how many pages."""
    with tenancy.organisation(organisation):
        case = Case.objects.filter(pk=case_id).first()
        if case is None or not may(case, Purpose.FACE_SEARCH, now):
            return 0
        if not Fingerprint.objects.filter(case=case, kind=FingerprintKind.FACE, retired_at=None).exists():
            return 0
        rows = (
            Sighting.objects.filter(Q(media__faces__gt=0) | Q(media__faces_seen=False), link_digest=None)
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
