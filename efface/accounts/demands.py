"""The register of legal demands: numbered, sealed, open to leads and auditors alone. What was noted is not changed
afterwards; the answer is given once."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from efface.accounts import audit
from efface.accounts.models import LegalDemand, Member
from efface.engine.base import text

COLUMNS = ("number", "received", "asked_by", "asked_for", "law", "until", "may_tell", "noted_by", "noted", "outcome",
           "given", "decided_by", "decided")  # fmt: skip


class Refused(ValueError):
    """It cannot be noted; the message says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was demanded, in the words of whoever notes it."""

    by: str
    what: str
    law: str
    received: date
    until: date | None = None
    may_tell: bool = True


def note(member: Member, asked: Asked, now: datetime) -> LegalDemand:
    """Raises ``Refused``."""
    if not (asked.by.strip() and asked.what.strip() and asked.law.strip()):
        raise Refused(_("Who asks, for what, and by which law: all three are needed."))
    if asked.received > now.date():
        raise Refused(_("It cannot have come after today."))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [(member.organisation_id.int >> 3) % (1 << 62)])
        last = LegalDemand.objects.order_by("-number").values_list("number", flat=True).first() or 0
        row = LegalDemand(
            organisation_id=member.organisation_id, number=last + 1, received_at=asked.received, until=asked.until,
            may_tell=asked.may_tell, noted_by=member.user, noted_at=now,
        )  # fmt: skip
        row.asked_by, row.asked_for, row.law = asked.by.strip(), asked.what.strip(), asked.law.strip()
        row.save()
        audit.record(member.organisation_id, _actor(member), "demand.noted", str(row.pk), now)
    return row


def decide(member: Member, row: LegalDemand, outcome: str, given: str, now: datetime) -> None:
    """What was given, and who decided it: once. Raises ``Refused``."""
    if outcome not in LegalDemand.Outcome.values or outcome == LegalDemand.Outcome.OPEN:
        raise Refused(_("Say what was given."))
    if outcome in (LegalDemand.Outcome.PART, LegalDemand.Outcome.ALL) and not given.strip():
        raise Refused(_("Say exactly what was given, and to whom."))
    with transaction.atomic():
        fresh = LegalDemand.objects.select_for_update().get(pk=row.pk)
        if fresh.outcome:
            raise Refused(_("This has been decided already. Note a new demand if there is one."))
        fresh.outcome, fresh.given, fresh.decided_by, fresh.decided_at = outcome, given.strip(), member.user, now
        fresh.save(update_fields=["outcome", "given", "decided_by", "decided_at"])
        audit.record(member.organisation_id, _actor(member), f"demand.{outcome}", str(row.pk), now)


def _actor(member: Member) -> str:
    return f"{member.role}:{member.user_id}"


def listed() -> list[LegalDemand]:
    return list(LegalDemand.objects.select_related("noted_by", "decided_by"))


def as_rows(rows: Iterable[LegalDemand]) -> list[dict[str, Any]]:
    """For export: plain values, oldest first."""
    return [
        {
            "number": one.number, "received": one.received_at.isoformat(), "asked_by": one.asked_by,
            "asked_for": one.asked_for, "law": one.law, "until": one.until.isoformat() if one.until else None,
            "may_tell": one.may_tell, "noted_by": one.noted_by.name, "noted": one.noted_at.isoformat(),
            "outcome": one.outcome or None, "given": one.given,
            "decided_by": one.decided_by.name if one.decided_by else None,
            "decided": one.decided_at.isoformat() if one.decided_at else None,
        }
        for one in sorted(rows, key=lambda one: one.number)
    ]  # fmt: skip


def as_csv(rows: Iterable[LegalDemand]) -> str:
    """A table for table programs: no cell of it is run as a formula."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    for row in as_rows(rows):
        writer.writerow({name: text.cell(value) for name, value in row.items()})
    return out.getvalue()
