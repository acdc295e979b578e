"""Erasure: the key first, so that nothing of the case can be read any more; then the rows that name it."""

from __future__ import annotations

from datetime import datetime

from efface.accounts import audit
from efface.cases import active, events
from efface.cases.models import (
    AccessCode,
    Attestation,
    Avoided,
    Case,
    CaseFact,
    Consent,
    Draft,
    Fingerprint,
    Hold,
    OwnPlace,
    RecoveryWord,
    Telling,
)
from efface.engine.base import sealing
from efface.engine.base.models import Deadline


def erase(case: Case, actor: str, now: datetime) -> None:
    """Destroy the case's key, end its consents and deadlines, remove its fingerprints and access codes.

    What stays is a row without content, so that a restored backup can be told what was erased."""
    sealing.destroy_case_key(case.pk, now)
    Case.objects.filter(pk=case.pk).update(
        state=Case.State.ERASED, closed_at=now, country="", acquisition="unknown", danger=False,
        alarm_at=None,
    )  # fmt: skip
    Fingerprint.objects.filter(case=case).delete()
    AccessCode.objects.filter(case=case).delete()
    RecoveryWord.objects.filter(case=case).delete()
    Draft.objects.filter(case=case).delete()
    OwnPlace.objects.filter(case=case).delete()
    CaseFact.objects.filter(case=case).delete()
    Avoided.objects.filter(case=case).delete()
    Telling.objects.filter(case=case).delete()
    Hold.objects.filter(case=case).update(reason="", owner="")
    Attestation.objects.filter(case=case).update(proof_seen="")
    Consent.objects.filter(case=case, withdrawn_at=None).update(withdrawn_at=now)
    Deadline.objects.filter(case_id=case.pk, state=Deadline.State.WAITING).update(state=Deadline.State.CANCELLED)
    active.announce(case.pk)
    # Without data: the rooms above clear what they hold in the clear.
    events.record(case, "case.erased", actor, now=now)
    audit.record(case.organisation_id, actor, "case.erased", str(case.pk), now)
