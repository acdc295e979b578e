"""On which terms a case is served: noted for the office, read by nothing that searches or removes."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from efface.accounts import audit, programmes
from efface.accounts.models import Programme
from efface.cases.models import Case


def serve(case: Case, programme: str, code: str, actor: str, now: datetime) -> Programme | None:
    """By a voucher's ``code``, or a chosen programme's id; neither means free, outside any programme. Raises
    ``programmes.Refused``; the case goes on either way."""
    with transaction.atomic():
        row = programmes.redeem(code, now) if code.strip() else _chosen(case, programme)
        if (row.pk if row else None) == case.programme_id:
            return row
        case.programme = row
        case.save(update_fields=["programme"])
        audit.record(case.organisation_id, actor, "case.terms", str(case.pk), now)
    return row


def _chosen(case: Case, programme: str) -> Programme | None:
    if not programme:
        return None
    try:
        row = Programme.objects.filter(pk=uuid.UUID(programme)).first()
    except ValueError:
        row = None
    if row is None or (row.ended_at is not None and row.pk != case.programme_id):
        raise programmes.Refused(_("This programme takes no new cases. Choose another; the case goes on meanwhile."))
    return row
