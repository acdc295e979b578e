"""Forms change without notice. A worker who meets one that is not as expected says so, and whoever opens it next reads
that before copying anything."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from django.utils.translation import gettext as _

from efface.accounts import audit
from efface.accounts.models import User
from efface.takedown.channels.models import FormWord
from efface.takedown.channels.steps import StepRefused

LONGEST = 500


def say(
    organisation: uuid.UUID, contact: str, notice_type: str, template: str, words: str, by: User, now: datetime
) -> FormWord:
    """The form has changed. Raises ``StepRefused`` without words: only what changed helps the next person."""
    if not words.strip():
        raise StepRefused(_("Please say what is different now."))
    row = FormWord.objects.create(
        organisation_id=organisation, contact=contact[:500], notice_type=notice_type, template=template,
        said=" ".join(words.split())[:LONGEST], by=by, at=now,
    )  # fmt: skip
    audit.record(organisation, f"user:{by.pk}", "form.changed", str(row.pk), now)
    return row


def standing(organisation: uuid.UUID, contact: str) -> list[FormWord]:
    """What was said of this form and is not settled, the newest first."""
    if not contact:
        return []
    rows = FormWord.objects.filter(organisation_id=organisation, contact=contact[:500], settled_at=None)
    return list(rows.select_related("by").order_by("-at")[:5])


def standing_of(contacts: Collection[str]) -> dict[str, list[FormWord]]:
    """The same of many forms of the organisation at hand, with one question."""
    wanted = {contact[:500] for contact in contacts if contact}
    found: dict[str, list[FormWord]] = {}
    if wanted:
        rows = FormWord.objects.filter(contact__in=wanted, settled_at=None)
        for row in rows.select_related("by").order_by("-at"):
            if len(found.setdefault(row.contact, [])) < 5:
                found[row.contact].append(row)
    return found


def settle(organisation: uuid.UUID, contact: str, now: datetime) -> int:
    """The prepared answers fit again."""
    rows = FormWord.objects.filter(organisation_id=organisation, contact=contact[:500], settled_at=None)
    return rows.update(settled_at=now)
