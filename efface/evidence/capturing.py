"""Capturing a finding's page: once an episode, adults only, and never before the age is known.

Load in one transaction, fetch outside of any, save in another. One capture a finding and episode is a unique key, so
the job may run as often as it likes.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from efface.cases import events
from efface.cases.may import may
from efface.cases.models import Age, Case, Purpose
from efface.engine.base import clock, deadlines, leases, objects, tenancy
from efface.engine.base.jobs import job
from efface.engine.base.models import Deadline
from efface.evidence import clock_source, custody, fetching, stamping, warc
from efface.evidence.models import Capture
from efface.net.client import FetcherRefused, FetcherUnavailable
from efface.net.protocol import Captured, CaptureRequest
from efface.search.models import Finding
from efface.sites import turns

log = logging.getLogger(__name__)

#: Pauses after a page that gave no answer; when they are used up the case goes on without a capture.
PAUSES = (timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))
#: Pause while the fetcher itself is away: that is ours to mend and is waited for without end.
OUT = timedelta(minutes=10)
LOST = timedelta(hours=24)
USES = (Purpose.HASH_MATCH, Purpose.FACE_SEARCH, Purpose.NOTIFY)


@dataclass(frozen=True, slots=True)
class Task:
    case_id: uuid.UUID
    episode: int
    url: str


def allowed(finding: Finding, now: datetime) -> bool:
    """An adult in this very picture, in an open case that agreed to be searched for or acted for."""
    if finding.age != Age.ADULT or finding.stopped:
        return False
    return any(may(finding.case, purpose, now) for purpose in USES)


def request(finding: Finding, now: datetime) -> None:
    """Ask for the capture of the present episode, where it may be made and is not there."""
    if not allowed(finding, now) or Capture.objects.filter(finding=finding, episode=finding.episode).exists():
        return
    capture.defer(organisation=finding.organisation_id, once=f"capture:{finding.pk}", finding=finding.pk)
    # Should the job come to nothing at all, it is asked for again; a capture cancels this.
    deadlines.set_deadline(
        "capture.again", finding.pk, clock.align(now + LOST), organisation=finding.organisation_id,
        case=finding.case_id, key=_key(finding.pk),
    )  # fmt: skip


def request_missing(case: Case, now: datetime) -> None:
    """The same for every finding of a case: after a pause, or a consent given anew."""
    for finding in Finding.objects.filter(case=case, age=Age.ADULT, stopped=""):
        request(finding, now)


@job("evidence")
def capture(organisation: uuid.UUID, finding: uuid.UUID) -> None:
    with tenancy.organisation(organisation):
        task = _load(finding, clock.now())
    if task is None:
        return
    try:
        with turns.asking([task.url], clock.now(), first=True):
            seen = fetching.patiently(lambda one: one.capture(CaptureRequest(url=task.url)))
    except leases.Held as held:
        with tenancy.organisation(organisation):
            _again(finding, task, clock.now() + timedelta(seconds=held.wait_s), 0)
        return
    except FetcherUnavailable:
        with tenancy.organisation(organisation):
            _again(finding, task, clock.now() + OUT, 0)
        return
    except FetcherRefused as error:
        log.warning("capture of finding %s refused: %s", finding, error.error)
        with tenancy.organisation(organisation):
            _unanswered(finding, task, clock.now())
        return
    if seen.facts.error or not seen.facts.status:
        with tenancy.organisation(organisation):
            _unanswered(finding, task, clock.now())
        return
    save(organisation, finding, task, seen)


def _load(finding: uuid.UUID, now: datetime) -> Task | None:
    row = Finding.objects.select_related("case").filter(pk=finding).first()
    if row is None or not allowed(row, now) or row.page_url is None:
        return None
    if Capture.objects.filter(finding=row, episode=row.episode).exists():
        return None
    return Task(row.case_id, row.episode, str(row.page_url))


def save(organisation: uuid.UUID, finding: uuid.UUID, task: Task, seen: Captured) -> None:
    """Keep what was captured: the object first, durable, then the row that names it. A second capture of the same
    episode leaves nothing behind."""
    now = clock.now()
    data = warc.build(seen, task.url, now)
    with tenancy.organisation(organisation):
        name = objects.put(task.case_id, data)
    try:
        with tenancy.organisation(organisation):
            row = Finding.objects.select_related("case").select_for_update(of=("self",)).get(pk=finding)
            if row.episode != task.episode or not allowed(row, now):
                objects.remove(name)
                return
            digest = hashlib.sha256(data).hexdigest()
            with transaction.atomic():
                made = Capture.objects.create(
                    organisation_id=organisation, case_id=row.case_id, finding=row, episode=row.episode, at=now,
                    warc=name, warc_sha256=digest, warc_bytes=len(data), clock=clock_source.at_capture(clock.is_real()),
                )  # fmt: skip
            custody.of_capture(made, "engine", "captured", now)
            deadlines.cancel(key=_key(finding))
            stamping.request(made)
            events.record(row.case, "finding.captured", "engine", subject=row.pk, now=now, capture=str(made.pk))
    except IntegrityError:
        objects.remove(name)


def _key(finding: uuid.UUID) -> str:
    return f"capture.again:{finding}"


def _again(finding: uuid.UUID, task: Task, due: datetime, tried: int) -> None:
    row = Finding.objects.get(pk=finding)
    deadlines.set_deadline(
        "capture.again", row.pk, clock.align(due) if tried else due, organisation=row.organisation_id, case=row.case_id,
        key=_key(finding),
    )  # fmt: skip


def _unanswered(finding: uuid.UUID, task: Task, now: datetime) -> None:
    """The page gave no answer. Tried again a few times; then the case goes on, and says that there is no capture."""
    row = Finding.objects.select_related("case").select_for_update(of=("self",)).get(pk=finding)
    failed = row.case.caseevents.filter(kind="capture.failed", subject=row.pk)
    tried = sum((event.data or {}).get("episode") == task.episode for event in failed)
    if row.episode != task.episode or Capture.objects.filter(finding=row, episode=row.episode).exists():
        return
    events.record(row.case, "capture.failed", "engine", subject=row.pk, now=now, episode=row.episode)
    if tried < len(PAUSES):
        _again(finding, task, now + PAUSES[tried], tried + 1)
    else:
        events.record(row.case, "finding.uncaptured", "engine", subject=row.pk, now=now, episode=row.episode)


@deadlines.handler("capture.again")
def _due(deadline: Deadline, now: datetime) -> None:
    finding = Finding.objects.select_related("case").filter(pk=deadline.subject).first()
    if finding is not None:
        request(finding, now)
