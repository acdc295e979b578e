"""Drafting a notice for a route: complete, or not at all.

Under a lock on the recipient's address it is looked up what that recipient was told already, over all findings and
cases of the organisation: a notice names only what is new there, and one that would name nothing is not written.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, TypeVar

from django.db import connection
from django.db.models import F, Q, QuerySet

from efface.accounts.models import Organisation
from efface.cases import events, knowing, naming
from efface.cases.may import May, may_many
from efface.cases.models import Age, Case, Level, Purpose
from efface.engine.base import addresses, sealing
from efface.engine.base.ids import uuid7
from efface.engine.base.text import one_line
from efface.evidence.models import Capture
from efface.law import load
from efface.search import urls as urls_of
from efface.search.models import Finding, FindingState
from efface.takedown import answering, entering, facts, notice, templates, verdict
from efface.takedown.models import Check, Inbound, Named, Notice, Route

SPENT = (Notice.State.CANCELLED, Notice.State.FAILED, Notice.State.BOUNCED)
"""States of a notice whose recipient was told nothing."""
STANDING = tuple(one for one in Notice.State if one not in SPENT)
LEFT = (Notice.State.SENT, Notice.State.FILED)
MOST_LOOKS = 20


class NothingNew(Exception):
    """Standing notices name every one of these addresses to the recipient already. ``told``: all have left."""

    def __init__(self, told: bool) -> None:
        super().__init__()
        self.told = told


def draft(route: Route, now: datetime, step: int = 1) -> Notice:
    """The notice of a route's step, made where it is not there yet. The caller holds the route's lock.

    Raises ``notice.NoticeError`` (incomplete, forbidden) and ``NothingNew``."""
    there = Notice.objects.select_for_update().filter(route=route, step=step, contact=route.contact).first()
    if there is not None and (there.state != Notice.State.CANCELLED or there.sent_at is not None):
        return there
    finding, case = route.finding, route.case
    organisation = Organisation.objects.get(pk=case.organisation_id)
    _lock(route.contact)
    concerned = _concerned(route, finding)
    urls = _new(route, step, concerned)
    if not urls:
        raise NothingNew(told=not _new(route, step, concerned, LEFT))
    # One that was taken back before it left is written anew in its own place: same reference, same Message-ID.
    row = Notice(
        pk=there.pk if there else uuid7(), organisation_id=case.organisation_id, case=case, route=route,
        finding=finding, step=step, notice_type=route.notice_type, channel=route.channel, contact=route.contact,
        drafted_at=now,
    )  # fmt: skip
    row.reference = reference(row)
    made = notice.draft(
        route.notice_type, facts_of(row, route, finding, case, organisation, urls, now), language_of(route.country)
    )
    row.template, row.language = made.version, made.language
    row.subject_line, row.text, row.xarf = made.subject, made.text, made.xarf or None
    row.answers = [{"field": one.field, "label": one.label, "value": one.value} for one in made.answers]
    row.urls = [url for url, _ in urls]
    row.exposure_lines = [
        {"who": line.who, "learns": line.learns, "certain": line.certain} for line in made.exposure
    ]
    if made.form or route.channel != "email":
        row.channel = "form" if route.channel == "email" else route.channel
    if step > 1:
        remind(row, route)
    row._state.adding = there is None
    row.save()
    Named.objects.filter(notice=row).delete()
    Named.objects.bulk_create(
        Named(
            organisation_id=case.organisation_id, case=case, notice=row, contact=_plain(route.contact),
            notice_type=route.notice_type, step=step, url_digest=urls_of.digest(url),
        )
        for url, _ in urls
    )  # fmt: skip
    events.record(case, "notice.drafted", "engine", subject=row.pk, now=now, role=route.role, step=step)
    return row


def probe(finding: Finding, now: datetime) -> notice.NoticeFacts:
    """What a notice about this finding would say, whoever is asked: for the checker, before there is a route."""
    case = finding.case
    organisation = Organisation.objects.get(pk=case.organisation_id)
    route = Route(finding=finding, case=case, role="host")
    row = Notice(case=case, finding=finding, route=route)
    row.reference = reference(row)
    return facts_of(row, route, finding, case, organisation, [(str(finding.page_url), "page")], now)


def whole(finding: Finding, now: datetime) -> notice.NoticeFacts:
    """``probe`` with every address that still stands: for what a person sends."""
    still = set(facts.alive(finding))
    rows = [one for one in facts.assets(finding) if one.url in still]
    made = probe(finding, now)
    # There is no notice a signed address could lead to: answers come to the desk.
    desk = replace(made.organisation, email=f"removals@{addresses.domain()}")
    return replace(
        made, organisation=desk, locations=tuple(notice.Location(one.role, str(one.url)) for one in rows)
    )  # fmt: skip


def reference(row: Notice) -> str:
    """What a recipient quotes back: says nothing, and is the same however often it is computed."""
    digest = sealing.digest("notice-reference", str(row.pk))[:10]
    return "EF-" + base64.b32encode(digest).decode("ascii")


def language_of(country: str) -> str:
    """The language of a recipient's country where notices are written in it, otherwise English."""
    place = load().jurisdictions.get(country.upper())
    spoken = place.languages if place else ()
    return next((one for one in spoken if one in templates.spoken()), "en")


def _concerned(route: Route, finding: Finding) -> list[tuple[str, str]]:
    """(URL, role) this party can do something about: what stands on the hosts it answers for, and the page where it is
    shown; everything where it answers for all."""
    still = set(facts.alive(finding))
    rows = [(str(one.url), one.role, one.host) for one in facts.assets(finding) if one.url in still]
    covers = set(route.covers)
    if not covers:
        return [(url, role) for url, role, _ in rows]
    if not any(host in covers for _, _, host in rows):
        return []
    return [(url, role) for url, role, host in rows if host in covers or role == "page"]


def _new(
    route: Route, step: int, urls: list[tuple[str, str]], states: Sequence[str] = STANDING
) -> list[tuple[str, str]]:
    """Without what a notice of the same kind and step, in one of these states, names to the same contact. A notice of
    an episode or a case that is over does not stand any more."""
    digests = {urls_of.digest(url): url for url, _ in urls}
    told = (
        Named.objects.filter(
            contact=_plain(route.contact), notice_type=route.notice_type, step=step, url_digest__in=list(digests),
            notice__route__episode=F("notice__finding__episode"), notice__state__in=states,
        )
        .exclude(case__state__in=(Case.State.CLOSED, Case.State.ERASED))
        .exclude(notice__finding__state=FindingState.GONE_CONFIRMED)
        .values_list("url_digest", flat=True)
    )  # fmt: skip
    known = {digests[bytes(one)] for one in told}
    return [(url, role) for url, role in urls if url not in known]


def _plain(contact: str) -> str:
    return contact.strip().lower()


def _lock(contact: str) -> None:
    """One drafting at a time for each recipient, until the transaction ends."""
    number = int.from_bytes(hashlib.sha256(b"contact:" + _plain(contact).encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])


def facts_of(
    row: Notice, route: Route, finding: Finding, case: Case, organisation: Organisation,
    urls: list[tuple[str, str]], now: datetime, read: Read | None = None,
) -> notice.NoticeFacts:  # fmt: skip
    """``read``: what was read for this finding and others at once."""
    read = read or Read.of([finding], now)
    said = read.said[case.pk]
    offence = load().offence(case.country, synthetic=facts.nature(case) != "authentic")
    sent = [one for one in read.sent.get(finding.pk, ()) if one.route.episode == finding.episode]
    checks = read.checks.get(finding.pk, [])
    made = notice.NoticeFacts(
        reference=row.reference,
        organisation=notice.Organisation(
            organisation.name, addresses.reply(row.pk), addresses.domain(), organisation.signatory
        ),
        recipient=route.party_name,
        recipient_role=route.role,
        locations=tuple(notice.Location(role, url) for url, role in urls),
        prepared=now,
        seen=min(facts.last_seen(finding, next((one.at for one in checks if one.state in verdict.SEEN), None)), now),
        authorised=bool(read.may[case.pk, Purpose.NOTIFY]),
        not_consensual=True,
        believed=finding.match.state == "confirmed",
        adult=finding.age == Age.ADULT and case.age == Age.ADULT,
        nature=facts.nature(case),
        domain=finding.site.domain,
        offences=(offence,) if offence else (),
        residence=case.country,
        paid=facts.paid(case),
        earlier_removal=_removed_before(finding, checks),
        earlier_notices=tuple(_earlier(one) for one in sent),
        asked=notice.Asked(_party(sent[0]), sent[0].sent_at, sent[0].reference) if sent and sent[0].sent_at else None,
        looks=_looks(finding, checks),
        since=min(finding.confirmed_at, now),
        captures=tuple(
            notice.Capture(str(finding.page_url), one.at, one.warc_sha256) for one in read.captures.get(finding.pk, ())
        ),
        copyright=facts.copyright(said),
        hash_lists=facts.hash_lists(said),
        police=notice.Police(wanted=bool(read.may[case.pk, Purpose.POLICE])),
        never=frozenset(one.value for one in read.names[case.pk]) | facts.hers(case),
    )
    return entering.merged(made, read.noted[case.pk])


Row = TypeVar("Row", Check, Notice, Capture)


@dataclass(frozen=True, slots=True)
class Read:
    """What notices are written from, read for many findings with a handful of questions. By case: what may be done,
    what she said and goes by, what was noted; by finding: checks (the latest first), what was sent and captured (the
    oldest first)."""

    may: Mapping[tuple[uuid.UUID, str], May]
    said: Mapping[uuid.UUID, Mapping[str, str]]
    names: Mapping[uuid.UUID, list[naming.Named]]
    noted: Mapping[uuid.UUID, Mapping[str, Any]]
    checks: Mapping[uuid.UUID, list[Check]]
    sent: Mapping[uuid.UUID, list[Notice]]
    captures: Mapping[uuid.UUID, list[Capture]]

    @classmethod
    def of(cls, findings: Collection[Finding], now: datetime) -> Read:
        """Their cases are at hand, or read one by one."""
        cases = {one.case_id: one.case for one in findings}
        wanted = [one.pk for one in findings]
        seen = Check.objects.filter(finding__in=wanted).only("finding", "episode", "at", "state")
        sent = Notice.objects.filter(finding__in=wanted, sent_at__isnull=False, step=1).select_related("route")
        shots = Capture.objects.filter(finding__in=wanted)
        return cls(
            may_many(cases, (Purpose.NOTIFY, Purpose.POLICE), now), knowing.answers_of(cases), naming.names_of(cases),
            entering.values_of(list(cases.values())), _by_finding(seen.order_by("-at")),
            _by_finding(sent.defer("text", "xarf", "answers", "urls", "confirmation").order_by("sent_at")),
            _by_finding(shots.order_by("at")),
        )  # fmt: skip


def _by_finding(rows: Iterable[Row]) -> dict[uuid.UUID, list[Row]]:
    found: dict[uuid.UUID, list[Row]] = {}
    for row in rows:
        found.setdefault(row.finding_id, []).append(row)
    return found


def _removed_before(finding: Finding, checks: Iterable[Check]) -> date | None:
    """The day it was last found gone, where it came back since."""
    gone = (one for one in checks if one.state == FindingState.GONE_CONFIRMED and one.episode < finding.episode)
    last = next(gone, None)
    return last.at.date() if last else None


def _party(row: Notice) -> str:
    return row.route.party_name or row.route.party_key


def _earlier(row: Notice) -> notice.Earlier:
    assert row.sent_at is not None
    return notice.Earlier(row.route.role, _party(row), row.sent_at)


def _looks(finding: Finding, checks: Iterable[Check]) -> tuple[notice.Look, ...]:
    """The last checks, the oldest first."""
    rows = [one for one in checks if one.episode == finding.episode][:MOST_LOOKS]
    return tuple(notice.Look(row.at, row.state) for row in reversed(rows))


def heard(route: Route) -> QuerySet[Inbound]:
    """What came back about a route: to its own notices, and to a mail in which they left with others."""
    return Inbound.objects.filter(Q(notice__route=route) | Q(notice__members__route=route)).distinct()


def asked(route: Route) -> tuple[str, ...]:
    """What the party asked for in its last letter, where nothing was sent to it since and words answer it."""
    last = heard(route).filter(kind="asks_more").order_by("-at").first()
    if last is None or Notice.objects.filter(route=route, sent_at__gt=last.at).exists():
        return ()
    return tuple(one for one in answering.wants(str(last.text or "")) if one in answering.ANSWERED)


def remind(row: Notice, route: Route) -> None:
    """A reminder says that nothing has changed; where the party asked for something, it is answered instead."""
    first = Notice.objects.filter(route=route, step=1, sent_at__isnull=False).order_by("-sent_at").first()
    if first is None or first.sent_at is None:
        return
    values = {"sent": notice.moment(first.sent_at), "reference": first.reference}
    wanted = asked(route)
    if wanted:
        organisation = Organisation.objects.get(pk=route.organisation_id)
        values["organisation"] = one_line(organisation.name)
        values |= facts.backing(route.case, row.drafted_at)
        attested = route.case.level == Level.ATTESTED
        said: Any = answering.preface(wanted, row.language, values, attested)
        row.subject_line = f"Re: {row.subject_line}"
    else:
        words = templates.shared(row.language).reminder
        said = words["line"].format_map(values)
        row.subject_line = f"{words['subject']}: {row.subject_line}"
    row.text = f"{said}\n\n{row.text}"
    row.answers = [
        one | {"value": f"{said}\n\n{one['value']}"} if one["field"] in ("message", "description") else one
        for one in row.answers
    ]
