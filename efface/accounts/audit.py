"""The audit chain: append only, each entry's digest covers the one before it, and a sealed head tells where it ends."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from datetime import datetime

from django.db import connection

from efface.accounts.models import AuditEntry, AuditHead
from efface.engine.base import sealing, tenancy


def _digest(
    before: bytes, organisation: uuid.UUID, number: int, at: datetime, actor: str, action: str, subject: str
) -> bytes:
    line = "\x1f".join([str(organisation), str(number), at.isoformat(), actor, action, subject])
    return hashlib.sha256(before + line.encode()).digest()


def seal(organisation: uuid.UUID, number: int, digest: bytes) -> bytes:
    """What proves that the chain ends with this entry: made with a key that is not in the database."""
    line = "\x1f".join([str(organisation), str(number), digest.hex()])
    return hmac.digest(sealing.derive("audit"), line.encode(), "sha256")


def record(organisation: uuid.UUID, actor: str, action: str, subject: str, now: datetime) -> AuditEntry:
    """Append one entry. Entries of one organisation are made one after another (advisory lock until commit). The
    organisation writes it, whoever acts: an investigator's own transaction sees nothing of the chain."""
    with tenancy.on_their_word():
        return _append(organisation, actor, action, subject, now)


def _append(organisation: uuid.UUID, actor: str, action: str, subject: str, now: datetime) -> AuditEntry:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [organisation.int % (1 << 62)])
    last = AuditEntry.objects.filter(organisation_id=organisation).order_by("-number").first()
    number, before = (last.number + 1, bytes(last.digest)) if last else (1, b"")
    digest = _digest(before, organisation, number, now, actor, action, subject)
    head = {"number": number, "digest": digest, "seal": seal(organisation, number, digest)}
    # Of a chain that has no head, or another one than its last entry, ``verify`` tells; it is not mended here.
    moved = AuditHead.objects.filter(organisation_id=organisation, number=number - 1).update(**head)
    if not moved and last is None:
        AuditHead.objects.create(organisation_id=organisation, **head)
    return AuditEntry.objects.create(
        organisation_id=organisation, number=number, at=now, actor=actor, action=action, subject=subject,
        before=before, digest=digest,
    )  # fmt: skip


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
    return problems + _end_problems(organisation, expected - 1, before)


def _end_problems(organisation: uuid.UUID, number: int, digest: bytes) -> list[str]:
    """Whether the chain ends where its sealed head says."""
    head = AuditHead.objects.filter(organisation_id=organisation).first()
    if head is None:
        return ["the sealed head of the chain is missing"] if number else []
    if not hmac.compare_digest(bytes(head.seal), seal(organisation, head.number, bytes(head.digest))):
        return ["the sealed head of the chain was altered, or belongs to another installation key"]
    if head.number > number:
        return [f"the last entries are missing: the chain went on to entry {head.number}"]
    if head.number < number or bytes(head.digest) != digest:
        return ["the chain does not end where its sealed head says"]
    return []


def missing(organisation: uuid.UUID, number: int, digest: str) -> str:
    """What is wrong where the chain does not hold an entry as it was noted elsewhere (``head``), in words; "" where it
    does. Finds what no seal can: a chain written anew by who holds database and key, or put back to an earlier day."""
    if not number:
        return ""
    row = AuditEntry.objects.filter(organisation_id=organisation, number=number).first()
    if row is None:
        return f"entry {number}, which was noted elsewhere, is not there"
    if bytes(row.digest).hex() != digest:
        return f"entry {number} is not the one that was noted elsewhere"
    return ""


def head(organisation: uuid.UUID) -> tuple[int, str]:
    """Number and digest of the last entry, to be noted elsewhere; (0, "") where there is none."""
    row = AuditHead.objects.filter(organisation_id=organisation).first()
    return (row.number, bytes(row.digest).hex()) if row else (0, "")
