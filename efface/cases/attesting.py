"""From declared to attested: a worker spoke with her alone, a second approved, three days passed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from efface.accounts import audit
from efface.cases import active, events
from efface.cases.models import Attestation, Case, Level
from efface.engine.base import deadlines
from efface.engine.base.models import Deadline

COOLING_OFF = timedelta(hours=72)
KIND = "case.attested"


class AttestationRefused(ValueError):
    """The step is not allowed; the message says why."""


def attest(case: Case, worker: Any, *, spoke_alone: bool, proof_seen: str, now: datetime) -> Attestation:
    """First worker: spoke with her alone, and saw proof (redacted; nothing of it is kept)."""
    if not spoke_alone:
        raise AttestationRefused("An attestation needs a conversation with her alone.")
    if not proof_seen.strip():
        raise AttestationRefused("Say which proof you saw, without its numbers.")
    attestation = Attestation.objects.create(
        organisation_id=case.organisation_id,
        case=case,
        spoke_alone=spoke_alone,
        proof_seen=proof_seen,
        first_worker=worker,
        first_at=now,
    )
    events.record(case, "attestation.begun", f"caseworker:{worker.pk}", subject=attestation.pk, now=now)
    return attestation


def approve(attestation: Attestation, worker: Any, now: datetime) -> None:
    """Second worker, not the first. The case becomes attested after the cooling-off."""
    if worker.pk == attestation.first_worker_id:
        raise AttestationRefused("A second worker must approve; you made this attestation.")
    effective = now + COOLING_OFF
    changed = Attestation.objects.filter(pk=attestation.pk, second_at=None, refused_at=None).update(
        second_worker=worker, second_at=now, effective_at=effective
    )
    if not changed:
        return
    deadlines.set_deadline(
        KIND, attestation.pk, effective, organisation=attestation.organisation_id, case=attestation.case_id
    )
    events.record(attestation.case, "attestation.approved", f"caseworker:{worker.pk}", subject=attestation.pk, now=now)


def refuse(attestation: Attestation, worker: Any, now: datetime) -> None:
    if Attestation.objects.filter(pk=attestation.pk, second_at=None, refused_at=None).update(refused_at=now):
        events.record(
            attestation.case, "attestation.refused", f"caseworker:{worker.pk}", subject=attestation.pk, now=now
        )


@deadlines.handler(KIND)
def take_effect(deadline: Deadline, now: datetime) -> None:
    attestation = Attestation.objects.select_related("case").get(pk=deadline.subject)
    if attestation.refused_at or attestation.case.state in (Case.State.CLOSED, Case.State.ERASED):
        return
    if Case.objects.filter(pk=attestation.case_id, level=Level.DECLARED).update(level=Level.ATTESTED):
        active.announce(attestation.case_id)
        events.record(attestation.case, "case.attested", "engine", subject=attestation.pk, now=now)
        audit.record(attestation.organisation_id, "engine", "case.attested", str(attestation.case_id), now)
