"""What this room does when something happened below it."""

from __future__ import annotations

from efface.cases import events
from efface.cases.models import Age, Case, CaseEvent
from efface.engine.base import deadlines, outbox
from efface.search.models import Finding, FindingState
from efface.takedown import facts, ladder, locking, outcomes, planning, sending, timing, verifying
from efface.takedown.models import Notice, Particular, Route

WAITING = (Notice.State.DRAFT, Notice.State.QUEUED, Notice.State.PREPARED, Notice.State.HELD)

STOPPED = "stopped"
"""Why the routes of a stopped finding ended."""


def _finding(event: CaseEvent) -> Finding | None:
    return locking.finding(event.subject) if event.subject else None


CLOSED = "the case is closed"
"""Why a route ended with its case: as it stands in the rows."""


@events.on("finding.captured", "finding.uncaptured")
def _plan(event: CaseEvent) -> None:
    """Proven: looked at as it stands now, and planned for."""
    finding = _finding(event)
    if finding is not None:
        verifying.request(finding)
        planning.request(finding)


@events.on("finding.reappeared")
def _returned(event: CaseEvent) -> None:
    """Said by a crawl that met it again; or by our own check, which has done all this already."""
    finding = _finding(event)
    if finding is None or finding.state == FindingState.REAPPEARED:
        return
    if not verifying.came_back(finding, event.at, "met again by the crawl"):
        # It was not certain yet that it had gone: looked at now.
        verifying.request(finding)


@events.on("case.resumed", "consent.given", "hold.lifted")
def _go_on(event: CaseEvent) -> None:
    if event.kind == "case.resumed":
        # A case that was closed: what ended with it goes on.
        ended = Route.objects.filter(case=event.case_id, state=Route.State.DROPPED, state_why=CLOSED)
        ids = set(ended.values_list("finding", flat=True))
        for finding in Finding.objects.select_for_update().filter(pk__in=ids, stopped="").order_by("pk"):
            ladder.reopen_all(finding, CLOSED, event.at)
    planning.request_all(event.case, event.at)
    verifying.request_all(event.case, event.at)
    outbox.wake(event.case_id)


@events.on("fact.answered", "particular.noted", "avoid.ended")
def _anew(event: CaseEvent) -> None:
    """What she said opens or closes ways."""
    planning.request_all(event.case, event.at)


@events.on("avoid.added")
def _avoid(event: CaseEvent) -> None:
    """What has not left for somebody who must never hear of it is taken back before anything else happens."""
    for pk in Notice.objects.filter(case=event.case, state__in=WAITING).order_by("finding_id", "pk").values_list(
        "pk", flat=True
    ):
        notice = locking.notice(pk)
        if notice is not None and facts.never_told(notice):
            ladder.close(notice.route, Route.State.DROPPED, "the recipient must never hear of it", event.at)
    planning.request_all(event.case, event.at)


@events.on("case.age_declared")
def _of_age(event: CaseEvent) -> None:
    """Under 18 comes as ``finding.stopped``, finding by finding."""
    if (event.data or {}).get("age") == Age.ADULT:
        _go_on(event)


@events.on("finding.stopped")
def _stopped(event: CaseEvent) -> None:
    """Under 18, or another safety rule: nothing leaves, nothing is looked at any more."""
    finding = _finding(event)
    if finding is not None:
        ladder.close_all(finding, Route.State.DROPPED, STOPPED, event.at)
        deadlines.cancel(subject=finding.pk)
        deadlines.cancel_many(timing.KIND, finding.notices.values_list("pk", flat=True))


@events.on("finding.resumed")
def _resumed(event: CaseEvent) -> None:
    """Its site was stopped by mistake: what ended for that goes on, after a look at how it stands now."""
    finding = _finding(event)
    if finding is not None:
        ladder.reopen_all(finding, STOPPED, event.at)
        if event.case.state == Case.State.OPEN:  # it was opened again while the site was stopped
            ladder.reopen_all(finding, CLOSED, event.at)
        verifying.request(finding)
        planning.request(finding)


@events.on("case.closed", "case.erased")
def _end(event: CaseEvent) -> None:
    """Nothing more goes out; what waited is taken back. Checks end with their deadlines."""
    for finding in Finding.objects.select_for_update().filter(case=event.case).order_by("pk"):
        ladder.close_all(finding, Route.State.DROPPED, CLOSED, event.at)
        deadlines.cancel(subject=finding.pk)
    outcomes.over(Notice.objects.filter(case=event.case, sent_at__isnull=False), event.at)
    # Also those whose route has ended.
    waiting = Notice.objects.filter(case=event.case, state__in=WAITING).order_by("finding_id", "pk")
    for pk in waiting.values_list("pk", flat=True):
        notice = locking.notice(pk)
        if notice is not None:
            sending.take_back(notice, CLOSED, event.at)
    left = Notice.objects.filter(case=event.case, sent_at__isnull=False).values_list("pk", flat=True)
    deadlines.cancel_many(timing.KIND, left)
    if event.kind == "case.erased":
        # A person's words may stand there.
        Notice.objects.filter(case=event.case).update(state_why="")
        Particular.objects.filter(case=event.case).delete()
        Route.objects.filter(case=event.case).update(state_why="", told={})


@events.on("consent.withdrawn")
def _withdrawn(event: CaseEvent) -> None:
    """Without consent to notify, what has not left is taken back; a new consent plans anew."""
    if (event.data or {}).get("purpose") not in ("notify", "contact_operator"):
        return
    rows = Notice.objects.filter(case=event.case, state__in=WAITING)
    if event.data.get("purpose") == "contact_operator":
        rows = rows.filter(route__role="operator")
    for pk in rows.order_by("finding_id", "pk").values_list("pk", flat=True):
        notice = locking.notice(pk)
        if notice is not None and sending.take_back(notice, "she withdrew her consent", event.at):
            Route.objects.filter(pk=notice.route_id, state=Route.State.ACTIVE).update(state=Route.State.PLANNED)
