"""A site is stopped for suspected child material (DESIGN 3.3), and goes on where that was a false alarm.

Stopping is one transaction over all organisations: nothing of the site is asked for any more, by anybody
(``sites.stopped``); visits under way end without writing (their turn is revoked); what was met there is dropped with
every candidate from it; findings there keep their address and nothing else, and nothing is captured or sent for them;
a draft with addresses alone waits for the leads. Nothing is sent by itself, and nobody looks.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from efface.accounts import audit
from efface.accounts.models import Organisation
from efface.cases import events
from efface.cases.models import Case
from efface.engine.base import leases, tenancy, training
from efface.search import deciding, urls
from efface.search.models import (
    Asset,
    Finding,
    Frontier,
    HotlineDraft,
    Match,
    Sighting,
    SiteList,
    SiteLore,
    SiteStop,
)
from efface.search.suspicion.page import Alarm
from efface.sites import history, networks, registry, turns
from efface.sites.models import Site

log = logging.getLogger(__name__)
ENGINE = "engine"
ON_STOPPED_SITE = "site stopped: suspected child material"
"""Why nothing more is done about a finding there."""
TRIES = 4
MOST_ADDRESSES = 50
KEEP_REPORTED = timedelta(days=30)
"""A hotline may ask back; after this the addresses are forgotten."""
STANDING = (SiteStop.State.OPEN, SiteStop.State.REPORTED, SiteStop.State.DOUBTED)


class StopRefused(ValueError):
    """What was asked cannot be done; the message says why. Nothing has changed."""


@dataclass(frozen=True, slots=True)
class Cause:
    """``reasons`` are ids, never words of a page. ``organisation``: whose worker flagged it; None for the crawl."""

    how: str
    reasons: tuple[str, ...] = ()
    by: str = ENGINE
    organisation: uuid.UUID | None = None

    @classmethod
    def of_alarm(cls, alarm: Alarm) -> Cause:
        return cls(alarm.how, alarm.reasons)


def stop(site: Site, cause: Cause, addresses: Sequence[str], now: datetime) -> SiteStop:
    """Stop a site with its other domains, all or nothing. A site that is stopped already gains the cause, unless the
    same one stands. Asked again after a crash it does what is left."""
    for _turn in range(TRIES - 1):
        try:
            return _stop(site, cause, addresses, now)
        except IntegrityError:
            # A candidate or a sighting was written meanwhile: it is seen now, and goes with the rest.
            continue
    return _stop(site, cause, addresses, now)


def alarmed(site: Site, alarm: Alarm, address: str, now: datetime) -> Site | None:
    """The crawl met ``address`` on its way through ``site``: the site that it stands on is stopped, which another one
    may be where the page has moved there. Returns it; None where that is no site."""
    target: Site | None = site
    if not urls.belongs(address, site.domain):
        target = registry.find(address) or registry.discover(address, "redirect", now)
        registry.visit_soon(site.pk, now)
    if target is None:
        return None
    log.warning("site %s is stopped: suspected child material", target.pk)
    stop(target, Cause.of_alarm(alarm), [address], now)
    return target


def _stop(site: Site, cause: Cause, addresses: Sequence[str], now: datetime) -> SiteStop:
    with transaction.atomic():
        rows = _of_one(site)
        site = rows[0]
        # First of all: whoever writes under the site's turn is waited for, whoever comes after writes nothing.
        for one in rows:
            leases.revoke(turns.key_of(one.pk))
        _drop(rows, cause, now)
        # Sites come last: a decision about a candidate locks that before its site.
        rows = list(Site.objects.select_for_update(of=("self",)).filter(pk__in=[one.pk for one in rows]).order_by("pk"))
        before = next((one.state for one in rows if one.pk == site.pk), site.state)
        fresh = [one for one in rows if one.state != Site.State.STOPPED]
        history.stop(fresh, cause.by, now, "; ".join((cause.how, *cause.reasons)))
        made = _write(site, str(before), cause, addresses, now)
        # Told now, and not at the end: what was written meanwhile by others is dealt with in another turn.
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return made


def _of_one(site: Site) -> list[Site]:
    """The site with its other domains."""
    head = Site.objects.filter(pk=site.pk).values_list("merged", flat=True).first() or site.pk
    return list(Site.objects.filter(pk=head)) + list(Site.objects.filter(merged=head).order_by("pk"))


def _houses(site: Site) -> QuerySet[Organisation]:
    """Everybody whose work can have met the site: of an invented one nobody but those who train, and the other way
    round."""
    rows = Organisation.objects.order_by("pk")
    return rows if training.everywhere() else rows.filter(training=training.is_invented(site.domain))


def _drop(sites: Sequence[Site], cause: Cause, now: datetime) -> None:
    """Everything that was met on these sites, in every organisation."""
    ids = [one.pk for one in sites]
    for organisation in _houses(sites[0]) if sites else ():
        with tenancy.organisation(organisation.pk):
            _drop_of(organisation, ids, cause, now)
    met = Sighting.objects.filter(site__in=ids)
    media = list(met.order_by().values_list("media_id", flat=True).distinct())
    met._raw_delete(met.db)
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM search_media AS one WHERE id = ANY(%s)"
            " AND NOT EXISTS (SELECT 1 FROM search_sighting WHERE media_id = one.id)",
            [media],
        )
    # Pages of minors stay marked, so that a site that goes on never has them read (``frontier.stop``).
    pages = Frontier.objects.filter(site__in=ids).exclude(wall="stopped")
    pages._raw_delete(pages.db)
    for model in (SiteList, SiteLore):
        model._default_manager.filter(site__in=ids).delete()
    for one in sites:
        networks.forget_site_pictures(one)


def _drop_of(organisation: Organisation, sites: Sequence[uuid.UUID], cause: Cause, now: datetime) -> None:
    by = cause.by if cause.organisation == organisation.pk else ENGINE
    matches = Match.objects.select_for_update(of=("self",)).filter(sighting__site__in=sites)
    for match in matches.filter(state__in=deciding.OPEN).select_related("case").order_by("pk"):
        if match.case.state != Case.State.ERASED:
            events.record(match.case, "match.dropped", by, subject=match.pk, now=now, reason=ON_STOPPED_SITE)
        match.delete()
    # What people decided stands, for the same page on another day; what was met there does not.
    decided = list(matches.values_list("pk", flat=True))
    Match.objects.filter(pk__in=decided).update(sighting=None, media_url=None, baseline=None)
    findings = Finding.objects.select_for_update(of=("self",)).filter(site__in=sites, stopped="").select_related("case")
    for finding in findings.order_by("pk"):
        Finding.objects.filter(pk=finding.pk).update(stopped=ON_STOPPED_SITE, baseline=None)
        Asset.objects.filter(finding=finding).update(pdq=[], sha256="")
        if finding.case.state != Case.State.ERASED:
            events.record(finding.case, "finding.stopped", by, subject=finding.pk, now=now, reason=ON_STOPPED_SITE)


def _write(site: Site, before: str, cause: Cause, addresses: Sequence[str], now: datetime) -> SiteStop:
    """The cause and its draft. One that stands already gains the addresses."""
    standing = SiteStop.objects.filter(
        site=site, state__in=STANDING, how=cause.how, flagged_in=cause.organisation
    ).first()  # fmt: skip
    if standing is None:
        earlier = SiteStop.objects.filter(site=site, state__in=STANDING).order_by("at").first()
        standing = SiteStop.objects.create(
            site=site, at=now, how=cause.how, reasons=list(cause.reasons), by=cause.by[:60],
            flagged_in=cause.organisation, before=earlier.before if earlier else before,
        )  # fmt: skip
        for organisation in _houses(site):
            with tenancy.organisation(organisation.pk):
                by = cause.by if cause.organisation == organisation.pk else ENGINE
                audit.record(organisation.pk, by, "site.stopped", str(standing.pk), now)
    if cause.organisation is None:
        _add(standing, cause, addresses, now)
    else:
        with tenancy.organisation(cause.organisation):
            _add(standing, cause, addresses, now)
    return standing


def _add(standing: SiteStop, cause: Cause, addresses: Sequence[str], now: datetime) -> None:
    draft = HotlineDraft.objects.select_for_update(of=("self",)).filter(stop=standing).first()
    if draft is None:
        draft = HotlineDraft(organisation_id=cause.organisation, stop=standing, made_at=now)
    known = draft.addresses if isinstance(draft.addresses, list) else []
    draft.addresses = list(dict.fromkeys([*known, *addresses]))[:MOST_ADDRESSES]
    draft.save()


def report(stop_id: uuid.UUID, reference: str, actor: str, now: datetime) -> None:
    """A lead handed the draft to a desk. The site stays stopped."""
    draft = _draft(stop_id, (SiteStop.State.OPEN,))
    HotlineDraft.objects.filter(pk=draft.pk).update(reference=reference[:80])
    _say(draft.stop, SiteStop.State.REPORTED, now, reported_by=actor)


def doubt(stop_id: uuid.UUID, why: str, actor: str, now: datetime) -> None:
    """A lead says that it was a false alarm: a second one decides."""
    if not why.strip():
        raise StopRefused(_("Please say why it was a false alarm."))
    draft = _draft(stop_id, (SiteStop.State.OPEN, SiteStop.State.REPORTED))
    HotlineDraft.objects.filter(pk=draft.pk).update(why=why[:200])
    _say(draft.stop, SiteStop.State.DOUBTED, now, doubted_by=actor)


def keep_stopped(stop_id: uuid.UUID, actor: str, now: datetime) -> None:
    """The doubt is taken back, or a second lead does not share it."""
    draft = _draft(stop_id, (SiteStop.State.DOUBTED,))
    before = SiteStop.State.REPORTED if draft.stop.reported_by else SiteStop.State.OPEN
    HotlineDraft.objects.filter(pk=draft.pk).update(why="")
    _say(draft.stop, before, now, doubted_by="")


def agree(stop_id: uuid.UUID, why: str, actor: str, now: datetime) -> bool:
    """A second lead agrees that it was a false alarm. The site goes on from nothing, once no other cause stands.
    Returns whether it does. Raises ``StopRefused`` for the one who said so first."""
    with transaction.atomic():
        draft = _draft(stop_id, (SiteStop.State.DOUBTED,))
        if _who(draft.stop.doubted_by) == _who(actor):
            raise StopRefused(_("Somebody else has to agree: that is the second pair of eyes."))
        if not why.strip():
            raise StopRefused(_("Please say why you agree."))
        site = Site.objects.select_for_update(of=("self",)).get(pk=draft.stop.site_id)
        HotlineDraft.objects.filter(pk=draft.pk).update(agreed_why=why[:200], addresses=None)
        _say(draft.stop, SiteStop.State.FALSE, now, ended_by=actor)
        if SiteStop.objects.filter(site__in=_of_one(site), state__in=STANDING).exists():
            return False
        _go_on(site, draft.stop, actor, now)
        return True


def _go_on(site: Site, last: SiteStop, actor: str, now: datetime) -> None:
    for one in _of_one(site):
        if one.state == Site.State.STOPPED:
            state = last.before if one.pk == site.pk else _before(one)
            history.go_on(one, state, actor, now, "a false alarm")
    ids = [one.pk for one in _of_one(site)]
    for organisation in _houses(site):
        with tenancy.organisation(organisation.pk):
            by = actor if last.flagged_in == organisation.pk else ENGINE
            audit.record(organisation.pk, by, "site.resumed", str(last.pk), now)
            rows = Finding.objects.select_for_update(of=("self",)).filter(site__in=ids, stopped=ON_STOPPED_SITE)
            for finding in rows.select_related("case").order_by("pk"):
                Finding.objects.filter(pk=finding.pk).update(stopped="")
                if finding.case.state != Case.State.ERASED:
                    events.record(finding.case, "finding.resumed", by, subject=finding.pk, now=now)


def _before(alias: Site) -> str:
    """The state that another domain of the site had before it was stopped."""
    row = alias.changes.filter(what="state", after=Site.State.STOPPED).order_by("-pk").first()
    return str(row.before) if row is not None else Site.State.PAUSED


def _draft(stop_id: uuid.UUID, states: Sequence[str]) -> HotlineDraft:
    """The draft of a cause that stands so, both locked."""
    stop = SiteStop.objects.select_for_update(of=("self",)).filter(pk=stop_id, state__in=states).first()
    draft = HotlineDraft.objects.select_for_update(of=("self",)).filter(stop=stop).first() if stop else None
    if stop is None or draft is None:
        raise StopRefused(_("This was decided already."))
    draft.stop = stop
    return draft


def _say(stop: SiteStop, state: str, now: datetime, **fields: str) -> None:
    values = {name: value[:60] for name, value in fields.items()}
    SiteStop.objects.filter(pk=stop.pk).update(state=state, said_at=now, **values)


def _who(actor: str) -> str:
    """A member, whatever their role was."""
    return actor.partition(":")[2]


def forget_addresses(now: datetime) -> int:
    """Addresses of what was reported long enough ago. Returns of how many drafts."""
    forgotten = 0
    for organisation in Organisation.objects.order_by("pk"):
        with tenancy.organisation(organisation.pk):
            rows = HotlineDraft.objects.filter(stop__state=SiteStop.State.REPORTED, addresses__isnull=False)
            forgotten += rows.filter(stop__said_at__lt=now - KEEP_REPORTED).update(addresses=None)
    return forgotten
