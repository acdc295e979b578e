"""What became of asking a party: kept without case or address, and used to order the next plan."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from efface.engine.base import training
from efface.search.models import Finding, FindingState
from efface.sites import contacts, learning
from efface.sites.models import ContactState
from efface.takedown import verdict
from efface.takedown.channels import hearing
from efface.takedown.models import Check, Inbound, Notice, Outcome, Route


def failed(route: Route, now: datetime) -> None:
    """The party was asked and nothing followed. Called once, when the route is given up."""
    sent = _sent_at(route)
    if sent is not None and not training.here():
        Outcome.objects.create(
            party_key=route.party_key, role=route.role, notice_type=route.notice_type, sent_at=sent, removed=False
        )


def removed(finding: Finding, now: datetime) -> int:
    """It is gone: everybody who had been asked before it went counts as having had a part. Called once an episode,
    before the routes are closed. Returns how many rows were made."""
    gone = _first_absence(finding) or now
    count = 0
    for route in Route.objects.filter(finding=finding, episode=finding.episode, state=Route.State.ACTIVE):
        sent = _sent_at(route)
        if sent is not None and sent <= gone and not training.here():
            Outcome.objects.create(
                party_key=route.party_key, role=route.role, notice_type=route.notice_type, sent_at=sent,
                hours=(gone - sent).total_seconds() / 3600, removed=True,
            )  # fmt: skip
            count += 1
            for notice in Notice.objects.filter(route=route, sent_at__lte=gone):
                learning.removed(notice.pk, (gone - (notice.sent_at or gone)).total_seconds() / 3600)
            _complied(route, now)
    count += hearing.removed(finding, gone)
    # Whoever had been given up on by then had no part in it: until then it stood.
    over(Notice.objects.filter(finding=finding, route__episode=finding.episode, sent_at__lte=gone), gone)
    return count


def over(notices: Iterable[Notice], at: datetime) -> None:
    """Nobody looks any more whether these work, or it went by another's hand. What was removed by them is known."""
    for notice in notices:
        if notice.sent_at is not None:
            learning.ended(notice.pk, (at - notice.sent_at).total_seconds() / 3600)


def host_of(route: Route) -> str:
    """Which host the finding stands with: the route's own party where it is one, else the one that is planned for."""
    if route.role == "host":
        return route.party_key
    rows = Route.objects.filter(finding_id=route.finding_id, episode=route.episode, role="host").order_by("position")
    return rows.values_list("party_key", flat=True).first() or ""


def _complied(route: Route, now: datetime) -> None:
    """Who said that it was removed, and it is, has a mailbox worth writing to."""
    claims = Inbound.objects.filter(notice__route=route, kind="claims_removal").select_related("notice")
    for contact in {one.notice.contact for one in claims if one.notice.channel == "email"}:
        contacts.delivery("email", contact, ContactState.COMPLIED, now)


def _sent_at(route: Route) -> datetime | None:
    row = Notice.objects.filter(route=route, sent_at__isnull=False).order_by("sent_at").first()
    return row.sent_at if row else None


def _first_absence(finding: Finding) -> datetime | None:
    """When the unbroken row of absences began that ended in "gone"."""
    first = None
    for check in Check.objects.filter(finding=finding, episode=finding.episode).order_by("-at", "-id"):
        if check.state in verdict.GONE:
            first = check.at
        elif check.state != FindingState.UNKNOWN:
            break
    return first
