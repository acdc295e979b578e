"""The same face in two cases. The matcher alone sees all organisations, so it writes the alarm for each of them, with
nothing in it of the other, not even whose it is.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from efface.cases import active
from efface.cases.models import FaceAlarm
from efface.engine.base import sealing
from efface.search.matcher.hits import Owner

log = logging.getLogger(__name__)


def pair(first: uuid.UUID, second: uuid.UUID) -> bytes:
    """The same for the two in either order; says nothing of them to who has no key."""
    return sealing.digest("same-face", ":".join(sorted((str(first), str(second)))))


def tell(pairs: Iterable[tuple[Owner, Owner, bool]], now: datetime) -> int:
    """Write what is new, and have both cases read again: their faces are not used until a lead has decided. As the
    engine's role. Returns how many alarms there are of these pairs."""
    rows = [
        FaceAlarm(
            organisation_id=one.organisation, case_id=one.case, pair=pair(one.case, other.case), at=now,
            kind=FaceAlarm.Kind.BLOCKED if blocks else FaceAlarm.Kind.SAME,
        )
        for one, other, blocks in ((a, b, blocks) for first, second, blocks in pairs for a, b, blocks in
                                   ((first, second, blocks), (second, first, blocks)))
    ]  # fmt: skip
    if not rows:
        return 0
    with transaction.atomic():
        FaceAlarm.objects.bulk_create(rows, ignore_conflicts=True)
        for case in {row.case_id for row in rows}:
            active.announce(case)
    log.warning("a face is in more than one case: %d alarms", len(rows))
    return len(rows)
