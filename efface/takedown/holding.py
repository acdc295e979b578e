"""Notices of a party that is not in charge any more: held back before they leave, until a person says what becomes of
them, or until the party is back. What was sent stays recorded.

Some sites answer from many hosts in turn. One look-up that names others holds back what would leave now; that the party
is gone is believed of two that agree some time apart, and what was held goes on when it returns."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from efface.accounts import audit
from efface.accounts.models import Organisation, User
from efface.cases import events
from efface.engine.base import deadlines, tenancy
from efface.engine.base.jobs import job
from efface.search.models import Finding
from efface.sites import lookups
from efface.sites.lookups import Moved
from efface.sites.models import Site
from efface.takedown import ladder, locking, plan, scope, sending
from efface.takedown.approving import NotWaiting
from efface.takedown.models import Notice, Route

UNSENT = (Notice.State.DRAFT, Notice.State.QUEUED, Notice.State.PREPARED, Notice.State.HELD)
OPEN = (Route.State.PLANNED, Route.State.ACTIVE)
APART = lookups.APART
NOT_IN_CHARGE = "not in charge of it any more"


def hold(route: Route, finding: Finding, made: plan.Plan, now: datetime) -> bool:
    """Hold back what has not left of a route whose party lost the site, and tell the case who is in charge now. True
    where something waits for a person's word; then the route stays open until it is given. The caller holds the
    finding's lock."""
    new = [one.name or one.party_key for one in made.routes if one.role == route.role]
    words = f"{NOT_IN_CHARGE}; now: {', '.join(new) or 'nobody known'}"[:200]
    held = fresh = 0
    for notice in Notice.objects.select_for_update().filter(route=route, state__in=UNSENT):
        if notice.state == Notice.State.QUEUED and not sending.stopped(notice, now):
            continue  # it is leaving at this moment
        held += 1
        if notice.state != Notice.State.HELD:
            fresh += 1
            notice.state, notice.state_why, notice.approval = Notice.State.HELD, words, None
            notice.save(update_fields=["state", "state_why", "approval"])
    if fresh:
        deadlines.cancel(key=f"route.start:{route.pk}")
        events.record(
            finding.case, "route.moved", "engine", subject=finding.pk, now=now, role=route.role,
            party=route.party_key, now_in_charge=new[:5], held=fresh,
        )  # fmt: skip
    return held > 0


def gone(route: Route, now: datetime) -> bool:
    """Whether the party is believed to be out of charge: it was missed before, long enough ago, and not seen since."""
    if route.gone_since is None:
        route.gone_since = now
        route.save(update_fields=["gone_since"])
        return False
    return now - route.gone_since >= APART


def returned(route: Route, now: datetime) -> int:
    """The party is in charge (again): what was held back of it goes on as it stood, under an approval that stands, and
    a route that was dropped for this alone waits for its turn anew. The caller holds the finding's lock. Returns how
    many came back."""
    back = 0
    if route.state == Route.State.DROPPED and route.state_why == NOT_IN_CHARGE:
        asked = Notice.objects.filter(route=route, sent_at__isnull=False).exists()
        route.state, route.state_why = Route.State.ACTIVE if asked else Route.State.PLANNED, ""
        route.save(update_fields=["state", "state_why"])
        back = 1
    if route.gone_since is not None:
        route.gone_since = None
        route.save(update_fields=["gone_since"])
    for one in Notice.objects.select_for_update().filter(route=route, state=Notice.State.HELD):
        one.state, one.state_why = Notice.State.DRAFT, ""
        one.save(update_fields=["state", "state_why"])
        approval = scope.standing(one)
        if approval is not None and route.state in OPEN:
            sending.release(one, approval, now)
        back += 1
    return back


def settle(notice: Notice, choice: str, user: User, now: datetime) -> None:
    """A person's word on a held notice: "drop" ends the way to the old party, "keep" goes on with it: the notice waits
    for approval like any other. Raises ``NotWaiting``."""
    with transaction.atomic():
        row = locking.notice(notice.pk)
        if row is None or row.state != Notice.State.HELD:
            raise NotWaiting("the notice does not wait for this")
        route = row.route
        if choice == "keep":
            route.kept_at, route.confirmed_at = now, now
            route.save(update_fields=["kept_at", "confirmed_at"])
            for one in Notice.objects.select_for_update().filter(route=route, state=Notice.State.HELD):
                one.state, one.state_why = Notice.State.DRAFT, ""
                one.save(update_fields=["state", "state_why"])
                approval = scope.standing(one) if one.pk == row.pk else None
                if approval is not None:
                    sending.release(one, approval, now)
        else:
            ladder.close(route, Route.State.DROPPED, NOT_IN_CHARGE, now)
            ladder.begin_due(row.finding, now)
        audit.record(row.organisation_id, f"user:{user.pk}", f"notice.{choice}", str(row.pk), now)
        events.record(row.case, f"route.{choice}", f"caseworker:{user.pk}", subject=row.finding_id, now=now,
                      party=route.party_key)  # fmt: skip


@lookups.on_looked
def _looked(site: Site, changes: tuple[Moved, ...], now: datetime) -> None:
    """Somebody else fills a role: whoever has a way open on this site plans anew."""
    if changes:
        retarget.defer(once=f"retarget:{site.pk}", site=site.pk)


@job("takedown", system=True)
def retarget(site: uuid.UUID) -> None:
    """Have every finding of this site with an open route planned anew, in every organisation."""
    from efface.takedown import planning

    for organisation in Organisation.objects.values_list("pk", flat=True):
        with tenancy.organisation(organisation):
            waiting = Route.objects.filter(state__in=OPEN, finding__site=site).values("finding")
            for finding in Finding.objects.filter(pk__in=waiting).order_by("pk"):
                planning.request(finding)
