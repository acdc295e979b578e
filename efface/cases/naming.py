"""Text fingerprints: names, handles, addresses and numbers she goes by, compared with the text of pages.

Kept, like a face template, of attested people who allow it, and of nobody else; deleted when that ends.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from efface.cases import fingerprints
from efface.cases.may import May, may
from efface.cases.models import Case, Fingerprint, FingerprintKind, Purpose
from efface.vision.text import why_refused

MOST = 100
KINDS: tuple[tuple[str, str | Promise], ...] = (
    ("name", gettext_lazy("full name")),
    ("handle", gettext_lazy("name used online")),
    ("email", gettext_lazy("e-mail address")),
    ("phone", gettext_lazy("telephone number")),
)


class NameRefused(ValueError):
    """It cannot be looked for; the message says why and what to give instead."""


@dataclass(frozen=True, slots=True)
class Named:
    """One thing she goes by. ``pk`` is its fingerprint's."""

    pk: uuid.UUID
    kind: str
    kind_words: str
    value: str


def allowed(case: Case, now: datetime) -> May:
    """Whether what she goes by may be kept and looked for."""
    return may(case, Purpose.TEXT_SEARCH, now)


def add(case: Case, kind: str, value: str, actor: str, now: datetime) -> Fingerprint:
    """Look for this from now on. What is looked for already is not added twice. Raises ``NameRefused``."""
    permitted = allowed(case, now)
    if not permitted:
        raise NameRefused(str(permitted.reason))
    value = " ".join(value.split())
    if kind not in dict(KINDS) or not value or len(value) > 200:
        raise NameRefused(_("Please choose a kind and write what to look for, at most 200 letters."))
    rows = list(Fingerprint.objects.filter(case=case, kind=FingerprintKind.TEXT, retired_at=None))
    for row in rows:
        if row.value and row.value.get("kind") == kind and row.value.get("value") == value:
            return row
    if len(rows) >= MOST:
        raise NameRefused(_("More than %(n)d cannot be looked for; please delete one first.") % {"n": MOST})
    refused = why_refused(kind, value, case.country)
    if refused:
        raise NameRefused(_(refused))
    text = {"kind": kind, "value": value, "country": case.country}
    return fingerprints.keep(case, FingerprintKind.TEXT, text, value, actor, now)


def end(case: Case, name: uuid.UUID, actor: str, now: datetime) -> None:
    """It is no longer looked for, and not kept."""
    row = Fingerprint.objects.filter(case=case, kind=FingerprintKind.TEXT, pk=name).select_related("case").first()
    if row is not None:
        fingerprints.retire(row, actor, now)


def names(case: Case) -> list[Named]:
    """What is looked for, oldest first."""
    return names_of([case.pk])[case.pk]


def names_of(cases: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Named]]:
    """The same of many cases, with one question."""
    rows = Fingerprint.objects.filter(case__in=cases, kind=FingerprintKind.TEXT, retired_at=None).order_by("created")
    words, found = dict(KINDS), {case: list[Named]() for case in cases}
    for row in rows:
        if row.value:
            kind = row.value["kind"]
            found[row.case_id].append(Named(row.pk, kind, str(words.get(kind, kind)), row.value["value"]))
    return found
