"""Consents: given per purpose, withdrawn at once, and the stop button that pauses everything."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from efface.cases import active, events, messages
from efface.cases.models import Case, CaseKind, Consent, Fingerprint, FingerprintKind, Purpose
from efface.engine.base import deadlines, moments, tombstones
from efface.engine.base.models import Deadline

EXPIRES, REMINDS = "consent.expires", "consent.reminds"
REMIND_BEFORE = timedelta(days=14)
RENEW_WITHIN = timedelta(days=30)
"""So long before its end a consent can be given anew with one press."""
KEPT_WITH_CONSENT: dict[str, tuple[str, ...]] = {
    Purpose.FACE_SEARCH: (FingerprintKind.FACE,),
    Purpose.BLOCK_FACE: (FingerprintKind.FACE,),
    Purpose.COPY_MATCH: (FingerprintKind.LOCAL, FingerprintKind.COPY),
    Purpose.TEXT_SEARCH: (FingerprintKind.TEXT,),
}
"""Fingerprints that say more than a hash: kept of people who allow their use, and of nobody else."""


class WrongState(ValueError):
    """The case is not in a state in which this can be done; the message says why."""


class WrongPurpose(ValueError):
    """A case that only blocks a face allows nothing else, and no other case allows that."""


def purposes(kind: str) -> tuple[str, ...]:
    """What a case of this kind can allow."""
    if kind == CaseKind.BLOCK:
        return (Purpose.BLOCK_FACE,)
    return tuple(one for one in Purpose.values if one != Purpose.BLOCK_FACE)


def give(case: Case, purpose: str, actor: str, now: datetime, days: int = 365) -> Consent:
    if purpose not in Purpose.values:
        raise ValueError(f"purpose must be one of {', '.join(Purpose.values)}")
    if purpose not in purposes(case.kind):
        raise WrongPurpose(_("This is not what this case is for."))
    consent = Consent.objects.create(
        organisation_id=case.organisation_id,
        case=case,
        purpose=purpose,
        given_at=now,
        expires_at=now + timedelta(days=days),
    )
    deadlines.set_deadline(EXPIRES, consent.pk, consent.expires_at, organisation=case.organisation_id, case=case.pk)
    if timedelta(days=days) > REMIND_BEFORE:
        due = consent.expires_at - REMIND_BEFORE
        deadlines.set_deadline(REMINDS, consent.pk, due, organisation=case.organisation_id, case=case.pk)
    active.announce(case.pk)
    events.record(case, "consent.given", actor, subject=consent.pk, now=now, purpose=purpose, days=days)
    return consent


def withdraw(case: Case, purpose: str, actor: str, now: datetime) -> int:
    """End every consent for this purpose, now. The matcher drops its fingerprints within a second."""
    standing = list(Consent.objects.filter(case=case, purpose=purpose, withdrawn_at=None).values_list("pk", flat=True))
    ended = Consent.objects.filter(pk__in=standing, withdrawn_at=None).update(withdrawn_at=now)
    for consent in standing:
        deadlines.cancel(subject=consent, kind=EXPIRES)
        deadlines.cancel(subject=consent, kind=REMINDS)
    _delete_what_it_kept(case, purpose)
    if ended:
        active.announce(case.pk)
        events.record(case, "consent.withdrawn", actor, now=now, purpose=purpose)
        # A backup that is put back later must not give it again.
        transaction.on_commit(lambda: tombstones.add((one, now) for one in standing))
    return ended


def renew(case: Case, purpose: str, actor: str, now: datetime) -> bool:
    """Give anew what stands and ends within thirty days. False where nothing of it stands, or it ends later."""
    latest = (
        Consent.objects.filter(case=case, purpose=purpose, withdrawn_at=None, expires_at__gt=now)
        .order_by("-expires_at").first()
    )  # fmt: skip
    if latest is None or latest.expires_at - now > RENEW_WITHIN:
        return False
    give(case, purpose, actor, now)
    return True


def _delete_what_it_kept(case: Case, purpose: str) -> None:
    Fingerprint.objects.filter(case=case, kind__in=KEPT_WITH_CONSENT.get(purpose, ())).delete()


@deadlines.handler(EXPIRES)
def expires(deadline: Deadline, now: datetime) -> None:
    """Its time is over, and nobody gave it anew: what was kept by it alone is deleted, as if it were withdrawn."""
    consent = Consent.objects.select_related("case").filter(pk=deadline.subject, withdrawn_at=None).first()
    if consent is None or consent.case.state == Case.State.ERASED:
        return
    case, purpose = consent.case, consent.purpose
    if Consent.objects.filter(case=case, purpose=purpose, withdrawn_at=None, expires_at__gt=now).exists():
        return
    _delete_what_it_kept(case, purpose)
    active.announce(case.pk)
    events.record(case, "consent.expired", "engine", subject=consent.pk, now=now, purpose=purpose)


@deadlines.handler(REMINDS)
def reminds(deadline: Deadline, now: datetime) -> None:
    """Two weeks before its end: one neutral line in the portal, in her language, that does not say what was allowed."""
    consent = Consent.objects.select_related("case").filter(pk=deadline.subject, withdrawn_at=None).first()
    if consent is None or consent.case.state not in (Case.State.OPEN, Case.State.PAUSED):
        return
    case = consent.case
    if Consent.objects.filter(
        case=case, purpose=consent.purpose, withdrawn_at=None, expires_at__gt=consent.expires_at
    ).exists():
        return
    with override(case.language):
        day = moments.day(consent.expires_at)
        text = _("Something you set ends on %(day)s. If you want it to go on, you find it under “What I allow”.")
        messages.write(case, from_survivor=False, author="engine", text=text % {"day": day}, now=now)
    events.record(case, "consent.reminded", "engine", subject=consent.pk, now=now, purpose=consent.purpose)


def stop(case: Case, actor: str, now: datetime) -> None:
    """Pause everything: no search, no notice, no check that leads to one."""
    _change(case, Case.State.OPEN, Case.State.PAUSED, "case.paused", actor, now)


def resume(case: Case, actor: str, now: datetime) -> None:
    """Go on after a pause, or open a closed case again while it is still here. Not while everything is to be erased:
    that has to be taken back first (``leaving.undo``)."""
    if Case.objects.filter(pk=case.pk, erase_at__isnull=False).exists():
        raise WrongState(_("everything is to be erased; take that back first"))
    before = Case.State.CLOSED if case.state == Case.State.CLOSED else Case.State.PAUSED
    _change(case, before, Case.State.OPEN, "case.resumed", actor, now)


def close(case: Case, actor: str, now: datetime) -> None:
    _change(case, Case.State.OPEN, Case.State.CLOSED, "case.closed", actor, now)


def _change(case: Case, before: str, after: str, kind: str, actor: str, now: datetime) -> None:
    """A second press of the same button changes nothing and is no error."""
    closed_at = now if after == Case.State.CLOSED else None
    if Case.objects.filter(pk=case.pk, state=before).update(state=after, closed_at=closed_at):
        case.state = after
        active.announce(case.pk)
        events.record(case, kind, actor, now=now)
        return
    case.refresh_from_db(fields=["state"])
    if case.state != after:
        raise WrongState(f"the case is {case.state}")
