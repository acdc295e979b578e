"""The ladder of a finding: which route begins when, what follows silence, a dead mailbox or a refusal.

Everything here runs inside a transaction and defers slow work. A party is asked once, reminded once, and then the next
one is asked; the look-up of who is in charge is made anew before each of these (``planning.advance``).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from efface.cases import events
from efface.engine.base import clock, deadlines
from efface.engine.base.models import Deadline
from efface.law import load
from efface.search.models import Finding, FindingState
from efface.sites import contacts, learning
from efface.sites.models import ContactState
from efface.takedown import drafting, facts, keeping, outcomes, reach, scope, sending, timing
from efface.takedown.models import Notice, Route
from efface.takedown.notice import NoticeError, NoticeIncomplete

WAITING = frozenset({
    FindingState.GONE_PROVISIONAL, FindingState.CONTENT_REPLACED, FindingState.SUSPENDED,
    FindingState.DELISTING_PENDING,
})  # fmt: skip
"""Nothing new is sent while it stands so: a check will say."""
SILENT_HOURS = 72
"""Where the law data name no pause for a role."""
REMINDERS = 1
PUT_OFF = "postpone"
"""``Route.arranged`` where a person wants it to wait."""
MOST_STEPS = 4
"""Letters to one party about one finding, with the answers to what it asked for."""
USELESS = reach.DEAD | {"full"}
"""What is known of a mailbox that makes trying the next one better."""
ASK_AGAIN = timedelta(hours=24)


def quiet(finding: Finding) -> bool:
    """Nothing is to be sent about it now."""
    return bool(finding.stopped) or finding.state in WAITING or finding.state == FindingState.GONE_CONFIRMED


def begin_due(finding: Finding, now: datetime) -> int:
    """Begin every planned route whose time has come; set a deadline for the others. Returns how many began."""
    begun = 0
    left = facts.remaining(finding)
    rows = Route.objects.select_for_update(of=("self",)).select_related("finding__site", "case")
    routes = list(rows.filter(finding=finding, episode=finding.episode, state=Route.State.PLANNED))
    known = dict(
        Deadline.objects.filter(
            kind="route.start", subject__in=[one.pk for one in routes], state=Deadline.State.WAITING
        ).values_list("subject", "due")
    )
    for route in routes:
        # What is left after a partial removal stands with somebody: they are asked without waiting for their turn.
        due = now if left & set(route.covers) and route.arranged != PUT_OFF else route.starts_at
        if due <= now and not quiet(finding):
            begin(route, now)
            begun += 1
        else:
            later = max(due, now + ASK_AGAIN) if due <= now else due
            if known.get(route.pk) != clock.align(later):
                start_at(route, later)
    return begun


def start_at(route: Route, due: datetime) -> None:
    deadlines.set_deadline(
        "route.start", route.pk, clock.align(due), organisation=route.organisation_id, case=route.case_id
    )


def begin(route: Route, now: datetime) -> Notice | None:
    """Draft a route's first notice, and let it go where it is approved already. The caller holds the route's lock."""
    if facts.hostile(route.finding.site) and route.role == "operator":
        close(route, Route.State.DROPPED, "the operator is hostile: never written to", now)
        return None
    closed = keeping.closed(route)
    if closed:
        _cannot(route, f"needs: {'; '.join(closed)}", now)
        return None
    notice = _draft(route, 1, now)
    if notice is not None and route.state == Route.State.PLANNED:
        route.state, route.state_why = Route.State.ACTIVE, ""
        route.save(update_fields=["state", "state_why"])
    return notice


def _draft(route: Route, step: int, now: datetime) -> Notice | None:
    """The notice of a step, let go under a standing approval. What cannot be written is said on the route."""
    try:
        notice = drafting.draft(route, now, step)
    except drafting.NothingNew as nothing:
        if step == 1 and nothing.told:
            close(route, Route.State.DONE, "the recipient was told of these addresses in another notice", now)
        elif step == 1:
            # That one may yet be refused or taken back: this route is not done before it has left.
            route.state = Route.State.PLANNED
            route.save(update_fields=["state"])
            _cannot(route, "another notice that names these addresses has not left yet", now)
        return None
    except NoticeIncomplete as error:
        lacks = "; ".join(one.words for one in error.missing)
        _cannot(route, f"needs: {lacks}", now)
        return None
    except NoticeError as error:
        _cannot(route, str(error), now)
        return None
    approval = scope.standing(notice)
    if approval is not None:
        sending.release(notice, approval, now)
    return notice


def _cannot(route: Route, why: str, now: datetime) -> None:
    """Stays planned, with its reason, and is tried again tomorrow: what is missing may be answered by then."""
    if route.state_why != why[:200]:
        route.state_why = why[:200]
        route.save(update_fields=["state_why"])
        events.record(route.case, "route.incomplete", "engine", subject=route.finding_id, now=now, why=why[:500],
                      role=route.role, notice_type=route.notice_type)  # fmt: skip
    if route.state == Route.State.PLANNED:
        start_at(route, now + ASK_AGAIN)


def sent(notice: Notice, now: datetime) -> None:
    """A notice has left or was filed: clocks that run from that begin, and its desk is counted as asked."""
    learning.sent(
        notice.pk, notice.channel, notice.contact, notice.route.role, notice.notice_type, notice.language, now,
        site=notice.finding.site.domain, host=outcomes.host_of(notice.route),
    )  # fmt: skip
    timing.recount(notice, now)
    timing.answered(notice, now)
    if notice.route.role != "search":
        # Whether a search engine has acted cannot be seen from the page; nobody is chased for it.
        chase_at(notice, now + patience(notice.route.role))


def patience(role: str) -> timedelta:
    """How long this kind of party is given before it is reminded, and again before the next one is asked."""
    step = load().step(role)
    return timedelta(hours=step.silent_hours if step and step.silent_hours else SILENT_HOURS)


def chase_at(notice: Notice, due: datetime) -> None:
    chase_all_at([notice], due)


def chase_all_at(notices: Iterable[Notice], due: datetime) -> None:
    at = clock.align(due)
    deadlines.set_together(
        deadlines.Due("notice.chaser", one.pk, at, organisation=one.organisation_id, case=one.case_id)
        for one in notices
    )


def remind_or_go_on(notice: Notice, now: datetime) -> Notice | None:
    """The party has had its time and it still stands: remind it once, then ask the next one. The route's look-up is
    fresh and its lock is held. Returns a reminder where one was written."""
    route = notice.route
    if route.state != Route.State.ACTIVE or quiet(route.finding):
        return None
    if Notice.objects.filter(route=route, step__gt=notice.step).exclude(state=Notice.State.CANCELLED).exists():
        deadlines.cancel(key=f"notice.chaser:{notice.pk}")
        return None
    # Who asks for something is answered, although it was reminded before; not for ever.
    if notice.step <= REMINDERS or (notice.step < MOST_STEPS and drafting.asked(route)):
        reminder = _draft(route, notice.step + 1, now)
        if reminder is not None:
            deadlines.cancel(key=f"notice.chaser:{notice.pk}")
            return reminder
    if not drafting.heard(route).exists():
        contacts.delivery(notice.channel, notice.contact, ContactState.SILENT, now)
    give_up(route, "no effect after a reminder", now)
    return None


def give_up(route: Route, why: str, now: datetime, *, unreachable: bool = False) -> None:
    """A party that was asked does not help: kept as an outcome, and the next one is asked. Where nobody is left to ask,
    the case says so: a person has to find another way."""
    if route.state not in (Route.State.ACTIVE, Route.State.PLANNED):
        return
    close(route, Route.State.DEAD, why, now)
    outcomes.failed(route, now)
    following = ask_next(route.finding, now, before=route if unreachable else None)
    if following is None and not quiet(route.finding) and exhausted(route.finding):
        events.record(route.case, "finding.exhausted", "engine", subject=route.finding_id, now=now)


def exhausted(finding: Finding) -> bool:
    """Every route of the present episode has ended."""
    routes = Route.objects.filter(finding=finding, episode=finding.episode)
    return not routes.filter(state__in=(Route.State.PLANNED, Route.State.ACTIVE)).exclude(role="search").exists()


PARENT = {"operator": "host", "host": "upstream", "cdn": "upstream", "registrar": "registry"}
"""Who gives a party its network or its name, and can reach it where nobody else can."""


def ask_next(finding: Finding, now: datetime, before: Route | None = None) -> Route | None:
    """The next planned route need not wait for its turn. ``before`` is one whose party cannot be reached at all: who
    stands above it goes first."""
    if quiet(finding):
        return None
    rows = Route.objects.select_for_update(of=("self",)).filter(
        finding=finding, episode=finding.episode, state=Route.State.PLANNED, starts_at__gt=now
    )
    # What a person put off, and what lacks a word of hers, is not brought forward.
    rows = rows.exclude(role="search").exclude(arranged=PUT_OFF).order_by("starts_at", "position")
    waiting = [one for one in rows if not keeping.closed(one)]
    parent = PARENT.get(before.role, "") if before is not None else ""
    # Of several parents the one that answers for the same hosts.
    covers = set(before.covers) if before is not None else set()
    above = sorted(
        (one for one in waiting if one.role == parent), key=lambda one: not (covers & set(one.covers))
    )  # fmt: skip
    route = next(iter([*above, *waiting]), None)
    if route is not None:
        route.starts_at = now
        route.save(update_fields=["starts_at"])
        start_at(route, now)
    return route


def contact_dead(notice: Notice, now: datetime) -> Notice | None:
    """A mailbox does not exist or takes nothing: the party's next best one, within the same approval; with none left,
    the next party. The notice's own state is set by the caller."""
    routes = Route.objects.select_for_update(of=("self",)).select_related("finding__site", "case")
    route = routes.get(pk=notice.route_id)
    deadlines.cancel(key=f"notice.chaser:{notice.pk}")
    timing.stop(notice.pk)
    if route.state not in (Route.State.ACTIVE, Route.State.PLANNED) or route.contact != notice.contact:
        return None
    known = facts.delivery([("email", one) for one in route.alternatives])
    usable = [one for one in route.alternatives if "@" in one and known.get(one.strip().lower()) not in USELESS]
    if not usable:
        give_up(route, "every contact is dead", now, unreachable=True)
        return None
    route.contact, route.alternatives = usable[0], usable[1:]
    route.save(update_fields=["contact", "alternatives"])
    if quiet(route.finding):
        return None
    return _draft(route, 1, now)


def close(route: Route, state: str, why: str, now: datetime) -> None:
    """End a route: what has not left is taken back, its deadlines go."""
    if route.state in (Route.State.DONE, Route.State.DEAD, Route.State.DROPPED):
        return
    route.state, route.state_why = state, why[:200]
    route.save(update_fields=["state", "state_why"])
    deadlines.cancel(key=f"route.start:{route.pk}")
    for notice in Notice.objects.select_for_update().filter(route=route):
        sending.take_back(notice, why, now)
        deadlines.cancel(key=f"notice.chaser:{notice.pk}")
        if notice.sent_at is not None:
            notice.route = route
            timing.recount(notice, now)


def close_all(finding: Finding, state: str, why: str, now: datetime) -> None:
    """End every route of the finding's present episode."""
    routes = Route.objects.select_for_update(of=("self",)).filter(finding=finding, episode=finding.episode)
    for route in routes.filter(state__in=(Route.State.PLANNED, Route.State.ACTIVE)):
        close(route, state, why, now)


def reopen_all(finding: Finding, why: str, now: datetime) -> int:
    """What ``close_all`` ended for this reason goes on: a party that was asked is waited for, the others wait for their
    turn anew. What was taken back is written anew then. The caller holds the finding's lock. Returns how many."""
    routes = Route.objects.select_for_update(of=("self",)).filter(finding=finding, episode=finding.episode)
    ended = list(routes.filter(state=Route.State.DROPPED, state_why=why).order_by("position", "pk"))
    for route in ended:
        sent = list(Notice.objects.select_for_update().filter(route=route, sent_at__isnull=False))
        # What came back, or never left, has asked nobody.
        asked = [one for one in sent if one.state in (Notice.State.SENT, Notice.State.FILED)]
        route.state, route.state_why = Route.State.ACTIVE if asked else Route.State.PLANNED, ""
        route.save(update_fields=["state", "state_why"])
        if not asked:
            start_at(route, max(route.starts_at, now))
        for notice in sent:
            notice.route = route
            timing.recount(notice, now)
        if asked and route.role != "search":
            last = max(asked, key=lambda one: one.sent_at or now)
            chase_at(last, max((last.sent_at or now) + patience(route.role), now))
    return len(ended)
