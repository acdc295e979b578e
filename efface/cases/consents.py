"""Consents: given per purpose, withdrawn at once, and the stop button that pauses everything."""

from __future__ import annotations

from datetime import datetime, timedelta

from efface.cases import active, events
from efface.cases.models import Case, Consent, Fingerprint, FingerprintKind, Purpose
from efface.engine.base import deadlines
from efface.engine.base.models import Deadline

EXPIRES = "consent.expires"
KEPT_WITH_CONSENT: dict[str, tuple[str, ...]] = {
    Purpose.FACE_SEARCH: (FingerprintKind.FACE,),
    Purpose.COPY_MATCH: (FingerprintKind.LOCAL, FingerprintKind.COPY),
    Purpose.TEXT_SEARCH: (FingerprintKind.TEXT,),
}
"""Fingerprints that say more than a hash: kept of people who allow their use, and of nobody else."""


class WrongState(ValueError):
    """The case is not in a state in which this can be done; the message says why."""


def give(case: Case, purpose: str, actor: str, now: datetime, days: int = 365) -> Consent:
    if purpose not in Purpose.values:
        raise ValueError(f"purpose must be one of {', '.join(Purpose.values)}")
    consent = Consent.objects.create(
        organisation_id=case.organisation_id,
        case=case,
        purpose=purpose,
        given_at=now,
        expires_at=now + timedelta(days=days),
    )
    deadlines.set_deadline(EXPIRES, consent.pk, consent.expires_at, organisation=case.organisation_id, case=case.pk)
    active.announce(case.pk)
    events.record(case, "consent.given", actor, subject=consent.pk, now=now, purpose=purpose, days=days)
    return consent


def withdraw(case: Case, purpose: str, actor: str, now: datetime) -> int:
    """End every consent for this purpose, now. The matcher drops its fingerprints within a second."""
    standing = list(Consent.objects.filter(case=case, purpose=purpose, withdrawn_at=None).values_list("pk", flat=True))
    ended = Consent.objects.filter(pk__in=standing, withdrawn_at=None).update(withdrawn_at=now)
    for consent in standing:
        deadlines.cancel(subject=consent, kind=EXPIRES)
    _delete_what_it_kept(case, purpose)
    if ended:
        active.announce(case.pk)
        events.record(case, "consent.withdrawn", actor, now=now, purpose=purpose)
    return ended


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


def stop(case: Case, actor: str, now: datetime) -> None:
    """Pause everything: no search, no notice, no check that leads to one."""
    _change(case, Case.State.OPEN, Case.State.PAUSED, "case.paused", actor, now)


def resume(case: Case, actor: str, now: datetime) -> None:
    _change(case, Case.State.PAUSED, Case.State.OPEN, "case.resumed", actor, now)


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
