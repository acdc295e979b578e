"""From declared to attested: a trained worker spoke with her alone, a second approved, three days passed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from efface.accounts import audit
from efface.accounts.models import Member
from efface.cases import active, events, safety
from efface.cases.models import Attestation, Case, Conversation, Level
from efface.engine.base import deadlines
from efface.engine.base.models import Deadline

COOLING_OFF = timedelta(hours=72)
KIND = safety.ATTESTED_DUE


class AttestationRefused(ValueError):
    """The step is not allowed; the message says why."""


def trained(case: Case, worker: Any) -> bool:
    """Whether a coordinator of the case's organisation noted that this worker is trained for the conversation."""
    rows = Member.objects.filter(user=worker, organisation_id=case.organisation_id, trained_at__isnull=False)
    return rows.exists()


def standing(case: Case) -> Attestation | None:
    """The attestation that waits for a second worker, cools off, or has taken effect."""
    return Attestation.objects.filter(case=case, refused_at=None, stopped_at=None).order_by("-first_at").first()


def may_begin(case: Case, worker: Any) -> str:
    """Why this worker cannot begin a conversation about L1 now; "" where they can."""
    if not trained(case, worker):
        return _("This conversation needs a trained worker. Your coordinator notes under “Members” who is.")
    if case.state != Case.State.OPEN:
        return _("The case is not open.")
    if safety.closed(case):
        return _("A lead has to look at this case first.")
    if case.level != Level.DECLARED:
        return _("This case is attested already.")
    if standing(case):
        return _("There is an attestation already; it waits for its next step.")
    return ""


def attest(
    case: Case, worker: Any, *, spoke_alone: bool, proof_seen: str, now: datetime,
    conversation: Conversation | None = None,
) -> Attestation:  # fmt: skip
    """First worker: spoke with her alone, and saw proof (redacted; nothing of it is kept)."""
    refusal = may_begin(case, worker)
    if refusal:
        raise AttestationRefused(refusal)
    if not spoke_alone:
        raise AttestationRefused(_("An attestation needs a conversation with her alone."))
    if not proof_seen.strip():
        raise AttestationRefused(_("Say which proof you saw, without its numbers."))
    if any(letter.isdigit() for letter in proof_seen):
        raise AttestationRefused(_("Please leave out every number; say only what kind of proof it was."))
    attestation = Attestation.objects.create(
        organisation_id=case.organisation_id,
        case=case,
        conversation=conversation,
        spoke_alone=spoke_alone,
        proof_seen=proof_seen.strip()[:120],
        first_worker=worker,
        first_at=now,
    )
    events.record(case, "attestation.begun", f"caseworker:{worker.pk}", subject=attestation.pk, now=now)
    return attestation


def approve(attestation: Attestation, worker: Any, now: datetime) -> None:
    """Second worker, not the first. The case becomes attested after the cooling-off."""
    if worker.pk == attestation.first_worker_id:
        raise AttestationRefused(_("A second worker must approve; you made this attestation."))
    if safety.closed(attestation.case):
        raise AttestationRefused(_("A lead has to look at this case first."))
    effective = now + COOLING_OFF
    changed = Attestation.objects.filter(pk=attestation.pk, second_at=None, refused_at=None, stopped_at=None).update(
        second_worker=worker, second_at=now, effective_at=effective
    )
    if not changed:
        return
    deadlines.set_deadline(
        KIND, attestation.pk, effective, organisation=attestation.organisation_id, case=attestation.case_id
    )
    events.record(attestation.case, "attestation.approved", f"caseworker:{worker.pk}", subject=attestation.pk, now=now)


def refuse(attestation: Attestation, worker: Any, now: datetime, why: str) -> None:
    """Second worker, with a reason; a new conversation may be held."""
    if worker.pk == attestation.first_worker_id:
        raise AttestationRefused(_("A second worker must decide; you made this attestation."))
    if not why.strip():
        raise AttestationRefused(_("Please say why, so that the first worker can do better."))
    row = Attestation.objects.select_for_update().get(pk=attestation.pk)
    if row.second_at or row.refused_at or row.stopped_at:
        return
    row.refused_at, row.refused_by, row.refused_why = now, worker, why.strip()[:300]
    row.save()
    events.record(row.case, "attestation.refused", f"caseworker:{worker.pk}", subject=row.pk, now=now)


def stop(case: Case, actor: str, now: datetime) -> bool:
    """She changed her mind, at whatever stage: the attestation ends, and with it search for face and names. False where
    there is none. Where her word was said before, this looks the same and changes nothing more."""
    shown = safety.quiet(case)
    if shown is not None:
        Attestation.objects.filter(pk=shown.pk).update(quiet=False)
        events.record(case, "attestation.stopped", actor, subject=shown.pk, now=now)
        return True
    row = standing(case)
    if row is None or not Attestation.objects.filter(pk=row.pk, stopped_at=None).update(stopped_at=now):
        return False
    deadlines.cancel(subject=row.pk, kind=KIND)
    if Case.objects.filter(pk=case.pk, level=Level.ATTESTED).update(level=Level.DECLARED):
        audit.record(case.organisation_id, actor, "case.declared", str(case.pk), now)
    active.announce(case.pk)
    events.record(case, "attestation.stopped", actor, subject=row.pk, now=now)
    return True


@dataclass(frozen=True, slots=True)
class Shown:
    """How the portal shows the level. ``stage``: "" (declared), "waits" (second worker), "cooling" or "attested"."""

    stage: str = ""
    starts: datetime | None = None
    begun: datetime | None = None


def shown(case: Case, now: datetime) -> Shown:
    """What she, and whoever looks over her shoulder, sees. After her word it is what it would have been without."""
    quietly = safety.quiet(case)
    row = quietly or standing(case)
    if row is None:
        return Shown("attested") if case.level == Level.ATTESTED else Shown()
    if row.effective_at is None:
        return Shown("waits", None, row.first_at)
    over = row.effective_at <= now if quietly else case.level == Level.ATTESTED
    return Shown("attested" if over else "cooling", row.effective_at, row.first_at)


@deadlines.handler(KIND)
def take_effect(deadline: Deadline, now: datetime) -> None:
    attestation = Attestation.objects.select_related("case").get(pk=deadline.subject)
    if attestation.refused_at or attestation.stopped_at or safety.closed(attestation.case):
        return
    if attestation.case.state in (Case.State.CLOSED, Case.State.ERASED):
        return
    if Case.objects.filter(pk=attestation.case_id, level=Level.DECLARED).update(level=Level.ATTESTED):
        active.announce(attestation.case_id)
        events.record(attestation.case, "case.attested", "engine", subject=attestation.pk, now=now)
        audit.record(attestation.organisation_id, "engine", "case.attested", str(attestation.case_id), now)
