"""A platform under agreement asks: is this picture on the list? It hears yes or no, and nothing else.

So that it is no oracle: one fixed distance; hashes that are of no picture are refused before anything is compared;
every hash is compared with the whole list, and answers have one length and one pace whether known or not. Asking just
beside the border of a hash, as somebody must who wants to find out the hash itself, tells one of its 256 bits: such
questions are counted for each fingerprint, for ever, and for each day, over all keys of a platform together. What would
go beyond is not answered, and halts them until a person looked. So does one question about a hash that belongs to no
picture (``canaries``), once it was answered.

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
from django.db import connection
from django.db.models import Count, F, Sum
from numpy.typing import NDArray

from efface.accounts import audit
from efface.cases import uses
from efface.cases.models import Age, Case, CaseKind, Consent, Fingerprint, FingerprintKind, Purpose
from efface.engine.base import clock, sealing, settings, tenancy
from efface.engine.base.jobs import job
from efface.partners import canaries
from efface.partners.models import LookupBrink, LookupDay, Partner, Scope
from efface.vision.hamming import MATCH

LEAST_ONES, MOST_ONES = 96, 160
"""Bits set in a hash of a picture: half of 256, by its making (each is above or below their median)."""
BRINK = (MATCH - 5, MATCH + 8)
"""Distances beside the border. Unrelated pictures are 86 and more apart; real copies mostly below 20."""
BRINKS_A_DAY = 25
BRINKS_OF_ONE = 16
"""Different hashes beside the border of one fingerprint that a platform ever asks. Copies of one picture that were
changed so much are rare; a viral one, asked about again and again, counts once."""
MOST_A_DAY = 200_000
"""Hashes of one platform."""
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


@dataclass(frozen=True, slots=True)
class _Print:
    """Whose a known hash is: which fingerprint, of which case."""

    id: uuid.UUID
    case_id: uuid.UUID


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


def platform(partner: Partner) -> list[Partner]:
    """All keys for look-ups of whoever holds this one: under the same name or the same agreement. Keys that ended count
    too, for what was asked with them is known."""
    rows = [one for one in Partner.objects.all() if Scope.LOOKUP in one.scopes]
    name, agreement = partner.name.casefold(), partner.agreement.casefold()
    return [one for one in rows if one.pk == partner.pk or one.name.casefold() == name
            or (agreement and one.agreement.casefold() == agreement)]  # fmt: skip


def halted(partner: Partner) -> Partner | None:
    """The key of the same platform whose look-ups stopped by themselves: those of all its keys have stopped with it."""
    return next((one for one in platform(partner) if one.halted_at is not None), None)


def bucket(partner: Partner) -> str:
    """Who asks, for limits: the same for all keys of a platform that ask under one agreement."""
    return f"{partner.organisation_id}:{partner.agreement.casefold() or partner.pk}"


def ask(partner: Partner, hashes: Sequence[str], now: datetime) -> list[bool]:
    """One answer for each hash (64 hexadecimal digits), in order. Inside the organisation. Raises ``Off``, ``Halted``,
    ``TooMany`` and ``NoPicture``; what was counted before ``Halted`` is to be kept."""
    if not settings.get("platform_lookup"):
        raise Off
    _in_turn(partner)
    keys = platform(partner)
    if any(one.halted_at is not None for one in keys):
        raise Halted
    asked = _numbers(hashes)
    day = _day(partner, now)
    if _asked_on(keys, now) + len(hashes) > MOST_A_DAY:
        raise TooMany
    prints, known = _allowed(partner.organisation_id, now)
    nearest, whose = _nearest(asked, known)
    planted = _nearest(asked, canaries.known(partner.organisation_id))[0] <= MATCH
    found = nearest <= MATCH
    beside = [place for place, far in enumerate(nearest) if BRINK[0] <= far <= BRINK[1]]
    _count(day, len(hashes), int(found.sum()), len(beside), int(planted.sum()))
    if _too_near(partner, keys, [(prints[int(whose[place])], hashes[place]) for place in beside], now):
        halt(partner, "asked again and again just beside the border of a hash", now)
        raise Halted
    if planted.any():
        halt(partner, "asked about a hash that belongs to no picture", now)
    cases = {str(prints[int(row)].case_id) for row, hit in zip(whose, found, strict=True) if hit}
    told.defer(organisation=partner.organisation_id, partner=partner.pk, cases=" ".join(sorted(cases)))
    return [bool(one) for one in found | planted]


def _in_turn(partner: Partner) -> None:
    """Questions in an organisation are answered one after the other: two at the same moment see each other's counts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [(partner.organisation_id.int >> 7) % (1 << 62)])


def _asked_on(keys: Sequence[Partner], now: datetime) -> int:
    rows = LookupDay.objects.filter(partner__in=[one.pk for one in keys], day=now.date())
    return int(rows.aggregate(n=Sum("asked"))["n"] or 0)


def _too_near(partner: Partner, keys: Sequence[Partner], beside: list[tuple[_Print, str]], now: datetime) -> bool:
    """Keep what was asked beside the border, and whether it is too much: of one fingerprint, or of a day."""
    if not beside:
        return False
    rows = [
        LookupBrink(organisation_id=partner.organisation_id, partner=partner, case_id=one.case_id,
                    fingerprint_id=one.id, digest=sealing.digest("lookup-brink", asked.lower()), at=now)
        for one, asked in beside
    ]  # fmt: skip
    LookupBrink.objects.bulk_create(rows, ignore_conflicts=True)
    before = LookupBrink.objects.filter(partner__in=[one.pk for one in keys])
    today = before.filter(at__gt=now - timedelta(days=1)).values("fingerprint", "digest").distinct().count()
    each = before.filter(fingerprint__in={one.id for one, _asked in beside}).values("fingerprint")
    most = each.annotate(n=Count("digest", distinct=True)).order_by("-n").values_list("n", flat=True).first() or 0
    return today > BRINKS_A_DAY or most > BRINKS_OF_ONE


def _numbers(hashes: Sequence[str]) -> Hashes:
    asked = np.frombuffer(bytes.fromhex("".join(hashes)), dtype=">u8").astype(np.uint64).reshape(-1, 4)
    ones = np.bitwise_count(asked).sum(axis=1)
    bad = np.flatnonzero((ones < LEAST_ONES) | (ones > MOST_ONES))
    if bad.size:
        raise NoPicture([int(one) for one in bad])
    return asked


def _allowed(organisation: uuid.UUID, now: datetime) -> tuple[list[_Print], Hashes]:
    """Whose, row by row, and the hashes (n, 4) that may be asked about at this moment. The same rule as
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
        parts = [(_Print(id, case), held.rows[id]) for id, case in pairs]
    if not parts:
        return [], np.zeros((0, 4), dtype=np.uint64)
    return [one for one, hashes in parts for _ in hashes], np.concatenate([hashes for _one, hashes in parts])


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


def _count(day: LookupDay, asked: int, known: int, brinks: int, planted: int) -> None:
    LookupDay.objects.filter(pk=day.pk).update(
        asked=F("asked") + asked, known=F("known") + known, brinks=F("brinks") + brinks,
        canaries=F("canaries") + planted,
    )  # fmt: skip


def halt(partner: Partner, why: str, now: datetime) -> None:
    """From the next question on it is refused, until a person lets it go on (``keys.resume_lookups``)."""
    if Partner.objects.filter(pk=partner.pk, halted_at=None).update(halted_at=now, halted_why=why):
        audit.record(partner.organisation_id, "engine", "partner.lookups-halted", str(partner.pk), now)


@job("mail")
def told(organisation: uuid.UUID, partner: uuid.UUID, cases: str | uuid.UUID) -> None:
    """She can read in the portal that a platform asked about a picture of hers. After the answer, so that it takes as
    long whether there is somebody to tell or not. ``cases``: their ids, with blanks between, or nothing."""
    with tenancy.organisation(organisation):
        name = Partner.objects.values_list("name", flat=True).get(pk=partner)
        for case in Case.objects.filter(pk__in=str(cases).split()):
            uses.note(case, Purpose.PLATFORM_MATCH, "asked", clock.now(), by=name)
