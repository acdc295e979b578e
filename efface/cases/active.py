"""Which fingerprints may be used right now, and telling the matcher when that changes."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from efface.accounts.models import FaceSearchPermission
from efface.cases.may import decide
from efface.cases.models import Case, CaseKind, Consent, FaceAlarm, Fingerprint, FingerprintKind, Purpose
from efface.engine.base import sealing, training

CHANNEL = "efface_active"
OPENED_AT_ONCE = 500
PURPOSE_OF_KIND = {
    FingerprintKind.PDQ: Purpose.HASH_MATCH,
    FingerprintKind.COPY: Purpose.COPY_MATCH,
    FingerprintKind.LOCAL: Purpose.COPY_MATCH,
    FingerprintKind.VIDEO: Purpose.HASH_MATCH,
    FingerprintKind.MD5: Purpose.HASH_MATCH,
    FingerprintKind.SHA256: Purpose.HASH_MATCH,
    FingerprintKind.FACE: Purpose.FACE_SEARCH,
    FingerprintKind.TEXT: Purpose.TEXT_SEARCH,
}


BLOCKED = "blocked"
"""Kind, as the matcher knows it, of a template by which nobody is looked for."""


def purpose_of(kind: str, case_kind: str) -> str:
    """What a fingerprint of a case is used for, and which consent it therefore needs."""
    if case_kind == CaseKind.BLOCK and kind == FingerprintKind.FACE:
        return Purpose.BLOCK_FACE
    return PURPOSE_OF_KIND[FingerprintKind(kind)]


@dataclass(frozen=True, slots=True)
class Active:
    """One fingerprint that may be compared, its ``kind`` as the matcher knows it. ``value`` is opened; None for one
    that the caller holds already (a fingerprint's value is never changed)."""

    fingerprint_id: uuid.UUID
    case_id: uuid.UUID
    organisation_id: uuid.UUID
    kind: str
    value: Any


def announce(case_id: uuid.UUID) -> None:
    """Tell the matcher, at commit, that this case's fingerprints must be read again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(case_id)])


def active_fingerprints(
    now: datetime, case_id: uuid.UUID | None = None, held: Collection[uuid.UUID] = ()
) -> Iterator[Active]:
    """All that may be used at this moment, of one case or of every case. Those the caller holds already are named and
    not opened: reading 100,000 local prints anew each minute would take longer than the minute.

    Meant for the matcher (database role ``efface_engine``), which sees all organisations; as the app role it sees the
    organisation of the transaction. Uses the same rule as ``may``, over all cases at once.
    """
    # Nothing of training is compared with what stands in the world.
    cases = Case.objects.filter(state=Case.State.OPEN).exclude(organisation__in=training.organisations())
    if case_id:
        cases = cases.filter(pk=case_id)
    consents: dict[tuple[uuid.UUID, str], datetime] = {}
    rows = Consent.objects.filter(withdrawn_at=None, given_at__lte=now, case__in=cases)
    for consent_case, purpose, expires in rows.values_list("case_id", "purpose", "expires_at"):
        key = (consent_case, purpose)
        consents[key] = max(consents.get(key, expires), expires)
    face_search = set(FaceSearchPermission.objects.filter(withdrawn_at=None).values_list("organisation_id", flat=True))
    alarmed = set(FaceAlarm.objects.filter(outcome=FaceAlarm.Outcome.OPEN).values_list("case_id", flat=True))
    prints = Fingerprint.objects.filter(case__in=cases, retired_at=None).select_related("case").defer("value", "label")
    fresh: list[Fingerprint] = []
    for fingerprint in prints.order_by("id").iterator():
        case = fingerprint.case
        purpose = purpose_of(fingerprint.kind, case.kind)
        allowed = decide(
            kind=case.kind,
            state=case.state,
            level=case.level,
            age=case.age,
            consented_until=consents.get((case.pk, purpose)),
            face_search_on=case.organisation_id in face_search,
            on_hold=False,
            face_alarm=case.pk in alarmed,
            purpose=purpose,
            now=now,
        )
        if not allowed or fingerprint.age == "minor":
            continue
        if fingerprint.pk in held:
            yield Active(fingerprint.pk, case.pk, case.organisation_id, _matcher_kind(fingerprint), None)
            continue
        fresh.append(fingerprint)
        if len(fresh) == OPENED_AT_ONCE:
            yield from _opened(fresh)
            fresh = []
    yield from _opened(fresh)


def _opened(rows: Sequence[Fingerprint]) -> Iterator[Active]:
    """These rows with their values; those that cannot be opened are left out."""
    organisations = {row.pk: row.case.organisation_id for row in rows}
    kinds = {row.pk: _matcher_kind(row) for row in rows}
    for row in Fingerprint.objects.filter(pk__in=list(organisations)).only("case_id", "kind", "value").order_by("id"):
        try:
            value = row.value
        except sealing.SealBroken:
            continue
        if value is not None:
            yield Active(row.pk, row.case_id, organisations[row.pk], kinds[row.pk], value)


def _matcher_kind(row: Fingerprint) -> str:
    blocks = row.kind == FingerprintKind.FACE and row.case.kind == CaseKind.BLOCK
    return BLOCKED if blocks else row.kind
