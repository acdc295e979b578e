"""A platform under agreement asks: is this picture on the list? It hears yes or no, and nothing else.

So that it is no oracle: one fixed distance; hashes that are of no picture are refused before anything is compared;
every hash is compared with the whole list, and answers have one length and one pace whether known or not; asking just
beside the border of a hash, as somebody must who wants to find out the hash itself, is counted, and too much of it, or
one question about a hash that belongs to no picture (``canaries``), halts the key until a person looked.

Only pictures of adults whose case is open and who allowed this very use; read anew at each question, so that a consent
taken back counts at once.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from django.db.models import F
from numpy.typing import NDArray

from efface.accounts import audit
from efface.cases import uses
from efface.cases.models import Age, Case, CaseKind, Consent, Fingerprint, FingerprintKind, Purpose
from efface.engine.base import sealing, settings
from efface.partners import canaries
from efface.partners.models import LookupDay, Partner, Scope
from efface.vision.hamming import MATCH

LEAST_ONES, MOST_ONES = 96, 160
"""Bits set in a hash of a picture: half of 256, by its making (each is above or below their median)."""
BRINK = (MATCH - 5, MATCH + 8)
"""Distances beside the border. Unrelated pictures are 86 and more apart; real copies mostly below 20."""
BRINKS_A_DAY = 25
MOST_A_DAY = 200_000
Hashes = NDArray[np.uint64]


class Off(ValueError):
    """Look-ups are off in this installation."""


class Halted(ValueError):
    """This key's look-ups stopped by themselves; the organisation has to look."""


class TooMany(ValueError):
    """More than a day's share."""


class NoPicture(ValueError):
    """``at``: places of hashes that are of no picture."""

    def __init__(self, at: list[int]) -> None:
        super().__init__("no hash of a picture")
        self.at = at


@dataclass
class _Held:
    """Opened hashes of one organisation, by fingerprint: a value never changes, so it is opened once."""

    rows: dict[uuid.UUID, Hashes] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


_held: dict[uuid.UUID, _Held] = {}


def offered(now: datetime) -> bool:
    """Whether a platform may ask here at all. Inside the organisation."""
    if not settings.get("platform_lookup"):
        return False
    keys = Partner.objects.filter(revoked_at=None, expires_at__gt=now).values_list("scopes", flat=True)
    return any(Scope.LOOKUP in scopes for scopes in keys)


def ask(partner: Partner, hashes: Sequence[str], now: datetime) -> list[bool]:
    """One answer for each hash (64 hexadecimal digits), in order. Inside the organisation. Raises ``Off``, ``Halted``,
    ``TooMany`` and ``NoPicture``."""
    if not settings.get("platform_lookup"):
        raise Off
    if partner.halted_at is not None:
        raise Halted
    asked = _numbers(hashes)
    day = _day(partner, now)
    if day.asked + len(hashes) > MOST_A_DAY:
        raise TooMany
    cases, known = _allowed(partner.organisation_id, now)
    nearest, whose = _nearest(asked, known)
    planted = _nearest(asked, canaries.known(partner.organisation_id))[0] <= MATCH
    found = nearest <= MATCH
    brinks = int(((nearest >= BRINK[0]) & (nearest <= BRINK[1])).sum())
    _count(partner, day, len(hashes), int(found.sum()), brinks, int(planted.sum()), now)
    _tell(partner, {cases[int(row)] for row, hit in zip(whose, found, strict=True) if hit}, now)
    return [bool(one) for one in found | planted]


def _numbers(hashes: Sequence[str]) -> Hashes:
    asked = np.frombuffer(bytes.fromhex("".join(hashes)), dtype=">u8").astype(np.uint64).reshape(-1, 4)
    ones = np.bitwise_count(asked).sum(axis=1)
    bad = np.flatnonzero((ones < LEAST_ONES) | (ones > MOST_ONES))
    if bad.size:
        raise NoPicture([int(one) for one in bad])
    return asked


def _allowed(organisation: uuid.UUID, now: datetime) -> tuple[list[uuid.UUID], Hashes]:
    """The cases, row by row, and the hashes (n, 4) that may be asked about at this moment. The same rule as
    ``cases.may``, over all at once."""
    consents = Consent.objects.filter(
        purpose=Purpose.PLATFORM_MATCH, withdrawn_at=None, given_at__lte=now, expires_at__gt=now
    )  # fmt: skip
    rows = Fingerprint.objects.filter(
        kind=FingerprintKind.PDQ, retired_at=None, case__state=Case.State.OPEN, case__age=Age.ADULT,
        case__kind=CaseKind.HELP, case__in=consents.values("case"),
    ).exclude(age=Age.MINOR)  # fmt: skip
    pairs = list(rows.order_by("id").values_list("id", "case_id"))
    held = _held.setdefault(organisation, _Held())
    with held.lock:
        held.rows = {id: held.rows[id] for id, _case in pairs if id in held.rows}
        for row in Fingerprint.objects.filter(pk__in=[id for id, _case in pairs if id not in held.rows]):
            held.rows[row.pk] = _opened(row)
        parts = [(case, held.rows[id]) for id, case in pairs]
    if not parts:
        return [], np.zeros((0, 4), dtype=np.uint64)
    return [case for case, hashes in parts for _ in hashes], np.concatenate([hashes for _case, hashes in parts])


def _opened(row: Fingerprint) -> Hashes:
    try:
        value = row.value
    except sealing.SealBroken:
        value = None
    hashes = value.get("pdq") if isinstance(value, dict) else None
    if not isinstance(hashes, list) or not all(isinstance(one, str) and len(one) == 64 for one in hashes):
        hashes = []
    return np.frombuffer(bytes.fromhex("".join(hashes)), dtype=">u8").astype(np.uint64).reshape(-1, 4)


def _nearest(asked: Hashes, known: Hashes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each hash asked the least distance to any known one (256 where there is none), and the row of that."""
    nearest = np.full(len(asked), 256, dtype=np.int64)
    whose = np.zeros(len(asked), dtype=np.int64)
    if not len(known):
        return nearest, whose
    for place, one in enumerate(asked):
        distances = np.bitwise_count(known ^ one).sum(axis=1)
        whose[place] = distances.argmin()
        nearest[place] = distances[whose[place]]
    return nearest, whose


def _day(partner: Partner, now: datetime) -> LookupDay:
    row, made = LookupDay.objects.get_or_create(
        organisation_id=partner.organisation_id, partner=partner, day=now.date()
    )
    if made:
        audit.record(partner.organisation_id, f"partner:{partner.pk}", "lookup.day", str(row.pk), now)
        LookupDay.objects.filter(partner=partner, day__lt=now.date() - timedelta(days=365)).delete()
    return row


def _count(partner: Partner, day: LookupDay, asked: int, known: int, brinks: int, planted: int, now: datetime) -> None:
    LookupDay.objects.filter(pk=day.pk).update(
        asked=F("asked") + asked, known=F("known") + known, brinks=F("brinks") + brinks,
        canaries=F("canaries") + planted,
    )  # fmt: skip
    if planted:
        halt(partner, "asked about a hash that belongs to no picture", now)
    elif day.brinks + brinks > BRINKS_A_DAY:
        halt(partner, "asked again and again just beside the border of a hash", now)


def halt(partner: Partner, why: str, now: datetime) -> None:
    """From the next question on it is refused, until a person lets it go on (``keys.resume_lookups``)."""
    if Partner.objects.filter(pk=partner.pk, halted_at=None).update(halted_at=now, halted_why=why):
        audit.record(partner.organisation_id, "engine", "partner.lookups-halted", str(partner.pk), now)


def _tell(partner: Partner, cases: set[uuid.UUID], now: datetime) -> None:
    """She can read in the portal that a platform asked about a picture of hers."""
    for case in Case.objects.filter(pk__in=cases):
        uses.note(case, Purpose.PLATFORM_MATCH, "asked", now, by=partner.name)
