"""Who is asked about a finding: looked up, planned, and looked up again before every further step.

The job ``advance`` is the only way outward: it asks the fetcher who is in charge now, brings the routes in line with
the plan, begins those whose time has come, and reminds or gives up where a party stayed silent. A site that changed its
host meanwhile makes the old host's routes end before anything is sent there.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from efface.cases import events
from efface.cases.may import may
from efface.cases.models import Case, Purpose
from efface.engine.base import clock, deadlines, leases, outbox, tenancy
from efface.engine.base.jobs import job
from efface.engine.base.models import Deadline
from efface.evidence import fetching
from efface.evidence.models import Capture
from efface.law import load
from efface.net.client import FetcherRefused, FetcherUnavailable
from efface.net.protocol import WhereaboutsRequest
from efface.net.spacing import MOST_PAGES
from efface.search.models import Finding
from efface.sites import contacts, lookups, networks, turns
from efface.sites.models import ContactObservation
from efface.takedown import facts, holding, keeping, ladder, locking, plan, steering
from efface.takedown.channels import guided
from efface.takedown.models import Notice, Route
from efface.whereabouts.client import whereabouts
from efface.whereabouts.model import Channel, Contact, Dossier, Party

log = logging.getLogger(__name__)
FRESH = timedelta(hours=24)
"""A look-up older than this is made again before anything is sent on its word."""
AGAIN = timedelta(minutes=30)
LOST = timedelta(hours=24)
"""A step that came to nothing (a job that failed) is asked for again then."""
MOST_BORROWED = 3
"""Contacts of other sites of one operator that come into a plan."""
OPEN = (Route.State.PLANNED, Route.State.ACTIVE)


@dataclass(frozen=True, slots=True)
class Task:
    """``hers`` are digests of her own addresses, which no look-up may pick."""

    page: str
    media: list[str]
    episode: int
    hers: list[str]


def request(finding: Finding, notice: uuid.UUID | None = None) -> None:
    """Ask for the next step of a finding; ``notice`` is one whose party stayed silent."""
    advance.defer(
        organisation=finding.organisation_id, once=f"advance:{finding.pk}:{notice or ''}", finding=finding.pk,
        notice=notice or "",
    )  # fmt: skip
    _again(finding, clock.align(clock.now() + LOST))


def _again(finding: Finding, due: datetime) -> None:
    deadlines.set_deadline(
        "finding.plan", finding.pk, due, organisation=finding.organisation_id, case=finding.case_id
    )  # fmt: skip


def _put_off(finding: uuid.UUID, notice: uuid.UUID | str, due: datetime) -> None:
    """The site's turn has not come: the same step is asked for again then."""
    row = Finding.objects.get(pk=finding)
    if notice:
        deadlines.set_deadline(
            "notice.chaser", uuid.UUID(str(notice)), due, organisation=row.organisation_id, case=row.case_id
        )  # fmt: skip
    else:
        _again(row, due)


def _taken(finding: uuid.UUID) -> None:
    """The step was taken, or there is none to take: nothing to ask for again."""
    deadlines.cancel(subject=finding, kind="finding.plan")


def ready(finding: Finding, now: datetime) -> bool:
    """May anything be planned outward: consent to notify, an adult, proof kept or given up, nothing stopped."""
    if finding.stopped or not may(finding.case, Purpose.NOTIFY, now) or facts.PLAN_AGE[finding.age] != "adult":
        return False
    if Capture.objects.filter(finding=finding, episode=finding.episode).exists():
        return True
    gone_on = finding.case.caseevents.filter(kind="finding.uncaptured", subject=finding.pk)
    return any((event.data or {}).get("episode") == finding.episode for event in gone_on)


@job("takedown")
def advance(organisation: uuid.UUID, finding: uuid.UUID, notice: uuid.UUID | str = "") -> None:
    with tenancy.organisation(organisation):
        task = _load(finding, clock.now())
        if task is None:
            _taken(finding)
    if task is None:
        return
    try:
        with turns.asking([task.page], clock.now(), first=True, pages=MOST_PAGES) as pace_s:
            asked = WhereaboutsRequest(
                task.page, task.media, now=clock.now().isoformat(), refuse=task.hers, pace_s=pace_s
            )  # fmt: skip
            dossier = fetching.patiently(lambda one: whereabouts(one, asked))
    except leases.Held as held:
        with tenancy.organisation(organisation):
            _put_off(finding, notice, clock.now() + timedelta(seconds=held.wait_s))
        return
    except (FetcherUnavailable, FetcherRefused) as error:
        log.warning("no look-up for finding %s: %s", finding, type(error).__name__)
        with tenancy.organisation(organisation):
            _again(Finding.objects.get(pk=finding), clock.now() + AGAIN)
        return
    with tenancy.organisation(organisation):
        now = clock.now()
        row = locking.finding(finding)
        if row is None or row.episode != task.episode or not ready(row, now):
            return
        _taken(row.pk)
        apply(row, dossier, now)
        ladder.begin_due(row, now)
        if notice:
            _chase(notice, now)
        _wake(row)


def _load(finding: uuid.UUID, now: datetime) -> Task | None:
    row = Finding.objects.select_related("case").filter(pk=finding).first()
    if row is None or not ready(row, now) or row.page_url is None:
        return None
    rows = facts.assets(row)
    hers = [hashlib.sha256(one.lower().encode()).hexdigest() for one in sorted(facts.case_facts(row.case, now).hers)]
    media = [str(one.url) for one in rows if one.role != "page"][:50]
    return Task(facts.page_now(row, rows), media, row.episode, hers)


def apply(finding: Finding, dossier: Dossier, now: datetime) -> plan.Plan:
    """Bring the routes of the present episode in line with a fresh plan. The caller holds the finding's lock."""
    contacts.observe(dossier, now)
    lookups.depend(finding.site_id, finding.site.domain, now)
    networks.look_up(dossier, now)
    dossier = _with_siblings(finding, _with_named(finding, dossier))
    keys = [party.key for party in dossier.parties]
    roles = [party.role for party in dossier.parties]
    values = [(one.channel, one.value) for party in dossier.parties for one in party.contacts]
    states = facts.delivery(values)
    # The plan looks a contact up as it is written in the dossier.
    delivery = {value: states[same] for channel, value in values if (same := contacts.plain(channel, value)) in states}
    began = facts.ladder_began(finding, now)
    made = plan.plan(
        facts.case_facts(finding.case, now), facts.finding_facts(finding, began, now), dossier, load(), delivery,
        facts.outcomes(keys, roles), now, contacts.guesses_tried(keys), facts.worth(dossier, now),
        steering.standing(finding),
    )  # fmt: skip
    keeping.keep(finding, made, now)
    if made.stop is not None:
        _stop(finding, made, now)
        return made
    guided.walk(finding, made.steps, now)
    fresh = _merge(finding, dossier, made, began, now)
    _drop_others(finding, dossier, made, now)
    if fresh:
        events.record(
            finding.case, "finding.planned", "engine", subject=finding.pk, now=now, episode=finding.episode,
            routes=[[one.role, one.party_key, one.notice_type, one.starts.isoformat()] for one in made.routes],
            withheld=[[one.role, one.party_key, one.why, one.person] for one in made.withheld],
            advice=list(made.advice), partial=list(dossier.partial),
        )  # fmt: skip
    return made


def _merge(finding: Finding, dossier: Dossier, made: plan.Plan, began: datetime, now: datetime) -> int:
    """Routes that are not there yet; contacts of those that have not begun are brought up to date. Returns how many
    are new."""
    there = {
        (route.party_key, route.notice_type): route
        for route in Route.objects.select_for_update().filter(finding=finding, episode=finding.episode)
    }
    countries = {party.key: party.country for party in (*dossier.parties, *dossier.beside)}
    fresh = 0
    still: list[uuid.UUID] = []
    for position, one in enumerate(made.routes):
        key = (one.party_key[:200], one.notice_type)
        route = there.get(key)
        if route is None:
            Route.objects.create(
                organisation_id=finding.organisation_id, case_id=finding.case_id, finding=finding,
                episode=finding.episode, position=position, party_key=key[0], role=one.role,
                party_name=one.name[:200], country=countries.get(one.party_key, "")[:2], covers=list(one.covers),
                channel=one.channel, contact=one.contact[:500], alternatives=list(one.alternatives),
                notice_type=one.notice_type, why="; ".join(one.why)[:500], exposure=one.exposure,
                clock_hours=one.clock_hours, clock_basis=one.clock_basis[:200], planned_at=began, starts_at=one.starts,
                confirmed_at=now, told=keeping.told(one), exposure_lines=keeping.lines(one),
                arranged=one.word,
            )  # fmt: skip
            fresh += 1
            continue
        still.append(route.pk)
        back = holding.returned(route, now)
        if route.state == Route.State.PLANNED:
            _bring_up(route, one, position)
        fresh += back
    Route.objects.filter(pk__in=still).update(confirmed_at=now)
    return fresh


def _bring_up(route: Route, one: plan.PlannedRoute, position: int) -> None:
    """A route that has not begun is as the latest plan has it. When it starts is moved only where a person says so, or
    said so until now: the ladder may have brought it forward."""
    latest: dict[str, Any] = {
        "channel": one.channel, "contact": one.contact[:500], "alternatives": list(one.alternatives),
        "covers": list(one.covers), "told": keeping.told(one), "exposure_lines": keeping.lines(one),
        "position": position, "arranged": one.word,
    }  # fmt: skip
    if one.word or route.arranged:
        latest["starts_at"] = one.starts
    changed = [name for name, value in latest.items() if getattr(route, name) != value]
    for name in changed:
        setattr(route, name, latest[name])
    if changed:
        route.save(update_fields=changed)


def _drop_others(finding: Finding, dossier: Dossier, made: plan.Plan, now: datetime) -> None:
    """A party that is not in charge any more is not written to again: what has not left is put before a person.
    Believed of complete look-ups only, and for good of two that agree some time apart (``holding.gone``)."""
    planned = {(one.party_key[:200], one.notice_type) for one in made.routes}
    because = {one.party_key[:200]: one.why for one in made.withheld}
    known = {party.key[:200] for party in dossier.parties} | steering.brought(finding)
    still: list[uuid.UUID] = []
    again = False
    for route in Route.objects.select_for_update(of=("self",)).select_related("finding").filter(
        finding=finding, episode=finding.episode, state__in=OPEN
    ):
        if (route.party_key, route.notice_type) in planned:
            continue
        if route.party_key in known:
            why = because.get(route.party_key, "another notice type fits now")
            # A dead mailbox of a route under way is the ladder's to answer.
            if route.state == Route.State.PLANNED or "bounced" not in why:
                ladder.close(route, Route.State.DROPPED, why, now)
        elif not dossier.partial and route.kept_at is not None:
            still.append(route.pk)
        elif not dossier.partial:
            waits = holding.hold(route, finding, made, now)
            if not holding.gone(route, now):
                again = True
            elif not waits:
                ladder.close(route, Route.State.DROPPED, holding.NOT_IN_CHARGE, now)
    # A person went on with these: they may leave on that word.
    Route.objects.filter(pk__in=still).update(confirmed_at=now)
    if again:
        _again(finding, now + holding.APART)


def _stop(finding: Finding, made: plan.Plan, now: datetime) -> None:
    assert made.stop is not None
    Finding.objects.filter(pk=finding.pk).update(stopped=made.stop.rule[:60])
    finding.stopped = made.stop.rule[:60]
    ladder.close_all(finding, Route.State.DROPPED, made.stop.reason, now)
    events.record(
        finding.case, "finding.stopped", "engine", subject=finding.pk, now=now, rule=made.stop.rule,
        reason=made.stop.reason, desks=list(made.stop.desks), advice=list(made.advice),
    )  # fmt: skip


def _with_named(finding: Finding, dossier: Dossier) -> Dossier:
    """The dossier with the hosts that a network in front of this site named when it was asked."""
    if not dossier.behind_cdn:
        return dossier
    known = {one.value.lower() for party in dossier.parties for one in party.contacts}
    found: list[Party] = []
    rows = ContactObservation.objects.filter(party_key__startswith=named_prefix(finding), role="host")
    for row in rows.order_by("-seen_at"):
        if row.value.lower() in known:
            continue
        host = row.value.rpartition("@")[2]
        found.append(
            Party(
                role="host", key=row.party_key, name=host, domain=host, covers=[dossier.host],
                contacts=[Contact("email", row.value, row.source, confidence=row.confidence)],
                reasons=["named by the network in front of the site"],
            )  # fmt: skip
        )
    return replace(dossier, parties=[*dossier.parties, *found[:2]])


def _with_siblings(finding: Finding, dossier: Dossier) -> Dossier:
    """The dossier with what answered for other sites of the same operator, behind what the site itself names: a desk
    that removed a picture from one mirror is asked for all of them. Never where one of them is hostile."""
    borrowed = networks.answered(finding.site)[:MOST_BORROWED]
    if not borrowed:
        return dossier
    parties = []
    for party in dossier.parties:
        if party.role == "operator":
            own = {contacts.plain(one.channel, one.value) for one in party.contacts}
            more = [
                Contact(cast(Channel, row.channel), row.value, f"network:{row.source}", confidence=left, note=why)
                for row, left, why in borrowed if row.value not in own
            ]  # fmt: skip
            why = [f"{one.value} {one.note}" for one in more]
            party = replace(party, contacts=[*party.contacts, *more], reasons=[*why[:1], *party.reasons, *why[1:]])
        parties.append(party)
    return replace(dossier, parties=parties)


def named_prefix(finding: Finding) -> str:
    return f"named:{finding.site.domain}:"


def name_host(finding: Finding, address: str, by: str, now: datetime) -> None:
    """A party said that ``address`` is the host's desk for this finding's site. It is planned for like any other, and a
    person approves the notice to it."""
    host = address.rpartition("@")[2]
    contacts.note(f"{named_prefix(finding)}{host}", "host", "email", address, f"answer:{by}", 0.8, now)


def _chase(notice: uuid.UUID | str, now: datetime) -> None:
    row = locking.notice(uuid.UUID(str(notice)))
    if row is not None and row.state in (Notice.State.SENT, Notice.State.FILED):
        ladder.remind_or_go_on(row, now)
        ladder.begin_due(row.route.finding, now)


def _wake(finding: Finding) -> None:
    """Notices of this finding that waited for the look-up may go now; those of others wait for their own."""
    waiting = Notice.objects.filter(finding=finding, state=Notice.State.QUEUED).values_list("pk", flat=True)
    if waiting:
        outbox.wake(finding.case_id, waiting)


def request_all(case: Case, now: datetime) -> None:
    """After a pause, a hold or a new consent: every finding of the case goes on."""
    for finding in Finding.objects.filter(case=case, stopped=""):
        request(finding)


@deadlines.handler("finding.plan")
@deadlines.handler("route.start")
def _due(deadline: Deadline, now: datetime) -> None:
    """Handlers only ask for the job, and set the same deadline anew should it come to nothing."""
    finding = Finding.objects.filter(pk=deadline.subject).first()
    route = Route.objects.select_related("finding").filter(pk=deadline.subject, state=Route.State.PLANNED).first()
    if route is not None:
        ladder.start_at(route, now + ladder.ASK_AGAIN)
        finding = route.finding
    if finding is not None:
        request(finding)


@deadlines.handler_of_many("notice.chaser")
def _silent(due: list[Deadline], now: datetime) -> None:
    """The party's time is up: look again who is in charge, then remind it or go on. What is gone already needs nothing;
    what may be gone is asked about again tomorrow."""
    rows = Notice.objects.select_related("finding", "route", "case").filter(pk__in=[one.subject for one in due])
    notices = list(rows.filter(route__state=Route.State.ACTIVE, finding__stopped=""))
    ladder.chase_all_at(notices, now + ladder.ASK_AGAIN)
    cases = {notice.case_id: notice.case for notice in notices}
    allowed = {case for case, row in cases.items() if may(row, Purpose.NOTIFY, now)}
    for notice in notices:
        if not ladder.quiet(notice.finding) and notice.case_id in allowed:
            request(notice.finding, notice.pk)
