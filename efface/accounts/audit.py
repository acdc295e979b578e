"""The audit chain: append only, each entry's digest covers the one before it."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime

from django.db import connection

from efface.accounts.models import AuditEntry


def _digest(
    before: bytes, organisation: uuid.UUID, number: int, at: datetime, actor: str, action: str, subject: str
) -> bytes:
    line = "\x1f".join([str(organisation), str(number), at.isoformat(), actor, action, subject])
    return hashlib.sha256(before + line.encode()).digest()


def record(organisation: uuid.UUID, actor: str, action: str, subject: str, now: datetime) -> AuditEntry:
    """Append one entry. Entries of one organisation are made one after another (advisory lock until commit)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [organisation.int % (1 << 62)])
    last = AuditEntry.objects.filter(organisation_id=organisation).order_by("-number").first()
    number, before = (last.number + 1, bytes(last.digest)) if last else (1, b"")
    return AuditEntry.objects.create(
        organisation_id=organisation,
        number=number,
        at=now,
        actor=actor,
        action=action,
        subject=subject,
        before=before,
        digest=_digest(before, organisation, number, now, actor, action, subject),
    )


def verify(organisation: uuid.UUID) -> list[str]:
    """Problems of the chain, in words; empty when it is whole."""
    problems, before, expected = [], b"", 1
    for entry in AuditEntry.objects.filter(organisation_id=organisation).order_by("number").iterator():
        if entry.number != expected:
            problems.append(f"entry {expected} is missing")
            expected = entry.number
        if bytes(entry.before) != before:
            problems.append(f"entry {entry.number} does not follow the one before it")
        wanted = _digest(
            bytes(entry.before), organisation, entry.number, entry.at, entry.actor, entry.action, entry.subject
        )
        if bytes(entry.digest) != wanted:
            problems.append(f"entry {entry.number} was altered")
        before, expected = bytes(entry.digest), expected + 1
    return problems
