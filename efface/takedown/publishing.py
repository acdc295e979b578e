"""A recipient shows our notice to others: nobody writes to that operator again, and a lead hears of it.

Met on a page (by the reply address, which stands nowhere but in the notice), said in an answer, or seen by a person.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from efface.accounts import audit
from efface.accounts.models import User
from efface.cases import events
from efface.engine.base import addresses, tenancy
from efface.search.models import Finding
from efface.sites import hostility
from efface.sites.models import Site
from efface.takedown import ladder, planning
from efface.takedown.models import Notice, Publication, Route


def published(notice: Notice, how: str, where: str, by: str, now: datetime) -> Publication | None:
    """Keep that it was shown, once for each way; None where that is known. Inside the organisation.

    An operator who does so is never written to again, about any case. Of another party (a search engine that hands
    notices to a public archive) only a person can say what follows."""
    with transaction.atomic():
        if Publication.objects.filter(notice=notice, how=how).exists():
            return None
        row = Publication(
            organisation_id=notice.organisation_id, case_id=notice.case_id, notice=notice, how=how, at=now
        )
        row.where = where[:2000]
        row.save()
        events.record(notice.case, "notice.published", by, subject=notice.pk, now=now, how=how)
        if notice.route.role == "operator":
            site = notice.finding.site
            if site.hostility not in hostility.NEVER_WRITTEN_TO:
                why = "showed one of our notices to others"
                hostility.declare(site, Site.Hostility.PUBLISHES, why, by, now, how=how)
            _stop(site, now)
    return row


def _stop(site: Site, now: datetime) -> None:
    """What waits for the operator of this site does not leave; every finding there is planned anew."""
    routes = Route.objects.filter(finding__site=site, role="operator").exclude(
        state__in=(Route.State.DONE, Route.State.DEAD, Route.State.DROPPED)
    )
    for route in routes.select_for_update(of=("self",)).select_related("finding__site", "case").order_by("pk"):
        ladder.give_up(route, "they show our notices to others", now)
    for finding in Finding.objects.filter(site=site, stopped=""):
        planning.request(finding)


def on_page(site: Site, signed: str, now: datetime) -> None:
    """A crawl met the reply address of a notice on a page."""
    read = addresses.read(signed)
    if read is None:
        return
    with tenancy.looking_up(lookup=str(read.notice)):
        found = Notice.objects.only("id", "organisation_id").filter(pk=read.notice).first()
    if found is None:
        return
    with tenancy.organisation(found.organisation_id):
        notice = Notice.objects.select_related("route", "finding__site", "case").get(pk=found.pk)
        published(notice, Publication.How.PAGE, site.domain, "engine", now)


def seen(row: Publication, user: User, now: datetime) -> bool:
    """A person has read it. False where somebody had already."""
    with transaction.atomic():
        done = Publication.objects.filter(pk=row.pk, seen_at=None).update(seen_at=now, seen_by=f"user:{user.pk}")
        if done:
            audit.record(row.organisation_id, f"user:{user.pk}", "publication.seen", str(row.pk), now)
    return bool(done)
