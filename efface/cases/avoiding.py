"""Who must never hear of the case: names, addresses, domains and numbers, sealed. Nothing is ever sent there."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from efface.cases import events
from efface.cases.models import Avoided, Case

MOST = 100
LONGEST = 200
_DOMAIN = re.compile(r"(?=.{4,253}$)(?:[\w-]{1,63}\.)+[^\W\d_][\w-]{1,62}")
_MAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{3,190}")


class NotAvoidable(ValueError):
    """It cannot be kept as somebody to keep away from; the message says what to give."""


@dataclass(frozen=True, slots=True)
class Avoid:
    """What must not be reached. ``places`` are mail addresses and domains, lower case; ``names`` are as written;
    ``numbers`` are digits alone."""

    places: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    numbers: frozenset[str] = field(default=frozenset())


def read(text: str) -> tuple[str, str]:
    """(kind, value) of what somebody wrote: "email", "domain", "phone" or "name". Raises ``NotAvoidable``."""
    value = " ".join(unicodedata.normalize("NFKC", text).split())
    if not value or len(value) > LONGEST:
        raise NotAvoidable(_("Please give a name, an address, a site or a number, at most 200 letters."))
    plain = re.sub(r"^(?:mailto:|tel:|[a-z][a-z0-9+.-]*://)", "", value, flags=re.IGNORECASE)
    mail = plain.strip("<>\"'(),;:.").lower()
    if _MAIL.fullmatch(mail):
        return "email", mail
    host = plain.partition("/")[0].partition("?")[0].rpartition("@")[2].partition(":")[0].strip(".").lower()
    if " " not in plain and _DOMAIN.fullmatch(host):
        return "domain", _ascii(host.removeprefix("www."))
    digits = re.sub(r"\D", "", plain)
    if len(digits) >= 6 and re.fullmatch(r"[+\d\s()/.\-]+", plain):
        return "phone", digits
    if sum(letter.isalnum() for letter in value) < 3:
        raise NotAvoidable(_("This is too short to know anybody by. Please write the whole name."))
    return "name", value


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def add(case: Case, text: str, actor: str, now: datetime) -> Avoided:
    """From now on nothing is sent there. Adding it twice changes nothing. Raises ``NotAvoidable``."""
    kind, value = read(text)
    rows = list(Avoided.objects.filter(case=case, ended_at=None))
    for row in rows:
        if row.kind == kind and row.value == value:
            return row
    if len(rows) >= MOST:
        raise NotAvoidable(_("More than %(n)d cannot be kept; please take one out first.") % {"n": MOST})
    made = Avoided(organisation_id=case.organisation_id, case=case, kind=kind, added_by=actor[:60], added_at=now)
    made.value = value
    made.save()
    events.record(case, "avoid.added", actor, subject=made.pk, now=now)
    return made


def end(case: Case, avoided: uuid.UUID, actor: str, now: datetime) -> None:
    if Avoided.objects.filter(case=case, pk=avoided, ended_at=None).update(ended_at=now):
        events.record(case, "avoid.ended", actor, subject=avoided, now=now)


def listed(case: Case) -> list[Avoided]:
    return list(Avoided.objects.filter(case=case, ended_at=None).order_by("added_at"))


def known(case: Case) -> Avoid:
    """All that stands, for whoever plans or sends. A row that cannot be read is not passed over: its case was erased,
    and then nothing is sent at all."""
    return gathered((row.kind, str(row.value)) for row in listed(case) if row.value)


def gathered(pairs: Iterable[tuple[str, str]]) -> Avoid:
    places: set[str] = set()
    names: set[str] = set()
    numbers: set[str] = set()
    for kind, value in pairs:
        {"email": places, "domain": places, "phone": numbers}.get(kind, names).add(value)
    return Avoid(frozenset(places), frozenset(names), frozenset(numbers))
