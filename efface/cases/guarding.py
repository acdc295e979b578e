"""Before a face template is kept, somebody above is asked whether it may be: the matcher alone knows all blocked faces.
Where nobody can be asked, nothing is kept.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from efface.cases import active, events, safety
from efface.cases.models import Attestation, Case, FaceAlarm, Fingerprint, FingerprintKind, Level
from efface.engine.base import deadlines

log = logging.getLogger(__name__)
Ask = Callable[[str, Sequence[float]], bool]
_asked: list[Ask] = []


class CannotAsk(RuntimeError):
    """Whoever knows the blocked faces does not answer."""


def answers(function: Ask) -> Ask:
    """Register who knows: given a model's id and a template, whether it resembles a blocked one. May raise
    ``CannotAsk``. The latest registered one is asked."""
    _asked.append(function)
    return function


def refusal(case: Case, model: str, vector: Sequence[float], now: datetime) -> str:
    """Why this template may not be kept, in words that say nothing of anybody; "" where it may. A refusal tells a lead
    of the case's own organisation, once until they decide."""
    try:
        blocked = _asked[-1](model, vector) if _asked else None
    except CannotAsk as error:
        log.warning("a face could not be enrolled: %s", error)
        blocked = None
    if blocked is None:
        return _("it cannot be checked at the moment whether it may be made. Please try again in some minutes.")
    if not blocked:
        return ""
    decided = FaceAlarm.objects.filter(case=case, kind=FaceAlarm.Kind.REFUSED).exclude(outcome="").count()
    FaceAlarm.objects.get_or_create(
        organisation_id=case.organisation_id, case=case, pair=hashlib.sha256(b"refused %d" % decided).digest(),
        defaults={"kind": FaceAlarm.Kind.REFUSED, "at": now},
    )  # fmt: skip
    return _("it cannot be made of these photos. Your caseworker knows and speaks with you about it.")


def decide(alarm: FaceAlarm, outcome: str, why: str, actor: str, now: datetime) -> None:
    """A lead's answer: ``goes-on``, with a reason, or ``ended``: the template is deleted, and a new conversation would
    be needed to begin again."""
    if outcome not in (FaceAlarm.Outcome.GOES_ON, FaceAlarm.Outcome.ENDED):
        raise ValueError('outcome must be "goes-on" or "ended"')
    row = FaceAlarm.objects.select_for_update(of=("self",)).select_related("case").get(pk=alarm.pk)
    if row.outcome != FaceAlarm.Outcome.OPEN:
        raise ValueError(_("This was decided already."))
    row.outcome, row.decided_at, row.decided_by, row.why = outcome, now, actor[:60], why[:300]
    row.save()
    if outcome == FaceAlarm.Outcome.ENDED:
        Fingerprint.objects.filter(case=row.case_id, kind=FingerprintKind.FACE).delete()
        Case.objects.filter(pk=row.case_id).update(level=Level.DECLARED)
        standing = Attestation.objects.filter(case=row.case_id, refused_at=None, stopped_at=None)
        for pk in standing.values_list("pk", flat=True):
            deadlines.cancel(subject=pk, kind=safety.ATTESTED_DUE)
        standing.update(stopped_at=now)
    active.announce(row.case_id)
    events.record(row.case, "face.alarm_decided", actor, subject=row.pk, now=now, outcome=outcome)
