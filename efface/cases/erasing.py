"""Erasure: the key first, so that nothing of the case can be read any more; then the rows that name it."""

from __future__ import annotations

from datetime import datetime

from efface.accounts import audit
from efface.cases import active, events, proof_room
from efface.cases.models import (
    AccessCode,
    Attestation,
    Authority,
    Avoided,
    Case,
    CaseFact,
    Consent,
    ConsentUse,
    Conversation,
    Draft,
    FaceAlarm,
    Fingerprint,
    Hold,
    Level,
    Note,
    OwnPlace,
    PoliceWish,
    ProofStatement,
    RecoveryWord,
    SafetySign,
    SafetyWord,
    SealedProof,
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
        erase_at=None, level=Level.DECLARED,
        alarm_at=None,
    )  # fmt: skip
    Fingerprint.objects.filter(case=case).delete()
    AccessCode.objects.filter(case=case).delete()
    RecoveryWord.objects.filter(case=case).delete()
    Draft.objects.filter(case=case).delete()
    OwnPlace.objects.filter(case=case).delete()
    CaseFact.objects.filter(case=case).delete()
    Avoided.objects.filter(case=case).delete()
    Note.objects.filter(case=case).delete()
    PoliceWish.objects.filter(case=case).delete()
    for kept in (ProofStatement, SealedProof, Authority):
        kept.objects.filter(case=case).delete()
    proof_room.drop(case.pk)
    Telling.objects.filter(case=case).delete()
    Hold.objects.filter(case=case).update(reason="", owner="")
    Attestation.objects.filter(case=case).update(proof_seen="")
    SafetyWord.objects.filter(case=case).delete()
    ConsentUse.objects.filter(case=case).delete()
    # What a lead was told stays as a row without content; nothing waits for a decision any more.
    Conversation.objects.filter(case=case, ended_at=None).update(ended_at=now, outcome="ended")
    SafetySign.objects.filter(case=case, outcome="").update(outcome="stays", decided_at=now)
    FaceAlarm.objects.filter(case=case, outcome="").update(outcome="ended", decided_at=now)
    Consent.objects.filter(case=case, withdrawn_at=None).update(withdrawn_at=now)
    Deadline.objects.filter(case_id=case.pk, state=Deadline.State.WAITING).update(state=Deadline.State.CANCELLED)
    active.announce(case.pk)
    # Without data: the rooms above clear what they hold in the clear.
    events.record(case, "case.erased", actor, now=now)
    audit.record(case.organisation_id, actor, "case.erased", str(case.pk), now)
