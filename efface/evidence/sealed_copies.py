"""Sealed copies under a legal hold: the one named exception to keeping no picture.

Off unless ``sealed_copies`` is set. One person asks, another allows; adults only; the fetcher seals the bytes before
they leave it; a deadline, at the latest the hold's end, destroys them. A copy is never shown: it can only be sealed
anew to whom the law names, in memory for that moment, and each time is written down first.
"""

from __future__ import annotations

import base64
import binascii
import io
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from efface.accounts import audit
from efface.cases import events
from efface.cases.models import Age, Case, CaseEvent, Hold
from efface.engine.base import age, clock, deadlines, leases, objects, settings, tenancy
from efface.engine.base.ids import uuid7
from efface.engine.base.jobs import job
from efface.engine.base.models import Deadline
from efface.evidence import custody, fetching
from efface.evidence.models import SealedCopy
from efface.net.client import FetcherRefused, FetcherUnavailable
from efface.net.protocol import SealedMedium, SealMediumRequest
from efface.search.models import Asset, Finding
from efface.sites import turns

ENDS, AGAIN = "copy.ends", "copy.again"
PAUSE = timedelta(minutes=10)
MOST_DAYS = 180
MOST_WHY = 500


class CopyRefused(ValueError):
    """It is not made, allowed or opened; the message says why."""


def possible(case: Case) -> bool:
    return bool(settings.get("sealed_copies")) and case.age == Age.ADULT


def holds(case: Case, now: datetime) -> QuerySet[Hold]:
    return case.holds.filter(lifted_at=None, begins__lte=now, ends__gt=now).order_by("ends")


def findings(case: Case) -> Sequence[Finding]:
    if not possible(case):
        return []
    return list(
        Finding.objects.filter(case=case, age=Age.ADULT, stopped="")
        .select_related("site")
        .order_by("confirmed_at")[:200]
    )


def objection(case: Case, finding: Finding | None, hold: Hold | None, now: datetime) -> str:
    """Why no copy may be kept, in words; "" where it may."""
    if not settings.get("sealed_copies"):
        return _("Sealed copies are switched off on this installation.")
    if case.state != Case.State.OPEN:
        return _("The case is not open.")
    if finding is None or case.age != Age.ADULT or finding.age != Age.ADULT or finding.stopped:
        return _("Only of pictures in which she is known to be 18 or older.")
    if hold is None or hold.case_id != case.pk or hold.lifted_at is not None or hold.ends <= now:
        return _("Only while a legal hold stands. Place the hold first.")
    return ""


def ask(
    case: Case, finding: Finding | None, hold: Hold | None, why: str, user: Any, actor: str, now: datetime
) -> SealedCopy:
    """Raises ``CopyRefused``."""
    problem = objection(case, finding, hold, now)
    if problem or finding is None or hold is None:
        raise CopyRefused(problem)
    if not why.strip():
        raise CopyRefused(_("Write who asked for it and under which law: the second person reads it."))
    standing = (SealedCopy.State.ASKED, SealedCopy.State.ALLOWED, SealedCopy.State.SEALED)
    if SealedCopy.objects.filter(finding=finding, state__in=standing).exists():
        raise CopyRefused(_("There is one of this finding already."))
    asset = _medium(finding)
    if asset is None:
        raise CopyRefused(_("No address of the picture itself is known for this finding."))
    until = min(hold.ends, now + timedelta(days=MOST_DAYS))
    row = SealedCopy.objects.create(
        organisation_id=case.organisation_id, case=case, finding=finding, hold=hold, url=str(asset.url),
        why=why.strip()[:MOST_WHY], asked_by=user, asked_at=now, until=until,
    )  # fmt: skip
    deadlines.set_deadline(ENDS, row.pk, until, organisation=case.organisation_id, case=case.pk)
    _noted(row, actor, "asked", now)
    return row


def decide(row: SealedCopy, allow: bool, user: Any, actor: str, now: datetime) -> None:
    """The second person. Raises ``CopyRefused``."""
    if row.state != SealedCopy.State.ASKED:
        raise CopyRefused(_("This was decided already."))
    if row.asked_by_id == user.pk:
        raise CopyRefused(_("Somebody else has to decide: nobody allows what they asked for."))
    problem = objection(row.case, row.finding, row.hold, now)
    if allow and problem:
        raise CopyRefused(problem)
    secret, _public = age.new_identity()
    row.decided_by, row.decided_at = user, now
    row.state = SealedCopy.State.ALLOWED if allow else SealedCopy.State.REFUSED
    row.identity = secret if allow else None
    row.save(update_fields=["decided_by", "decided_at", "state", "identity"])
    _noted(row, actor, "allowed" if allow else "refused", now)
    if allow:
        seal.defer(organisation=row.organisation_id, once=f"copy:{row.pk}", copy=row.pk)
    else:
        deadlines.cancel(key=f"{ENDS}:{row.pk}")


@job("evidence")
def seal(organisation: uuid.UUID, copy: uuid.UUID) -> None:
    now = clock.now()
    with tenancy.organisation(organisation):
        row = _allowed(copy, now)
        if row is None:
            return
        url, request = str(row.url), _request(row)
    try:
        with turns.asking([url], now, first=True):
            answer = fetching.patiently(lambda one: one.seal_medium(request))
    except (leases.Held, FetcherUnavailable) as error:
        wait = timedelta(seconds=error.wait_s) if isinstance(error, leases.Held) else PAUSE
        with tenancy.organisation(organisation):
            deadlines.set_deadline(AGAIN, copy, clock.now() + wait, organisation=organisation, case=row.case_id)
        return
    except FetcherRefused as error:
        answer = SealedMedium(error=error.error)
    name = uuid7()
    with tenancy.organisation(organisation):
        _reserve(copy, name)
    with tenancy.organisation(organisation):
        _save(copy, answer, clock.now())


def _reserve(copy: uuid.UUID, name: uuid.UUID) -> None:
    """The name is written down before the file is: a process that is killed leaves none that nobody would destroy."""
    row = SealedCopy.objects.select_for_update(of=("self",)).filter(pk=copy, state=SealedCopy.State.ALLOWED).first()
    if row is None:
        return
    if row.blob is not None:
        objects.remove(row.blob)
    SealedCopy.objects.filter(pk=copy).update(blob=name)


def _allowed(copy: uuid.UUID, now: datetime) -> SealedCopy | None:
    row = (
        SealedCopy.objects.select_related("case", "finding", "hold")
        .filter(pk=copy, state=SealedCopy.State.ALLOWED)
        .first()
    )
    if row is None:
        return None
    problem = objection(row.case, row.finding, row.hold, now)
    if problem:
        SealedCopy.objects.filter(pk=copy).update(state=SealedCopy.State.FAILED, problem="not allowed any more")
        return None
    return row


def _request(row: SealedCopy) -> SealMediumRequest:
    asset = _medium(row.finding)
    public = age.public_of(str(row.identity))
    return SealMediumRequest(
        str(row.url), public, asset.sha256 if asset else "", [str(one) for one in (asset.pdq if asset else [])]
    )


def _save(copy: uuid.UUID, answer: SealedMedium, now: datetime) -> None:
    row = SealedCopy.objects.select_for_update(of=("self",)).select_related("case").get(pk=copy)
    if row.state != SealedCopy.State.ALLOWED:
        return
    try:
        sealed = base64.b64decode(answer.sealed_b64, validate=True)
    except (binascii.Error, ValueError):
        sealed = b""
    if answer.error or not sealed.startswith(b"age-encryption.org/v1"):
        row.state, row.problem, row.identity = SealedCopy.State.FAILED, answer.error[:60] or "no answer", None
        row.blob = None
        row.save(update_fields=["state", "problem", "identity", "blob"])
        deadlines.cancel(key=f"{ENDS}:{row.pk}")
        _noted(row, "engine", "failed", now)
        return
    row.blob = objects.put(row.case_id, sealed, row.blob)
    row.state, row.sha256, row.size = SealedCopy.State.SEALED, answer.sha256[:64], answer.size
    row.save(update_fields=["blob", "state", "sha256", "size"])
    _noted(row, "engine", "sealed", now)


def hand_over(row: SealedCopy, key: str, ground: str, user: Any, actor: str, now: datetime) -> bytes:
    """The copy sealed anew to ``key``, in memory; written down first. By a lead who did not ask for it. Raises
    ``CopyRefused``."""
    if row.state != SealedCopy.State.SEALED or row.blob is None or row.until <= now:
        raise CopyRefused(_("This copy is not there any more."))
    if row.hold.lifted_at is not None:
        raise CopyRefused(_("The hold was lifted: the copy is destroyed."))
    if not actor.startswith("lead:") or row.asked_by_id == user.pk:
        raise CopyRefused(_("A lead hands it over who did not ask for it."))
    if not ground.strip():
        raise CopyRefused(_("Write to whom it goes and under which law."))
    try:
        to = age.recipient(key)
    except age.KeyUnusable as refusal:
        raise CopyRefused(_("The key cannot be used: %(why)s.") % {"why": refusal}) from None
    _noted(row, actor, "opened", now, ground=" ".join(ground.split())[:200])
    out = io.BytesIO()
    age.opened(io.BytesIO(objects.get(row.case_id, row.blob)), str(row.identity), out)
    return b"".join(age.seal([out.getvalue()], [to]))


def destroy(row: SealedCopy, actor: str, now: datetime) -> None:
    """The file and the key that opens it."""
    changed = (
        SealedCopy.objects.filter(pk=row.pk)
        .exclude(state__in=(SealedCopy.State.DESTROYED, SealedCopy.State.REFUSED, SealedCopy.State.FAILED))
        .update(state=SealedCopy.State.DESTROYED, ended_at=now, identity=None, blob=None, url=None)
    )  # fmt: skip
    if changed:
        if row.blob is not None:
            objects.remove(row.blob)
        deadlines.cancel(key=f"{ENDS}:{row.pk}")
        _noted(row, actor, "destroyed", now)


def _medium(finding: Finding) -> Asset | None:
    return Asset.objects.filter(finding=finding, role="media").order_by("added_at", "pk").first()


def _noted(row: SealedCopy, actor: str, action: str, now: datetime, **more: str) -> None:
    custody.note(row.case_id, row.organisation_id, actor, action, now, about="copy", subject=row.pk, sha256=row.sha256)
    audit.record(row.organisation_id, actor, f"copy.{action}", str(row.pk), now)
    events.record(row.case, f"copy.{action}", actor, subject=row.pk, now=now, **more)


@deadlines.handler(ENDS)
def _ends(deadline: Deadline, now: datetime) -> None:
    row = SealedCopy.objects.select_related("case").filter(pk=deadline.subject, until__lte=now).first()
    if row is not None:
        destroy(row, "engine", now)


@deadlines.handler(AGAIN)
def _again(deadline: Deadline, now: datetime) -> None:
    row = SealedCopy.objects.filter(pk=deadline.subject, state=SealedCopy.State.ALLOWED).first()
    if row is not None:
        seal.defer(organisation=row.organisation_id, once=f"copy:{row.pk}", copy=row.pk)


@events.on("hold.extended")
def _extended(event: CaseEvent) -> None:
    """It is destroyed when the hold ends: a hold that ends later keeps it, at the latest 180 days after it was asked
    for."""
    standing = (SealedCopy.State.ASKED, SealedCopy.State.ALLOWED, SealedCopy.State.SEALED)
    for row in SealedCopy.objects.filter(hold__pk=event.subject or event.pk, state__in=standing).select_related("hold"):
        until = min(row.hold.ends, row.asked_at + timedelta(days=MOST_DAYS))
        if until > row.until:
            SealedCopy.objects.filter(pk=row.pk).update(until=until)
            deadlines.set_deadline(ENDS, row.pk, until, organisation=row.organisation_id, case=row.case_id)


@events.on("hold.lifted")
def _lifted(event: CaseEvent) -> None:
    for row in SealedCopy.objects.filter(hold__pk=event.subject or event.pk).select_related("case"):
        destroy(row, "engine", event.at)


@events.on("case.erased")
def _erased(event: CaseEvent) -> None:
    for row in SealedCopy.objects.filter(case_id=event.case_id).exclude(blob=None):
        objects.remove(row.blob) if row.blob else None
    SealedCopy.objects.filter(case_id=event.case_id).update(
        blob=None, identity=None, url=None, why=None, sha256="", state=SealedCopy.State.DESTROYED, ended_at=event.at
    )
