"""The chain of custody of a case: each line's digest covers the line before it, so that none can be taken out, put in
or changed without every later one telling.

The rule is in ``chain``. Packs carry the lines, so that a recipient can count again.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from efface.evidence import chain
from efface.evidence.models import Capture, Custody

ABOUT = ("capture", "kept", "fact", "pack", "copy")


def note(
    case_id: uuid.UUID, organisation_id: uuid.UUID, actor: str, action: str, now: datetime, *, about: str,
    subject: uuid.UUID, sha256: str, capture: Capture | None = None,
) -> Custody:  # fmt: skip
    """Append one line. Lines of one case are made one after another (advisory lock until commit)."""
    if about not in ABOUT:
        raise ValueError(f"about must be of {', '.join(ABOUT)}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [(case_id.int ^ 0xC057) % (1 << 62)])
    last = Custody.objects.filter(case_id=case_id, number__gt=0).order_by("-number").first()
    number, before = (last.number + 1, bytes(last.digest)) if last else (1, _older(case_id))
    row = Custody(
        organisation_id=organisation_id, case_id=case_id, capture=capture, about=about, subject=subject, at=now,
        actor=actor[:60], action=action, sha256=sha256, number=number, before=before,
    )  # fmt: skip
    row.digest = chain.digest(before, fields(row))
    row.save(force_insert=True)
    return row


def of_capture(capture: Capture, actor: str, action: str, now: datetime) -> Custody:
    return note(
        capture.case_id, capture.organisation_id, actor, action, now, about="capture", subject=capture.pk,
        sha256=capture.warc_sha256, capture=capture,
    )  # fmt: skip


def fields(row: Custody) -> list[str]:
    """What of a line its digest covers, in order."""
    moment = row.at.astimezone(UTC).isoformat()
    return [
        str(row.case_id), str(row.number), moment, row.actor, row.action, row.about, str(row.subject or ""), row.sha256,
    ]  # fmt: skip


def _older(case_id: uuid.UUID) -> bytes:
    """Digest over the lines from before they were linked; nothing where there are none."""
    rows = Custody.objects.filter(case_id=case_id, number=0).order_by("at", "id")
    found = b""
    for row in rows:
        found = chain.digest(found, fields(row))
    return found


def problems(case_id: uuid.UUID) -> list[str]:
    """What is wrong with the chain of a case, in words; empty when it is whole."""
    rows = list(Custody.objects.filter(case_id=case_id, number__gt=0).order_by("number"))
    return chain.wrong([(bytes(row.before), bytes(row.digest), fields(row)) for row in rows], _older(case_id))


def as_rows(case_id: uuid.UUID) -> list[dict[str, Any]]:
    """The chain as a pack carries it: older lines first, each with the fields of its digest."""
    rows = Custody.objects.filter(case_id=case_id).order_by("number", "at", "id")
    return [
        {
            "number": row.number, "at": row.at.astimezone(UTC).isoformat(), "by": row.actor, "what": row.action,
            "about": row.about, "subject": str(row.subject or ""), "sha256": row.sha256,
            "before": bytes(row.before).hex(), "digest": bytes(row.digest).hex(),
        }
        for row in rows
    ]  # fmt: skip
