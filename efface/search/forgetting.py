"""What is kept is kept for a time (DESIGN section 7): media 180 days after they were last seen; of an erased case,
nothing that says anything about its pictures."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import IntegrityError, models, transaction

from efface.cases import events
from efface.cases.models import CaseEvent
from efface.search import urls
from efface.search.models import Asset, HotlineDraft, Match, Media, Sighting

KEEP_MEDIA = timedelta(days=180)
EVERY = timedelta(days=7)
CHUNK = 1000


def old_media(now: datetime) -> tuple[int, int]:
    """Drop sightings not seen for 180 days, and media that nothing shows any more. Returns how many of each.

    What a match stands on stays as long as the match: whose matches those are cannot be seen from here, so the database
    is asked to drop a row, and refuses."""
    since = now - KEEP_MEDIA
    return (
        _drop(Sighting.objects.filter(last_seen__lt=since)),
        _drop(Media.objects.filter(last_seen__lt=since, sightings=None)),
    )


def _drop(rows: models.QuerySet[Sighting] | models.QuerySet[Media]) -> int:
    dropped, after = 0, uuid.UUID(int=0)
    while True:
        batch: list[uuid.UUID] = list(rows.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:CHUNK])
        if not batch:
            return dropped
        after = batch[-1]
        dropped += _try(rows.model, batch)


def _try(model: type[models.Model], batch: list[uuid.UUID]) -> int:
    """Halve what cannot be dropped together, until the rows that are held stand alone."""
    try:
        with transaction.atomic():
            # Constraints are checked at commit unless told otherwise; here the answer is needed now.
            with transaction.get_connection().cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            return model._default_manager.filter(pk__in=batch).delete()[0]
    except IntegrityError:
        half = len(batch) // 2
        return _try(model, batch[:half]) + _try(model, batch[half:]) if half else 0


@events.on("case.erased")
def erased(event: CaseEvent) -> None:
    """Sealed fields are unreadable already; what is not sealed goes too."""
    Match.objects.filter(case_id=event.case_id).update(reasons=[], decided_why="")
    Asset.objects.filter(case_id=event.case_id).update(pdq=[], sha256="")
    _forget_in_drafts(event.case_id)


def _forget_in_drafts(case: uuid.UUID) -> None:
    """A worker's draft for a hotline names the page of the case that it was flagged on: that address goes with the
    case. What the crawl noticed by itself is of no case."""
    pages = {bytes(one) for one in Match.objects.filter(case=case).values_list("page_digest", flat=True)}
    for draft in HotlineDraft.objects.select_for_update(of=("self",)).exclude(organisation=None):
        known = draft.addresses if isinstance(draft.addresses, list) else []
        kept = [one for one in known if urls.digest(urls.canonical(str(one))) not in pages]
        if len(kept) < len(known):
            draft.addresses = kept
            draft.save(update_fields=["addresses"])
