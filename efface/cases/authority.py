"""Her letter of authority: the organisation may act for her. Signed on screen, revocable at any time."""

from __future__ import annotations

import hashlib
import json
import uuid
from base64 import b64decode, b64encode
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from efface.accounts import audit
from efface.accounts.models import Organisation
from efface.cases import authority_letter, consents, events
from efface.cases.models import Age, Authority, Case, Purpose

MOST_STROKES = 200
MOST_POINTS = 4000
LEANS = (Purpose.NOTIFY, Purpose.CONTACT_OPERATOR)
"""What is only done with her authority: taken back together with it."""
Strokes = list[list[tuple[float, float]]]


class AuthorityRefused(ValueError):
    """It cannot be signed as it is; the message says what to do."""


def strokes(given: str) -> Strokes:
    """A drawn signature from a form: lists of points, shares of the field's width. Raises ``AuthorityRefused``."""
    if not given.strip():
        return []
    try:
        read = json.loads(given)
        drawn = [[_point(point) for point in stroke] for stroke in read]
    except (TypeError, ValueError, RecursionError):
        raise AuthorityRefused(_unreadable()) from None
    if len(drawn) > MOST_STROKES or sum(map(len, drawn)) > MOST_POINTS:
        raise AuthorityRefused(_unreadable())
    return [stroke for stroke in drawn if stroke]


def _point(given: Any) -> tuple[float, float]:
    x, y = (float(one) for one in given)
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise ValueError("outside the field")
    return round(x, 4), round(y, 4)


def _unreadable() -> str:
    return _("The drawn signature could not be read. Please draw it again, or type your name.")


def words(case: Case, language: str) -> authority_letter.Letter:
    """The letter as she reads it before she signs, in ``language`` (English where there is none)."""
    organisation = Organisation.objects.get(pk=case.organisation_id)
    return authority_letter.letter(language, organisation.name, case.reference)


def sign(case: Case, name: str, drawn: Strokes, language: str, actor: str, now: datetime) -> Authority:
    """From now on the letter stands; one that stood before is replaced. ``name``: as she wants to be named in it, which
    alone is a signature, too. Raises ``AuthorityRefused``."""
    name = " ".join("".join(one for one in name if one.isprintable()).split())
    if case.state not in (Case.State.OPEN, Case.State.PAUSED):
        raise AuthorityRefused(_("This case is closed. Your caseworker can open a new one."))
    if case.age == Age.MINOR:
        raise AuthorityRefused(
            _("Of somebody under 18 we need no letter. Your caseworker tells you what is done instead.")
        )
    if not 2 <= len(name) <= 120:
        raise AuthorityRefused(_("Please write the name that should stand under the letter."))
    text = words(case, language)
    try:
        pdf = authority_letter.pdf(text, name, drawn, now)
    except authority_letter.CannotSet as missing:
        raise AuthorityRefused(_("The letter could not be written: %(why)s") % {"why": missing}) from None
    Authority.objects.filter(case=case, revoked_at=None).update(revoked_at=now)
    made = Authority(
        organisation_id=case.organisation_id, case=case, language=text.language, signed_at=now,
        digest=hashlib.sha256(pdf).hexdigest(),
    )  # fmt: skip
    made.letter = {"name": name, "how": "drawn" if drawn else "typed", "text": list(text.paragraphs),
                   "pdf": b64encode(pdf).decode()}  # fmt: skip
    made.save()
    events.record(case, "authority.signed", actor, subject=made.pk, now=now)
    audit.record(case.organisation_id, actor, "authority.signed", str(made.pk), now)
    return made


def standing(case: Case) -> Authority | None:
    """The letter that stands, or None."""
    return Authority.objects.filter(case=case, revoked_at=None).order_by("-signed_at").first()


def signed(cases: Collection[uuid.UUID]) -> dict[uuid.UUID, datetime]:
    """When the letters that stand were signed, by case; one without a letter is left out."""
    rows = Authority.objects.filter(case__in=cases, revoked_at=None).order_by()
    return dict(rows.values_list("case").annotate(Max("signed_at")))


def revoke(case: Case, actor: str, now: datetime) -> bool:
    """The letter ends, and with it every permission that leans on it: no further notice leaves. Whether there was
    one."""
    ended = Authority.objects.filter(case=case, revoked_at=None).update(revoked_at=now)
    if not ended:
        return False
    for purpose in LEANS:
        consents.withdraw(case, purpose, actor, now)
    events.record(case, "authority.revoked", actor, now=now)
    audit.record(case.organisation_id, actor, "authority.revoked", str(case.pk), now)
    return True


def pdf(letter: Authority) -> bytes:
    """The signed letter; empty where its case was erased."""
    return b64decode(str((letter.letter or {}).get("pdf", "")))
