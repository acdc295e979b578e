"""A person changes the plan of a finding: order, leave out, put off, bring in, another notice; with a reason, and back.

Every word is a row that stays. What can be done at once is done at once; the rest with the next plan, which is asked
for. No word makes a party reachable that a safety rule keeps away: the plan asks those rules again each time."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from efface.accounts import audit
from efface.accounts.models import User
from efface.cases import events
from efface.search.models import Finding
from efface.takedown import changes, ladder, locking
from efface.takedown.changes import Change
from efface.takedown.models import KeptPlan, PlanChange, Route

LEFT_OUT = "left out by a person"
LONGEST = 300


class Unchangeable(ValueError):
    """The plan cannot be changed in this way; the message says why."""


def standing(finding: Finding) -> tuple[Change, ...]:
    """A person's words that hold for the present episode, as the plan reads them."""
    return changes.standing(_plain(one) for one in log(finding))


def log(finding: Finding) -> list[PlanChange]:
    """Everything that was said of the present episode's plan, in order."""
    rows = PlanChange.objects.filter(finding=finding, episode=finding.episode).select_related("by")
    return list(rows.order_by("at", "pk"))


def _plain(one: PlanChange) -> Change:
    return Change(
        str(one.pk), one.verb, one.party_key, one.notice_type, one.other, one.until, str(one.why or ""),
        str(one.undoes_id or ""),
    )  # fmt: skip


def brought(finding: Finding) -> set[str]:
    """Parties that a person brought in."""
    return set(changes.asked(standing(finding)))


def change(
    finding: Finding, verb: str, party_key: str, user: User, why: str, now: datetime, *, notice_type: str = "",
    other: str = "", until: datetime | None = None,
) -> PlanChange:  # fmt: skip
    """Keep a person's word and act on it. Raises ``Unchangeable``."""
    why = " ".join(why.split())[:LONGEST]
    if not why:
        raise Unchangeable(_("Please say why; whoever works on this after you will want to know."))
    with transaction.atomic():
        row = locking.finding(finding.pk)
        if row is None or row.stopped:
            raise Unchangeable(_("Work on this page was stopped."))
        _check(row, verb, party_key, notice_type, other, until, now)
        made = PlanChange(
            organisation_id=row.organisation_id, case_id=row.case_id, finding=row, episode=row.episode, at=now, by=user,
            verb=verb, party_key=party_key[:200], notice_type=notice_type, other=other[:200], until=until,
        )  # fmt: skip
        made.why = why
        made.save()
        _act(row, made, now)
        _told(row, made, user, now, why)
    return made


def undo(finding: Finding, pk: str, user: User, now: datetime) -> PlanChange:
    """Take a word back: the next plan is made as if it had not been said. Raises ``Unchangeable``."""
    with transaction.atomic():
        row = locking.finding(finding.pk)
        first = next((one for one in standing(finding) if one.id == pk), None)
        if row is None or row.stopped or first is None:
            raise Unchangeable(_("This does not hold any more; nothing was done."))
        said = PlanChange.objects.get(pk=pk, finding=row)
        made = PlanChange(
            organisation_id=row.organisation_id, case_id=row.case_id, finding=row, episode=row.episode, at=now, by=user,
            verb="undo", party_key=said.party_key, undoes=said,
        )  # fmt: skip
        made.save()
        if said.verb == "skip":
            for route in _routes(row, said.party_key).filter(state=Route.State.DROPPED, state_why=LEFT_OUT):
                route.state, route.state_why = Route.State.PLANNED, ""
                route.save(update_fields=["state", "state_why"])
                ladder.start_at(route, max(route.starts_at, now))
        _told(row, made, user, now, "")
    return made


def _check(
    finding: Finding, verb: str, party: str, notice_type: str, other: str, until: datetime | None, now: datetime
) -> None:  # fmt: skip
    routes = list(_routes(finding, party).exclude(state__in=(Route.State.DEAD, Route.State.DONE)))
    if verb not in changes.VERBS:
        raise Unchangeable(_("Please choose what to change."))
    if verb == "ask":
        kept = KeptPlan.objects.filter(finding=finding, episode=finding.episode).first()
        shown = (kept.content or {}).get("beside", []) if kept else []
        if party not in {one["key"] for one in shown}:
            raise Unchangeable(_("This party is not among those shown."))
        return
    waiting = [one for one in routes if one.state == Route.State.PLANNED]
    if verb == "skip":
        waiting = [one for one in routes if one.state in (Route.State.PLANNED, Route.State.ACTIVE)]
    if not waiting:
        raise Unchangeable(_("This way has begun or ended already; it cannot be moved any more."))
    if verb == "postpone" and (until is None or until <= now):
        raise Unchangeable(_("Please give a day that is still to come."))
    if verb == "before" and not _routes(finding, other).exists():
        raise Unchangeable(_("Please choose before whom it goes."))
    if verb == "use":
        open_ways = {one["notice_type"] for route in waiting for one in (route.told or {}).get("others", [])}
        if notice_type not in open_ways:
            raise Unchangeable(_("This notice does not fit this recipient."))


def _routes(finding: Finding, party_key: str) -> QuerySet[Route]:
    return Route.objects.select_for_update(of=("self",)).filter(
        finding=finding, episode=finding.episode, party_key=party_key[:200]
    )


def _act(finding: Finding, made: PlanChange, now: datetime) -> None:
    """What needs no new look-up."""
    for route in _routes(finding, made.party_key).filter(state__in=(Route.State.PLANNED, Route.State.ACTIVE)):
        if made.verb == "skip":
            ladder.close(route, Route.State.DROPPED, LEFT_OUT, now)
        elif made.verb == "postpone" and made.until is not None and route.state == Route.State.PLANNED:
            route.starts_at, route.arranged = max(route.starts_at, made.until), made.verb
            route.save(update_fields=["starts_at", "arranged"])
            ladder.start_at(route, route.starts_at)


def _told(finding: Finding, made: PlanChange, user: User, now: datetime, why: str) -> None:
    from efface.takedown import planning

    audit.record(finding.organisation_id, f"user:{user.pk}", f"plan.{made.verb}", str(finding.pk), now)
    events.record(
        finding.case, "plan.changed", f"caseworker:{user.pk}", subject=finding.pk, now=now, change=made.verb,
        party=made.party_key, notice_type=made.notice_type, why=why,
        **({"until": made.until.isoformat()} if made.until else {}),
    )  # fmt: skip
    planning.request(finding)
