"""What some notices need to know and only a person can say: asked where a chosen way needs it, sealed with the case."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from efface.accounts import audit
from efface.cases import events, naming
from efface.cases.models import Case
from efface.takedown import facts, filling
from efface.takedown.entries import NAME, OF_CASE, Entry, entry
from efface.takedown.models import Particular
from efface.takedown.notice import NoticeFacts
from efface.takedown.particulars import Asked, Copyright, Happening, Merchant, Police

LONGEST = 600
MOST_LINES = 60


class Unsayable(ValueError):
    """It cannot be kept as it stands; the message says what to mend."""


def values(case: Case) -> dict[str, Any]:
    """What is noted, by entry. Of an erased case nothing."""
    return values_of([case])[case.pk]


def values_of(cases: Collection[Case]) -> dict[uuid.UUID, dict[str, Any]]:
    """The same of many cases, with one question."""
    found: dict[uuid.UUID, dict[str, Any]] = {case.pk: {} for case in cases}
    for row in Particular.objects.filter(case__in=found):
        if row.value not in (None, ""):
            found[row.case_id][row.name] = row.value
    for case in cases:
        if case.country:
            found[case.pk]["country"] = case.country.upper()
        if case.acquisition and case.acquisition != "unknown":
            found[case.pk]["acquisition"] = case.acquisition
    return found


def say(case: Case, name: str, text: str, actor: str, now: datetime) -> None:
    """Keep what a person wrote down; empty takes it back. The plans are made anew with it. Raises ``Unsayable``."""
    one = entry(name)
    if one is None:
        raise Unsayable(_("Nothing of this name is asked."))
    value = read(one, text, now)
    _no_name_of_hers(case, one, text)
    if values(case).get(name, "") == value:
        return
    with transaction.atomic():
        if name in OF_CASE:
            setattr(case, name, value or ("" if name == "country" else "unknown"))
            case.save(update_fields=[name])
        elif value == "":
            Particular.objects.filter(case=case, name=name).delete()
        else:
            row = Particular.objects.filter(case=case, name=name).first() or Particular(
                organisation_id=case.organisation_id, case=case, name=name
            )
            row.value, row.said_at, row.by = value, now, actor[:60]
            row.save()
        audit.record(case.organisation_id, actor, "particular.noted", str(case.pk), now)
        events.record(case, "particular.noted", actor, now=now, what=name)


def read(one: Entry, text: str, now: datetime) -> str:
    """What was written, as it is kept; "" for nothing. Raises ``Unsayable``."""
    plain = "\n".join(" ".join(line.split()) for line in text.splitlines() if line.strip())
    if not plain:
        return ""
    if len(plain) > LONGEST * (10 if one.kind in ("lines", "dated") else 1):
        raise Unsayable(_("That is too long for a notice. Please shorten it."))
    if one.name == "country":
        if not re.fullmatch(r"[A-Za-z]{2}", plain):
            raise Unsayable(_("Please give the country as two letters, such as DE."))
        return plain.upper()
    if one.kind == "yes":
        return "yes" if plain == "yes" else ""
    if one.kind == "choice" and plain not in dict(one.choices):
        raise Unsayable(_("Please choose one of the answers."))
    if one.kind == "day":
        day = _day(plain)
        if day > timezone.localtime(now).date():
            raise Unsayable(_("That day has not come yet."))
        return day.isoformat()
    if one.kind == "days" and not (plain.isascii() and plain.isdigit() and len(plain) < 4 and 1 <= int(plain) <= 365):
        raise Unsayable(_("Please give a number of days from 1 to 365."))
    if one.kind in ("lines", "dated"):
        if plain.count("\n") >= MOST_LINES:
            raise Unsayable(_("At most %(n)d lines, please.") % {"n": MOST_LINES})
        if one.kind == "dated":
            happened(plain, now)
        return plain
    return plain.replace("\n", " ") if one.kind != "choice" else plain if plain != "unknown" else ""


_DATED = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{1,2}:\d{2}))?[:,]?\s+(\S.*)")


def happened(text: str, now: datetime | None = None) -> tuple[Happening, ...]:
    """One happening a line, in the order of time; a line without a time is at noon of its day. Raises ``Unsayable``."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        match = _DATED.fullmatch(line.strip())
        if match is None:
            words = _("Line %(n)d: please begin it with the day, as in 2026-11-12, then say what happened.")
            raise Unsayable(words % {"n": number})
        try:
            hour = time.fromisoformat((match[2] or "12:00").zfill(5))
        except ValueError:
            raise Unsayable(_("Line %(n)d: this is no time of day.") % {"n": number}) from None
        at = datetime.combine(_day(match[1]), hour, timezone.get_current_timezone())
        if now is not None and at.date() > timezone.localtime(now).date():
            raise Unsayable(_("Line %(n)d: that day has not come yet.") % {"n": number})
        found.append(Happening(at, match[3].strip()))
    return tuple(sorted(found, key=lambda one: one.at))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unsayable(_("Please give the day as in 2026-11-21.")) from None


def _no_name_of_hers(case: Case, one: Entry, text: str) -> None:
    """What she goes by must not stand in a letter; search words are the ones she agreed to."""
    if one.name == "terms":
        return
    hers = {str(named.value) for named in naming.names(case)} | set(facts.hers(case)) | {str(case.name or "")}
    if filling.holds(text, hers):
        raise Unsayable(_("Her name, address or number stands in it. Please say it without: she gives it herself."))


def merged(given: NoticeFacts, found: Mapping[str, Any]) -> NoticeFacts:
    """``given`` with what was noted for its case (``values``)."""
    if not found:
        return given
    day = {name: date.fromisoformat(found[name]) for name in ("asked_on", "complained", "police_day") if name in found}
    return replace(
        given,
        link=found.get("link", given.link),
        controller=found.get("controller", given.controller),
        accounts=tuple(found.get("accounts", "").splitlines()) or given.accounts,
        terms=tuple(found.get("terms", "").splitlines()) or given.terms,
        age_context=found.get("age_context", given.age_context),
        keep_days=int(found.get("keep_days", given.keep_days)),
        leads=given.leads or found.get("leads") == "yes",
        agreed=given.agreed | {one.removeprefix(NAME) for one in found if one.startswith(NAME)},
        chronology=happened(found["chronology"]) if "chronology" in found else given.chronology,
        asked=_asked(given, found, day.get("asked_on")),
        police=_police(given, found, day.get("police_day")),
        merchant=_merchant(given, found, day.get("complained")),
        copyright=_copyright(given, found),
    )  # fmt: skip


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), timezone.get_current_timezone())


def _asked(given: NoticeFacts, found: Mapping[str, str], day: date | None) -> Asked | None:
    """What was asked through Efface is proven better than what is told of."""
    if given.asked is not None or day is None or "asked_to" not in found:
        return given.asked
    return Asked(found["asked_to"], min(_noon(day), given.prepared), found.get("asked_proof", ""),
                 found.get("asked_answer", ""))  # fmt: skip


def _police(given: NoticeFacts, found: Mapping[str, str], day: date | None) -> Police | None:
    if not {"safety", "police_file"} & set(found):
        return given.police
    return replace(
        given.police or Police(), safety=found.get("safety", ""), file_number=found.get("police_file", ""),
        reported_at=_noon(day) if day else None,
    )  # fmt: skip


def _merchant(given: NoticeFacts, found: Mapping[str, str], day: date | None) -> Merchant | None:
    names = ("checkout", "processor", "descriptor", "violation")
    if not set(names) & set(found) and day is None:
        return given.merchant
    return Merchant(
        checkout=found.get("checkout", ""), processor=found.get("processor", ""),
        descriptor=found.get("descriptor", ""), violation=found.get("violation", ""), complained=day,
    )  # fmt: skip


def _copyright(given: NoticeFacts, found: Mapping[str, str]) -> Copyright | None:
    if given.copyright is None or "work" not in found:
        return given.copyright
    return replace(given.copyright, work=found["work"])
