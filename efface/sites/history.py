"""Changes of sites through people and the engine: each with its row, in batches that can be taken back."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from efface.engine.base import deadlines
from efface.engine.base.ids import uuid7
from efface.sites import registry
from efface.sites.models import Site, SiteChange

EDITED = frozenset({"state", "review", "kind", "hostility", "priority", "country"})
"""Fields a person may set."""
UNDO_FOR = timedelta(hours=1)
AT_ONCE = 1000


class Refused(ValueError):
    """The change cannot be made; the message says what would do."""


@dataclass(frozen=True, slots=True)
class Done:
    """``changed`` sites of a batch; ``kept`` those that had changed meanwhile and were left as they are."""

    batch: uuid.UUID
    changed: int
    kept: int = 0


def record(
    site: Site,
    what: str,
    before: Any,
    after: Any,
    by: str,
    now: datetime,
    *,
    why: str = "",
    batch: uuid.UUID | None = None,
) -> SiteChange:
    return SiteChange.objects.create(
        site=site, at=now, by=by[:60], what=what, before=before, after=after, batch=batch, why=why[:200]
    )


def edit(
    sites: Iterable[uuid.UUID],
    values: Mapping[str, str],
    by: str,
    now: datetime,
    *,
    why: str = "",
    how: str = "person",
    batch: uuid.UUID | None = None,
    undoes: uuid.UUID | None = None,
) -> Done:
    """Set fields of many sites, one history row for each that differs. A stopped site stays stopped: what stopped it is
    not for the registry to weigh. Raises ``Refused``."""
    _check(values)
    batch, changed = batch or uuid7(), 0
    with transaction.atomic():
        wanted = list(sites)
        for start in range(0, len(wanted), AT_ONCE):
            # An alias bears the hostility of its site: whoever reads one row reads the truth.
            part = Site.objects.filter(pk__in=wanted[start : start + AT_ONCE])
            if "hostility" in values:
                ids = list(part.values_list("pk", flat=True))
                part = Site.objects.filter(pk__in=ids) | Site.objects.filter(merged__in=ids)
            changed += _edit(list(part.select_for_update(of=("self",)).order_by("pk")), values, by, now, why, how,
                             batch, undoes)  # fmt: skip
    return Done(batch, changed)


def _check(values: Mapping[str, str]) -> None:
    allowed: dict[str, list[str]] = {
        "state": [Site.State.ACTIVE, Site.State.PAUSED, Site.State.GONE], "review": Site.Review.values,
        "kind": Site.Kind.values, "hostility": Site.Hostility.values,
        "priority": Site.Priority.values,
    }  # fmt: skip
    for name, value in values.items():
        if name not in EDITED or (name in allowed and value not in allowed[name]):
            raise Refused(_("%(field)s cannot be set to “%(value)s”.") % {"field": name, "value": value[:40]})


def _edit(
    rows: list[Site],
    values: Mapping[str, str],
    by: str,
    now: datetime,
    why: str,
    how: str,
    batch: uuid.UUID,
    undoes: uuid.UUID | None,
) -> int:
    changes: list[SiteChange] = []
    touched: dict[uuid.UUID, Site] = {}
    differ: dict[str, list[uuid.UUID]] = {}
    for row in rows:
        for name, value in values.items():
            before = getattr(row, name)
            if before == value or (name == "state" and before == Site.State.STOPPED):
                continue
            changes.append(
                SiteChange(
                    site=row, at=now, by=by[:60], what=name, before=before, after=value, batch=batch, undoes=undoes,
                    why=why[:200],
                )  # fmt: skip
            )
            setattr(row, name, value)
            touched[row.pk] = row
            differ.setdefault(name, []).append(row.pk)
    for name, ids in differ.items():
        reason = {"hostility_why": why[:200], "hostility_how": how} if name == "hostility" else {}
        Site.objects.filter(pk__in=ids).update(**{name: values[name]}, **reason)
    SiteChange.objects.bulk_create(changes)
    moving = [one for one in changes if one.what in ("state", "review") or one.after == Site.Priority.FIRST]
    _visits(moving, touched, now)
    return len(touched)


def _visits(changes: list[SiteChange], rows: Mapping[uuid.UUID, Site], now: datetime) -> None:
    """A site that is watched has its next visit; one that is not has none. What comes before others comes at once."""
    changed = [rows[pk] for pk in sorted({one.site_id for one in changes})]
    watched = [one for one in changed if one.state == Site.State.ACTIVE and one.merged_id is None]
    deadlines.set_many(registry.VISIT, [(one.pk, max(now, one.backoff_until or now)) for one in watched])
    deadlines.cancel_many(registry.VISIT, {one.pk for one in changed} - {one.pk for one in watched})


def stop(sites: Iterable[Site], by: str, now: datetime, why: str) -> None:
    """Suspected child material: none of them is visited or looked up any more. Only ``go_on`` ends it."""
    rows = list(sites)
    for one in rows:
        record(one, "state", one.state, str(Site.State.STOPPED), by, now, why=why)
        one.state = Site.State.STOPPED
    ids = {one.pk for one in rows}
    Site.objects.filter(pk__in=ids).update(
        state=Site.State.STOPPED, visit_began=None, visit_changed=False, pages_left=0
    )  # fmt: skip
    for kind in (registry.VISIT, registry.LOOKUP):
        deadlines.cancel_many(kind, ids)


def go_on(site: Site, state: str, by: str, now: datetime, why: str) -> None:
    """It was a false alarm: the site begins anew, as one that was never visited, in the state it had."""
    record(site, "state", site.state, state, by, now, why=why)
    site.state = state
    Site.objects.filter(pk=site.pk).update(
        state=state, visited_at=None, visit_began=None, quiet_visits=0, visit_hours=24.0, failures=0,
        backoff_until=None, last_error="",
    )  # fmt: skip
    _visits_of(site, now)
    registry.lookup_at(site.pk, registry.soon(site.domain, now))


def _visits_of(site: Site, now: datetime) -> None:
    if site.state == Site.State.ACTIVE and site.merged_id is None:
        registry.visit_at(site.pk, now)


def accept(site: Site, by: str, now: datetime) -> Done:
    """Watch a discovered site from now on."""
    state = {} if site.state == Site.State.STOPPED else {"state": str(Site.State.ACTIVE)}
    return edit([site.pk], {"review": Site.Review.ACCEPTED, **state}, by, now)


def ignore(site: Site, by: str, now: datetime) -> Done:
    """Neither watched nor shown among those to decide. What was found there is followed all the same."""
    state = {} if site.state == Site.State.STOPPED else {"state": str(Site.State.PAUSED)}
    return edit([site.pk], {"review": Site.Review.IGNORED, **state}, by, now)


def undo(batch: uuid.UUID, by: str, now: datetime, *, within: timedelta | None = UNDO_FOR) -> Done:
    """Take a batch back: each field that still is what the batch made it becomes what it was. Raises ``Refused`` for
    one that is too old, was taken back already, or is not there."""
    with transaction.atomic():
        rows = list(SiteChange.objects.filter(batch=batch, what__in=EDITED).order_by("pk"))
        if not rows:
            raise Refused(_("There is nothing to take back."))
        if within is not None and now - rows[0].at > within:
            raise Refused(_("This is more than an hour ago. Please set it by hand."))
        # Whoever comes second waits here, and finds the first one's rows.
        sites = Site.objects.select_for_update(of=("self",)).filter(pk__in={one.site_id for one in rows})
        there = {one.pk: one for one in sites.order_by("pk")}
        if SiteChange.objects.filter(undoes=batch).exists():
            raise Refused(_("This was taken back already."))
        mine, kept, touched = uuid7(), 0, set()
        groups: dict[tuple[str, str, str], list[uuid.UUID]] = {}
        reasons = _reasons_before(rows)
        for one in rows:
            if getattr(there[one.site_id], one.what) == one.after:
                why = reasons.get((one.site_id, one.what), "")
                groups.setdefault((one.what, str(one.before), why), []).append(one.site_id)
                touched.add(one.site_id)
            else:
                kept += 1
        for (what, before, why), ids in groups.items():
            edit(ids, {what: before}, by, now, why=why, batch=mine, undoes=batch)
        return Done(mine, len(touched), kept)


def _reasons_before(rows: list[SiteChange]) -> dict[tuple[uuid.UUID, str], str]:
    """Why each site's hostility was what it was before the batch: the last change before it says so."""
    sites = {one.site_id for one in rows if one.what == "hostility"}
    found: dict[tuple[uuid.UUID, str], str] = {}
    if sites:
        earlier = SiteChange.objects.filter(site__in=sites, what="hostility", pk__lt=min(one.pk for one in rows))
        for one in earlier.order_by("pk"):
            found[(one.site_id, "hostility")] = one.why
    return found
