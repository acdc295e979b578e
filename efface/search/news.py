"""What this room does when something happens to a case."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F

from efface.cases import events, own
from efface.cases.models import Age, CaseEvent, Fingerprint, FingerprintKind, Purpose
from efface.engine.base import clock, deadlines
from efface.search import deciding, frontier, jobs, lore, matching, sweep, watch
from efface.search.deadlines import LOOK_BACK
from efface.search.models import Finding, Frontier, Match, SiteLore, SourceSetup
from efface.search.revisit import GRID_H
from efface.search.sources import asking

SWEPT = (FingerprintKind.FACE, FingerprintKind.LOCAL, FingerprintKind.COPY, FingerprintKind.TEXT)
"""Kinds for which pages must be read again: what they are compared with is kept nowhere."""


def _look_back(event: CaseEvent) -> None:
    """At once, and once more at the next step of the grid."""
    jobs.look_back.defer(organisation=event.organisation_id, once=f"look-back:{event.case_id}", case=event.case_id)
    due = clock.align(event.at + timedelta(minutes=1), hours=GRID_H)
    deadlines.set_deadline(LOOK_BACK, event.case_id, due, organisation=event.organisation_id, case=event.case_id)


def _sweep(event: CaseEvent) -> None:
    """Read again what was met before, and ask what lies beyond the crawl: both only where the case may be used so."""
    sweep.request(event.organisation_id, event.case_id, event.at)
    due = clock.align(event.at + timedelta(minutes=1), hours=GRID_H)
    if SourceSetup.objects.filter(on=True).exists():
        asking.request(event.organisation_id, event.case_id, due)


@events.on("finding.confirmed", "finding.gone", "finding.reappeared")
def watched(event: CaseEvent) -> None:
    """From now on its surroundings are looked at."""
    if event.subject is not None:
        watch.request(event.organisation_id, event.case_id, event.subject, event.at)


@events.on("fingerprint.added")
def fingerprint_added(event: CaseEvent) -> None:
    if event.subject is None:
        return
    kind = Fingerprint.objects.filter(pk=event.subject).values_list("kind", flat=True).first()
    if kind in SWEPT:
        _sweep(event)
    elif kind is not None:
        _look_back(event)


@events.on("consent.given")
def consent_given(event: CaseEvent) -> None:
    purpose = (event.data or {}).get("purpose")
    if purpose == Purpose.HASH_MATCH:
        _look_back(event)
    elif purpose in (Purpose.FACE_SEARCH, Purpose.COPY_MATCH, Purpose.TEXT_SEARCH):
        _sweep(event)


@events.on("case.attested")
def attested(event: CaseEvent) -> None:
    _sweep(event)


@events.on("case.resumed")
def resumed(event: CaseEvent) -> None:
    _look_back(event)
    _sweep(event)


@events.on("case.age_declared")
def age_declared(event: CaseEvent) -> None:
    """Under 18 ends what was begun; adult begins what waited for it."""
    age = (event.data or {}).get("age")
    if age == Age.MINOR:
        deciding.stop_all(event.case, event.actor, event.at)
    elif age == Age.ADULT:
        _look_back(event)
        _sweep(event)


@events.on("finding.confirmed")
def finding_confirmed(event: CaseEvent) -> None:
    _harm(event, 1)


@events.on("finding.reappeared")
def finding_reappeared(event: CaseEvent) -> None:
    _harm(event, 2)


@events.on("match.rejected", "match.own")
def match_rejected(event: CaseEvent) -> None:
    """A page on which something was met that is not hers, or is to stay, is read like any other."""
    if event.subject is None:
        return
    digest = Match.objects.filter(pk=event.subject).values_list("page_digest", flat=True).first()
    if digest is not None:
        Frontier.objects.filter(digest=digest, harm__gt=0).update(harm=F("harm") - 1)


def _harm(event: CaseEvent, weight: int) -> None:
    """Sites on which much was found are visited sooner, and so are its pages. Numbers of the site and the page, and of
    no case."""
    if event.subject is None:
        return
    row = Finding.objects.filter(pk=event.subject).values_list("site", "match__page_digest").first()
    if row is not None:
        SiteLore.objects.filter(pk=lore.of(row[0]).pk).update(harm=F("harm") + weight)
        page = Frontier.objects.filter(digest=row[1], harm__lt=frontier.MOST_HARM)
        page.update(harm=F("harm") + weight)


@events.on("own.added")
def own_added(event: CaseEvent) -> None:
    """What waits for a decision there needs none any more. Findings stay: a person confirmed those."""
    for match in Match.objects.select_for_update(of=("self",)).filter(case=event.case_id, state__in=deciding.OPEN):
        if isinstance(match.page_url, str) and own.is_own(event.case, match.page_url):
            Match.objects.filter(pk=match.pk).update(
                state=Match.State.OWN, decided_at=event.at, decided_by=matching.ENGINE, decided_why=matching.OWN_PLACE
            )


@events.on("link.reported")
def link_reported(event: CaseEvent) -> None:
    jobs.follow.defer(
        organisation=event.organisation_id, once=f"follow:{event.subject}", lock=f"follow:{event.subject}",
        link=event.subject,
    )  # fmt: skip
