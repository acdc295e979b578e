"""A newly enrolled face: media known to show faces are fetched again, because no stranger's face is stored.

The mark stands on the page, not on the case: however many templates wait, each page is fetched once.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.models import Q

from efface.cases.models import FingerprintKind, Purpose
from efface.engine.base import tenancy
from efface.search.lookback import PATIENCE_S, read_again, ready
from efface.search.matcher.client import Comparer
from efface.search.models import Sighting

CHUNK = 5000


def start(
    organisation: uuid.UUID, case_id: uuid.UUID, matcher: Comparer, now: datetime, patience_s: float = PATIENCE_S
) -> int:
    """Mark every page with media that show faces, or were never looked at for faces. Returns how many pages. The
    matcher must know the template first: a page that was swept too early would not be swept again."""
    if not ready(organisation, case_id, FingerprintKind.FACE, Purpose.FACE_SEARCH, matcher, now, patience_s):
        return 0
    with tenancy.organisation(organisation):
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
                count += read_again(batch, (), now, faces_only=True)
                batch = []
        return count + read_again(batch, sites, now, faces_only=True)
